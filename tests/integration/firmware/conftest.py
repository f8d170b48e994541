"""Collects the test functions of `both/` and `micropython/` and runs each on each interpreter: see tests/plain.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from interpreters import CPYTHON, EVERY, HEAP, MICROPYTHONS
from plain import PlainFile

HERE = Path(__file__).parent
RUNNERS = {HERE / "both": EVERY, HERE / "micropython": MICROPYTHONS}
# Participants that remember, and components, take more modules, which are compiled there; a board has their bytecode.
# Of stored sessions there are several, one after the other.
LARGER = dict.fromkeys(("remembering", "saving", "recalling", "component", "settings", "later", "stored"), "160K")


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if module_path.parent in RUNNERS:
        # CPython takes long to start; MicroPython does not, and what one test leaves in its heap would be found by the next.
        interpreters = RUNNERS[module_path.parent]
        heap = LARGER.get(module_path.stem.removeprefix("test_"), HEAP)
        return PlainFile.from_parent(parent, path=module_path, interpreters=interpreters, heap=heap, shared=(CPYTHON,))
    return None
