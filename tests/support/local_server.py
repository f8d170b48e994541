"""The HTTP port of a coordinator in a thread of this process, without a broker: for tests of who may do what there."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from msgflo import Broker
from msgflo_host.components.library import Library, load
from msgflo_host.control.auto_save import save
from msgflo_host.control.component_processes import Components
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.control.system_status import snapshot
from msgflo_host.graph.model import Graph
from msgflo_host.http.page_server import Access, read_access, serve
from msgflo_host.util.open_port import open_port

IDE = "https://app.flowhub.io"


class LocalServer:
    """A context manager; `lines` are what is logged. `access` are arguments of `Access`.

    The coordinator does not run, so that nothing of a graph is applied.
    """

    def __init__(self, folder: Path, *, library: Path | None = None, boards: Path | None = None, **access: Any) -> None:
        self.port = 0
        self.lines: list[str] = []
        self._access = Access(**{"folder": folder, "ide": IDE, **access})
        self._library = library
        self._boards = boards
        self._started = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._end: asyncio.Event

    @property
    def output(self) -> str:
        """What was logged so far."""
        return "\n".join(self.lines)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}"

    async def _main(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self._serve()
        except Exception as error:
            self._failed = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        admission = read_access(self._access)
        coordinator = Coordinator(Broker.parse("mqtt://127.0.0.1:9"), Graph("main"))
        library = load(self._library) if self._library else Library()
        components = Components(library, coordinator)
        async with AsyncExitStack() as stack:
            listener = stack.enter_context(open_port("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
            await serve(
                listener,
                coordinator,
                library,
                components,
                admission=admission,
                boards=self._boards,
                save=lambda: save(coordinator, None),
                status=lambda page, editor: snapshot(coordinator) | {"page": page},
                tasks=SimpleNamespace(create_task=self._loop.create_task),
                stack=stack,
            )
            self._started.set()
            await self._end.wait()

    def __enter__(self) -> LocalServer:
        self._handler = _Handler(self.lines)
        logging.getLogger("msgflo").addHandler(self._handler)
        self._level = logging.getLogger("msgflo").level
        logging.getLogger("msgflo").setLevel(logging.INFO)
        self._thread.start()
        assert self._started.wait(60)
        if self._failed is not None:
            self.__exit__()
        return self

    def stop(self) -> None:
        """End it, as the end of the run would."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(30)

    def __exit__(self, *_: object) -> None:
        self.stop()
        logging.getLogger("msgflo").removeHandler(self._handler)
        logging.getLogger("msgflo").setLevel(self._level)
        if self._failed is not None:
            raise self._failed


class _Handler(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())
