"""What devices send for a switch or a number, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msgflo import Error, values

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
    with pytest.raises(Error, match=r'; allowed: true, false, 1, 0, "on", "off", "yes", "no"$'):
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
    with pytest.raises(Error, match="; a finite number is needed, such as"):
        values.number(sent)


@pytest.mark.parametrize(("sent", "quoted"), [("1e400", "inf"), ("-1e400", "-inf"), ("nan", "nan")])
def test_what_is_no_number_is_quoted_as_what_it_is(sent: str, quoted: str) -> None:
    value = float(sent)
    with pytest.raises(Error) as caught:
        values.number(value)
    assert str(caught.value).startswith(f"{quoted}; a finite number is needed")
    with pytest.raises(Error) as caught:
        values.boolean(value)
    assert str(caught.value).startswith(f"{quoted}; allowed: true, false")


def test_text() -> None:
    assert [values.string(sent) for sent in ("a", 5, 21.5, True)] == ["a", "5", "21.5", "true"]
    for sent in (None, [], {}):
        with pytest.raises(Error, match="a text is needed"):
            values.string(sent)


def test_a_list_and_an_object() -> None:
    assert values.array([1]) == [1]
    assert values.object_({"a": 1}) == {"a": 1}
    with pytest.raises(Error, match=r"^an object with 1 keys; a list is needed$"):
        values.array({"a": 1})
    with pytest.raises(Error, match=r"^a list of 1; an object is needed$"):
        values.object_([1])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ("on", '"on"'),
        (21.5, "21.5"),
        ([], "an empty list"),
        ({}, "an empty object"),
        (b"\xff", "bytes"),
        ("\ud800", "a text that is not Unicode"),
        (10**5000, "a number that is too long"),
    ],
    ids=lambda value: repr(value) if not isinstance(value, int) else "number",
)
def test_value_in_a_message(value: Any, text: str) -> None:
    assert values.shown(value) == text


def test_a_long_value_in_a_message_is_shortened() -> None:
    assert len(values.shown("x" * 1000)) == 60
    assert values.shown(10**100) == "1" + "0" * 58 + "…"


def test_what_is_no_text_is_written_as_json() -> None:
    assert [values.text_of(value) for value in ("a", 5, None, {"a": [True]})] == ["a", "5", "null", '{"a": [true]}']
    with pytest.raises(Error, match="allowed: what JSON can say"):
        values.text_of(b"\xff")


@given(st.sampled_from(sorted(values.CONVERSIONS)), JSON)
def test_whatever_comes_is_taken_as_its_type_or_refused(type_: str, sent: Any) -> None:
    kinds = {"boolean": bool, "number": (int, float), "string": str, "array": list, "object": dict}
    refused = None
    try:
        found = values.CONVERSIONS[type_](sent)
    except Error as wrong:
        refused = str(wrong)
    if refused is None:
        assert isinstance(found, kinds.get(type_, object))
    else:
        assert len(refused) < 250
