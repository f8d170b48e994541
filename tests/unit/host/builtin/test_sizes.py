"""How large values are, and which are refused as too large."""

from __future__ import annotations

from typing import Any

import pytest

from msgflo import Error
from msgflo_host.builtin import sizes


def test_size_is_bounded_even_of_what_shares_its_parts() -> None:
    assert sizes.check_size({"a": [1, "x"]}) == {"a": [1, "x"]}
    shared: Any = 1
    for _ in range(20):
        shared = {"a": shared, "b": shared}
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    for too_large in (shared, "x" * 70_000, [0] * 20_000, {"a": ["x" * 40_000, "y" * 40_000]}):
        with pytest.raises(Error, match="too large"):
            sizes.check_size(too_large)
    with pytest.raises(Error, match="nested"):
        sizes.check_size(deep)


def test_size_is_about_that_of_the_text() -> None:
    assert [sizes.size(value) for value in ("four", {"a": [1, 2]}, 5, None, True)] == [4, 11, 0, 0, 0]
    assert sizes.size({"a": b"\xff" * 3}) > 0
    assert sizes.size(["\ud800"]) == 0, "no text"
