"""A library and its folder, kept in step: edits on disk are taken over, and components are asked what they are."""

from __future__ import annotations

import asyncio
import logging
import time

from ..errors import LibraryError
from . import Library
from .folder import watched
from .info import ask

__all__ = ["follow"]

log = logging.getLogger("msgflo")

POLL_S = 0.3


async def follow(library: Library) -> None:
    """Keep a library in step with its folder until cancelled."""
    if library.folder is None:
        return
    news = asyncio.Event()
    library.on_change.append(lambda names: news.set())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_ask_all(library, news))
        tasks.create_task(_poll(library))


async def _poll(library: Library) -> None:
    """Read the folder again after each change, once it has come to rest: some editors take a file away while they save."""
    assert library.folder is not None
    before, said = library.seen, ""
    while True:
        began = time.monotonic()
        now = watched(library.folder, library.contents)
        if now != library.seen and now == before:
            try:
                library.reload()
                said = ""
            except LibraryError as error:
                if str(error) != said:
                    log.error("%s (the components stay as they were)", error)
                said = str(error)
        before = now
        await asyncio.sleep(max(POLL_S, 20 * (time.monotonic() - began)))  # a folder may hold very much else


async def _ask_all(library: Library, news: asyncio.Event) -> None:
    """One at a time: each is a process that takes 0.2 s of a processor, with low priority."""
    while True:
        news.clear()
        while (component := next(library.unasked(), None)) is not None:
            name, command = component
            library.learn(name, await ask(name, command), command.version)
        await news.wait()
