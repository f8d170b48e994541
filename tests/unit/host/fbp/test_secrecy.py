"""Secure data is in no error and no line of its node: for no client, in no log, in no trace."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from fbp_service import joined, read
from local_system import LocalSystem
from msgflo_host.dataplane.component_host import HIDDEN
from msgflo_host.fbp.envelope import Request
from msgflo_host.model.events import Reconciled
from simulation import until

MAIN = "default/main"
SECRET = "TOPSECRETVALUE"
SECURE = {"metadata": {"secure": True}}
GRAPH = """\
source(core/Repeat) OUT -> IN scale(core/Scale)
other(core/Repeat) OUT -> INMIN scale()
words(core/Repeat) OUT -> IN show(core/Log)
"""


class System(LocalSystem):
    """One with a client that may do everything."""

    def __init__(self) -> None:
        super().__init__(GRAPH)
        self.heard: list[dict[str, Any]] = []

    def test(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a test once the graph is active and traced."""

        async def when_bound() -> None:
            await self.wait(lambda status: all(edge["kind"] == "direct" for edge in status["edges"]))
            self._client = joined(self.service)
            await self.ask("trace", "start", graph=MAIN)
            await main()

        self.run(when_bound)

    async def ask(self, protocol: str, command: str, **payload: Any) -> None:
        """Ask for something, and return when it is active."""
        active: list[None] = []
        self.coordinator.events.listen(Reconciled, lambda event: active.append(None))
        self.service.dispatcher.handle(self._client, Request(protocol, command, payload, id="1"))
        if protocol == "graph":
            await until(lambda: active)

    def send(self, node: str) -> None:
        self.broker.publish(f"{node}/in", json.dumps(SECRET))

    async def told(self, command: str, key: str, count: int = 1) -> list[str]:
        """Wait for so many messages about nodes, and return them."""

        def found() -> list[str]:
            self.heard += read(self._client)
            return [frame["payload"][key] for frame in self.heard if frame["command"] == command]

        await until(lambda: len(found()) >= count)
        return found()

    async def everything(self) -> str:
        """Return all messages, but those about the graph itself."""
        await self.ask("trace", "dump", graph=MAIN, type="flowtrace.json")
        self.heard += [frame for frame in read(self._client) if frame["protocol"] == "trace"]
        frames = [frame for frame in self.heard if frame["protocol"] != "graph"]
        return json.dumps([frames, self.service.recent.lines()])


def secure_edge(src: str, tgt: str) -> dict[str, Any]:
    return {"graph": MAIN, "src": {"node": src, "port": "out"}, "tgt": {"node": tgt, "port": "in"}, **SECURE}


def test_an_error_does_not_reveal_a_secure_initial_packet_nor_one_that_is_out_of_the_graph_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    system = System()

    async def main() -> None:
        place = {"graph": MAIN, "tgt": {"node": "scale", "port": "in"}}
        await system.ask("graph", "addinitial", **place, src={"data": SECRET}, **SECURE)
        await system.ask("graph", "removeinitial", **place)
        assert await system.told("processerror", "error") == [HIDDEN]
        assert SECRET not in await system.everything() + caplog.text

    caplog.set_level("DEBUG", "msgflo")
    system.test(main)
    assert HIDDEN in caplog.text


def test_a_node_with_a_secure_edge_reveals_no_error_of_another_port_and_one_without_does() -> None:
    system = System()

    async def main() -> None:
        system.send("source")
        [plain] = await system.told("processerror", "error")
        assert SECRET in plain
        await system.ask("graph", "changeedge", **secure_edge("source", "scale"))
        system.send("other")
        assert await system.told("processerror", "error", 2) == [plain, HIDDEN]

    system.test(main)


def test_a_line_of_a_component_does_not_reveal_what_comes_on_a_secure_edge(caplog: pytest.LogCaptureFixture) -> None:
    system = System()

    async def main() -> None:
        await system.ask("graph", "changeedge", **secure_edge("words", "show"))
        system.send("words")
        assert await system.told("output", "message") == ["show: DATA"]
        assert SECRET not in await system.everything() + caplog.text

    caplog.set_level("DEBUG", "msgflo")
    system.test(main)
