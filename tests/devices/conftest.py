"""Collects the test functions of `both/` and runs each on CPython and on MicroPythons: see tests/plain.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from interpreters import EVERY, SUITE
from plain import PlainFile

BOTH = Path(__file__).parent / "both"


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if module_path.parent == BOTH:
        folders = (BOTH, BOTH / "fake", SUITE)
        return PlainFile.from_parent(parent, path=module_path, interpreters=EVERY, folders=folders)
    return None
