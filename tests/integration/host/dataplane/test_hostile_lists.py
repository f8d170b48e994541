"""What anybody may write into the retained lists: it is left out, said once, and the rest goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from bench.wire import connect, publish_frame
from brokers import Broker as Mosquitto
from listening import Ear
from systems import Coordinator, node, until

GRAPH = """lamp(test/Lamp) OUT -> IN count(core/Counter) OUT -> IN through(core/Repeat) OUT -> IN lamp
"""
LAMP = """component: test/Lamp
inports: {in: {queue: lamp/in}}
outports: {out: {queue: lamp/out}}
"""
DEEP = "/".join(["a"] * 250)
OVERLAPPING = ["/".join(["over", *["+"] * number, "#"]) for number in range(50)]
WILD = [f"wild/+/{number}" for number in range(500)]


def forwards(sources: list[str], target: str = "elsewhere") -> dict[str, Any]:
    return {"version": 99, "forwards": [{"source": each, "target": target} for each in sources]}


class _Home:
    """A system with an ear on its broker, whose coordinator stands still: it would put the lists right."""

    def __init__(self, system: Coordinator, broker: Mosquitto) -> None:
        self.system, self.broker = system, broker
        self.ear = Ear(broker)
        self.processes = self.parts()
        self._version = 100  # of the list on fbp/bind/count

    def parts(self) -> list[psutil.Process]:
        return [self.system.part("coordinator"), self.system.part("forward")]

    def retain(self, topic: str, text: str) -> None:
        with connect(self.broker.port, "somebody") as somebody:
            somebody.sendall(publish_frame(topic, text.encode(), retain=True))

    def bind(self, lists: dict[str, Any]) -> None:
        """Write lists for `count`, with what is right after what is not there at all; return when they are active."""
        heard = len(self.ear.heard)
        for each in [lists] if "lamp/out" in lists["in"] else [lists, {"in": ["lamp/out"]}]:
            self._version += 1
            self.retain("fbp/bind/count", json.dumps(each | {"": each.get("", {}) | {"version": self._version}}))
        self.ear.wait_for("fbp/bound/count", lambda version: version >= self._version, since=heard)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Home]:
    folder = tmp_path_factory.mktemp("home")
    (folder / "graph.fbp").write_text(GRAPH)
    (folder / "lamp.yml").write_text(LAMP)
    (folder / "msgflo.yaml").write_text("components: {test/Lamp: lamp.yml}\n")
    with Mosquitto() as broker, Coordinator("--plain", "graph.fbp", broker=broker.url, cwd=folder) as system:
        system.wait(lambda status: len(status["edges"]) == 3 and node(status, "count")["state"] == "alive")
        system.wait(lambda status: all(edge["kind"] in ("direct", "forwarded") for edge in status["edges"]))
        home = _Home(system, broker)
        home.processes[0].suspend()
        yield home
        home.processes[0].resume()
        home.ear.stop()


@pytest.mark.parametrize(
    ("topic", "content", "said"),
    [
        ("fbp/bind/count", {"in": ["a/#/b"]}, ""),
        ("fbp/bind/count", {"in": ["lamp/out"], "": {"drop": ["a/#/b", DEEP]}}, ""),
        ("fbp/bind/count", {"in": ["lamp/out", DEEP]}, ""),
        ("fbp/bind/count", {"in": ["lamp/out", "a\x01b"], "": {"drop": ["a\x01c"]}}, ""),
        ("fbp/forward/nobody", forwards([DEEP]), "with 249 slashes; at most 200 are allowed"),
        ("fbp/forward/nobody", forwards(["a\x01b"]), "the character U+0001 in it is not allowed in a topic"),
        ("fbp/forward/nobody", forwards(OVERLAPPING), "too many filters overlap"),
        ("fbp/forward/nobody", forwards(WILD), "500 sources with wildcards"),
        ("fbp/forward/lamp", "[[[[", "fbp/forward/lamp"),
        ("fbp/component/count", {"component": 7}, "fbp/component/count"),
        ("fbp/foreign/lamp", [], "fbp/foreign/lamp"),
    ],
)
def test_one_is_left_out_and_all_edges_carry_packets(home: _Home, topic: str, content: Any, said: str) -> None:
    written, heard = len(home.system.output), len(home.ear.heard)
    if topic == "fbp/bind/count":
        home.bind(content)
    else:
        home.retain(topic, content if isinstance(content, str) else json.dumps(content))
        until(lambda: said in home.system.output[written:])

    def carry() -> bool:
        home.ear.say("lamp/out", 1)
        return "lamp/in" in [name for name, _ in home.ear.heard[heard:]]

    until(carry)
    assert home.parts() == home.processes
    assert len(home.processes[1].net_connections("inet")) <= 10
    if topic.endswith("nobody"):
        home.retain(topic, "")
