"""The differences between MicroPython and CPython."""

import sys

__all__ = (
    "BURST",
    "MICROPYTHON",
    "QUEUE",
    "Transport",
    "default_log",
    "ticks_add",
    "ticks_diff",
    "ticks_ms",
    "traceback",
)

MICROPYTHON = sys.implementation.name == "micropython"

if MICROPYTHON:
    import io
    from time import ticks_add, ticks_diff, ticks_ms

    from .umqtt_transport import Transport

    QUEUE = 32  # how many events wait for a connection
    BURST = 1  # how many times as many wait on a connection
    default_log = print

    def traceback(error):
        """Return an exception with its traceback as text; where memory is too short for it, the exception's name."""
        try:
            text = io.StringIO()
            sys.print_exception(error, text)  # pyright: ignore[reportArgumentType] - the stubs know too little
            return text.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
        except MemoryError:
            return type(error).__name__

else:
    import logging
    import time
    from traceback import format_exception

    from .paho_transport import Transport

    QUEUE = 1000
    BURST = 100
    default_log = logging.getLogger("msgflo").warning

    def traceback(error):
        """Return an exception with its traceback as text."""
        return "".join(format_exception(error))

    def ticks_ms():
        """Return milliseconds since some moment; to be used with the other two only."""
        return time.monotonic() * 1000

    def ticks_add(ticks, delta):
        """Return the time that is `delta` ms later."""
        return ticks + delta

    def ticks_diff(later, earlier):
        """Return how many ms lie between two times."""
        return later - earlier
