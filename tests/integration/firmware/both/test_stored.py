"""Sessions that the broker stores: events wait for a participant that is away, and states do not."""

from bound import applied, bind, say
from host import equal, until
from parts import Sink, run, settle

MANY = 60  # more than Mosquitto sends before something is acknowledged


async def lived(host, url, sources):
    """Have a participant take its bindings, and end."""
    sink = Sink("s")
    session, _ = await run(url, sink)
    await applied(sink, *sources)
    await until(lambda: not session._transport.holds)
    await settle(host)
    await session.stop()


async def test_events_wait_for_who_starts_anew_and_come_once_and_in_order(host):
    url = await host.ask("broker")
    await bind(host, {"in": ["a"], "": {"version": 1}})
    await lived(host, url, ["a"])
    for number in range(MANY):
        await say(host, "a" if number % 2 else "s/in", str(number))
    sink = Sink("s")  # knows nothing of its list
    session, logged = await run(url, sink)
    await until(lambda: len(sink.got) >= MANY)
    await say(host, "a", "-1")
    await until(lambda: ("in", -1) in sink.got)
    equal(sink.got, [("in", number) for number in range(MANY)] + [("in", -1)])
    equal(logged, [])
    await session.stop()


async def test_of_a_state_the_latest_value_comes_and_nothing_that_was_before(host):
    url = await host.ask("broker")
    await bind(host, {"in": ["heat", "a"], "": {"version": 1, "states": ["heat"]}})
    await lived(host, url, ["heat", "a"])
    for number in range(5):
        await say(host, "heat", str(number), retain=True)
    await say(host, "a", '"event"')
    sink = Sink("s")
    session, _ = await run(url, sink)
    await until(lambda: len(sink.got) >= 2)
    await say(host, "heat", "5", retain=True)
    await until(lambda: ("in", 5) in sink.got)
    equal(sorted(set(sink.got), key=str), [("in", "event"), ("in", 4), ("in", 5)])  # 4 with each connection
    await session.stop()


async def test_what_is_malformed_in_a_list_leaves_the_rest_active(host):
    url = await host.ask("broker")
    unsafe = ["a\x07", "a/#/b", "", "/" * 201]  # for these Mosquitto would end the connection
    for about in (7, {"states": 7}, {"drop": 7}, {"states": [[1]], "drop": [[1], None]}, {"drop": unsafe}):
        await bind(host, {"in": ["a"], "": about})
        sink = Sink("s")
        session, _ = await run(url, sink)
        await applied(sink, "a")
        await until(lambda s=session: not s._transport.holds)
        await say(host, "a", "1")
        equal(await sink.get(), ("in", 1))
        equal(session.attempts, 0)
        await session.stop()
