"""Sources are parsed by one thread at a time."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from msgflo_host.util.python_source import parse

SOURCE = "\n".join(
    f"def f{number}(a): return ((a + {number}) * (a - {number})) if a else [a, (a, {{a: a}})]" for number in range(100)
)


@pytest.fixture
def switching() -> Iterator[None]:
    """Threads take turns within a parse as well: whatever Python code the collector of garbage calls lets them."""

    def callback(*_: object) -> None:
        sum(number for number in range(100))

    before = sys.getswitchinterval()
    gc.callbacks.append(callback)
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)
    gc.callbacks.remove(callback)


@pytest.mark.usefixtures("switching")
def test_threads_that_parse_at_once_do_not_disturb_each_other() -> None:
    failed: list[BaseException] = []
    start = threading.Barrier(4)

    def repeatedly() -> None:
        start.wait()
        try:
            for _ in range(4):
                assert len(parse(SOURCE).body) == 100
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=repeatedly) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
