"""Python sources are parsed here, by one thread at a time.

CPython 3.11 counts the depth of a tree for the whole process: two threads that parse at once make it raise SystemError,
"AST constructor recursion depth mismatch".
"""

from __future__ import annotations

import ast
import threading
import warnings

__all__ = ["parse", "parse_expression"]

_lock = threading.Lock()


def parse(source: str, file: str = "<unknown>") -> ast.Module:
    """Return the tree of a module, without warnings: the process that runs it shows them.

    Raises SyntaxError; ValueError (a null character), RecursionError or MemoryError (nested too deeply).
    """
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source, file)


def parse_expression(source: str) -> ast.Expression:
    """Return the tree of an expression; raises as `parse` does."""
    with _lock:
        return ast.parse(source, mode="eval")
