"""The board's log: lines on its serial port and, if configured, packets."""

from time import ticks_diff, ticks_ms

__all__ = ("LEVELS", "error", "info", "log")

LEVELS = ("error", "info", "debug")

level = 1
errors = 0  # how many there were since the start
listener = None  # called with each line


def log(text, of=0):
    """Say something; `of` is the index of its level in LEVELS."""
    global errors
    if of == 0:
        errors += 1
    if of > level:
        return
    try:
        print("{:.1f} board: {}".format(ticks_diff(ticks_ms(), 0) / 1000, text))
        if listener:
            listener(text)
    except MemoryError:
        print("board: no memory to say what is wrong")  # whoever says something has other things to do than to care


def error(text):
    """Say that something went wrong."""
    log(text)


def info(text):
    """Say what is going on."""
    log(text, 1)
