"""The conversation with one runtime that is a participant. Pure: time is an argument, requests go to `publish`.

    runtime = SubRuntime(publish)
    runtime.ask(Question(client, request, "home/Inner"), now)
    heard = runtime.hear(payload, now)    # a message on its outqueue
    answer = renamed(heard, "home/Inner")

Its graph has another name there than here. It is asked for that name first; earlier messages are ignored.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ..errors import RequestError
from ..util.quoting import quoted, shown
from ..util.token_bucket import TokenBucket
from .client_list import ClientHandle
from .envelope import PROTOCOLS, Request, answer_to, encode, read

__all__ = ["MAX_BYTES", "MOST_WAITING", "SILENT_S", "Heard", "Question", "SubRuntime", "addressed", "renamed"]

MAX_BYTES = 1024 * 1024
"""Of one message from a runtime."""
SILENT_S = 4.0
"""Seconds within which a request is to be answered."""
MOST_WAITING = 1000
"""Requests that may wait for answers of one runtime."""
MAX_ID = 200  # characters of the name of its graph
MOST_NAMED = 4096  # bytes of a packet's message besides its data, which alone is shortened
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0  # before it is asked for its graph again
BYTES_PER_FRAME = 4096  # a longer message counts as several
PER_SECOND, BURST = 500.0, 5000.0  # messages that are taken from it for long, and at once

# A runtime may send these; they are about itself, not about its graph.
_ABOUT_ITSELF = {("component", "component"), ("component", "componentsready"), ("network", "persist")}
_NEVER_ASKED = {("component", "list"), ("component", "source"), ("network", "persist"), ("runtime", "getruntime")}
_KEYS = {("graph", "clear"): "id", ("component", "getsource"): "name", ("component", "source"): "name"}
_NOBODY = ClientHandle(remote="", local=True, capabilities=frozenset())
_NOBODY.leave()
_TO_WHO_ASKED = {("component", "source"), ("network", "status"), ("network", "edges"), ("network", "debug")}
_TO_WHO_ASKED |= {("trace", "dump"), ("runtime", "packetsent")}


class _End(Struct):
    node: str
    port: str


class _OnEdge(Struct):
    """A message about an edge: the fields that are read here."""

    id: str
    tgt: _End
    src: _End | UnsetType = UNSET


class _Source(Struct):
    """In another language it could be taken for the code of a component, and be run."""

    language: Literal["json", "fbp"]
    code: str


_CHECKED: dict[tuple[str, str], type[Struct]] = {
    ("component", "source"): _Source,
    **{("network", event): _OnEdge for event in ("connect", "begingroup", "data", "endgroup", "disconnect")},
}
"""The messages that are checked here; clients check the others."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request of a client, and the name by which it has called the graph."""

    client: ClientHandle
    request: Request
    name: str

    @property
    def expects(self) -> str:
        """The command of the answer, where it is no error."""
        return answer_to(self.request.protocol, self.request.command)


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of a runtime about its graph; `question` is the one that it answers, if any."""

    protocol: str
    command: str
    payload: dict[str, Any]
    question: Question | None

    @property
    def is_for_all(self) -> bool:
        """Return whether it goes also to clients that have not asked."""
        return self.command != "error" and (self.protocol, self.command) not in _TO_WHO_ASKED


def addressed(request: Request) -> str | None:
    """Return the name of the graph that a request is about, or None where it is about none."""
    kind = request.protocol, request.command
    named = None if kind in _NEVER_ASKED else request.payload.get(_KEYS.get(kind, "graph"))
    return named if isinstance(named, str) else None


def renamed(heard: Heard, name: str) -> dict[str, Any]:
    """Return the payload of a message, with the name that the graph has here."""
    kind = heard.protocol, heard.command
    if heard.command == "error":
        return heard.payload
    if kind == ("network", "output"):
        return {"message": f"{name}: {heard.payload['message']}"}
    if kind != ("component", "source"):
        return {**heard.payload, _KEYS.get(kind, "graph"): name}
    # Not its tests: editors run them by themselves, and on our graphs.
    return {"name": name, "language": heard.payload["language"], "code": heard.payload["code"]}


class SubRuntime:
    """One such runtime; `publish(payload)` sends to its inqueue, and returns whether that was possible."""

    def __init__(self, publish: Callable[[bytes], bool]) -> None:
        self._publish = publish
        self._main: str | None = None
        self._numbers = itertools.count(1)
        self._waiting: dict[str, tuple[Question, float]] = {}  # by the id of what was sent; with a deadline
        self._ask_again_at, self._pause = float("-inf"), FIRST_PAUSE_S
        self._is_stale = False
        self._bucket = TokenBucket(PER_SECOND, BURST, 0.0)

    def refresh(self) -> None:
        """Ask it once more for its graph and its exported ports."""
        self._is_stale, self._ask_again_at = True, float("-inf")

    def introduce(self, now: float) -> None:
        """Ask for the name of its graph where that is not known, less and less often."""
        if (self._main is None or self._is_stale) and now >= self._ask_again_at:
            self._is_stale = False
            self._ask_again_at = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)
            self._send("runtime", "getruntime", {}, str(next(self._numbers)))

    def ask(self, question: Question, now: float) -> None:
        """Pass on a request, as soon as the name of the graph is known; raises RequestError where it cannot be."""
        if len(self._waiting) >= MOST_WAITING:
            raise RequestError(
                f"{MOST_WAITING} requests wait for an answer of {quoted(question.name)}; no more are taken"
            )
        number = str(next(self._numbers))
        if self._main is not None and not self._pass_on(number, question):
            raise RequestError("the broker is out of reach")
        self._waiting[number] = question, now + SILENT_S
        self._pause = FIRST_PAUSE_S  # a client is waiting
        self._ask_again_at = min(self._ask_again_at, now + FIRST_PAUSE_S)

    def select(self, edges: list[dict[str, Any]], now: float) -> None:
        """Have it show the packets of these edges, as `network:edges` names them; no client waits for its answer.

        Raises RequestError as `ask` does.
        """
        self.ask(Question(_NOBODY, Request("network", "edges", {"edges": edges}), ""), now)

    def hear(self, payload: bytes, now: float) -> Heard | None:
        """Take a message; return it where it is about the graph. Raises ValueError for one that it may not send."""
        if len(payload) > MAX_BYTES:
            raise ValueError(f"a message has {len(payload)} bytes; at most {MAX_BYTES} are allowed")
        if not self._bucket.take(now, 1 + len(payload) // BYTES_PER_FRAME):
            raise ValueError(f"it sends more than {PER_SECOND:.0f} messages in a second; those beyond are dropped")
        frame = read(payload)
        protocol, command, body = frame.get("protocol"), frame.get("command"), frame.get("payload")
        if frame.keys() - {"protocol", "command", "payload", "responseTo"}:
            raise ValueError('a message holds "protocol", "command", "payload" and may hold "responseTo", nothing else')
        number = frame.get("responseTo")
        if not isinstance(protocol, str) or protocol not in PROTOCOLS:
            raise ValueError(f'"protocol" is {shown(protocol)}; allowed: {", ".join(sorted(PROTOCOLS))}')
        if not isinstance(command, str) or not isinstance(number, str | None):
            raise ValueError('"command" and "responseTo" must be texts')
        if (protocol, command) in _ABOUT_ITSELF:
            return None
        if not isinstance(body, dict):
            raise ValueError(f'"payload" is {shown(body)}; an object is needed')
        if (protocol, command) == ("runtime", "runtime"):
            self._learn(body)
            return None
        return None if self._main is None else self._understood(protocol, command, body, number)

    def expired(self, now: float) -> list[Question]:
        """Take out the requests that should have been answered by now."""
        return self._take_out(lambda question, deadline: deadline <= now)

    def give_up(self) -> list[Question]:
        """Take out all requests that wait."""
        return self._take_out(lambda question, deadline: True)

    def forget(self, client: ClientHandle) -> None:
        """Answer nothing to a client that has gone."""
        self._take_out(lambda question, deadline: question.client is client)

    # -- inside --

    def _send(self, protocol: str, command: str, payload: dict[str, Any], number: str) -> bool:
        return self._publish(
            encode({"protocol": protocol, "command": command, "payload": payload, "requestId": number})
        )

    def _pass_on(self, number: str, question: Question) -> bool:
        request = question.request
        payload = {**request.payload, _KEYS.get((request.protocol, request.command), "graph"): self._main}
        return self._send(request.protocol, request.command, payload, number)

    def _learn(self, payload: dict[str, Any]) -> None:
        main = payload.get("graph")
        if not isinstance(main, str) or not 0 < len(main) <= MAX_ID:
            raise ValueError(f'"graph" of runtime:runtime is {shown(main)}; the name of its graph is needed')
        if main == self._main:
            return
        waiting = list(self._waiting.items()) if self._main is None else []
        self._main = main
        for number, (question, _) in waiting:
            self._pass_on(number, question)

    def _understood(self, protocol: str, command: str, payload: dict[str, Any], number: str | None) -> Heard:
        kind = protocol, command
        if command == "error" or kind == ("network", "output"):
            text = payload.get("message")
            if not isinstance(text, str):
                raise ValueError(f'"message" of {protocol}:{command} is {shown(text)}; a text is needed')
            question = self._answered(protocol, command, number)
            if question is None:  # clients take any error for the answer to their last request
                protocol, command = "network", "output"
            return Heard(protocol, command, {"message": text}, question)
        if kind == ("network", "data"):  # the schema describes these two, and then forbids them
            payload = {key: value for key, value in payload.items() if key not in ("type", "schema")}
        if kind in _CHECKED:
            try:
                msgspec.convert(payload, _CHECKED[kind])
            except ValueError as error:
                raise ValueError(f"{protocol}:{command}: {quoted(str(error))}") from None
        if kind == ("network", "data") and len(encode({**payload, "data": None})) > MOST_NAMED:
            raise ValueError(f"network:data names its edge in more than {MOST_NAMED} bytes")
        named = payload.get(_KEYS.get(kind, "graph"))
        if kind != ("component", "source") and named != self._main:
            self._is_stale = True  # it may have another graph by now
            raise ValueError(
                f"{protocol}:{quoted(command)} is about {shown(named)}; its graph is {quoted(self._main or '')}"
            )
        return Heard(protocol, command, payload, self._answered(protocol, command, number))

    def _answered(self, protocol: str, command: str, number: str | None) -> Question | None:
        """Take out the request that this answers: the one it names or, as in version 0.7, the first that fits."""
        for each in list(self._waiting) if number is None else [number]:
            question = self._waiting[each][0] if each in self._waiting else None
            if (
                question is not None
                and question.request.protocol == protocol
                and command in (question.expects, "error")
            ):
                del self._waiting[each]
                return question
        return None

    def _take_out(self, which: Callable[[Question, float], bool]) -> list[Question]:
        taken = {number: each[0] for number, each in self._waiting.items() if which(*each)}
        for number in taken:
            del self._waiting[number]
        return list(taken.values())
