"""How sources are parsed."""

from __future__ import annotations

import warnings

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
