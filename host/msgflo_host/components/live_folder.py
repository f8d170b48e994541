"""Watches the folder of a library: applies edits on disk, and asks components for their ports."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from ..errors import LibraryError
from ..model.events import LibraryChanged
from .component_folder import watched
from .component_info import ask
from .library import Library

__all__ = ["watch"]

log = logging.getLogger("msgflo")

POLL_S = 0.3


async def watch(library: Library, notify: Callable[[str], None] = lambda text: None) -> None:
    """Apply changes of the folder until cancelled; `notify` gets each mistake in it, and its end."""
    if library.folder is None:
        return
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_after_each_change(library, _read_all))
        tasks.create_task(_after_each_change(library, _ask_all))
        tasks.create_task(_poll(library, notify))


async def _poll(library: Library, notify: Callable[[str], None]) -> None:
    """Read the folder again after each change, once it has come to rest: some editors take a file away while they save."""
    assert library.folder is not None
    before, logged = library.seen, ""
    while True:
        began = time.monotonic()
        now = watched(library.folder, library.contents)
        if now != library.seen and now == before:
            try:
                library.reload()
                if logged:
                    notify(f"{library.folder} is without a mistake again, and its components are taken over")
                logged = ""
            except LibraryError as error:
                text = f"{error} (the components stay as they were)"
                if text != logged:
                    log.error("%s", text)
                    notify(text)
                logged = text
        before = now
        await asyncio.sleep(max(POLL_S, 20 * (time.monotonic() - began)))  # a folder may hold many other files


async def _after_each_change(library: Library, work: Callable[[Library], Coroutine[Any, Any, None]]) -> None:
    news = asyncio.Event()
    library.events.listen(LibraryChanged, lambda event: news.set())
    while True:
        news.clear()
        await work(library)
        await news.wait()


async def _read_all(library: Library) -> None:
    """Each takes a few milliseconds; in between, packets pass."""
    for name in library.unread():
        library.read(name)
        await asyncio.sleep(0)


async def _ask_all(library: Library) -> None:
    """One at a time: each is a process that takes 0.2 s of a processor, with low priority."""
    while (component := next(library.unasked(), None)) is not None:
        name, command = component
        answer = await ask(name, command)
        library.learn(name, answer, command.version)
        known = library.info(name)
        if answer.trouble and known is not None and not (known.inports or known.outports):
            log.warning("%s: its ports are not known: %s", name, answer.trouble)
