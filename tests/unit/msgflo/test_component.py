"""Components: values that fit, settings, what is remembered, what happens later."""

from __future__ import annotations

import json
from typing import Any

from msgflo import Port
from msgflo.component import Component
from msgflo.outbox import Outbox
from msgflo.packets import Message


class Session:
    """What a runner needs of one; keeps what is posted."""

    running = connected = True
    backlog = 3

    def __init__(self) -> None:
        self.logged: list[str] = []
        self.posted: list[tuple[str, Any]] = []
        self.log = self.logged.append
        self._outbox = Outbox(self.backlog)

    def post(self, out: tuple[str, int, bool, bool, bool], payload: bytes) -> None:
        self.posted.append((out[0], json.loads(payload)))


class Counter(Component):
    inports = (
        Port("in", "bang"),
        Port("reset", "bang"),
        Port("mode", "string", schema={"default": "up", "enum": ["up", "down"]}),
        Port("other", "any", schema="https://example.org/default.json"),
    )
    remembers = ("count",)
    count = 0

    def packet(self, inport: str, value: Any) -> None:
        self.count = 0 if inport == "reset" else self.count + (1 if self.settings["mode"] == "up" else -1)


MEMORY = "fbp/memory/node"


def take(node: Component, inport: str, data: Any) -> None:
    node.process(inport, Message(b"", data))


def receive(node: Component, inport: str, data: Any) -> None:
    node._runner.receive(inport, f"node/{inport}", json.dumps(data).encode(), False)


def begun(node: Component) -> Session:
    session = Session()
    node._runner.join(session)
    node._runner.begin(False)
    return session


def test_a_schema_that_is_a_url_shows_nothing() -> None:
    node = Counter("node")
    take(node, "other", 5)
    assert node.count == 1


def test_packets_wait_until_what_was_saved_is_read() -> None:
    node = Counter("node")
    begun(node)
    for _ in range(2):
        receive(node, "in", True)
    assert node.count == 0
    node._runner.receive("fbp/memory", MEMORY, b'{"count": 5}', True)
    assert node.count == 7
    node._runner.receive("fbp/memory", MEMORY, b'{"count": 50}', True)
    assert node.count == 7, "its own, which comes back"


def test_a_change_back_to_the_beginning_is_saved() -> None:
    node = Counter("node")
    session = begun(node)
    receive(node, "reset", True)  # before what was saved is read
    node._runner.receive("fbp/memory", MEMORY, b'{"count": 5}', True)
    assert session.posted == [(MEMORY, {"count": 0})]


def test_who_begins_with_the_memory_of_another_saves_it() -> None:
    node = Counter("node")
    node._runner.recall({"count": 5, "settings": {"mode": "down", "gone": 1}})
    session = begun(node)
    node._runner.meet()
    assert session.posted == [(MEMORY, {"count": 5, "settings": {"mode": "down"}})]
