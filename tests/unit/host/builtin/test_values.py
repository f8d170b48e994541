"""What devices send for a switch or a number, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msgflo_host.builtin import values
from msgflo_host.builtin.component import ComponentError, Port

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (True, True), (1, True), (1.0, True), ("ON", True), ("true", True), ("True", True), (" yes ", True), ("1", True),
        (False, False), (0, False), ("OFF", False), ("False", False), ("no", False), ("0", False),
    ],
)  # fmt: skip
def test_switch(sent: Any, meant: bool) -> None:
    assert values.boolean(sent) is meant


@pytest.mark.parametrize("sent", ["", "open", "2", 2, 0.5, -1, None, [], {}, {"state": "ON"}, float("nan")], ids=repr)
def test_what_is_no_switch(sent: Any) -> None:
    with pytest.raises(ComponentError, match=r'; allowed: true, false, 1, 0, "on", "off", "yes", "no"$'):
        values.boolean(sent)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (21.5, 21.5), (5, 5), ("21.5", 21.5), (" 7 ", 7), ("-0.5e1", -5.0), (".5", 0.5), ("+3", 3), (2**60, float(2**60)),
        ("1" * 300, float("1" * 300)),
    ],
)  # fmt: skip
def test_number(sent: Any, meant: float) -> None:
    found = values.number(sent)
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(
    "sent",
    ["", "warm", "21,5", "1_000", "0x10", "nan", "inf", "1e999", "9" * 399, "1" * 5000, "٣", True, None, [1], {}, 10**400,
     float("inf"), float("nan")],
    ids=lambda value: repr(value)[:20] if not isinstance(value, int) else "huge",
)  # fmt: skip
def test_what_is_no_number(sent: Any) -> None:
    with pytest.raises(ComponentError, match="; a finite number is needed, such as"):
        values.number(sent)


@pytest.mark.parametrize(("sent", "quoted"), [("1e400", "Infinity"), ("-1e400", "-Infinity"), ("nan", "NaN")])
def test_what_is_no_number_is_quoted_as_what_it_is(sent: str, quoted: str) -> None:
    value = float(sent)
    with pytest.raises(ComponentError) as caught:
        values.number(value)
    assert str(caught.value).startswith(f"{quoted}; a finite number is needed")
    with pytest.raises(ComponentError) as caught:
        values.boolean(value)
    assert str(caught.value).startswith(f"{quoted}; allowed: true, false")


def test_text() -> None:
    assert [values.string(sent) for sent in ("a", 5, 21.5, True)] == ["a", "5", "21.5", "true"]
    for sent in (None, [], {}):
        with pytest.raises(ComponentError, match="a text is needed"):
            values.string(sent)


@given(st.sampled_from(sorted(values.CONVERSIONS)), JSON)
def test_whatever_comes_is_taken_as_its_type_or_refused(type_: str, sent: Any) -> None:
    kinds = {"boolean": bool, "number": (int, float), "string": str, "array": list, "object": dict}
    refused = None
    try:
        found = Port("in", type_).accept(sent)
    except ComponentError as wrong:
        refused = str(wrong)
    if refused is None:
        assert isinstance(found, kinds.get(type_, object))
    else:
        assert refused.startswith('inport "in": ')
        assert len(refused) < 250


def test_a_choice_takes_what_is_in_its_list() -> None:
    port = Port("mode", "string", values=("rise", "fall"))
    assert port.accept("fall") == "fall"
    with pytest.raises(ComponentError, match=r'^inport "mode": "both"; allowed: "rise", "fall"$'):
        port.accept("both")


def test_size_is_bounded_even_of_what_shares_its_parts() -> None:
    assert values.check_size({"a": [1, "x"]}) == {"a": [1, "x"]}
    shared: Any = 1
    for _ in range(20):
        shared = {"a": shared, "b": shared}
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    for too_large in (shared, "x" * 70_000, [0] * 20_000, {"a": ["x" * 40_000, "y" * 40_000]}):
        with pytest.raises(ComponentError, match="too large"):
            values.check_size(too_large)
    with pytest.raises(ComponentError, match="nested"):
        values.check_size(deep)
