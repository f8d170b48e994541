"""Component processes that the supervisor runs for the coordinator, in groups by kind; both ends of that."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from .process_command import Command
from .runner import Processes, ProcessGroup
from .supervisor_channel import Channel

__all__ = ["Groups", "Supervised"]

_LAST_LINES = 200
"""Lines of each process that are stored for a coordinator that starts again."""
_MOST_PENDING = 500
"""Lines that are stored while there is no coordinator."""


class Groups:
    """The supervisor's end."""

    def __init__(self, environment: Callable[[], Mapping[str, str]], send: Callable[[Mapping[str, Any]], bool]) -> None:
        """Take the environment of processes, read when the first of a kind starts, and the way to the coordinator.

        `send` reports an event to the coordinator, and returns False while there is none.
        """
        self._environment = environment
        self._send = send
        self._groups: dict[str, Processes] = {}
        self._printed: dict[tuple[str, str], deque[str]] = {}
        self._pending: deque[tuple[str, str, str]] = deque(maxlen=_MOST_PENDING)  # kind, name, line

    def set_desired(self, kind: str, commands: Mapping[str, Mapping[str, Any]]) -> None:
        """Run exactly these processes of a kind, each as `Command.to_json` describes it."""
        if kind not in self._groups:
            self._groups[kind] = self._new(kind)
        self._groups[kind].set_desired({name: Command.from_json(each) for name, each in commands.items()})

    def described(self) -> dict[str, Any]:
        """Return for a coordinator that starts: kind → name → command, whether it runs, its last lines."""
        return {
            kind: {
                name: {
                    "command": command.to_json(),
                    "runs": group.is_running(name),
                    "lines": [*self._printed.get((kind, name), ())],
                }
                for name, command in group.commands.items()
            }
            for kind, group in self._groups.items()
        }

    def send_pending(self) -> None:
        """Send what was printed while there was no coordinator to the one that has just received `described`."""
        pending = [*self._pending]
        self._pending.clear()
        for each in pending:
            self._output(*each)

    async def stop(self) -> None:
        """End all, and wait until they are gone."""
        await asyncio.gather(*(group.stop() for group in self._groups.values()))

    def _new(self, kind: str) -> Processes:
        events: dict[str, Any] = {
            event: partial(self._happened, event, kind) for event in ("started", "ended", "crashed", "settled")
        }
        return Processes(self._environment(), output=partial(self._output, kind), **events)

    def _happened(self, event: str, kind: str, name: str, *rest: Any) -> None:
        if event == "started":
            self._printed[kind, name] = deque(maxlen=_LAST_LINES)
        elif event == "ended":
            self._printed.pop((kind, name), None)
        self._send({"event": event, "kind": kind, "name": name, "rest": rest})

    def _output(self, kind: str, name: str, line: str) -> None:
        if not self._send({"event": "output", "kind": kind, "name": name, "rest": (line,)}):
            self._pending.append((kind, name, line))
        elif (printed := self._printed.get((kind, name))) is not None:
            printed.append(line)


class Supervised:
    """The coordinator's end: a `Runner` whose processes the supervisor runs."""

    def __init__(self, channel: Channel, found: Mapping[str, Any], is_ending: asyncio.Event) -> None:
        """Take what the supervisor's `Groups.described` has returned.

        Until `is_ending` is set, stopping does nothing: the next coordinator takes the processes over.
        """
        self._channel = channel
        self._found = found
        self._is_ending = is_ending
        self._groups: dict[str, _Group] = {}
        self._early: dict[str, list[Mapping[str, Any]]] = {}  # events of kinds that are not requested yet

    def __call__(self, kind: str, **callbacks: Callable[..., None]) -> ProcessGroup:
        """Return the processes of a kind; the callbacks are those of `Processes`."""
        found = self._found.get(kind, {})
        group = _Group(
            lambda commands: self._channel.send(desired=commands, kind=kind), found, callbacks, self._is_ending
        )
        self._groups[kind] = group
        for message in self._early.pop(kind, ()):
            asyncio.get_running_loop().call_soon(group.happened, message)
        return group

    def received(self, message: Mapping[str, Any]) -> None:
        """Take an event of a process from the supervisor."""
        kind = message["kind"]
        if kind in self._groups:
            self._groups[kind].happened(message)
        else:
            self._early.setdefault(kind, []).append(message)

    def lost(self) -> None:
        """Note that the supervisor is gone, and with it all processes."""
        for group in self._groups.values():
            group.lost()


class _Group:
    """Processes of one kind that the supervisor keeps running; see `ProcessGroup`."""

    def __init__(
        self,
        send: Callable[[Mapping[str, Any]], None],
        found: Mapping[str, Mapping[str, Any]],
        callbacks: Mapping[str, Callable[..., None]],
        is_ending: asyncio.Event,
    ) -> None:
        self.found: Mapping[str, Sequence[str]] = {name: each["lines"] for name, each in found.items()}
        self._all_ended = asyncio.Event()
        self._is_lost = False
        self._send = send
        self._callbacks = callbacks
        self._is_ending = is_ending
        self.commands: Mapping[str, Command] = {
            name: Command.from_json(each["command"]) for name, each in found.items()
        }
        self._running = {name for name, each in found.items() if each["runs"]}
        self._ending: Counter[str] = Counter()

    def is_running(self, name: str) -> bool:
        return name in self._running

    def is_due(self, name: str) -> bool:
        return name in self.commands and name not in self._running

    def set_desired(self, commands: Mapping[str, Command]) -> None:
        if commands == self.commands:
            return
        for name in [name for name, command in self.commands.items() if commands.get(name) != command]:
            self._running.discard(name)
            self._ending[name] += 1
            self._all_ended.clear()
        self.commands = dict(commands)
        self._send({name: command.to_json() for name, command in commands.items()})

    async def stop(self) -> None:
        if self._is_ending.is_set() and not self._is_lost:
            self.set_desired({})
            if self._ending:
                await self._all_ended.wait()

    def lost(self) -> None:
        """Note that the supervisor is gone."""
        self._is_lost = True
        self._all_ended.set()

    def happened(self, message: Mapping[str, Any]) -> None:
        """Take an event of a process."""
        event, name = message["event"], message["name"]
        if event == "ended":
            self._ending[name] -= 1
            self._ending += Counter()  # without those that are 0
            if not self._ending:
                self._all_ended.set()
        elif event == "started" and name in self.commands and not self._ending[name]:
            self._running.add(name)
        elif event == "crashed":
            self._running.discard(name)
        if event in self._callbacks:
            self._callbacks[event](name, *message["rest"])
