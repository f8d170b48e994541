"""A coordinator, its broker and its editors in one event loop whose clock jumps: for unit tests of what editors are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from editors import Editor
from event_loop import run_simulated
from fbp_service import service_of
from memory_broker import MemoryBroker
from msgflo_host.components.library import Library
from msgflo_host.control.auto_save import live_file, save
from msgflo_host.control.component_processes import Components
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.control.system_status import snapshot
from msgflo_host.fbp.client_list import ClientHandle
from msgflo_host.fbp.permissions import DEFAULT_LOCAL, Permissions
from msgflo_host.fbp.service import Service
from msgflo_host.graph import fbp_reader
from msgflo_host.graph.graph_files import load, signature
from msgflo_host.graph.live_file import LiveFile
from simulation import beside, forwarding, until

Main = Callable[[], Coroutine[Any, Any, None]]


class LocalSystem:
    """What `msgflo run` runs, but for sockets and processes; `run` runs a test in it.

    The main graph is a text, or a file that is followed and saved to. `secrets` are what each secret allows, `local` what
    editors without one may do. Of a `library` only the texts are read, and no node may have a component
    of its folder, for that would be started.
    """

    def __init__(
        self,
        graph: str | Path = "",
        *,
        secrets: Mapping[str, frozenset[str]] | None = None,
        local: frozenset[str] = DEFAULT_LOCAL,
        library: Library | None = None,
    ) -> None:
        self.broker = MemoryBroker()
        self.library = library or Library()
        self.library.unasked = lambda: iter(())  # that would be a process for each
        self._graph = graph
        self._permissions = Permissions(dict(secrets or {}), local=local)
        self._local = local
        self.coordinator: Coordinator
        self.components: Components
        self.service: Service
        self._file: LiveFile | None = None

    def run(self, main: Main) -> None:
        """Start all anew, run a test beside it, and end all."""
        run_simulated(partial(self._run, main))

    async def _run(self, main: Main) -> None:
        path = self._graph if isinstance(self._graph, Path) else None
        seen = signature(path) if path else None
        graph = load(path) if path else fbp_reader.parse(str(self._graph))
        async with AsyncExitStack() as stack:
            stack.enter_context(self.broker)
            await stack.enter_async_context(forwarding(self.broker))
            coordinator = self.coordinator = Coordinator(self.broker.address, graph)
            self.components = Components(self.library, coordinator)
            file = self._file = live_file(coordinator, path, seen) if path else None
            self.service = service_of(
                coordinator, self.components, permissions=self._permissions, save=partial(save, coordinator, file)
            )
            work = [coordinator.run(), self.service.run(), self.components.run()]
            for each in [*work, file.run()] if file else work:
                await stack.enter_async_context(beside(each))
            await until(lambda: coordinator.applied_at)
            await main()

    def status(self) -> dict[str, Any]:
        """What the coordinator says of itself."""
        return snapshot(self.coordinator)

    @property
    def is_unsaved(self) -> bool:
        """Whether the main graph is not as it is in its file."""
        return self._file is not None and self._file.unsaved

    async def wait(self, condition: Callable[[dict[str, Any]], Any]) -> None:
        """Wait until the state of the system is as needed."""
        await until(lambda: condition(self.status()))

    @asynccontextmanager
    async def editor(self, *, secret: str | None = None, afar: bool = False) -> AsyncIterator[Editor]:
        """An editor, on this machine or on another one; what it is sent is checked against the schemas as in all tests."""
        capabilities = self._permissions.of(None, local=not afar)
        client = ClientHandle(remote="test", local=not afar, capabilities=capabilities)
        self.service.clients.add(client)
        editor = LocalEditor(_Wire(self.service, client), secret)
        async with beside(editor.read()):
            try:
                yield editor
            finally:
                self.service.clients.remove(client)


class _Wire:
    """What such an editor has for a WebSocket."""

    def __init__(self, service: Service, client: ClientHandle) -> None:
        self.client = client
        self._service = service

    async def send_json(self, frame: Any) -> None:
        await self.send_str(json.dumps(frame))

    async def send_str(self, text: str) -> None:
        self._service.socket._answer(self.client, text)
        await asyncio.sleep(0)


class LocalEditor(Editor):
    """An editor without a socket."""

    def __init__(self, wire: _Wire, secret: str | None) -> None:
        super().__init__(wire, secret)  # type: ignore[arg-type]
        self.client = wire.client

    async def read(self) -> None:
        """Take what comes."""
        while True:
            frame = await self.client.next_frame()
            self.frames.append(json.loads(frame.data))
            self._news.set()
