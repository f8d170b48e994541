"""Packets, and the log, while the broker is away."""

import asyncio
import sys

from failing import raised
from host import equal, until
from msgflo.errors import Refused
from parts import Source, contains, run, session, settle


async def outage(host, running):
    await host.ask("stop")
    await until(lambda: not running.connected)


async def recovery(host, running):
    await host.ask("start")
    await until(lambda: running.connected)


async def test_the_latest_state_and_the_last_events_survive_in_order(host):
    source = Source("s")
    running, logged = await run(await host.ask("broker"), source, queue=3)
    await host.ask("record", topics=["s/#"])
    source.send("level", 0)
    equal(await host.ask("recorded", count=1), [["s/level", "0", False]])
    await outage(host, running)
    for i in range(1, 6):
        source.send("sure", i)
        source.send("level", i)
    equal(running.dropped, 2)
    await recovery(host, running)
    expected = [["s/level", "5", False], ["s/sure", "3", False], ["s/sure", "4", False], ["s/sure", "5", False]]
    equal(await host.ask("recorded", count=4), expected)
    await until(lambda: logged[-1] == "2 events were dropped: too many waited")
    reported = [text for text in logged if "trying again" not in text]  # it may have tried before the broker was there
    equal(len(reported), 3)
    assert reported[0].startswith("lost the connection to mqtt://127.0.0.1:"), logged
    assert reported[1].startswith("connected to mqtt://127.0.0.1:"), logged
    await running.stop()


async def test_unacknowledged_events_are_sent_again_and_of_states_the_latest(host):
    source = Source("s")
    # The broker saves at once, so that the recorder's session survives a kill.
    url = await host.ask("broker", extra="autosave_on_changes true\nautosave_interval 1")
    running, _ = await run(url, source)
    await host.ask("record", topics=["s/#"])
    for _ in range(2):  # when the second is confirmed, what was before the first has been saved
        await settle(host)
    await host.ask("freeze")
    source.send("sure", 1)
    source.send("level", 1)
    source.send("sure", 2)
    source.send("out", "lost, as QoS 0 may be")
    await host.ask("kill")
    await until(lambda: not running.connected)
    source.send("level", 2)
    source.send("sure", 3)
    await recovery(host, running)
    expected = [["s/sure", "1"], ["s/sure", "2"], ["s/level", "2"], ["s/sure", "3"]]
    equal([packet[:2] for packet in await host.ask("recorded", count=4)], expected)
    await running.stop()


async def test_a_state_that_the_broker_forgot_is_reported_again(host):
    source = Source("s")
    running, _ = await run(await host.ask("broker"), source)
    source.send("level", 7)
    await source.drain()
    await host.ask("kill")  # before it saved anything
    await until(lambda: not running.connected)
    await recovery(host, running)
    await source.drain()
    await host.ask("record", topics=["s/level"])
    equal(await host.ask("recorded", count=1), [["s/level", "7", True]])
    await running.stop()


async def test_an_absent_broker_is_waited_for_and_logged_once(host):
    url = await host.ask("broker")
    await host.ask("stop")
    source = Source("s")
    running, logged = session(url, source)
    task = asyncio.create_task(running.run())
    source.send("level", 1)
    source.send("out", 2)
    await until(lambda: running.attempts > 2)
    equal(len(logged), 1)
    contains(logged[0], "connection refused", "trying again")
    await recovery(host, running)
    await host.ask("record", topics=["s/#"])
    await running.stop()
    await task
    equal(await host.ask("recorded", count=1), [["s/level", "1", True]])


async def test_a_wrong_password_ends_a_program_and_is_logged_once_by_a_board(host):
    url = await host.ask("broker", users={"ada": "right"})
    running, logged = session(url.replace("//", "//ada:wrong@"), Source("s"))
    if sys.implementation.name == "cpython":
        error = await raised(Refused, running.run())
        contains(str(error), "//ada:***@", "not authorised")
        equal(logged, [])
        return
    task = asyncio.create_task(running.run())
    await until(lambda: running.attempts > 2)
    equal(len(logged), 1)
    contains(logged[0], "//ada:***@", "not authorised")
    await running.stop()
    await task


async def test_stopping_without_a_broker_takes_no_time(host):
    running, _ = session("mqtt://127.0.0.1:{}".format(await host.ask("port")), Source("s"))
    task = asyncio.create_task(running.run())
    await until(lambda: running.attempts)
    await asyncio.wait_for(running.stop(), 15)
    await asyncio.wait_for(task, 15)
