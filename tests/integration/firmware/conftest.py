"""Collects the test functions of `both/` and `micropython/` and runs each on each interpreter: see tests/plain.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from interpreters import CPYTHON, EVERY, MICROPYTHONS
from plain import PlainFile

HERE = Path(__file__).parent
RUNNERS = {HERE / "both": EVERY, HERE / "micropython": MICROPYTHONS}


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if module_path.parent in RUNNERS:
        # CPython takes long to start; MicroPython does not, and what one test leaves in its heap would be found by the next.
        interpreters = RUNNERS[module_path.parent]
        return PlainFile.from_parent(parent, path=module_path, interpreters=interpreters, shared=(CPYTHON,))
    return None
