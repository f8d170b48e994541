"""Who is there: alive, asleep, lost, removed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from msgflo_host.errors import DiscoveryError
from msgflo_host.model.participants import LOST_AFTER, Event, Registry
from msgflo_host.wire.discovery import Participant, Port


def lamp(id: str = "lamp", role: str = "lamp", **more: Any) -> Participant:
    return Participant(id, role, "demo/Lamp", **more)


OURS = lamp(connection="board", period=60.0)
OVERSLEPT_AT = 1.1 * 60 + 5


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


@pytest.fixture
def registry() -> Registry:
    return Registry()


# -- silence --


def test_a_participant_appears_and_starts_once(registry: Registry) -> None:
    assert kinds(registry.discovered(lamp(), 0)) == ["appeared", "started"]
    assert registry.discovered(lamp(), 10) == []
    assert registry.state("lamp") == "alive"


def test_without_a_period_600_seconds_of_silence_are_allowed(registry: Registry) -> None:
    registry.discovered(lamp(), 0)
    registry.discovered(lamp(), 100)
    assert registry.tick(100 + LOST_AFTER - 1) == []
    (event,) = registry.tick(100 + LOST_AFTER)
    assert (event.kind, event.text) == ("lost", "silent for 600 s")
    assert registry.state("lamp") == "lost"


def test_with_a_period_two_messages_may_be_missed(registry: Registry) -> None:
    registry.discovered(lamp(period=10), 0)
    assert registry.tick(26.9) == []
    assert kinds(registry.tick(27)) == ["lost"]


def test_who_comes_back_has_started_again(registry: Registry) -> None:
    registry.discovered(lamp(period=10), 0)
    registry.tick(100)
    assert kinds(registry.discovered(lamp(period=10), 101)) == ["started"]
    entry = registry.get("lamp")
    assert entry is not None
    assert (entry.starts, entry.first_seen, entry.since, entry.reason) == (2, 0, 101, "")


def test_a_retained_message_read_again_proves_nothing(registry: Registry) -> None:
    registry.discovered(lamp(period=10), 0)
    assert registry.discovered(lamp(period=10), 20, retained=True) == []
    assert kinds(registry.tick(27)) == ["lost"]
    assert registry.discovered(lamp(period=10), 30, retained=True) == []
    assert kinds(registry.discovered(lamp(period=10, label="New"), 31, retained=True)) == ["changed"]
    assert registry.state("lamp") == "lost"


def test_silence_while_the_broker_was_away_proves_nothing(registry: Registry) -> None:
    registry.discovered(lamp(period=10), 0)
    registry.resume(1000)
    assert registry.tick(1026) == []
    assert kinds(registry.tick(1027)) == ["lost"]


# -- the state of the connection --


@pytest.mark.parametrize(("status", "reason"), [("lost", "connection lost"), ("offline", "stopped")])
def test_a_lost_connection_and_a_stop_count_at_once(registry: Registry, status: str, reason: str) -> None:
    registry.connection("board", "online", 0)
    registry.discovered(OURS, 0)
    (event,) = registry.connection("board", status, 1)
    assert (event.kind, event.text, event.entry.reason) == ("lost", reason, reason)
    assert kinds(registry.connection("board", "online", 2)) == ["started"]


def test_one_connection_carries_several_participants(registry: Registry) -> None:
    for id in ("a", "b"):
        registry.discovered(lamp(id, id, connection="board"), 0)
    registry.discovered(lamp("c", "c", connection="other"), 0)
    assert sorted(event.entry.participant.id for event in registry.connection("board", "lost", 1)) == ["a", "b"]
    assert registry.state("c") == "alive"


def test_a_sleeper_is_not_lost_until_it_oversleeps(registry: Registry) -> None:
    registry.connection("board", "online", 0)
    registry.discovered(OURS, 0)
    assert kinds(registry.connection("board", "asleep", 10)) == ["asleep"]
    assert registry.state("lamp") == "asleep"
    assert registry.tick(10 + OVERSLEPT_AT - 1) == []
    (event,) = registry.tick(10 + OVERSLEPT_AT)
    assert event.text == "asleep for more than 71 s"
    assert kinds(registry.connection("board", "online", 100)) == ["started"]


def test_a_sleeper_that_wakes_in_time_has_woken(registry: Registry) -> None:
    registry.connection("board", "online", 0)
    registry.discovered(OURS, 0)
    registry.connection("board", "asleep", 10)
    assert kinds(registry.connection("board", "online", 70)) == ["woke"]


@pytest.mark.parametrize(
    ("status", "state"), [("online", "alive"), ("asleep", "asleep"), ("offline", "lost"), ("lost", "lost")]
)
def test_retained_messages_may_be_read_in_any_order(status: str, state: str) -> None:
    steps: list[Callable[[Registry], object]] = [
        lambda registry: registry.connection("board", status, 0, retained=True),
        lambda registry: registry.discovered(OURS, 0, retained=True),
    ]
    for order in itertools.permutations(steps):
        registry = Registry()
        for step in order:
            step(registry)
        assert registry.state("lamp") == state
        assert bool(registry.tick(1e9)) == (state != "lost")


def test_who_speaks_is_there_whatever_its_connection_logged(registry: Registry) -> None:
    registry.discovered(lamp("other", "other", connection="board"), 0)
    registry.discovered(OURS, 0)
    registry.connection("board", "lost", 1)
    assert sorted(kinds(registry.discovered(OURS, 2))) == ["started", "started"]
    assert registry.connection("board", "online", 3) == []


def test_an_unknown_state_is_named(registry: Registry) -> None:
    with pytest.raises(DiscoveryError, match='connection "board" says "on"; allowed: online, asleep, offline, lost'):
        registry.connection("board", "on", 0)


def test_a_participant_that_moves_follows_its_new_connection(registry: Registry) -> None:
    registry.discovered(OURS, 0)
    assert kinds(registry.discovered(lamp(connection="new", period=60.0), 1)) == ["changed"]
    assert registry.connection("board", "lost", 2) == []
    assert kinds(registry.connection("new", "lost", 3)) == ["lost"]


# -- traffic --


def test_packets_are_noted_for_who_is_known_by_traffic_only(registry: Registry) -> None:
    out = (Port("a", "door/state"), Port("b", "door/+/level"))
    registry.discovered(lamp("door", "door", outports=out, extra={"liveness": "traffic"}), 0)
    registry.discovered(lamp(outports=(Port("a", "door/state"),)), 0)
    assert registry.traffic_topics() == {"door/state", "door/+/level"}
    for now, topic in enumerate(["door/state", "door/x/level", "door/x/other"], 1):
        registry.packet(topic, now)
    entry, other = registry.get("door"), registry.get("lamp")
    assert entry is not None
    assert other is not None
    assert (entry.last_packet, other.last_packet) == (2, None)
    registry.seen("lamp", 9)
    assert other.last_packet == 9
    registry.remove("door", 10)
    assert registry.traffic_topics() == frozenset()


# -- changes and claims --


def test_a_change_is_reported_and_what_it_leaves_out_is_stored(registry: Registry) -> None:
    registry.discovered(lamp(label="Lamp"), 0)
    version = registry.version
    new = lamp(icon="bulb", absent=frozenset({"label"}))
    assert kinds(registry.discovered(new, 1)) == ["changed"]
    assert registry.discovered(new, 2) == []
    assert registry.version > version
    entry = registry.get("lamp")
    assert entry is not None
    assert (entry.participant.label, entry.participant.icon) == ("Lamp", "bulb")


@pytest.mark.parametrize("connection", [None, "other"])
def test_an_id_that_is_alive_cannot_be_taken_by_another_role(registry: Registry, connection: str | None) -> None:
    registry.discovered(OURS, 0)
    with pytest.raises(DiscoveryError, match=r'"lamp" of role "door" is refused: .* role "lamp", which is alive'):
        registry.discovered(lamp(role="door", connection=connection), 1)
    assert [entry.participant.role for entry in registry.all()] == ["lamp"]
    registry.connection("board", "lost", 2)
    assert kinds(registry.discovered(lamp(role="door", connection=connection), 3)) == ["changed", "started"]
    assert registry.by_role("lamp") == []
    assert list(registry.participants_by_role()) == ["door"]


def test_an_id_used_by_two_connections_in_turn_is_warned_of(registry: Registry) -> None:
    a, b = lamp(connection="a"), lamp(connection="b")
    registry.discovered(a, 0)
    assert kinds(registry.discovered(b, 1)) == ["changed"]
    _, warning = registry.discovered(a, 2)
    assert (
        warning.text == '"lamp" is announced by two connections, "b" and "a"; each participant needs an id of its own'
    )


def test_two_programs_with_one_client_id_are_warned_of_once_and_one_that_crashes_is_not(registry: Registry) -> None:
    registry.discovered(OURS, 0)
    found = []
    for turn in range(1, 6):
        for status, at in (("lost", turn), ("online", turn + 0.01)):
            found += registry.connection("board", status, at)
    texts = [event.text for event in found if event.kind == "warning"]
    assert texts == [
        'two programs use the client id "board", and end each other\'s connection; each needs an id of its own'
    ]
    other = Registry()
    other.discovered(OURS, 0)
    crashes = [other.connection("board", each, at) for at in range(1, 20) for each in (["lost", "online"][at % 2],)]
    assert "warning" not in [event.kind for events in crashes for event in events]


def test_two_roles_that_send_on_one_topic_are_warned_of_once(registry: Registry) -> None:
    shared = (Port("state", "hall/state"),)
    registry.discovered(lamp(outports=shared), 0)
    assert kinds(registry.discovered(lamp("lamp-2", outports=shared), 0)) == ["appeared", "started"]
    events = registry.discovered(lamp("door", "door", outports=shared), 0)
    assert kinds(events) == ["appeared", "warning", "started"]
    assert '"door" sends on "hall/state", and so does "lamp"' in events[1].text
    assert kinds(registry.discovered(lamp("door", "door", outports=shared, label="x"), 0)) == ["changed"]


# -- forgetting --


def test_who_is_removed_is_forgotten(registry: Registry) -> None:
    registry.discovered(OURS, 0)
    (event,) = registry.remove("lamp", 1)
    assert (event.kind, event.entry.state) == ("removed", "removed")
    assert registry.remove("lamp", 2) == []
    assert (len(registry), registry.tick(2)) == (0, [])
    assert kinds(registry.discovered(OURS, 3)) == ["appeared", "started"]


def test_an_id_made_for_one_start_is_forgotten_when_another_instance_has_taken_over(registry: Registry) -> None:
    registry.discovered(lamp("lamp-5f3a"), 0)
    assert kinds(registry.tick(600)) == ["lost"]
    registry.discovered(lamp("lamp-77b1"), 700)
    assert kinds(registry.tick(1199)) == []
    (event,) = registry.tick(1200)
    assert (event.kind, event.entry.participant.id, event.text) == (
        "removed",
        "lamp-5f3a",
        "another instance took over",
    )


def test_an_id_made_for_one_start_is_forgotten_after_a_day(registry: Registry) -> None:
    registry.discovered(lamp("lamp-5f3a"), 0)
    events = [event for now in range(600, 90_000, 600) for event in registry.tick(now)]
    assert [(event.kind, event.text) for event in events[1:]] == [("removed", "lost for a day")]
    assert len(registry) == 0


# -- limits --


def test_a_full_registry_gives_up_who_has_been_lost_for_longest() -> None:
    registry = Registry(limit=2)
    registry.discovered(lamp("a", "a"), 0)
    registry.discovered(lamp("b", "b"), 100)
    registry.tick(800)
    with pytest.raises(DiscoveryError):
        registry.discovered(lamp("c", "c"), 1000)
    events = registry.discovered(lamp("c", "c"), 1400)
    assert [(event.kind, event.entry.participant.id) for event in events] == [
        ("removed", "a"),
        ("appeared", "c"),
        ("started", "c"),
    ]


def test_messages_together_have_a_limit() -> None:
    registry = Registry(bytes_limit=5000)
    registry.discovered(lamp("a", label="x" * 2000), 0)
    registry.discovered(lamp("b", label="x" * 2000), 0)
    with pytest.raises(DiscoveryError, match='"c" is refused'):
        registry.discovered(lamp("c", label="x" * 2000), 0)
    with pytest.raises(DiscoveryError, match=r'"b" is refused: its .* bytes are more than is left of the 5000'):
        registry.discovered(lamp("b", label="x" * 4000), 0)
    registry.discovered(lamp("b"), 0)
    registry.discovered(lamp("c", label="x" * 2000), 0)


def test_connections_that_carry_nobody_have_a_limit() -> None:
    registry = Registry(limit=3)
    for i in range(3):
        registry.connection(f"c{i}", "online", 0)
    with pytest.raises(DiscoveryError, match='connection "c3" is refused: 3 connections are known'):
        registry.connection("c3", "online", 0)
    registry.connection("c0", "", 1)
    registry.connection("c3", "online", 1)
