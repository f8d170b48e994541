"""How sources are parsed."""

from __future__ import annotations

import gc
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from msgflo_host.util.python_source import parse, parse_expression


def test_mistakes_are_raised_and_warnings_are_left_to_who_runs_the_source() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse("1 is 1").body
    with pytest.raises(SyntaxError) as caught:
        parse("a =\n", "lamp.py")
    assert caught.value.filename == "lamp.py"
    with pytest.raises(SyntaxError):
        parse_expression("a = 1")


def test_threads_that_parse_at_once_do_not_disturb_each_other() -> None:
    source = "\n".join(f"def f{i}(a): return ((a + {i}) * (a - {i})) if a else [a, (a, {{a: a}})]" for i in range(100))

    def take_turns(*_: object) -> None:  # the collector of garbage calls it within a parse
        sum(number for number in range(100))

    before = sys.getswitchinterval()
    gc.callbacks.append(take_turns)
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert [len(tree.body) for tree in threads.map(parse, [source] * 16)] == [100] * 16
    finally:
        sys.setswitchinterval(before)
        gc.callbacks.remove(take_turns)
