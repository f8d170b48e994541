"""Collects the test functions of `both/` and runs each on CPython and on MicroPythons: see tests/plain.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from interpreters import EVERY, SUITE
from plain import PlainFile

BOTH = Path(__file__).parent / "both"
# The test and the fakes need memory too, and all of it is compiled from source; what fits a board is tested elsewhere.
HEAP = ("-X", "heapsize=300K")
ROOMY = tuple(replace(each, command=(each.command[0], *HEAP)) if each.micro else each for each in EVERY)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if module_path.parent == BOTH:
        folders = (BOTH, BOTH / "fake", SUITE)
        return PlainFile.from_parent(parent, path=module_path, interpreters=ROOMY, folders=folders)
    return None
