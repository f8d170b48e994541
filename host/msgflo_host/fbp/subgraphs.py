"""Participants that are graphs: they speak the FBP protocol themselves, over MQTT, and editors open them as sub-graphs.

Such a graph is called by the component of its participant, as editors do, or by the participant's role, which tells apart
those that share a component. What a client may ask of our graphs it may ask of these, and it is passed on to the participant's
inqueue, without the secret; what comes on the outqueue is believed only where it is about that graph.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._text import quoted
from ..catalogue import Catalogue
from ..complaints import Complaints
from ..coordinator import Coordinator
from ..discovery import Participant
from ..errors import MsgfloError, RequestError
from ..participants import Entry
from ..subscriptions import Subscriptions
from ._payload import selected, selection
from .client_list import ClientHandle, ClientList
from .dispatch import Command, Part, Replies
from .envelope import Request, encode, message, refusal
from .events import ClientJoined, ClientLeft
from .inner_packets import OF_EDGES, InnerPackets
from .masking import masked_message
from .sub_runtime import SILENT_S, Heard, Question, SubRuntime, addressed, renamed

__all__ = ["Subgraphs"]

log = logging.getLogger("msgflo")

TICK_S = 0.25
PATIENCE_S = 0.04
"""How long an editor that opens nothing without a source waits for that of a sub-graph."""


class _Known(SubRuntime):
    """One of them, and who it is; `start` tells one start of its program from the next."""

    def __init__(self, entry: Entry, subscriptions: Subscriptions) -> None:
        runtime = entry.participant.runtime
        assert runtime is not None
        super().__init__(partial(subscriptions.publish, runtime.inqueue))
        self.runtime = runtime
        self.participant: Participant = entry.participant
        self.start = entry.starts

    def is_still(self, entry: Entry) -> bool:
        """Whether that is who this one was made for."""
        return (self.runtime, self.start) == (entry.participant.runtime, entry.starts)


@dataclass(frozen=True)
class _Before:
    """A part whose commands look first whether they are about a sub-graph."""

    commands: Mapping[str, Command]


class Subgraphs:
    """Passes messages on between clients and such participants.

    `get_source` answers requests for the source of a component that is no graph, or not now.
    """

    def __init__(
        self,
        coordinator: Coordinator,
        catalogue: Catalogue,
        get_source: Command,
        clients: ClientList,
        replies: Replies,
    ) -> None:
        self._coordinator = coordinator
        self._catalogue = catalogue
        self._get_source = get_source
        self._clients = clients
        self._replies = replies
        self._inner = InnerPackets(clients)
        self._names: dict[str, str] = {}  # component or role → id of the participant; lost ones, too
        self._known: dict[str, _Known] = {}
        self._called: defaultdict[ClientHandle, dict[str, str]] = defaultdict(dict)  # id → the name that a client uses
        self._topics: dict[str, list[_Known]] = {}
        self._complaints = Complaints()
        self._news = asyncio.Event()
        self._reader = coordinator.subscriptions.reader(self._received)
        clients.events.listen(ClientJoined, lambda event: self._joined())
        clients.events.listen(ClientLeft, lambda event: self._left(event.client))
        self.look()

    def part(self, inner: Part) -> Part:
        """Return a part that passes on what is about a sub-graph, and hands everything else to `inner`."""
        return _Before({name: partial(self._serve, command) for name, command in inner.commands.items()})

    async def run(self) -> None:
        """Answer for those that are silent, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S if self._known else None):
                    await self._news.wait()
            self._news.clear()
            await self._coordinator.subscriptions.settled()  # what is asked before would be answered unheard
            with self._coordinator.wall("the look at sub-graphs"):
                self._tick()

    def look(self) -> None:
        """Something has changed in the system."""
        entries = [entry for entry in self._coordinator.registry.all() if entry.participant.runtime is not None]
        entries.sort(key=lambda entry: entry.state == "lost")
        self._names = {}
        for key in ("component", "role"):
            for entry in entries:
                self._names.setdefault(getattr(entry.participant, key), entry.participant.id)
        self._inner.forget_others({entry.participant.id for entry in entries})
        there = {entry.participant.id: entry for entry in entries if entry.state != "lost"}
        for id, known in list(self._known.items()):
            if id not in there or not known.is_still(there[id]):
                del self._known[id]
                self._fail(known.give_up(), "is lost" if id not in there else "has been started again")
        for id, entry in there.items():
            if id not in self._known:
                self._known[id] = _Known(entry, self._coordinator.subscriptions)
            self._known[id].participant = entry.participant
        self._follow()

    # -- what clients say --

    def _serve(self, command: Command, client: ClientHandle, request: Request) -> None:
        if not self._take(client, request):
            command(client, request)
        if (request.protocol, request.command) == ("runtime", "getruntime") and client.may_see("runtime", "ports"):
            for known in self._known.values():
                name = self._name_for(client, known)
                if known.ports is not None and name is not None:
                    client.send(message("runtime", "ports", renamed(known.ports, name)))

    def _take(self, client: ClientHandle, request: Request) -> bool:
        """Pass on a request, and tell whether that is done; raises RequestError where it cannot be."""
        name = addressed(request)
        id = self._names.get(name) if name is not None else None
        if name is None or id is None or self._is_ours(name):
            return False
        known, at_once = self._known.get(id), self._needs_source(request, name)
        if at_once and (known is None or not known.answers):
            return False
        if known is None:
            raise RequestError(f"the participant of the graph {quoted(name)} is lost")
        if (request.protocol, request.command) == ("network", "edges"):
            self._select(client, request, known, name)
            return True
        question = Question(client, request, name)
        try:
            known.ask(question, time.monotonic())
        except RequestError:
            if at_once:
                return False
            raise
        if at_once:
            asyncio.get_running_loop().call_later(PATIENCE_S, self._hasten, known, question)
        if request.protocol == "graph":
            known.source = None
        self._called[client][id] = name
        self._news.set()
        return True

    def _select(self, client: ClientHandle, request: Request, known: _Known, name: str) -> None:
        """Take which edges a client looks at: its runtime is asked for those of all clients, and keeps only one selection."""
        edges, id = selected(request.payload), known.participant.id
        self._inner.select(client, id, edges)
        self._called[client][id] = name
        self._look_at(known)
        self._replies.answer(client, request, "edges", {"graph": name, "edges": selection(edges)})

    def _look_at(self, known: _Known) -> None:
        known.look_at(self._inner.wanted(known.participant.id), time.monotonic())

    def _hasten(self, known: _Known, question: Question) -> None:
        if known.hasten(question):
            self._stand_in(known.source, question)

    def _stand_in(self, source: Heard | None, question: Question) -> None:
        """Answer in place of a sub-graph that is asked for its source: with what is known of it, or its declaration."""
        client, request = question.client, question.request
        try:
            if source is None:
                self._get_source(client, request)
            else:
                self._replies.answer(client, request, source.command, _seen(source, question.name, client))
        except MsgfloError as error:
            client.send(refusal(request, str(error)))

    # -- what they say --

    def _received(self, filters: list[str], topic: str, payload: bytes) -> None:
        for known in self._topics.get(topic, ()):
            try:
                heard = known.hear(payload, time.monotonic())
            except ValueError as error:
                self._complain(f"{quoted(known.participant.role)} on {quoted(topic)}: {error}")
            else:
                if heard is not None:
                    self._tell(known, heard)

    def _tell(self, known: _Known, heard: Heard) -> None:
        question = heard.question
        if heard.protocol == "graph":
            known.source = None
        elif (heard.protocol, heard.command) == ("component", "source"):
            known.source = heard
        elif (heard.protocol, heard.command) == ("runtime", "ports"):
            known.ports = heard
        if question is not None:
            payload = _seen(heard, question.name, question.client)
            if heard.command == "error":
                question.client.send(refusal(question.request, payload["message"]))
            else:
                self._replies.answer(question.client, question.request, heard.command, payload)
        if not heard.is_for_all:
            return
        if (heard.protocol, heard.command) == ("network", "data"):
            names = {client: name for client in self._clients if (name := self._name_for(client, known)) is not None}
            self._inner.show(known.participant.id, heard.payload, names)
            return
        of_edge = heard.protocol == "network" and heard.command in OF_EDGES
        frames: dict[tuple[str, bool], bytes] = {}
        for client in self._clients:
            name = self._name_for(client, known)
            if name is None or not client.may_see(heard.protocol, heard.command):
                continue
            if question is not None and client is question.client:
                continue
            if of_edge and (client.behind or not self._inner.wants(client, known.participant.id, heard.payload)):
                continue
            kind = name, client.sees_secure
            if kind not in frames:
                frames[kind] = encode(message(heard.protocol, heard.command, _seen(heard, name, client)))
            client.send(frames[kind])

    def _name_for(self, client: ClientHandle, known: _Known) -> str | None:
        """What a client calls a graph, or would call it."""
        participant = known.participant
        used = self._called[client].get(participant.id) if client in self._called else None
        for name in (used, participant.component, participant.role):
            if name is not None and self._names.get(name) == participant.id and not self._is_ours(name):
                return name
        return None

    # -- who is asked --

    def _is_ours(self, name: str) -> bool:
        """Whether a name is one of our graphs or components: whoever is on the broker may call itself so, too."""
        return self._coordinator.graphs.has(name) or self._catalogue.is_own(name)

    def _needs_source(self, request: Request, name: str) -> bool:
        """Whether an editor opens nothing at all without a source of that name: then it gets the declaration instead."""
        ours = "/" not in name or name.startswith(f"{self._catalogue.namespace}/")
        return request.command == "getsource" and ours and self._catalogue.has(name)

    def _joined(self) -> None:
        if len(self._clients) == 1:  # until now nobody has listened
            for known in self._known.values():
                known.source = known.ports = None
                known.ask_anew()
        self._follow()

    def _follow(self) -> None:
        """Have what they say sent to us while there is somebody to tell it to."""
        topics: defaultdict[str, list[_Known]] = defaultdict(list)
        for known in self._known.values() if len(self._clients) else ():
            topics[known.runtime.outqueue].append(known)
        self._topics = dict(topics)
        self._reader.subscribe(self._topics)
        self._news.set()

    def _left(self, client: ClientHandle) -> None:
        self._called.pop(client, None)
        for known in self._known.values():
            known.forget(client)
        self._follow()

    def _tick(self) -> None:
        now = time.monotonic()
        for known in self._known.values():
            self._fail(known.expired(now), f"has not answered within {SILENT_S:.0f} s")
            if self._topics:
                known.introduce(now)
                self._look_at(known)
        self._inner.tick(now)
        for line in self._complaints.due(now):
            log.warning("%s", line)

    def _fail(self, questions: list[Question], why: str) -> None:
        for question in questions:
            request, name = question.request, question.name
            if self._needs_source(request, name):
                self._stand_in(None, question)
            else:
                question.client.send(refusal(request, f"the participant of the graph {quoted(name)} {why}"))

    def _complain(self, text: str) -> None:
        if said := self._complaints.complain(text, time.monotonic()):
            log.warning("%s", said)


def _seen(heard: Heard, name: str, client: ClientHandle) -> dict[str, Any]:
    """The payload of what was heard, as a client may see it, with the name that the graph has for it."""
    payload = renamed(heard, name)
    return payload if client.sees_secure else masked_message(heard.protocol, heard.command, payload)
