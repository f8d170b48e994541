"""trace:*: how long a trace goes on that nobody asks for any more, and its times."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokers import Broker
from editors import editor, run
from fbp_service import joined, read, served
from msgflo_host.fbp import trace
from msgflo_host.fbp.envelope import Request
from msgflo_host.graph.model import Graph
from systems import Coordinator, Participants, Sink, Source, until

MAIN = "default/main"
TAPS = "msgflo-coordinator-taps"
SECRET = "correct-horse-battery"
VIEWER = "only-looks-and-sees"
PATIENCE_S = 0.3
PROGRAM = f"from msgflo_host.fbp import trace; trace.UNSEEN_S = {PATIENCE_S}; from msgflo_host.cli import main; main()"


@pytest.fixture
def coordinator(broker: Broker, tmp_path: Path) -> Iterator[Coordinator]:
    """One that has less patience than usual, and whom everybody needs a secret for."""
    (tmp_path / "graph.fbp").write_text("sensor(test/Source) OUT -> IN display(test/Sink)\n")
    (tmp_path / "secrets.yaml").write_text(f"viewer: {{secret: {VIEWER}, may: viewer}}\n")
    options = ("graph.fbp", "--plain", "--behind-proxy", "--secrets", "secrets.yaml")
    made = Coordinator(*options, broker=broker.url, cwd=tmp_path)
    made.command[:3] = [sys.executable, "-c", PROGRAM]
    made.environment = {"MSGFLO_SECRET": SECRET}
    with Participants(Source("sensor"), Sink("display"), broker=broker.url), made:
        until(lambda: "page: " in made.output, seconds=40)
        yield made


def told(broker: Broker, packet: str) -> int:
    """How often the coordinator has subscribed, or unsubscribed, for those who look at edges."""
    return broker.log.count(f"Received {packet} from {TAPS}")


def test_a_trace_that_nobody_may_see_ends_and_its_topics_are_read_no_more(
    coordinator: Coordinator, broker: Broker
) -> None:
    async def main() -> None:
        async with editor(coordinator.port, secret=SECRET) as client:
            await client.ask("trace", "start", graph=MAIN)
            await client.ask("network", "edges", graph=MAIN, edges=[])
            until(lambda: told(broker, "SUBSCRIBE"))
            before = told(broker, "UNSUBSCRIBE")
        until(lambda: told(broker, "UNSUBSCRIBE") > before, what="the end of the trace")
        async with editor(coordinator.port, secret=SECRET) as client:
            dump = await client.ask("trace", "dump", graph=MAIN, type="flowtrace.json")
            times = json.loads(dump["flowtrace"])["header"]["metadata"]
            again = await client.ask("trace", "dump", graph=MAIN, type="flowtrace.json")
            assert json.loads(again["flowtrace"])["header"]["metadata"]["end"] == times["end"]  # it is over

    run(main)


def test_a_trace_goes_on_while_somebody_may_see_it(coordinator: Coordinator) -> None:
    async def end_of_dump() -> str:
        async with editor(coordinator.port, secret=SECRET) as client:
            dump = await client.ask("trace", "dump", graph=MAIN, type="flowtrace.json")
            return str(json.loads(dump["flowtrace"])["header"]["metadata"]["end"])

    async def goes_on() -> bool:
        first = await end_of_dump()
        await asyncio.sleep(0.01)
        return await end_of_dump() > first  # a trace that goes on ends now

    async def main() -> None:
        async with editor(coordinator.port, secret=SECRET) as other:
            await other.ask("runtime", "getruntime")
            async with editor(coordinator.port, secret=SECRET) as client:
                await client.ask("trace", "start", graph=MAIN)
            await asyncio.sleep(2 * PATIENCE_S)
            assert await goes_on()
        async with editor(coordinator.port, secret=VIEWER) as viewer:  # who may not
            await viewer.ask("runtime", "getruntime")
            while await goes_on():  # also we, who ask, may see it for a moment
                await asyncio.sleep(2 * PATIENCE_S)

    run(main)


def test_a_clock_that_is_set_while_a_trace_is_recorded_moves_no_event_away_from_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        _, service = served(Graph("main"))
        client = joined(service)

        def ask(command: str, protocol: str = "trace", **payload: str) -> None:
            service.dispatcher.handle(client, Request(protocol, command, {"graph": MAIN, **payload}))

        with monkeypatch.context() as without_clock:  # as a Raspberry Pi starts
            without_clock.setattr(trace.time, "time", lambda: 86400.0)  # type: ignore[attr-defined]
            ask("start")
            ask("stop", "network")
        ask("start", "network")
        ask("stop")
        ask("dump", type="flowtrace.json")
        dump = next(frame["payload"] for frame in read(client) if frame["command"] == "dump")
        recorded = json.loads(dump["flowtrace"])
        times = [event["time"] for event in recorded["events"]]
        assert len(times) == 2
        span = [recorded["header"]["metadata"][key] for key in ("start", "end")]
        assert {time[:10] for time in (*times, *span)} == {"1970-01-02"}
        ask("start")
        ask("dump", type="flowtrace.json")
        later = json.loads(read(client)[-1]["payload"]["flowtrace"])["header"]["metadata"]["start"]
        assert later > "2020"

    run(main)
