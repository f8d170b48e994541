"""Formulas: what they compute, where they are wrong, and that nothing in them does harm."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msgflo import Error
from msgflo_host.builtin.core._formula import MAX_DEPTH, MAX_LENGTH, compiled


def compute(formula: str, **values: Any) -> Any:
    return compiled(formula).compute({name.rstrip("_"): value for name, value in values.items()})


@pytest.mark.parametrize(
    ("formula", "result"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("7 - 4 - 2", 1), ("2 ** 3 ** 2", 512), ("-2 ** 2", -4), ("2 ** -1", 0.5),
        ("1 - - 1", 2), ("8 / 4 / 2", 1), ("7 % 4", 3), ("1.5e3", 1500), ("true", True), ("null", None), ("'it'", "it"),
        ('"it\'s"', "it's"), ("1 < 2 and 2 < 3", True), ("not true == false", True), ("not false or true", True),
        ("false and 1 / 0 > 1", False), ("true or 1 / 0 > 1", True), ("1 != 2", True), ("null == 0", False),
        ("3 == '3.0'", True), ("'ON' == true", True), ("true == 'maybe'", False), ("1 == true", True), ("'a' == 'b'", False),
        ("if(1 < 2, 'yes', 1 / 0)", "yes"), ("if(false, 1 / 0, if('off', 1, 2))", 2), ("min(3, 1, 2)", 1), ("max(3)", 3),
        ("round(2.345, 1)", 2.3), ("round(2.7)", 3), ("floor(-0.5)", -1), ("ceil(0.5)", 1), ("abs(-3)", 3),
        ("sqrt(9)", 3), ("ln(exp(1))", 1), ("log10(1000)", 3), ("number('7')", 7), ("concat(1, ' ', true, null)", "1 truenull"),
    ],
)  # fmt: skip
def test_formula(formula: str, result: Any) -> None:
    found = compute(formula)
    assert found == (pytest.approx(result) if isinstance(result, float) else result)
    assert isinstance(found, bool) == isinstance(result, bool)


def test_values_and_their_parts() -> None:
    packet = {"sensors": [{"value": 4}], "and": 2, "two words": 3}
    assert compute("in.sensors[0].value + in.and * in['two words']", in_=packet) == 10
    assert compiled("a + b.c - min(in, a)").names == {"a", "b", "in"}
    assert compute("a - b", a="21.5", b=" 1 ") == 20.5


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("", '"" is not complete'),
        ("1 +", '"1 +" is not complete'),
        ("(1", '"(1" is not complete'),
        ("1 $ 2", 'character 3: "$" makes no sense here'),
        ("2 3", 'character 3: "3" makes no sense here'),
        ("a == b == c", 'character 8: "==" makes no sense here'),
        ("'open", "makes no sense here"),
        ("x + 1", 'there is no "x"; there are in, a, b, c, d'),
        ("andy", 'there is no "andy"'),
        ("open('/etc/passwd')", "there is no open(…); there are if, abs, "),
        ("__import__('os')", "there is no __import__(…)"),
        ("max()", "max(…) does not take 0 values"),
        ("if(1, 2)", "if(…) does not take 2 values"),
        ("1e999", "a finite number is needed"),
        ("lambda: 1", 'character 7: ":" makes no sense here'),
        ("a = 1", 'character 3: "=" makes no sense here'),
        ("1" * (MAX_LENGTH + 1), "501 characters; at most 500 are allowed"),
        ("-" * MAX_DEPTH + "1", "nested more than 50 deep"),
        ("not " * MAX_DEPTH + "a", "nested more than 50 deep"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_formula(formula: str, text: str) -> None:
    with pytest.raises(Error) as caught:
        compiled(formula)
    assert str(caught.value).startswith('inport "expression"')
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("1 / a", "1 / 0: division by 0"),
        ("1 % a", "1 % 0: division by 0"),
        ("sqrt(a - 1)", "sqrt(-1): there is no such number"),
        ("a ** -1", "0 ** -1: there is no such number"),
        ("exp(1000)", "exp(1000): the result is too large"),
        ("2 ** 99999999", "2 ** 99999999: the result is too large"),
        ("9 ** 9 ** 9", "the result is too large"),
        ("'warm' + 1", '"warm"; a finite number is needed'),
        ("null > 20", "null; a finite number is needed"),
        ("a.b", 'no "b" in 0'),
        ("in.temperature", 'no "temperature" in an object with 1 keys'),
        ("in.__class__", 'no "__class__" in an object'),
        ("'text'.upper", 'no "upper" in "text"'),
        ("not 'maybe'", '"maybe"; allowed: true, false'),
        ("round(1, 20)", "round(…): 20 digits; allowed: 0 to 10"),
        ("concat(b, b)", "concat(…): the text is too long"),
    ],
)
def test_what_cannot_be_computed(formula: str, text: str) -> None:
    with pytest.raises(Error) as caught:
        compute(formula, a=0, b="x" * 40_000, in_={"x": 1})
    assert text in str(caught.value)


def test_numbers_do_not_grow_without_end() -> None:
    product = "*".join(["9999999999"] * 30)
    assert compute(product) == pytest.approx(1e300, rel=1e-6)
    with pytest.raises(Error, match="too large"):
        compute("*".join(["9999999999"] * 40))


def test_the_worst_formulas_are_over_soon() -> None:
    worst = [
        "9**" * 160 + "9",
        "%".join(["1e308"] * 80) + "%1e-308",
        "(" * 240 + "1" + ")" * 240,
        "concat(" * 40 + "in" + ")" * 40,
        "+".join(["in"] * 160),
    ]
    for formula in worst:  # each would take for ever, or all memory
        with suppress(Error):
            compute(formula, in_="7")


WORDS = ["in", "a", "b.c", "1", "2.5", '"x"', "+", "-", "*", "/", "%", "**", "(", ")", "[", "]", ".", ",", "and", "or",
         "not", "true", "null", "==", "<", ">=", "if", "min", "round", "concat", "sqrt", "'", "\\", "\n", "ä"]  # fmt: skip


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join) | st.text(max_size=40),
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.dictionaries(st.just("c"), st.integers()),
)
def test_any_text_is_a_formula_or_a_clear_error(formula: str, value: Any) -> None:
    try:
        result = compute(formula, in_=value, a=value, b=value, c=value, d=value)
    except Error as wrong:
        result = str(wrong)
    assert result is None or isinstance(result, bool | int | float | str | dict)
