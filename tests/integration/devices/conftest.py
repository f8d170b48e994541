"""Collects the test functions of `both/` and runs each on CPython and on MicroPython: see tests/plain.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from emulation.pico import Pico, missing
from interpreters import CPYTHON, MICROPYTHON, SUITE
from paths import ROOT
from plain import PlainFile

BOTH = Path(__file__).parent / "both"
# The test and the fakes need memory too, and all of it is compiled from source; what fits a board is tested elsewhere.
HEAP = ("-X", "heapsize=300K")
ROOMY = (CPYTHON, replace(MICROPYTHON, command=(MICROPYTHON.command[0], *HEAP)))


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if module_path.parent == BOTH:
        folders = (BOTH, BOTH / "fake", SUITE)
        return PlainFile.from_parent(parent, path=module_path, interpreters=ROOMY, folders=folders, shared=ROOMY)
    return None


@pytest.fixture(scope="module")
def pico(request: pytest.FixtureRequest) -> Iterator[Pico]:
    """An emulated chip, with MODULES of the firmware, on which START of the file was run."""
    if why := missing():
        pytest.skip(why)
    with Pico() as chip:
        chip.put_modules(ROOT / "firmware", request.module.MODULES)
        chip.run(request.module.START)
        yield chip
