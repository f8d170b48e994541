"""Runs what the graph names and the library knows: processes, and announcements of foreign devices."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

import msgspec

from ..builtin.collection import MODULES
from ..components.component_folder import fill
from ..components.foreign.foreign_file import Foreign
from ..components.library import ComponentInfo, Library
from ..components.live_folder import watch
from ..model.events import (
    ComponentCrashed,
    ComponentFaulty,
    ComponentPrinted,
    ComponentRecovered,
    ComponentSilent,
    LibraryChanged,
    Reconciled,
)
from ..model.secrecy import is_secure
from ..processes.process_command import Command, environment
from ..processes.runner import SETTLED_S, Runner, in_this_program
from ..util.log_filter import LogFilter
from ..util.quoting import quoted
from .component_diagnostics import Diagnostics, why_not_started
from .coordinator import Coordinator
from .foreign_nodes import ForeignNodes

__all__ = ["Components"]

log = logging.getLogger("msgflo")

MOST_PROCESSES = 200
"""Of nodes: whoever may edit a graph should not be able to fill the memory of this machine."""


class Components:
    """Keeps the processes and foreign devices of a library in step with the coordinator's graph.

    A node whose participant is alive without our doing is left to whoever runs it. `foreign` devices are announced
    whether the graph names them or not. What is edited in the library starts again.

    Starts, output and errors are emitted as events of the coordinator.
    """

    def __init__(
        self,
        library: Library,
        coordinator: Coordinator,
        *,
        runner: Runner | None = None,
        foreign: Iterable[Foreign] = (),
    ) -> None:
        """`runner` keeps the processes running; without one this program does."""
        self.library = library
        self._coordinator = coordinator
        self._events = coordinator.events
        self.runner = runner or in_this_program(environment(coordinator.broker))
        self._processes = self.runner(
            "nodes",
            ended=coordinator.forget,
            output=self._output,
            crashed=lambda name, how, delay: self._events.emit(ComponentCrashed(name, how, delay)),
            settled=self._settled,
        )
        # Apart from the others, for a node may be called like a program.
        self._programs = self.runner(
            "programs",
            output=self._output,
            crashed=lambda name, how, delay: self.printed(name, f"{how}; it is started again in {delay:g} s"),
        )
        self._waiting: frozenset[str] = frozenset()
        self._diagnostics = Diagnostics(
            coordinator,
            library,
            self._node_error,
            self._why_waiting,
            mended=lambda: self._events.emit(ComponentRecovered()),
        )
        self._log_filter = LogFilter(once=True)
        self._foreign = ForeignNodes(library, foreign, self._log_filter)
        self._stopped = False
        self._changed = asyncio.Event()
        self._events.listen(Reconciled, lambda event: self._changed.set())
        self._names = library.names()
        library.events.listen(LibraryChanged, lambda event: self._library_changed(event.names))

    async def run(self) -> None:
        """Start, announce and end as the graph and the registry change, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch(self.library, self._coordinator.notify))
            while True:
                await self._changed.wait()
                self._changed.clear()
                if self._stopped:
                    continue
                with self._coordinator.guard("what starts and ends components"):
                    self._processes.set_desired(self._commands())
                    self._programs.set_desired(
                        {f"program {name}": each for name, each in self.library.programs.items()}
                    )
                    self._coordinator.announce(self._foreign.devices(self._coordinator.graph.nodes.values()))
                    self._describe()
                    await self._diagnostics.update()

    async def stop(self) -> None:
        """End every process; call it while the coordinator still runs, so that their participants are forgotten."""
        self._stopped = True  # or a process that ends now would be started again
        await asyncio.gather(self._processes.stop(), self._programs.stop())

    def is_own(self, component: str) -> bool:
        """Return whether nodes of a component run here."""
        return component in MODULES or component in self.library.commands or component in self.library.foreign

    def is_run_here(self, role: str) -> bool:
        """Return whether a role runs here, now or soon."""
        node = self._coordinator.graph.nodes.get(role)
        return node is not None and self.is_own(node.component)

    def printed(self, role: str, line: str) -> None:
        """Emit a line that was printed by something that runs here."""
        self._events.emit(ComponentPrinted(role, line))

    def _output(self, name: str, line: str) -> None:
        log.info("%s: %s", name, line)
        self.printed(name, line)

    def is_due(self, role: str) -> bool:
        """Return whether the process of a role is between an end and a start: it was edited, or has crashed."""
        return self._processes.is_due(role)

    def _library_changed(self, names: frozenset[str]) -> None:
        if (now := self.library.names()) != self._names:
            self._names = now
            self._coordinator.graphs.touch()  # nodes of what is run here have roles of their own
        self._changed.set()

    def _commands(self) -> dict[str, Command]:
        ours = self._processes.commands
        desired: dict[str, Command] = {}
        waiting: list[str] = []
        nodes = self._coordinator.graph.nodes.values()
        for node in sorted(nodes, key=lambda node: node.id not in ours):  # those that run go on
            command = self.library.commands.get(node.component)
            if command is None or not (node.id in ours or not self._is_alive(node.id)):
                continue
            if why_not_started(node.id):
                continue
            if len(desired) == MOST_PROCESSES:
                waiting.append(node.id)
            else:
                desired[node.id] = fill(command, role=node.id, iips=self._initials(node.id, command))
        if waiting and not self._waiting:
            text = f"{MOST_PROCESSES} nodes run as processes; the others wait until one of these is removed"
            log.error("%s", text)
            self._coordinator.notify(text)
        self._waiting = frozenset(waiting)
        return desired

    def _why_waiting(self, role: str) -> str:
        return f"{MOST_PROCESSES} nodes run as processes already" if role in self._waiting else ""

    def _initials(self, role: str, command: Command) -> str:
        """The initial packets of a node as JSON, for a command that takes them; when they change, it starts again.

        Without those that are secure: everybody on this machine can read the words of a command.
        """
        if not any("#IIPS" in word for word in command.words):
            return "{}"
        mine = self._coordinator.graph.initials_at(role)
        packets = {each.tgt.port: each.data for each in mine if not is_secure(each)}
        return msgspec.json.encode(packets).decode()

    def _describe(self) -> None:
        """Describe components in the library that cannot be asked by what they announce once they run."""
        for role in filter(self._processes.is_running, self._processes.commands):
            node = self._coordinator.graph.nodes.get(role)
            command = self.library.commands.get(node.component) if node else None
            if node is None or command is None or self.library.knows(node.component):
                continue
            for entry in self._coordinator.registry.by_role(role):
                if entry.state != "lost":
                    info = ComponentInfo.of(node.component, entry.participant)
                    self.library.learn(node.component, info, command.version)

    def _node_error(self, role: str, text: str) -> None:
        self._log_filter.warn(f"node {quoted(role)} {text}")
        self._events.emit(ComponentFaulty(role, text))

    def _settled(self, name: str) -> None:
        if not self._is_alive(name):
            log.error("%s: runs, and has not announced itself within %g s", name, SETTLED_S)
            self._events.emit(ComponentSilent(name))

    def _is_alive(self, role: str) -> bool:
        return any(entry.state != "lost" for entry in self._coordinator.registry.by_role(role))
