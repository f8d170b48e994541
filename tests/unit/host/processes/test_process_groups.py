"""The processes that a supervisor runs, and what a coordinator that starts again finds of them; without a process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from msgflo_host.processes.process_command import Command
from msgflo_host.processes.process_groups import Groups, Supervised
from stand_in_process import Processes


def program(word: str) -> Command:
    return Command((word,), Path("/"), Path("/file.py"), (1, 2, 3))


class Coordinator:
    """One that has just been started: `events` are those of the nodes that it runs."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.is_ending = asyncio.Event()
        self.events: list[tuple[object, ...]] = []
        self._supervisor = supervisor
        self.supervised = Supervised(self, sent(supervisor.groups.described()), self.is_ending)  # type: ignore[arg-type]
        supervisor.coordinator = self
        supervisor.groups.send_pending()

    def runner(self, kind: str = "nodes") -> Any:
        def record(event: str) -> Callable[..., None]:
            return lambda *rest: self.events.append((event, *rest))

        return self.supervised(kind, **{event: record(event) for event in ("output", "crashed", "ended", "settled")})

    def send(self, **message: Any) -> None:
        """As `Channel.send`."""
        if self._supervisor.coordinator is self:
            message = sent(message)
            self._supervisor.groups.set_desired(message["kind"], message["desired"])


class Supervisor:
    """Its processes, and the coordinator that it has now, if any."""

    def __init__(self) -> None:
        self.coordinator: Coordinator | None = None
        self.groups = Groups(dict, self._send)

    def _send(self, message: Any) -> bool:
        if self.coordinator is None:
            return False
        self.coordinator.supervised.received(sent(message))
        return True


def sent(message: Any) -> Any:
    """What arrives of a message."""
    return json.loads(json.dumps(message))


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Processes:
    return Processes(monkeypatch)


@pytest.fixture
def supervisor() -> Supervisor:
    return Supervisor()


async def test_a_coordinator_that_starts_again_finds_what_runs_and_receives_what_was_printed_meanwhile(
    processes: Processes, supervisor: Supervisor
) -> None:
    first = Coordinator(supervisor)
    nodes = first.runner()
    nodes.set_desired({"a": program("one"), "b": program("two")})
    await asyncio.sleep(0.1)
    assert nodes.is_running("a")
    assert nodes.is_running("b")
    processes[0].say("hello")
    await asyncio.sleep(0.1)
    assert first.events == [("output", "a", "hello")]
    supervisor.coordinator = None  # it was killed
    processes[0].say("is anybody there?")
    processes[1].end()
    await asyncio.sleep(0.1)
    second = Coordinator(supervisor)
    nodes = second.runner()
    assert nodes.commands == {"a": program("one"), "b": program("two")}
    assert (nodes.is_running("a"), nodes.is_running("b")) == (True, False)
    assert nodes.is_due("b")
    assert nodes.found == {"a": ["hello"], "b": []}
    await asyncio.sleep(1)
    assert second.events == [("output", "a", "is anybody there?")]
    assert nodes.is_running("b")
    nodes.set_desired({"a": program("one"), "b": program("two")})
    await asyncio.sleep(1)
    assert [each.command for each in processes] == [["one"], ["two"], ["two"]]


async def test_one_with_another_command_runs_when_the_one_before_has_ended(
    processes: Processes, supervisor: Supervisor
) -> None:
    coordinator = Coordinator(supervisor)
    nodes = coordinator.runner()
    nodes.set_desired({"a": program("one")})
    await asyncio.sleep(0.1)
    nodes.set_desired({"a": program("two")})
    assert not nodes.is_running("a")
    assert nodes.is_due("a")
    await asyncio.sleep(0.1)
    assert coordinator.events == [("ended", "a")]
    assert nodes.is_running("a")
    assert [each.command for each in processes] == [["one"], ["two"]]


async def test_they_are_stopped_only_where_the_coordinator_is_to_end_and_so_are_all_when_that_is_waited_for(
    processes: Processes, supervisor: Supervisor
) -> None:
    coordinator = Coordinator(supervisor)
    nodes = coordinator.runner()
    nodes.set_desired({"a": program("one"), "b": program("two")})
    await asyncio.sleep(0.1)
    await nodes.stop()
    await asyncio.sleep(5)
    assert nodes.commands.keys() == {"a", "b"}
    assert coordinator.events == []
    coordinator.is_ending.set()
    await nodes.stop()
    assert sorted(coordinator.events) == [("ended", "a"), ("ended", "b")]
    assert supervisor.groups.described() == {"nodes": {}}


@pytest.mark.parametrize("is_lost_first", [False, True])
async def test_nobody_waits_for_what_ends_with_the_supervisor(
    processes: Processes, is_lost_first: bool, supervisor: Supervisor
) -> None:
    coordinator = Coordinator(supervisor)
    nodes = coordinator.runner()
    nodes.set_desired({"a": program("one")})
    supervisor.coordinator = None
    coordinator.is_ending.set()
    if is_lost_first:
        coordinator.supervised.lost()
    stopping = asyncio.create_task(nodes.stop())
    await asyncio.sleep(1)
    assert stopping.done() == is_lost_first
    coordinator.supervised.lost()
    await stopping


async def test_events_before_a_kind_is_requested_are_reported_then(
    processes: Processes, supervisor: Supervisor
) -> None:
    first = Coordinator(supervisor)
    first.runner("boards").set_desired({"desk": program("one")})
    await asyncio.sleep(0.1)
    second = Coordinator(supervisor)
    processes[0].say("hello")
    await asyncio.sleep(0.1)
    boards = second.runner("boards")
    assert second.events == []
    await asyncio.sleep(0.1)
    assert second.events == [("output", "desk", "hello")]
    assert boards.commands.keys() == {"desk"}
