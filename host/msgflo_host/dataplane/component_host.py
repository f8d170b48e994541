"""Runs the built-in components that retained messages name, as participants of one session, and announces foreign devices."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any

import msgspec

from msgflo import Broker, Session, topics
from msgflo.component import Component
from msgflo.errors import ConfigError, ConnectError, Error, SubscribeError

from ..builtin import collection
from ..components.foreign import foreign_list
from ..components.foreign.announcer import DEFAULT_INTERVAL_S, SENT_PER_INTERVAL, Announcer
from ..components.foreign.foreign_file import Foreign
from ..util.log_filter import LogFilter
from ..wire.component_list import ASK, CLIENT_ID, LISTS, LOG, Description, read
from ..wire.forward_list import participant_of
from ..wire.topic_cycles import reachable, shortest_path
from .loop_limit import PACE_S, Circles

__all__ = ["HIDDEN", "MOST", "Components"]

log = logging.getLogger("msgflo")

MOST = 20_000
"""Components that are run."""
HIDDEN = "a packet cannot be used; the reason is hidden, for this node gets or sends something secure"
"""The error of a participant whose packets are secure."""

_HIDDEN_LINE = "DATA"
_LONGEST_ERROR = 500  # characters
_MOST_SHOWN = 10  # participants of a circle
_REPORTED_S, _MOST_REPORTED = 1.0, 10  # so many texts of a participant at once, within so many seconds


class Components(Session):
    """Runs and announces them until `stop()`; what the broker lists changes while it runs."""

    raises_refused = False  # the forwarder beside it was accepted

    def __init__(self, broker: Broker) -> None:
        super().__init__([], broker, client_id=CLIENT_ID, log=log.info)
        self._running: dict[str, _Running] = {}
        self._changes: asyncio.Queue[tuple[str, bytes, bool]] = asyncio.Queue()
        self._circles = Circles(self._circle_of, super().receive, self._report_circle)
        self._has_read = False
        self._unchanged = 0  # lists that were read, and not applied yet
        self._log_filter = LogFilter(once=True)
        self._devices: dict[str, Foreign] = {}
        self._announcer = Announcer(self._publish)

    @property
    def subscriptions(self) -> list[str]:
        """The filters of what is received besides the packets of the participants."""
        return [LISTS + "+", foreign_list.LISTS + "+", *sorted(self._announcer.topics), ASK]

    async def run(self) -> None:
        """Connect, serve and reconnect until `stop()`."""
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(each) for each in (self._change(), self._announce_again())]
            try:
                await super().run()
            finally:
                for task in beside:
                    task.cancel()
                self._circles.stop()

    def receive(self, topic: str, payload: bytes, retained: bool) -> None:
        """Take a packet: a list, or one for the participants."""
        if topic.startswith((LISTS, foreign_list.LISTS)):
            self._hide(topic, payload)
            self._changes.put_nowait((topic, payload, retained))
            self._unchanged += 1
            return
        if topic == ASK:  # our own question comes after all that is retained
            self._has_read = True
            return
        if topic in self._announcer.topics:
            self._announcer.received(topic, payload, retained)
        if not self._circles.holds(topic, payload, retained):
            super().receive(topic, payload, retained)

    def knows_all(self) -> bool:
        """Return whether all lists have been read as well."""
        return self._has_read and not self._unchanged and bool(super().knows_all())

    async def stop(self, status: str = "offline") -> None:
        """Take back the announcements of foreign devices, and end `run()`."""
        self._announcer.set_desired([])
        await super().stop(status)

    async def _serve(self) -> None:
        self.post((ASK, 0, False, False, False), b"")
        await super()._serve()

    def _meet(self, count: int) -> None:
        super()._meet(count)
        self._announcer.connected()

    def _lost(self, unacknowledged: Any) -> None:
        self._announcer.disconnected()
        super()._lost(unacknowledged)

    # The lists.

    async def _change(self) -> None:
        while True:
            topic, payload, retained = await self._changes.get()
            try:
                id = participant_of(topic)
                if topic.startswith(foreign_list.LISTS):
                    await self._announce(id, topic, payload)
                elif payload:
                    await self._have(id, read(topic, payload), retained=retained)
                else:
                    await self._end(id)
            except ConfigError as error:
                self._log_filter.warn(f"left out: {error}")
            except Exception:  # a fault of one must not end the others
                log.exception("%s: the component failed to start or end", topic)
            self._unchanged -= 1

    def _hide(self, topic: str, payload: bytes) -> None:
        # At once, before the list is taken from the queue: the next packet may be the secure one.
        if topic.startswith(LISTS) and payload:
            with suppress(ConfigError):  # logged when it is taken
                there = self._running.get(participant_of(topic))
                if there is not None and read(topic, payload).secure:
                    there.is_hidden = True

    async def _have(self, id: str, description: Description, *, retained: bool) -> None:
        there = self._running.get(id)
        if there is not None and there.description.component == description.component:
            there.description = description
            return  # what is under way may still be secure: what was hidden stays so
        cls = collection.components().get(description.component)
        if cls is None:
            raise ConfigError(f"{id!r}: there is no component {description.component!r}")
        if len(self._running) >= MOST:
            raise ConfigError(f"{id!r}: {MOST} components run; no more are")
        if there is not None:
            await self._end(id)
        node = cls(id, topics={port.id: f"{_level(id)}/{port.id}" for port in (*cls.inports, *cls.outports)})
        running = _Running(self, node, description)
        before = None if retained else self._running.get(description.was)
        if before is not None and before.description.component == description.component:
            node._runner.recall(msgspec.json.decode(msgspec.json.encode(before.node.memory())))
        self._running[id] = running
        self.add(node)

    async def _end(self, id: str) -> None:
        there = self._running.pop(id, None)
        if there is not None:
            await self.remove(there.node)
        else:  # one that an earlier process ran
            with suppress(ConnectError):
                await self.clear(id)

    # Foreign devices.

    async def _announce(self, id: str, topic: str, payload: bytes) -> None:
        if payload:
            device = foreign_list.read(topic, payload)
            if device.participant.id != id:
                raise ConfigError(f"{topic!r}: the id of the device is {device.participant.id!r}")
            self._devices[id] = device
        else:
            self._devices.pop(id, None)
        before = self._announcer.topics
        self._announcer.set_desired(self._devices.values())
        if added := self._announcer.topics - before:
            with suppress(ConnectError, SubscribeError):  # the next connection subscribes to all
                await self._transport.subscribe([(each, 0) for each in sorted(added)])

    async def _announce_again(self) -> None:
        while True:
            await asyncio.sleep(DEFAULT_INTERVAL_S / SENT_PER_INTERVAL)
            self._announcer.repeat()

    def _publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        self.post((topic, qos, retain, False, False), payload)

    # Circles.

    def _report_circle(self, circle: list[str]) -> None:
        way = " → ".join([*circle[:_MOST_SHOWN], *(["…"] if len(circle) > _MOST_SHOWN else []), circle[0]])
        text = f"packets go round without a delay: {way}; they are held to {1 / PACE_S:g} a second (core/Delay helps)"
        self._running[circle[0]].error(text)

    def _circle_of(self, topic: str) -> tuple[list[str], list[str]]:
        """Return the participants of a circle that packets on a topic go round in, none where they do not, and what
        brings packets into that, or into a circle that is joined to it: a filter for each inport and source.
        """
        sender = {out[0]: id for id, each in self._running.items() for out in each.node._runner.outs.values()}
        heard = {id: [own for own, _ in each.node._runner.ins.values()] for id, each in self._running.items()}
        takers: dict[str, set[str]] = {}
        senders: dict[str, set[str]] = {}
        for id, each in self._running.items():
            for source in chain.from_iterable(self.bound(each.node).values()):
                heard[id].append(source)
                if source in sender:
                    takers.setdefault(sender[source], set()).add(id)
                    senders.setdefault(id, set()).add(sender[source])
        begin = sender.get(topic)
        if begin is None:
            return [], []
        paths = (shortest_path(takers, taker, begin) for taker in takers.get(begin, ()))
        circle = next(([begin, *found[:-1]] for found in paths if found is not None), [])
        joined = reachable(takers, begin) & reachable(senders, begin)
        return circle, [source for id in joined for source in heard[id] if sender.get(source) not in joined]


class _Running:
    """One participant, and its reports."""

    def __init__(self, session: Components, node: Component, description: Description) -> None:
        self.node = node
        self.description = description
        self.is_hidden = description.secure
        self._session = session
        self._topic = LOG + topics.escape(node.id)
        self._errors = _Reports(partial(self._post, "error"))
        self._lines = _Reports(partial(self._post, "text"))
        node.error = self.error
        node.show = self._show
        node.failed = self._failed

    def error(self, text: str) -> None:
        self._errors.add(HIDDEN if self.is_hidden else text[:_LONGEST_ERROR])

    def _show(self, text: str) -> None:
        self._lines.add(_HIDDEN_LINE if self.is_hidden else text)

    def _failed(self, error: Exception, inport: str | None) -> None:
        if isinstance(error, Error):
            self.error(str(error))
        else:
            log.debug("%s: failed", self.node.id, exc_info=None if self.is_hidden else error)
            self.error(f"{type(error).__name__}: {error}")

    def _post(self, kind: str, text: str) -> None:
        log.info("%s: %s", self.node.id, text)
        self._session.post((self._topic, 0, False, False, False), msgspec.json.encode({kind: text}))


class _Reports:
    """Passes texts for the user on to `report`; beyond a few a second they are left out, and counted."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._reported = 0
        self._left_out = 0

    def add(self, text: str) -> None:
        """Report a text, now or as a part of the count."""
        if not self._reported:
            asyncio.get_running_loop().call_later(_REPORTED_S, self._end_of_interval)
        if self._reported < _MOST_REPORTED:
            self._reported += 1
            self._report(text)
        else:
            self._left_out += 1

    def _end_of_interval(self) -> None:
        count, self._left_out, self._reported = self._left_out, 0, 0
        if count:
            self.add(f"… and {count} more within a second")


def _level(id: str) -> str:
    """Return an id as one level of a topic that discovery allows: what is reserved or unprintable is encoded."""
    level = "".join(c if c.isprintable() else _encoded(c) for c in topics.escape(id))
    return _encoded(level[0]) + level[1:] if level == topics.DISCOVERY or level.startswith("$") else level


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode(errors="surrogatepass"))
