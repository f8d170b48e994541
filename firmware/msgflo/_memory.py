"""Keeps MicroPython's heap in one piece, so that there is room for something large; imported before anything else."""

import gc

__all__ = ("settle",)

_MICROPYTHON = hasattr(gc, "threshold")

if _MICROPYTHON:
    _before = gc.threshold()
    gc.threshold(4096)  # else what compiling the next modules leaves behind is strewn among what stays


def settle():
    """All is loaded: from now on collect garbage with each sixteenth of the heap, unless the program set a threshold."""
    if _MICROPYTHON:
        gc.threshold(_before if _before > 0 else (gc.mem_free() + gc.mem_alloc()) // 16)
