"""Participants that are graphs: they speak the FBP protocol themselves, over MQTT, and editors open them as sub-graphs.

The name of such a graph is the component of its participant, as in editors, or the participant's role, which is unique among
those that share a component. A client's capabilities hold for these graphs, too. Its requests go to the participant's
inqueue, without the secret. Messages on the outqueue are accepted only where they are about that graph.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from ..control.component_catalogue import Catalogue
from ..control.coordinator import Coordinator
from ..control.packet_subscriptions import Subscriptions
from ..errors import MsgfloError, RequestError
from ..model.participants import Entry
from ..util.log_filter import LogFilter
from ..util.quoting import quoted
from ..wire.discovery import Participant
from ..wire.payloads import shortened
from .client_list import ClientAccessChanged, ClientHandle, ClientIntroduced, ClientLeft, ClientList
from .dispatch import Command, Replies
from .envelope import Request, encode, message, refusal
from .masking import masked_message
from .rate_limit import RateLimit
from .request_payload import selected, selection
from .subgraph_runtime import SILENT_S, Heard, Question, SubRuntime, addressed, renamed

__all__ = ["Subgraphs"]

log = logging.getLogger("msgflo")

TICK_S = 0.25
OF_EDGES = ("data", "connect", "disconnect", "begingroup", "endgroup")
"""The commands of `network` that are about one edge."""


class _Known(SubRuntime):
    """A runtime and its participant; `start` counts the starts of its program."""

    def __init__(self, entry: Entry, subscriptions: Subscriptions) -> None:
        runtime = entry.participant.runtime
        assert runtime is not None
        super().__init__(partial(subscriptions.publish, runtime.inqueue))
        self.runtime = runtime
        self.participant: Participant = entry.participant
        self.start = entry.starts

    def is_still(self, entry: Entry) -> bool:
        """Return whether the entry is of the same start of the same program."""
        return (self.runtime, self.start) == (entry.participant.runtime, entry.starts)


class Subgraphs:
    """Passes messages between clients and such participants.

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
        self._rate_limit = RateLimit()
        self._names: dict[str, str] = {}  # component or role → id of the participant; lost ones, too
        self._known: dict[str, _Known] = {}
        self._called: defaultdict[ClientHandle, dict[str, str]] = defaultdict(dict)  # id → name, as the client uses it
        self._topics: dict[str, list[_Known]] = {}
        self._log_filter = LogFilter()
        self._news = asyncio.Event()
        self._reader = coordinator.subscriptions.reader(self._received)
        clients.events.listen(ClientAccessChanged, lambda event: self._subscribe())
        clients.events.listen(ClientIntroduced, lambda event: self._introduced())
        clients.events.listen(ClientLeft, lambda event: self._left(event.client))
        self.refresh()

    def before(self, command: Command) -> Command:
        """Return a command that passes on requests about a sub-graph, and hands all others to `command`."""
        return partial(self._serve, command)

    async def run(self) -> None:
        """Answer in place of those that are silent, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S if self._known else None):
                    await self._news.wait()
            self._news.clear()
            await self._coordinator.subscriptions.settled()  # earlier requests would be answered unheard
            with self._coordinator.guard("checking sub-graphs"):
                self._tick()

    def refresh(self) -> None:
        """Take over changes of the participants."""
        entries = [entry for entry in self._coordinator.registry.all() if entry.participant.runtime is not None]
        entries.sort(key=lambda entry: entry.state == "lost")
        self._names = {}
        for key in ("component", "role"):
            for entry in entries:
                self._names.setdefault(getattr(entry.participant, key), entry.participant.id)
        there = {entry.participant.id: entry for entry in entries if entry.state != "lost"}
        for id, known in list(self._known.items()):
            if id not in there or not known.is_still(there[id]):
                del self._known[id]
                self._fail(known.give_up(), "is lost" if id not in there else "has been started again")
        for id, entry in there.items():
            if id not in self._known:
                self._known[id] = _Known(entry, self._coordinator.subscriptions)
            self._known[id].participant = entry.participant
        self._subscribe()

    # -- from clients --

    def _serve(self, command: Command, client: ClientHandle, request: Request) -> None:
        if not self._take(client, request):
            command(client, request)

    def _take(self, client: ClientHandle, request: Request) -> bool:
        """Pass on a request; return False where it is not about a sub-graph. Raises RequestError where it cannot be sent."""
        name = addressed(request)
        id = self._names.get(name) if name is not None else None
        if name is None or id is None or self._is_ours(name):
            return False
        known = self._known.get(id)
        if known is None:
            if self._needs_source(request, name):
                return False
            raise RequestError(f"the participant of the graph {quoted(name)} is lost")
        if (request.protocol, request.command) == ("network", "edges"):
            self._select(client, request, known, name)
            return True
        question = Question(client, request, name)
        try:
            known.ask(question, time.monotonic())
        except RequestError:
            if self._needs_source(request, name):
                return False
            raise
        self._called[client][id] = name
        self._news.set()
        return True

    def _select(self, client: ClientHandle, request: Request, known: _Known, name: str) -> None:
        """Select the edges that a runtime shows. Not all runtimes answer."""
        edges = selection(selected(request.payload))
        known.select(edges, time.monotonic())
        self._called[client][known.participant.id] = name
        self._replies.answer(client, request, "edges", {"graph": name, "edges": edges})

    # -- from runtimes --

    def _received(self, filters: list[str], topic: str, payload: bytes) -> None:
        for known in self._topics.get(topic, ()):
            try:
                heard = known.hear(payload, time.monotonic())
            except ValueError as error:
                text = f"{quoted(known.participant.role)} on {quoted(topic)}: {error}"
                self._log_filter.log(logging.WARNING, text)
            else:
                if heard is not None:
                    self._pass_on(known, heard)

    def _pass_on(self, known: _Known, heard: Heard) -> None:
        question = heard.question
        if question is not None:
            payload = _seen(heard, question.name, question.client)
            if heard.command == "error":
                question.client.send(refusal(question.request, payload["message"]))
            else:
                self._replies.answer(question.client, question.request, heard.command, payload)
        if not heard.is_for_all:
            return
        receivers = {
            client: name
            for client in self._clients
            if client.may_see(heard.protocol, heard.command) and (name := self._name_for(client, known)) is not None
        }
        if question is not None:
            receivers.pop(question.client, None)
        if (heard.protocol, heard.command) == ("network", "data"):
            heard = replace(heard, payload={**heard.payload, "data": shortened(heard.payload.get("data"))})
            allowed = self._rate_limit.allowed(known.participant.id, heard.payload["id"], receivers, time.monotonic())
            receivers = {client: receivers[client] for client in allowed}
        of_edge = heard.protocol == "network" and heard.command in OF_EDGES
        frames: dict[tuple[str, bool], bytes] = {}
        for client, name in receivers.items():
            if of_edge and client.behind:
                continue
            kind = name, client.sees_secure
            if kind not in frames:
                frames[kind] = encode(message(heard.protocol, heard.command, _seen(heard, name, client)))
            client.send(frames[kind])

    def _name_for(self, client: ClientHandle, known: _Known) -> str | None:
        """Return the name that a client uses for a graph, or would use."""
        participant = known.participant
        used = self._called[client].get(participant.id) if client in self._called else None
        for name in (used, participant.component, participant.role):
            if name is not None and self._names.get(name) == participant.id and not self._is_ours(name):
                return name
        return None

    # -- names and subscriptions --

    def _is_ours(self, name: str) -> bool:
        """Return whether a name is one of our graphs or components, which a participant may use, too."""
        return self._coordinator.graphs.has(name) or self._catalogue.is_own(name)

    def _needs_source(self, request: Request, name: str) -> bool:
        """Return whether an editor opens nothing at all without a source of that name: it gets the declaration instead."""
        ours = "/" not in name or name.startswith(f"{self._catalogue.namespace}/")
        return request.command == "getsource" and ours and self._catalogue.has(name)

    def _introduced(self) -> None:
        """Have the runtimes send their exported ports to a new client."""
        for known in self._known.values():
            known.refresh()
        self._news.set()

    def _subscribe(self) -> None:
        """Subscribe to their outqueues while a client is connected."""
        topics: defaultdict[str, list[_Known]] = defaultdict(list)
        for known in self._known.values() if len(self._clients) else ():
            topics[known.runtime.outqueue].append(known)
        self._topics = dict(topics)
        self._reader.subscribe(self._topics)
        self._news.set()

    def _left(self, client: ClientHandle) -> None:
        self._called.pop(client, None)
        self._rate_limit.left(client)
        for known in self._known.values():
            known.forget(client)
        self._subscribe()

    def _tick(self) -> None:
        now = time.monotonic()
        for known in self._known.values():
            self._fail(known.expired(now), f"has not answered within {SILENT_S:.0f} s")
            if self._topics:
                known.introduce(now)
        self._rate_limit.tick(now)
        for line in self._log_filter.due(now):
            log.warning("%s", line)

    def _fail(self, questions: list[Question], why: str) -> None:
        for question in questions:
            request, name = question.request, question.name
            try:
                if not self._needs_source(request, name):
                    raise RequestError(f"the participant of the graph {quoted(name)} {why}")
                self._get_source(question.client, request)
            except MsgfloError as error:
                question.client.send(refusal(request, str(error)))


def _seen(heard: Heard, name: str, client: ClientHandle) -> dict[str, Any]:
    """Return the payload of a message as a client may see it, with the client's name of the graph."""
    payload = renamed(heard, name)
    return payload if client.sees_secure else masked_message(heard.protocol, heard.command, payload)
