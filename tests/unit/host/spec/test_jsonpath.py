"""JSONPaths: what is said of those that npm's reader refuses, and of those that only it may understand."""

from __future__ import annotations

import pytest

from msgflo_host.spec.jsonpath import NotAPath, NotUnderstood, check, find


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("$.on-off", "names with other characters than a-z, 0-9 and _ are written ['on-off']"),
        ("$.größe", "are written ['größe']"),
        ("$.l[-1].p", "[-1] never finds anything; counted from the end it is [-1:] and the like"),
        ("$.a[ 0]", "a space at character 5; they are allowed in filters only"),
        ("$.a[?@.x==1]", "a filter is written [?(…)]"),
        ("$.a[", "it ends too early"),
        ("$.a[b]", "'b' is not expected there"),
        ("$.a#", "'#' at character 4 is not expected"),
        ("$.constructor", "it cannot look at 'constructor'"),
        ("$..[(0)]", "behind .. there is no [(…)]"),
        ("$..[0:1]", "behind .. there is no range"),
        ("$[?(@.a = 1)]", "a filter compares with ==, not with ="),
        ("$[?(@.a.trim() == 'x')]", "a filter calls nothing"),
        ("$[?(@.a == undefined)]", "'undefined' in a filter: it can look only at @, the element, as in @.on"),
        ("$[?(@.on-off)]", "'off' in a filter: it can look only at @"),
        ("$[?(@.a == )]", "a filter ends too early"),
        ("$[?(@.a @.b)]", "'@' is not expected there in a filter"),
        ("$[?(* 2)]", "a value is missing before '*' in a filter"),
        ("$[?(@.__proto__)]", "a filter cannot look at '__proto__'"),
    ],
)
def test_what_npm_refuses_is_refused_with_a_reason(path: str, why: str) -> None:
    with pytest.raises(NotAPath) as caught:
        check(path)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("$[?(@.a ? 1 : 0)]", "there is '? 1 : 0' in a filter; allowed are @, its members, texts"),
        ("$[?(/a/)]", "'/' in a filter"),
        ("$[?(@.a >> 1)]", "'>>' in a filter"),
        ("$[?(typeof @.a == 'string')]", "'typeof' in a filter"),
        ("$[?('x' in @)]", "'in' in a filter"),
        ("$[?(@[@.a])]", "[…] in a filter may hold a text in quotes or an index"),
        ("$[?(@.größe)]", "'öße' in a filter"),
        ("$..['a','b']", "behind .. there can be only one key or index; write ..*[…]"),
        ("$[::-1]", "ranges of a list with a step below 1"),
        ("$[(@.length/2)]", "only [(@.length-1)] and [(0)] are understood"),
        ("$[1234567890123456]", "1234567890123456 is too large"),
        ("$['a\nb']", "it has more than one line"),
        (f"$.{'a' * 300}", "it has 302 characters; at most 300 are allowed"),
    ],
)
def test_what_only_npm_may_understand_is_refused_as_such(path: str, what: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        check(path)
    assert what in str(caught.value)


def test_functions_of_javascript_are_not_found() -> None:
    with pytest.raises(NotUnderstood, match="values is there a function of JavaScript's own"):
        find("$.values", [1])
    with pytest.raises(NotUnderstood, match="link is there a function"):
        find("$[?(@.link)]", ["a text"])
    assert find("$.values", {"values": 1}) == [1]
    assert find("$.values", {}) == []


def test_filters_may_be_nested_as_deeply_as_they_fit() -> None:
    for test in ("(" * 140 + "@" + ")" * 140, "!" * 286 + "@", "@||" * 95 + "@"):
        assert find(f"$[?({test})]", [1]) == [1]
