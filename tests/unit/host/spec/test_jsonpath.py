"""JSONPaths: what they find, what is refused, and that none takes long."""

from __future__ import annotations

from typing import Any

import pytest

from msgflo_host.spec.jsonpath import NotAPath, check, find

LAMPS = {"lamps": [{"on": True, "level": 2}, {"on": False, "level": 5, "on-off": [1]}, {"level": 7}]}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", [LAMPS]),
        ("$.lamps[0].on", [True]),
        ("$['lamps'][*].level", [2, 5, 7]),
        ("$..on", [True, False]),
        ("$.lamps[1:].level", [5, 7]),
        ("$.lamps[0,2,0].level", [2, 7]),
        ("$.lamps[?(@.on)].level", [2]),
        ("$.lamps[?(!@.on && @.level > 3)].level", [5, 7]),
        ("$.lamps[?@.on == false || @.level <= 2].level", [2, 5]),
        ("$.lamps[?length(@['on-off']) == 1].level", [5]),
        ("$.lamps.length", [3]),
        ("$.none", []),
    ],
)
def test_what_is_found(path: str, found: list[Any]) -> None:
    assert find(path, LAMPS) == found


def test_a_member_called_length_comes_first() -> None:
    assert find("$..length", [{"length": 5}]) == [5]
    assert find("$.a.length", {"a": {"length": [1, 2]}}) == [[1, 2]]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("lamps.0", "it must start with $"),
        ("$.a[", "unexpected end of query"),
        ("$[?(@.a === 1)]", "unexpected token '=' at character 11"),
        ("$[?(@.a.length > 1)]", "the length of a list is length(@.lamps)"),
        ("$[?match(@.a, '(a+)+b')]", "function 'match' is not defined at character 4"),
        ("$[?@..a]", "a filter can look only at single members of @"),
        ("$[1e2]", "a number in it is too large, or is no integer"),
        (f"$.{'a' * 300}", "it has 302 characters; at most 300 are allowed"),
    ],
)
def test_what_is_refused_has_a_reason(path: str, why: str) -> None:
    with pytest.raises(NotAPath) as caught:
        check(path)
    assert why in str(caught.value)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("path", ["$" + "[*,*]" * 50 + ".x", "$" + "..*" * 8 + ".x", f"$[?({'!' * 280}@)].x"])
def test_no_path_takes_long(path: str) -> None:
    deep: list[Any] = []
    for _ in range(90):
        deep = [deep, 0]
    assert find(path, deep) == []
