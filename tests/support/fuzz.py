"""What the tests with made-up input share: how much of it there is, and how texts are damaged.

A few dozen examples belong to every run; with MSGFLO_FUZZ=10000 these tests are soak tests, which `make soak` runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

LONG = os.environ.get("MSGFLO_FUZZ")
EXAMPLES = int(LONG or 25)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


Test = Callable[..., None]


def fuzzed(test: Test) -> Test:
    """Run a hypothesis test as often as MSGFLO_FUZZ says, with as much time as that takes."""
    return _run(test, EXAMPLES)


def fuzzed_tenth(test: Test) -> Test:
    """The same for tests whose examples are whole systems, which take long: a tenth as often, at least 20 times."""
    return _run(test, max(20, EXAMPLES // 10))


def _run(test: Test, examples: int) -> Test:
    run = settings(max_examples=examples, suppress_health_check=list(HealthCheck))(test)
    run = pytest.mark.timeout(180 + examples)(run)
    return pytest.mark.soak(run) if LONG else run


def damaged(texts: Sequence[str], alphabet: str) -> st.SearchStrategy[str]:
    """Return valid texts with pieces cut out, doubled, moved, or replaced by others."""
    piece = st.text(alphabet=alphabet, min_size=1, max_size=4) | st.text(max_size=3) | st.sampled_from(texts)
    cut = st.tuples(st.integers(0, 2000), st.integers(0, 12), st.none() | piece, st.booleans())

    def damage(text: str, cuts: list[tuple[int, int, str | None, bool]]) -> str:
        for at, length, put, twice in cuts:
            at = at % (len(text) + 1)
            gone = text[at : at + length]
            text = text[:at] + (gone * 2 if twice else "") + (put or "") + text[at + length :]
        return text[:20_000]

    return st.builds(damage, st.sampled_from(texts), st.lists(cut, max_size=5))
