"""Keeps MicroPython's heap in one piece, so that something large fits; imported before anything else."""

import gc
import sys

__all__ = ("forget", "loaded", "settle")

_MICROPYTHON = hasattr(gc, "threshold")

if _MICROPYTHON:
    import micropython

    _before = gc.threshold()
    _level = micropython.opt_level()
    gc.threshold(4096)  # else what compiling the next modules leaves behind is strewn among what stays
    micropython.opt_level(3)  # the library's own line numbers would take 2 KB


def loaded():
    """The library is loaded; what a session needs all along is still to come."""
    if _MICROPYTHON:
        import micropython

        micropython.opt_level(_level)
        gc.threshold(2048)


def settle():
    """All is there: from now on collect garbage with each sixteenth of the heap, unless the program set a threshold."""
    if _MICROPYTHON and gc.threshold() == 2048:
        gc.threshold(_before if _before > 0 else (gc.mem_free() + gc.mem_alloc()) // 16)


def forget(package, *names):
    """Drop modules of a package that are needed no more, for a program that is short of memory.

    They are loaded again when somebody imports them. From `msgflo`, `describe` and `ports` can be spared once all
    participants are in the session.
    """
    for name in names:
        # Imported in this way or that, it may not be an attribute of its package.
        if sys.modules.pop(package + "." + name, None) and hasattr(sys.modules[package], name):
            delattr(sys.modules[package], name)
    gc.collect()
