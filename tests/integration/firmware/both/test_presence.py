"""The state of a connection: online, asleep, offline, lost."""

import asyncio

from host import connected, equal, until
from parts import Source, run

STATE = "fbp/connection/"


async def states(host, *expected):
    """Wait for these states of the one connection."""
    equal([packet[1] for packet in await host.ask("recorded", count=len(expected))], list(expected))


async def test_a_connection_reports_its_state_each_time_it_is_used(host):
    url = await host.ask("broker")
    await host.ask("record", topics=[STATE + "a%2Fb"])
    session, _ = await run(url, Source("s"), client_id="a/b")
    await states(host, "online")
    await session.stop()
    await session.task
    await states(host, "offline")
    again = asyncio.create_task(session.run())
    await states(host, "online")
    await session.stop("asleep")
    await again
    await states(host, "asleep")


async def test_who_vanishes_is_lost(host):
    url = await host.ask("broker")
    await host.ask("record", topics=[STATE + "#"])
    session, _ = await run(url, Source("s"))
    await states(host, "online")
    usurper = await connected(url, client_id="s")
    await states(host, "lost")
    await until(lambda: not session.connected)
    await usurper.disconnect()
    await states(host, "online")
    await session.stop()
    await states(host, "offline")


async def test_all_is_reported_again_after_the_broker_forgot_it(host):
    session, _ = await run(await host.ask("broker"), Source("s"), Source("t"))
    await host.ask("kill")  # before it saved anything
    await until(lambda: not session.connected)
    await host.ask("start")
    await until(lambda: session.connected)
    await host.ask("record", topics=["fbp/participant/+", STATE + "+"])
    packets = await host.ask("recorded", count=3)
    equal(sorted([packet[0] for packet in packets]), [STATE + "s", "fbp/participant/s", "fbp/participant/t"])
    equal([packet[2] for packet in packets], [True] * 3)
    await session.stop()


async def test_who_is_thrown_out_again_and_again_is_reported_the_probable_cause(host):
    url = await host.ask("broker")
    session, logged = await run(url, Source("s"))
    for _ in range(3):
        usurper = await connected(url, client_id="s")
        await until(lambda: not session.connected)
        await usurper.disconnect()
        await until(lambda: session.connected)
    equal(logged.count("another client probably uses the client id 's', or the broker forbids what is sent"), 1)
    await session.stop()
