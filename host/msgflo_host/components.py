"""Runs what the graph names and the library knows: processes, and announcements of foreign devices."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from .coordinator import Coordinator
from .errors import ForeignError
from .foreign import Foreign, ForeignDevices, load
from .library import Command, ComponentInfo, Library
from .library.live import follow
from .processes import SETTLED_S, Processes

__all__ = ["Components"]

log = logging.getLogger("msgflo")

CLIENT_ID = "msgflo-coordinator-foreign"
MOST_SAID = 1000
PROGRAM = "program "
"""What the name of a program's process begins with; others are roles."""


class Components:
    """Keeps the processes and foreign devices of a library in step with the coordinator's graph.

    A node whose participant is alive without our doing is left to whoever runs it. `foreign` devices are announced
    whether the graph names them or not. What is edited in the library starts again.

    Who wants to know appends to `on_output`: called with a role and a line that its process has printed; `on_crash`: with
    a role, what happened and the seconds until it is started again; `on_silent`: with the role of a process that runs and
    has not announced itself within 30 s. For programs it is not a role but `program <name>`.
    """

    def __init__(self, library: Library, coordinator: Coordinator, *, foreign: Iterable[Foreign] = ()) -> None:
        self.library = library
        self._coordinator = coordinator
        self.on_output: list[Callable[[str, str], None]] = []
        self.on_crash: list[Callable[[str, str, float], None]] = []
        self.on_silent: list[Callable[[str], None]] = []
        self._processes = Processes(
            coordinator.broker,
            ended=coordinator.forget,
            output=lambda name, line: _tell(self.on_output, name, line),
            crashed=lambda name, how, delay: _tell(self.on_crash, name, how, delay),
            settled=self._settled,
        )
        self._of_folder = {device.participant.role: device for device in foreign}
        self._loaded: dict[tuple[Path, str, object], Foreign | None] = {}
        self._devices = ForeignDevices(coordinator.broker, client_id=CLIENT_ID, quiet=True)
        self._stopped = False
        self._said: set[str] = set()
        self._changed = asyncio.Event()
        coordinator.on_change.append(self._changed.set)
        library.on_change.append(lambda names: self._changed.set())

    async def run(self) -> None:
        """Start, announce and end as the graph and the registry change, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._devices.run())
            tasks.create_task(follow(self.library))
            while True:
                await self._changed.wait()
                self._changed.clear()
                if self._stopped:
                    continue
                self._note_unknown()
                self._processes.want(self._commands())
                self._devices.want(self._all_foreign())
                self._learn()

    async def stop(self) -> None:
        """End every process; call it while the coordinator still runs, so that their participants are forgotten."""
        self._stopped = True  # or a process that ends now would be started again
        await self._processes.stop()

    def is_own(self, component: str) -> bool:
        """Whether nodes of a component are run here."""
        return component in self.library.commands or component in self.library.foreign

    def is_starting(self, role: str) -> bool:
        """Whether a role is or will be played by what is run here."""
        node = self._coordinator.graph.nodes.get(role)
        return node is not None and self.is_own(node.component)

    def _commands(self) -> dict[str, Command]:
        ours = self._processes.names()
        wanted = {f"{PROGRAM}{name}": command for name, command in self.library.programs.items()}
        for node in self._coordinator.graph.nodes.values():
            command = self.library.commands.get(node.component)
            if command is None or not (node.id in ours or not self._is_alive(node.id)):
                continue
            if node.id.startswith("-"):
                self._say_once(f"node {node.id!r} is not started: its name would be read as an option of the command")
            else:
                wanted[node.id] = command.filled(role=node.id, iips=self._initials(node.id, command))
        return wanted

    def _initials(self, role: str, command: Command) -> str:
        """The initial packets of a node as JSON, for a command that takes them; when they change, it starts again."""
        if not any("#IIPS" in word for word in command.words):
            return "{}"
        packets = {each.tgt.port: each.data for each in self._coordinator.graph.initials if each.tgt.node == role}
        return msgspec.json.encode(packets).decode()

    def _learn(self) -> None:
        """Components that cannot be asked say what they are once they run."""
        for role in self._processes.names():
            node = self._coordinator.graph.nodes.get(role)
            command = self.library.commands.get(node.component) if node else None
            if node is None or command is None or self.library.knows(node.component):
                continue
            for entry in self._coordinator.registry.by_role(role):
                self.library.learn(node.component, ComponentInfo.of(node.component, entry.participant), command.version)

    def _settled(self, name: str) -> None:
        if not name.startswith(PROGRAM) and not self._is_alive(name):
            log.error("%s: runs, and has not announced itself within %g s", name, SETTLED_S)
            _tell(self.on_silent, name)

    def _note_unknown(self) -> None:
        """Say which nodes nobody here can start, and which are something else than the graph says."""
        known = sorted({*self.library.commands, *self.library.foreign})
        for node in self._coordinator.graph.nodes.values():
            if self._coordinator.builtin.is_own(node.component):
                continue
            found = {entry.participant.component for entry in self._coordinator.registry.by_role(node.id)}
            if found and node.component not in found and node.component not in known:
                self._say_once(
                    f"node {node.id!r} is {node.component!r} in the graph, but {' and '.join(map(repr, sorted(found)))} "
                    "by its own words"
                )
            elif not found and known and node.component not in known:
                self._say_once(
                    f"node {node.id!r} waits: the library has no component {node.component!r} (it has "
                    f"{', '.join(known)}), and no participant with this role has announced itself"
                )

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            if len(self._said) >= MOST_SAID:  # devices choose what they call themselves
                self._said.clear()
            self._said.add(text)
            log.warning("%s", text)

    def _is_alive(self, role: str) -> bool:
        return any(entry.state != "lost" for entry in self._coordinator.registry.by_role(role))

    def _all_foreign(self) -> list[Foreign]:
        """Those of the folder, and one for each node whose component is a foreign device of the library."""
        devices = dict(self._of_folder)
        ids = {device.participant.id for device in devices.values()}
        for node in self._coordinator.graph.nodes.values():
            file = self.library.foreign.get(node.component)
            if file is None or node.id in devices or (device := self._load(file, node.id)) is None:
                continue
            if device.participant.id in ids:
                self._say_once(f"{file}: its id {device.participant.id!r} is taken, so {node.id!r} is left out")
                continue
            ids.add(device.participant.id)
            devices[node.id] = device
        return list(devices.values())

    def _load(self, file: Path, role: str) -> Foreign | None:
        """Read a device once; a mistake in its file is said once and leaves the others alone."""
        key = (file, role, self.library.contents.versions.get(file))
        if key not in self._loaded:
            if len(self._loaded) >= MOST_SAID:
                self._loaded.clear()
            self._loaded[key] = None
            try:
                self._loaded[key] = load(file, role)
            except ForeignError as error:
                log.error("%s (this device is left out)", error)
        return self._loaded[key]


def _tell(listeners: Iterable[Callable[..., None]], *news: object) -> None:
    for listener in listeners:
        listener(*news)
