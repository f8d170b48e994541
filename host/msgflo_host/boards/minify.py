"""Minifies sources before they are compiled for a board, where each name that is new to MicroPython takes memory.

Left out are `__all__`, which is for readers and checkers, and what only CPython runs. Private constants stand where they
are used. Parameters that nobody names in a call get names that many share: `a`, `b`, `c`. MicroPython itself drops comments and
the names of other local variables.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import ascii_lowercase

from ..util.python_source import parse

__all__ = ["minify"]

# Of umqtt.simple; our transport has its own.
_REPLACED = ("_recv_len", "connect", "disconnect", "publish", "subscribe", "wait_msg", "check_msg", "set_last_will")
_Function = ast.FunctionDef | ast.AsyncFunctionDef
# What says whether this is MicroPython.
_TESTS = (
    "_MINIFIED",
    "MICROPYTHON",
    "_MICROPYTHON",
    "_platform.MICROPYTHON",
    "sys.implementation.name == 'micropython'",
)


def minify(sources: Mapping[str, Path]) -> dict[str, str]:
    """Return the texts of files, minified; one that is no Python stays as it is, for the compiler to report."""
    texts = {name: file.read_text(encoding="utf-8") for name, file in sources.items()}
    trees: dict[str, ast.Module] = {}
    for name, text in texts.items():
        try:
            trees[name] = parse(text)
        except SyntaxError:
            continue
    named = set(_named_in_calls(trees.values()))
    unknown = set(_called_with_anything(trees.values()))
    for name, tree in trees.items():
        _ForABoard().visit(tree)
        tree.body = [node for node in tree.body if not _is_all(node)]
        _leave_out(tree)
        _inline_constants(tree)
        for node in ast.walk(tree):
            if isinstance(node, _Function) and node.name not in unknown:
                _rename_parameters(node, named)
        texts[name] = ast.unparse(tree) + "\n"
    return texts


def _named_in_calls(trees: Iterable[ast.AST]) -> Iterator[str]:
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg is not None:
                yield node.arg


def _called_with_anything(trees: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names of functions that are called with `**`, which may name any parameter; for a class, `__init__`."""
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and any(each.arg is None for each in node.keywords):
                name = ast.unparse(node.func).rpartition(".")[2]
                yield "__init__" if name[:1].isupper() else name


def _is_all(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]


def _leave_out(tree: ast.Module) -> None:
    """Leave out the methods of umqtt.simple in whose place our transport has its own, and what they raise."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "MQTTClient":
            node.body = [each for each in node.body if getattr(each, "name", "") not in _REPLACED]
            tree.body = [each for each in tree.body if getattr(each, "name", "") != "MQTTException"]


class _ForABoard(ast.NodeTransformer):
    """Puts what MicroPython runs in place of an `if` that asks for it."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        test = ast.unparse(node.test)
        if test.removeprefix("not ") not in _TESTS:
            return node
        return node.orelse if test.startswith("not ") else node.body


def _inline_constants(tree: ast.Module) -> None:
    """Put a module's private constants where they are used: numbers, and texts and tuples that are used once."""
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    inline = _Inline()
    for statement in list(tree.body):
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            continue
        (target,) = statement.targets
        if isinstance(target, ast.Name) and target.id.startswith("_") and _is_constant(statement.value):
            uses = names.count(target.id) - stored.count(target.id)
            if stored.count(target.id) == 1 and (uses <= 1 or _is_number(statement.value)):
                inline.values[target.id] = statement.value
                tree.body.remove(statement)
    inline.visit(tree)


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return all(map(_is_constant, node.elts))
    return isinstance(node, ast.Constant)


class _Inline(ast.NodeTransformer):
    def __init__(self) -> None:
        self.values: dict[str, ast.expr] = {}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)


def _rename_parameters(function: _Function, named: set[str]) -> None:
    """Give shorter names to parameters that are only passed by position and mean the same in the whole function."""
    elsewhere = _bound_within(function)
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} | elsewhere
    used |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    short = (letter for letter in ascii_lowercase if letter not in used)
    names = {}
    for parameter in function.args.args:
        if parameter.arg != "self" and parameter.arg not in named | elsewhere and len(parameter.arg) > 1:
            names[parameter.arg] = parameter.arg = next(short, parameter.arg)
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)


def _bound_within(function: _Function) -> set[str]:
    """Return the names that mean something else somewhere inside: of nested functions, or of exceptions and imports."""
    found: set[str] = set()
    for node in ast.walk(function):
        if node is function:
            continue
        if isinstance(node, _Function | ast.Lambda):
            arguments = node.args
            found |= {each.arg for each in [*arguments.args, *arguments.kwonlyargs]}
            found |= {each.arg for each in (arguments.vararg, arguments.kwarg) if each is not None}
            found |= {
                each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            }
        if isinstance(node, _Function | ast.ClassDef | ast.ExceptHandler) and node.name:
            found.add(node.name)
        if isinstance(node, ast.comprehension):
            found |= {each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)}
        if isinstance(node, ast.Global | ast.Nonlocal):
            found |= set(node.names)
        if isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
    return found
