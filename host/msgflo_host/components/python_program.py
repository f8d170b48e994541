"""A Python file as a component: imported, and its class of participants found."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import msgflo
from msgflo import Participant

from ..errors import LibraryError

__all__ = ["load_component"]


def load_component(file: Path, class_name: str | None = None) -> type[Participant]:
    """Import a file and return its component, without serving it; LibraryError where that fails."""
    return _component(_load(file), file, class_name)


def _load(file: Path) -> ModuleType:
    """Import a file, which may import from its own folder; LibraryError with the place of a mistake."""
    _let_import_from(file.parent.absolute())
    # Python compares size and second of a source with its bytecode: the second of two saves in a second would be missed.
    sys.dont_write_bytecode = True
    name = (
        f"_{file.stem}" if file.stem in sys.modules else file.stem
    )  # other modules may have imported one of this name
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise LibraryError("is not a Python file; its name must end in .py", file=str(file))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _not_serving():
            spec.loader.exec_module(module)
    except SyntaxError as error:
        raise LibraryError(error.msg, file=error.filename, line=error.lineno, column=error.offset) from None
    except Exception as error:
        frames = [
            frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == file.absolute()
        ]
        line = frames[-1].lineno if frames else None
        raise LibraryError(f"{type(error).__name__}: {error}", file=str(file), line=line) from None
    return module


def _let_import_from(folder: Path) -> None:
    """Have a folder searched before what is installed, but after Python's own modules, which all others rely on."""
    own = Path(os.__file__).parent
    places = [at for at, place in enumerate(sys.path) if Path(place) in (own, own / "lib-dynload")]
    sys.path.insert(max(places, default=-1) + 1, str(folder))


@contextmanager
def _not_serving() -> Iterator[None]:
    """Let a file that serves when it is run as a program be imported as well."""
    saved = {name: getattr(msgflo, name) for name in ("serve", "main", "run")}
    for name in saved:
        setattr(msgflo, name, lambda *_, **__: None)
    try:
        yield
    finally:
        for name, function in saved.items():
            setattr(msgflo, name, function)


def _component(module: ModuleType, file: Path, name: str | None) -> type[Participant]:
    own = {
        cls.__name__: cls
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, Participant) and cls.__module__ == module.__name__
    }
    if not own:
        raise LibraryError("defines no subclass of msgflo.Participant", file=str(file))
    if name is None and len(own) == 1:
        return next(iter(own.values()))
    if name not in own:
        problem = f"defines no class {name!r}" if name else "defines several components: name one with --class"
        raise LibraryError(f"{problem}; there are {', '.join(own)}", file=str(file))
    return own[name]
