"""trace:*: how long a trace goes on that nobody asks for any more, and its times."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from event_loop import run_simulated
from fbp_service import joined, read, served
from local_system import LocalSystem
from msgflo_host.fbp import trace
from msgflo_host.fbp.envelope import Request
from msgflo_host.fbp.permissions import ALL, READY_MADE
from msgflo_host.fbp.trace import UNSEEN_S
from msgflo_host.graph.model import Graph
from simulation import pass_time, taking_part, until
from systems import Sink, Source

MAIN = "default/main"
SECRET = "correct-horse-battery"
VIEWER = "only-looks-and-sees"


@pytest.fixture
def system() -> LocalSystem:
    """One whom everybody needs a secret for."""
    graph = "sensor(test/Source) OUT -> IN display(test/Sink)\n"
    return LocalSystem(graph, secrets={SECRET: ALL, VIEWER: READY_MADE["viewer"]}, local=frozenset())


async def end_of_dump(system: LocalSystem) -> datetime:
    async with system.editor(secret=SECRET) as client:
        dump = await client.ask("trace", "dump", graph=MAIN, type="flowtrace.json")
        return datetime.fromisoformat(json.loads(dump["flowtrace"])["header"]["metadata"]["end"])


async def goes_on(system: LocalSystem) -> bool:
    first = await end_of_dump(system)
    await pass_time(1)
    return await end_of_dump(system) > first  # a trace that goes on ends now


def test_a_trace_that_nobody_may_see_ends_and_its_topics_are_read_no_more(system: LocalSystem) -> None:
    def reads() -> bool:
        session = system.broker.sessions.get("msgflo-coordinator-taps")
        return session is not None and "sensor/out" in session.filters

    async def main() -> None:
        async with taking_part(Source("sensor"), Sink("display"), broker=system.broker):
            async with system.editor(secret=SECRET) as client:
                await client.ask("trace", "start", graph=MAIN)
                await client.ask("network", "edges", graph=MAIN, edges=[])
                await until(reads)
            await pass_time(UNSEEN_S - 1)
            assert reads()
            await until(lambda: not reads())
            assert not await goes_on(system)

    system.run(main)


def test_a_trace_goes_on_while_somebody_may_see_it(system: LocalSystem) -> None:
    async def main() -> None:
        async with system.editor(secret=SECRET) as other:
            await other.ask("runtime", "getruntime")
            async with system.editor(secret=SECRET) as client:
                await client.ask("trace", "start", graph=MAIN)
            await pass_time(2 * UNSEEN_S)
            assert await goes_on(system)
        async with system.editor(secret=VIEWER) as viewer:  # who may not
            await viewer.ask("runtime", "getruntime")
            await pass_time(2 * UNSEEN_S)
            assert not await goes_on(system)

    system.run(main)


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

    run_simulated(main)
