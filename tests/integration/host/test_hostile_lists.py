"""What anybody may write into the retained lists: it is left out, said once, and the rest stays in force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize(
    ("topic", "content", "said"),
    [
        ("fbp/bind/count", {"in": ["a/#/b"], "": {"version": 99}}, ""),
        ("fbp/bind/count", {"in": ["lamp/out"], "": {"version": 99, "drop": ["a/#/b", DEEP]}}, ""),
        ("fbp/bind/count", {"in": [DEEP], "": {"version": 99}}, ""),
        ("fbp/bind/count", {"in": ["a\x01b"], "": {"version": 99, "drop": ["a\x01c"]}}, ""),
        ("fbp/forward/nobody", forwards([DEEP]), "with 249 slashes; at most 200 are allowed"),
        ("fbp/forward/nobody", forwards(["a\x01b"]), "the character U+0001 in it is not allowed in a topic"),
        ("fbp/forward/nobody", forwards(OVERLAPPING), "too many filters overlap"),
        ("fbp/forward/nobody", forwards(WILD), "500 sources with wildcards"),
        ("fbp/forward/lamp", "[[[[", "fbp/forward/lamp"),
        ("fbp/component/count", {"component": 7}, "fbp/component/count"),
        ("fbp/foreign/lamp", [], "fbp/foreign/lamp"),
    ],
    ids=[
        "wildcard",
        "drop",
        "deep",
        "control",
        "deep forward",
        "control forward",
        "overlap",
        "wild",
        "garbage",
        "component",
        "foreign",
    ],
)
@pytest.mark.parametrize("stands_still", [False, True], ids=["", "without the coordinator"])
def test_one_is_left_out_and_all_edges_carry_packets(
    tmp_path: Path, topic: str, content: object, said: str, *, stands_still: bool
) -> None:
    (tmp_path / "graph.fbp").write_text(GRAPH)
    (tmp_path / "lamp.yml").write_text(LAMP)
    (tmp_path / "msgflo.yaml").write_text("components: {test/Lamp: lamp.yml}\n")
    with Mosquitto() as broker, Coordinator("--plain", "graph.fbp", broker=broker.url, cwd=tmp_path) as system:
        system.wait(lambda status: len(status["edges"]) == 3 and node(status, "count")["state"] == "alive")
        system.wait(lambda status: all(edge["kind"] in ("direct", "forwarded") for edge in status["edges"]))
        ear = Ear(broker)
        processes = [system.part("coordinator"), system.part("forward")]
        if stands_still:
            processes[0].suspend()
        text = content if isinstance(content, str) else json.dumps(content)
        with connect(broker.port, "somebody") as somebody:
            somebody.sendall(publish_frame(topic, text.encode(), retain=True))
        if stands_still and topic == "fbp/bind/count":  # what the coordinator would do
            ear.say(topic, {"in": ["lamp/out"], "": {"version": 100}})
        until(lambda: said in system.output or stands_still)
        before = len(ear.heard)

        def carry() -> bool:
            ear.say("lamp/out", 1)
            return "lamp/in" in [name for name, _ in ear.heard[before:]]

        until(carry)
        assert [system.part("coordinator"), system.part("forward")] == processes
        assert len(system.part("forward").net_connections("inet")) <= 10
        if stands_still:
            processes[0].resume()
        ear.stop()
