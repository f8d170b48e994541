"""The retained lists of forwarded edges: what is written, what is put right, and what counts as applied."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from msgflo_host.control.retained_lists import BindLists, ForwardLists
from msgflo_host.wire.forward_list import Forward, ForwardList, read_list

LAMP = frozenset({Forward("button/pressed", "lamp/on", 1, True), Forward("#", "lamp/log", text=True)})


class Broker:
    """What is kept of lists; `away` refuses to publish."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.written: list[str] = []
        self.away = False
        self.lists = ForwardLists(self._publish)

    def _publish(self, topic: str, payload: bytes) -> bool:
        if not self.away:
            self.written.append(topic)
            self.kept[topic] = payload
            self.lists.received(topic, payload)  # the coordinator hears what it says
        return not self.away

    def found(self, topic: str) -> Any:
        return json.loads(self.kept[topic])

    def confirm(self, id: str, version: int | None) -> None:
        self.lists.confirmed(f"fbp/forwarded/{id}", b"" if version is None else b'{"version": %d}' % version)


def test_a_list_is_written_once_and_again_with_a_higher_version_when_it_is_another() -> None:
    broker = Broker()
    assert broker.lists.apply({"lamp": LAMP, "nobody": frozenset()})
    assert not broker.lists.apply({"lamp": LAMP})
    assert broker.written == ["fbp/forward/lamp"]
    assert broker.found("fbp/forward/lamp") == {
        "version": 1,
        "forwards": [
            {"source": "#", "target": "lamp/log", "qos": 0, "retain": False, "text": True},
            {"source": "button/pressed", "target": "lamp/on", "qos": 1, "retain": True, "text": False},
        ],
    }
    assert read_list("lamp", broker.kept["fbp/forward/lamp"]) == ForwardList(1, LAMP)
    assert broker.lists.apply({"lamp": frozenset({Forward("a", "lamp/on")})})
    assert broker.found("fbp/forward/lamp")["version"] == 2
    assert broker.lists.apply({})
    assert broker.kept["fbp/forward/lamp"] == b""
    assert broker.lists.apply({"lamp": LAMP})
    assert broker.found("fbp/forward/lamp")["version"] == 3  # what was said of an earlier list confirms none of this


def test_what_is_stored_already_is_not_written_again_and_its_version_rises() -> None:
    broker = Broker()
    kept = json.dumps({"version": 41, "forwards": [{"source": "a", "target": "b"}]}).encode()
    assert broker.lists.received("fbp/forward/a%2Fb", kept)
    assert broker.lists.apply({"a/b": frozenset({Forward("a", "b")})}) == []
    assert broker.lists.apply({"a/b": frozenset({Forward("a", "c")})})
    assert broker.found("fbp/forward/a%2Fb")["version"] == 42


async def test_a_list_is_active_when_its_version_is_confirmed_and_gone_when_that_is_cleared() -> None:
    broker = Broker()
    lists = broker.lists
    assert not await lists.confirmed_by_all(0)
    lists.apply({"lamp": LAMP, "fan": LAMP})
    broker.confirm("lamp", 1)
    assert lists.missing == ["fan"]
    assert await lists.confirmed_by_all(5) == ["fan"]
    waiting = asyncio.create_task(lists.confirmed_by_all(5))
    await asyncio.sleep(1)
    broker.confirm("fan", 1)
    assert not await waiting
    lists.apply({"lamp": LAMP})
    lists.confirmed("fbp/forwarded/lamp", b"nonsense")
    assert lists.missing == ["fan", "lamp"]
    broker.confirm("fan", None)
    broker.confirm("lamp", 1)
    assert lists.missing == []


def test_while_the_broker_is_away_nothing_counts_as_written() -> None:
    broker = Broker()
    broker.away = True
    assert not broker.lists.apply({"lamp": LAMP})
    broker.away = False
    assert broker.lists.apply({"lamp": LAMP})
    broker.lists.forget()
    assert broker.lists.apply({"lamp": LAMP})
    assert broker.found("fbp/forward/lamp")["version"] == 2


def test_one_who_confirms_is_reported_what_to_drop_until_it_has() -> None:
    kept: dict[str, Any] = {}

    def publish(topic: str, payload: bytes) -> bool:
        kept[topic] = json.loads(payload)
        return True

    lists = BindLists(publish)
    lists.apply({"new": {"in": ("a",), "": ()}})
    lists.confirmed("fbp/bound/new", b"1")
    for sources in (("b",), ("c",)):
        lists.apply({"new": {"in": sources, "": ()}})
    assert kept["fbp/bind/new"] == {"in": ["c"], "": {"version": 3, "drop": ["a", "b"]}}
    lists.confirmed("fbp/bound/new", b"3")
    lists.apply({"new": {"in": ("d",), "": ("d",)}})
    assert kept["fbp/bind/new"] == {"in": ["d"], "": {"version": 4, "states": ["d"], "drop": ["c"]}}


def test_one_of_an_earlier_version_gets_a_list_without_a_version_until_it_is_updated() -> None:
    written: list[dict[str, Any]] = []

    def publish(topic: str, payload: bytes) -> bool:
        written.append(json.loads(payload))
        return True

    lists = BindLists(publish)
    lists.apply({"old": {"in": ("a",)}})
    assert written == [{"in": ["a"]}]
    assert not lists.received("fbp/bind/old", b'{"in": ["a"]}')  # its own, from the broker
    assert lists.apply({"old": {"in": ("a",), "": ()}}) == ["old"]
    assert lists.apply({"old": {"in": ("a",)}}) == ["old"]
    assert written[1:] == [{"in": ["a"], "": {"version": 2}}, {"in": ["a"]}]


def test_what_is_no_filter_in_a_list_of_somebody_else_is_not_to_be_dropped() -> None:
    kept: dict[str, Any] = {}

    def publish(topic: str, payload: bytes) -> bool:
        kept[topic] = json.loads(payload or b"null")
        return True

    lists = BindLists(publish)
    forged = {"in": ["a/#/b", "a/" * 201, "\x01", "old"], "": {"version": 99, "drop": ["a+", "older"]}}
    assert lists.received("fbp/bind/lamp", json.dumps(forged).encode())
    lists.apply({"lamp": {"in": ("new",), "": ()}})
    assert kept["fbp/bind/lamp"] == {"in": ["new"], "": {"version": 100, "drop": ["old", "older"]}}
