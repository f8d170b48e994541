"""What a forwarder makes of the lists that it reads, and what it confirms."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from msgflo_host.dataplane.applied_lists import Lists
from msgflo_host.wire.forward_list import Forward

LAMP = Forward("button/pressed", "lamp/on", 1, True)


def written(version: int, *forwards: Forward) -> bytes:
    """A list as a coordinator writes it."""
    names = ("source", "target", "qos", "retain", "text")
    found = [{name: getattr(forward, name) for name in names} for forward in forwards]
    return json.dumps({"version": version, "forwards": found}).encode()


def confirmed(lists: Lists, refused: Sequence[str] = ()) -> dict[str, object]:
    """What is confirmed now, by topic, where all sources are on the first connection."""
    found = lists.confirm(lambda source: 0, frozenset(refused))
    return {topic: json.loads(payload or b"null") for topic, payload in found}


def test_lists_are_taken_together_and_each_is_confirmed_once() -> None:
    lists = Lists()
    lists.received("fbp/forward/lamp", written(7, LAMP))
    lists.received("fbp/forward/a%2Fb", written(1, LAMP, Forward("secret", "a")))
    lists.all_read()
    assert lists.take() == {LAMP, Forward("secret", "a")}
    assert confirmed(lists, refused=["secret"]) == {
        "fbp/forwarded/lamp": {"version": 7, "lanes": [["button/pressed"]]},
        "fbp/forwarded/a%2Fb": {"version": 1, "refused": ["secret"], "lanes": [["button/pressed", "secret"]]},
    }
    assert confirmed(lists, refused=["secret"]) == {}
    lists.received("fbp/forward/a%2Fb", b"")
    assert confirmed(lists, refused=["secret"]) == {}, "it is applied until it was taken"
    assert lists.take() == {LAMP}
    assert confirmed(lists) == {"fbp/forwarded/a%2Fb": None}


def test_of_a_list_that_is_gone_the_broker_has_forgotten_it_or_somebody_has_removed_it() -> None:
    lists = Lists()
    for name in ("lamp", "fan", "door"):
        lists.received(f"fbp/forward/{name}", written(1, Forward("s", name)))
    lists.all_read()
    lists.take()
    confirmed(lists)
    lists.connected()
    lists.received("fbp/forwarded/lamp", b'{"version": 1}')
    lists.received("fbp/forward/door", written(2, Forward("s", "door/2")))
    lists.all_read()
    assert lists.take() == {Forward("s", "fan"), Forward("s", "door/2")}
    assert confirmed(lists) == {"fbp/forwarded/lamp": None, "fbp/forwarded/door": {"version": 2, "lanes": [["s"]]}}, (
        "of what the broker has forgotten nothing is said until it stands there again"
    )


@pytest.mark.parametrize(
    ("topic", "payload", "says"),
    [
        ("lamp", b"{", "truncated"),
        ("lamp", b"\xff", "malformed"),
        ("lamp", b"[1]", "Expected `object`"),
        ("lamp", b'{"version": 9}', "forwards"),
        ("lamp", b'{"version": "9", "forwards": []}', "version"),
        ("lamp", written(9, Forward("a", "b", 2)), "qos"),
        ("lamp", written(9, Forward("", "b")), "source: '' is no topic"),
        ("lamp", written(9, Forward("a/#/b", "b")), "has a # that is not last"),
        ("lamp", written(9, Forward("a", "b/+")), "target: 'b/+' has a wildcard"),
        ("lamp", written(9, Forward("a", "b" * 70_000)), "longer than 65535 bytes"),
        ("lamp", b" " * 5_000_000, "a list of 5000000 bytes; allowed are 4194304"),
        ("%", b"{}", "a % is written %25"),
    ],
)
def test_a_list_that_cannot_be_used_is_logged_once_and_changes_nothing(
    topic: str, payload: bytes, says: str, logged: pytest.LogCaptureFixture
) -> None:
    lists = Lists()
    lists.received("fbp/forward/lamp", written(1, LAMP))
    for _ in range(3):
        lists.received(f"fbp/forward/{topic}", payload)
    assert lists.take() == {LAMP}
    assert len(logged.messages) == 1
    assert says in logged.text
    assert f"'fbp/forward/{topic}'" in logged.text


def test_forwards_that_would_close_a_cycle_are_left_out_and_named_as_refused(logged: pytest.LogCaptureFixture) -> None:
    lists = Lists()
    lists.received("fbp/forward/lamp", written(1, LAMP, Forward("x", "y")))
    lists.received("fbp/forward/evil", written(1, Forward("y", "x"), Forward("#", "z")))
    for _ in range(2):
        assert lists.take() == {LAMP, Forward("x", "y")}
    found = confirmed(lists)
    assert found["fbp/forwarded/evil"] == {"version": 1, "refused": ["#", "y"], "lanes": [["#", "y"]]}
    assert logged.text.count("would close a cycle") == 2


def test_on_which_connections_sources_are_subscribed_to_comes_from_what_was_confirmed() -> None:
    lists = Lists()
    lists.received("fbp/forwarded/lamp", b'{"version": 1, "lanes": [["a", "b"], ["#"]]}')
    lists.received("fbp/forwarded/fan", b'{"version": 1, "lanes": [[], [], ["c"]]}')
    lists.received("fbp/forwarded/many", json.dumps({"version": 1, "lanes": [["x"]] * 100_000}).encode())
    lists.received("fbp/forwarded/garbage", b"{")
    assert sorted(lists.placed()) == [(0, "a"), (0, "b"), (1, "#"), (2, "c")]
