"""One runtime that is a participant: what is asked of it, in which order it answers, and what it may say at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from msgflo_host.errors import RequestError
from msgflo_host.fbp.client_list import ClientHandle
from msgflo_host.fbp.envelope import Request
from msgflo_host.fbp.subgraph_runtime import MOST_WAITING, Question, SubRuntime, addressed, renamed

CLIENT = ClientHandle(remote="127.0.0.1", local=True, capabilities=frozenset())
NAME = "home/Inner"


def question(protocol: str, command: str, client: ClientHandle = CLIENT, **payload: Any) -> Question:
    return Question(client, Request(protocol, command, payload, "secret", "7"), NAME)


def frame(protocol: str, command: str, payload: Any, **more: Any) -> bytes:
    return json.dumps({"protocol": protocol, "command": command, "payload": payload, **more}).encode()


class Conversation:
    """A runtime whose answers a test gives; `sent` are the requests that it got."""

    def __init__(self, *, known: bool = True) -> None:
        self.sent: list[dict[str, Any]] = []
        self.runtime = SubRuntime(self._publish)
        self.there = True
        if known:
            self.hear("runtime", "runtime", {"version": "0.7", "type": "x", "capabilities": [], "graph": "main"})

    def _publish(self, payload: bytes) -> bool:
        if self.there:
            self.sent.append(json.loads(payload))
        return self.there

    def hear(self, protocol: str, command: str, payload: Any, now: float = 0.0, **more: Any) -> Any:
        return self.runtime.hear(frame(protocol, command, payload, **more), now)


def test_what_is_asked_before_its_graph_is_known_waits_for_that() -> None:
    talk = Conversation(known=False)
    talk.runtime.introduce(0.0)
    talk.runtime.ask(question("network", "getstatus", graph=NAME), 0.0)
    assert [each["command"] for each in talk.sent] == ["getruntime"]
    talk.hear("runtime", "runtime", {"graph": "main"})
    assert [each["command"] for each in talk.sent] == ["getruntime", "getstatus"]
    assert talk.sent[1]["payload"] == {"graph": "main"}
    assert set(talk.sent[1]) == {"protocol", "command", "payload", "requestId"}
    talk.runtime.introduce(1000.0)
    assert len(talk.sent) == 2


def test_one_that_has_another_graph_now_is_understood_and_the_old_one_is_refused() -> None:
    talk = Conversation()
    talk.hear("runtime", "runtime", {"graph": "other"})
    assert talk.hear("graph", "removenode", {"id": "a", "graph": "other"}) is not None
    with pytest.raises(ValueError, match='is about "main"; its graph is "other"'):
        talk.hear("graph", "removenode", {"id": "a", "graph": "main"})
    talk.runtime.ask(question("network", "start", graph=NAME), 0.0)
    assert [(each["command"], each["payload"]["graph"]) for each in talk.sent] == [("start", "other")]


@pytest.mark.parametrize("graph", [None, "", 5, "x" * 201])
def test_one_that_names_no_graph_is_not_understood(graph: object) -> None:
    talk = Conversation(known=False)
    with pytest.raises(ValueError, match="the name of its graph is needed"):
        talk.hear("runtime", "runtime", {"graph": graph})
    assert talk.hear("graph", "removenode", {"id": "a", "graph": "main"}) is None


def test_an_answer_belongs_to_the_request_that_it_names_and_else_to_the_first_that_it_fits() -> None:
    talk = Conversation()
    asked = [question("graph", "removenode", id=str(n), graph=NAME) for n in range(4)]
    for each in asked:
        talk.runtime.ask(each, 0.0)
    third = talk.sent[2]["requestId"]
    assert len({each["requestId"] for each in talk.sent}) == 4
    payload = {"id": "x", "graph": "main"}
    assert talk.hear("graph", "removenode", payload, responseTo=third).question is asked[2]
    assert talk.hear("graph", "removenode", payload).question is asked[0]
    assert talk.hear("graph", "error", {"message": "no"}).question is asked[1]
    assert talk.hear("network", "icon", {"id": "x", "icon": "i", "graph": "main"}).question is None
    assert talk.hear("graph", "removenode", payload, responseTo="elsewhere").question is None
    assert talk.hear("graph", "removenode", payload).question is asked[3]
    assert talk.hear("graph", "removenode", payload).question is None


@pytest.mark.parametrize(
    ("protocol", "command", "answer", "payload"),
    [
        ("component", "getsource", "source", {"name": "main", "language": "json", "code": "{}"}),
        ("network", "getstatus", "status", {"graph": "main", "running": True}),
        ("network", "start", "started", {"graph": "main"}),
        ("network", "stop", "stopped", {"graph": "main"}),
        ("trace", "start", "start", {"graph": "main"}),
        ("runtime", "packet", "packetsent", {"graph": "main", "port": "in", "event": "data"}),
    ],
)
def test_answers_with_another_name_are_recognised(
    protocol: str, command: str, answer: str, payload: dict[str, Any]
) -> None:
    talk = Conversation()
    asked = question(protocol, command, graph=NAME)
    talk.runtime.ask(asked, 0.0)
    heard = talk.hear(protocol, answer, payload)
    assert heard.question is asked
    assert heard.is_for_all == (answer in ("started", "stopped", "start"))
    assert "main" not in renamed(heard, NAME).values()


def test_its_source_is_a_graph_without_tests() -> None:
    talk = Conversation()
    talk.runtime.ask(question("component", "getsource", name=NAME), 0.0)
    source = {"name": "x", "library": "y", "code": "{}", "tests": "cases: []"}
    with pytest.raises(ValueError, match=r"component:source: .*python.*language"):
        talk.hear("component", "source", {**source, "language": "python"})
    heard = talk.hear("component", "source", {**source, "language": "json"})
    assert renamed(heard, NAME) == {"name": NAME, "code": "{}", "language": "json"}
    assert renamed(heard, "kitchen") == {"name": "kitchen", "code": "{}", "language": "json"}


def test_requests_that_wait_are_bounded_and_refused_without_a_broker() -> None:
    talk = Conversation()
    talk.there = False
    with pytest.raises(RequestError, match="the broker is out of reach"):
        talk.runtime.ask(question("network", "start", graph=NAME), 0.0)
    talk.there = True
    for _ in range(MOST_WAITING):
        talk.runtime.ask(question("network", "start", graph=NAME), 0.0)
    with pytest.raises(RequestError, match="1000 requests wait for an answer"):
        talk.runtime.ask(question("network", "start", graph=NAME), 0.0)


def test_it_is_heard_again_when_a_flood_is_over() -> None:
    talk = Conversation()
    icon = {"id": "x", "icon": "i", "graph": "main"}
    for _ in range(4999):  # and the one that told its graph
        assert talk.hear("network", "icon", icon) is not None
    with pytest.raises(ValueError, match="more than 500 messages in a second"):
        talk.hear("network", "icon", icon)
    assert talk.hear("network", "icon", icon, now=1.0) is not None


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (Request("graph", "addnode", {"graph": "g", "id": "n"}), "g"),
        (Request("graph", "clear", {"id": "g"}), "g"),
        (Request("component", "getsource", {"name": "g"}), "g"),
        (Request("component", "source", {"name": "g", "graph": "g"}), None),
        (Request("runtime", "getruntime", {"graph": "g"}), None),
        (Request("network", "persist", {"graph": "g"}), None),
        (Request("network", "start", {"graph": ["g"]}), None),
        (Request("network", "start", {}), None),
    ],
)
def test_the_graph_that_a_request_is_about_is_found(request_: Request, name: str | None) -> None:
    assert addressed(request_) == name
