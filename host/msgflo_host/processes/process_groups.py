"""Processes that the supervisor keeps running for the coordinator, kind by kind; and how a coordinator has that done."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .process_command import Command
from .runner import Processes, ProcessGroup
from .supervisor_channel import Channel

__all__ = ["Groups", "Supervised"]

_LAST_LINES = 200
"""Of what each process has printed: told to a coordinator that has started again."""
_MOST_PENDING = 500
"""Lines that wait while there is no coordinator."""


class Groups:
    """The supervisor's side. `tell` sends what happens to the coordinator; False where there is none."""

    def __init__(self, environment: Callable[[], Mapping[str, str]], tell: Callable[[Mapping[str, Any]], bool]) -> None:
        """`environment()` is what processes find in theirs; it is asked for when the first of a kind is wanted."""
        self._environment = environment
        self._tell = tell
        self._groups: dict[str, Processes] = {}
        self._printed: dict[tuple[str, str], deque[str]] = {}
        self._pending: deque[tuple[str, str, str]] = deque(maxlen=_MOST_PENDING)  # kind, name, line

    def set_desired(self, kind: str, commands: Mapping[str, Mapping[str, Any]]) -> None:
        """Run exactly these processes of a kind, each as `Command.to_json` describes it."""
        if kind not in self._groups:
            self._groups[kind] = self._new(kind)
        self._groups[kind].set_desired({name: Command.from_json(each) for name, each in commands.items()})

    def described(self) -> dict[str, Any]:
        """What a coordinator that starts has to know: kind → name → command, whether it runs, what it has printed."""
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

    def tell_pending(self) -> None:
        """Tell a coordinator that was just given `described` what was printed while there was none."""
        pending = [*self._pending]
        self._pending.clear()
        for each in pending:
            self._output(*each)

    async def stop(self) -> None:
        """End all, and wait until they are gone."""
        await asyncio.gather(*(group.stop() for group in self._groups.values()))

    def _new(self, kind: str) -> Processes:
        def tell(event: str) -> Callable[..., None]:
            return lambda name, *rest: self._happened(event, kind, name, *rest)

        return Processes(
            self._environment(),
            started=tell("started"),
            ended=tell("ended"),
            output=lambda name, line: self._output(kind, name, line),
            crashed=tell("crashed"),
            settled=tell("settled"),
        )

    def _happened(self, event: str, kind: str, name: str, *rest: Any) -> None:
        if event == "started":
            self._printed[kind, name] = deque(maxlen=_LAST_LINES)
        elif event == "ended":
            self._printed.pop((kind, name), None)
        self._tell({"event": event, "kind": kind, "name": name, "rest": rest})

    def _output(self, kind: str, name: str, line: str) -> None:
        if not self._tell({"event": "output", "kind": kind, "name": name, "rest": (line,)}):
            self._pending.append((kind, name, line))
        elif (printed := self._printed.get((kind, name))) is not None:
            printed.append(line)


class Supervised:
    """The coordinator's side: makes the `ProcessGroup` of a kind as a `Runner` does, of what a supervisor runs."""

    def __init__(self, channel: Channel, found: Mapping[str, Any], is_ending: asyncio.Event) -> None:
        """`found` is what the supervisor's `Groups.described` has returned.

        Until this coordinator is `is_ending`, stopping them does nothing: the next coordinator takes them up.
        """
        self._channel = channel
        self._found = found
        self._is_ending = is_ending
        self._groups: dict[str, _Group] = {}
        self._early: dict[str, list[Mapping[str, Any]]] = {}  # what came before anybody asked for that kind

    def __call__(self, kind: str, **told: Callable[..., None]) -> ProcessGroup:
        """Return the processes of a kind; `told` are functions as `Processes` takes them."""
        found = self._found.get(kind, {})
        group = _Group(lambda commands: self._channel.send(want=commands, kind=kind), found, told, self._is_ending)
        self._groups[kind] = group
        for message in self._early.pop(kind, ()):
            asyncio.get_running_loop().call_soon(group.happened, message)
        return group

    def received(self, message: Mapping[str, Any]) -> None:
        """Take what the supervisor tells of a process."""
        kind = message["kind"]
        if kind in self._groups:
            self._groups[kind].happened(message)
        else:
            self._early.setdefault(kind, []).append(message)

    def lost(self) -> None:
        """The supervisor is gone, and with it all of them."""
        for group in self._groups.values():
            group.lost()


class _Group:
    """Processes of one kind that the supervisor keeps running; see `ProcessGroup`."""

    def __init__(
        self,
        send: Callable[[Mapping[str, Any]], None],
        found: Mapping[str, Mapping[str, Any]],
        told: Mapping[str, Callable[..., None]],
        is_ending: asyncio.Event,
    ) -> None:
        self.found: Mapping[str, Sequence[str]] = {name: each["lines"] for name, each in found.items()}
        self._all_ended = asyncio.Event()
        self._is_lost = False
        self._send = send
        self._told = told
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
        """The supervisor is gone."""
        self._is_lost = True
        self._all_ended.set()

    def happened(self, message: Mapping[str, Any]) -> None:
        """Take what the supervisor tells of one."""
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
        if event in self._told:
            self._told[event](name, *message["rest"])
