"""The modules of the firmware that a board needs: found by the imports in the sources, without running them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ..util.python_source import parse

__all__ = ["collect_modules", "imported"]


def collect_modules(
    folders: Sequence[Path], modules: Iterable[str], included: Callable[[str, str], bool]
) -> dict[str, Path]:
    """Return the files of `modules`, of all that they import, and of the packages these are in, by their names.

    A name is looked for in each of `folders`; one that is in none of them is the interpreter's own. Imports inside
    functions count, too. `included(importer, module)` is asked about each import, and can leave it out.
    """
    found: dict[str, Path] = {}
    todo = [(module, "") for module in modules]
    while todo:
        module, importer = todo.pop()
        if module in found or not included(importer, module) or (file := _file(folders, module)) is None:
            continue
        found[module] = file
        todo += [(each, module) for each in imported(file, module)]
        todo += [(package, module) for package in _packages(module)]
    return dict(sorted(found.items()))


def imported(file: Path, module: str) -> Iterator[str]:
    """Yield the absolute names that a module's file imports; of `from a import b` both `a` and `a.b`."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(parse(file.read_text(encoding="utf-8"), str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(package, node.level, node.module)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _base(package: str, level: int, module: str | None) -> str:
    """The absolute name of what stands after `from`."""
    if not level:
        return module or ""
    parts = package.split(".")[: len(package.split(".")) - (level - 1)]
    return ".".join([*parts, module] if module else parts)


def _packages(module: str) -> Iterator[str]:
    parts = module.split(".")
    yield from (".".join(parts[:length]) for length in range(1, len(parts)))


def _file(folders: Sequence[Path], module: str) -> Path | None:
    path = Path(*module.split("."))
    for folder in folders:
        for file in (folder / path.with_suffix(".py"), folder / path / "__init__.py"):
            if file.is_file():
                return file
    return None
