"""What is secure is told by no error and no line of the node that gets it: to no client, in no log, in no trace."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from editors import run
from fbp_service import joined, read, served
from msgflo_host.builtin.node import HIDDEN
from msgflo_host.fbp.envelope import Request
from msgflo_host.graph import fbp_format

MAIN = "default/main"
SECRET = "TOPSECRETVALUE"
SECURE = {"metadata": {"secure": True}}
GRAPH = """\
source(core/Repeat) OUT -> IN scale(core/Scale)
other(core/Repeat) OUT -> INMIN scale()
words(core/Repeat) OUT -> IN show(core/Log)
"""


class System:
    """A coordinator in this process with one client, which may do everything."""

    def __init__(self) -> None:
        self._coordinator, self._service = served(fbp_format.parse(GRAPH))
        self._client = joined(self._service)
        self._frames: list[dict[str, Any]] = []
        self._coordinator.settle()
        self.ask("trace", "start", graph=MAIN)

    def ask(self, protocol: str, command: str, **payload: Any) -> None:
        self._service.dispatcher.handle(self._client, Request(protocol, command, payload, id="1"))
        self._coordinator.settle()

    def send(self, node: str) -> None:
        self._coordinator.builtin.engine.deliver(node, "in", SECRET)

    async def told(self, command: str, key: str) -> list[str]:
        """What was said of nodes, after everything has been delivered."""
        async with asyncio.timeout(20):
            while self._coordinator.builtin.engine._running:
                await asyncio.sleep(0)
        self._frames += read(self._client)
        return [f["payload"][key] for f in self._frames if f["command"] == command]

    def everything(self) -> str:
        """All that was said, but what is asked of the graph itself by those who may change it."""
        self.ask("trace", "dump", graph=MAIN, type="flowtrace.json")
        self._frames += [frame for frame in read(self._client) if frame["protocol"] == "trace"]
        frames = [frame for frame in self._frames if frame["protocol"] != "graph"]
        return json.dumps([frames, self._service.recent.lines()])


def secure_edge(src: str, tgt: str) -> dict[str, Any]:
    return {"graph": MAIN, "src": {"node": src, "port": "out"}, "tgt": {"node": tgt, "port": "in"}, **SECURE}


def test_an_error_does_not_tell_a_secure_initial_packet_nor_one_that_is_out_of_the_graph_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        system = System()
        place = {"graph": MAIN, "tgt": {"node": "scale", "port": "in"}}
        system.ask("graph", "addinitial", **place, src={"data": SECRET}, **SECURE)
        system.ask("graph", "removeinitial", **place)
        assert await system.told("processerror", "error") == [HIDDEN]
        assert SECRET not in system.everything() + caplog.text

    caplog.set_level("DEBUG", "msgflo")
    run(main)
    assert HIDDEN in caplog.text


def test_an_error_does_not_tell_what_comes_on_a_secure_edge(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        system = System()
        system.ask("graph", "changeedge", **secure_edge("source", "scale"))
        system.send("source")
        assert await system.told("processerror", "error") == [HIDDEN]
        assert SECRET not in system.everything() + caplog.text

    caplog.set_level("DEBUG", "msgflo")
    run(main)


def test_a_node_with_a_secure_edge_tells_no_error_of_another_port_and_one_without_does() -> None:
    async def main() -> None:
        system = System()
        system.send("source")
        [plain] = await system.told("processerror", "error")
        assert SECRET in plain
        system.ask("graph", "changeedge", **secure_edge("source", "scale"))
        system.send("other")
        assert await system.told("processerror", "error") == [plain, HIDDEN]

    run(main)


def test_a_line_of_a_component_does_not_tell_what_comes_on_a_secure_edge(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        system = System()
        system.ask("graph", "changeedge", **secure_edge("words", "show"))
        system.send("words")
        assert await system.told("output", "message") == ["show: DATA"]
        assert SECRET not in system.everything() + caplog.text

    caplog.set_level("DEBUG", "msgflo")
    run(main)
