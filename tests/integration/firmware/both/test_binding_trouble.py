"""Binding lists that are wrong, or that are lost."""

import asyncio

from bound import applied, bind, say
from host import equal, until
from parts import Sink, contains, run


async def test_what_is_wrong_in_a_list_is_reported_and_the_rest_counts(host):
    sink = Sink("s")
    session, logged = await run(await host.ask("broker"), sink)
    await bind(host, {"nosuch": ["a"], "raw": "a", "in": ["b"]})
    await applied(sink, "b")
    equal(len(logged), 2)
    contains(" ".join(logged), "'nosuch': no such inport; there are: ", "'raw': 'a' is no list")
    await bind(host, {"in": ["a/#/b"]})
    await applied(sink)
    contains(logged[2], "'a/#/b'")
    # For these Mosquitto would end the connection.
    for i, bad in enumerate(("a\x07", "a\x7f", "a\x85", "a\ufdd0", "a\ufffe", "\U0001ffff", "/" * 201)):
        logged.clear()
        await bind(host, {"in": ["a/#/b", bad, "c"], "raw": [str(i)]})
        await applied(sink, "c", str(i))
        equal(len(logged), 1)
        contains(logged[0], "bindings of s, 'in': ", "has a control character, or more than 200 slashes")
    logged.clear()
    await bind(host, '{"in": ["\\ud800"], "raw": ["d"]}')
    await applied(sink, "d")
    equal(len(logged), 1)
    logged.clear()
    await bind(host, {"in": ["/" * 200], "raw": ["c"]})
    await applied(sink, "c", "/" * 200)
    equal((logged, session.attempts), ([], 0))
    for bad in ("[]", "{", '"x"'):
        logged.clear()
        await bind(host, bad)
        await until(lambda: logged)
        contains(logged[0], "bindings of s: ", "is no {")
    await session.stop()


async def test_bindings_survive_the_loss_of_broker_and_list_for_a_while_only(host):
    sink = Sink("s")
    session, _ = await run(await host.ask("broker"), sink)
    await bind(host, {"in": ["a"]})
    await applied(sink, "a")
    await host.ask("kill")  # before it saved the list
    await until(lambda: not session.connected)
    await host.ask("start")
    await until(lambda: session.connected)
    await say(host, "a", "1")
    equal(await sink.get(), ("in", 1))
    session._presence.interval = 0.01  # the second time that it is over, the list counts as withdrawn
    repeating = asyncio.create_task(session._repeat())
    await applied(sink)
    repeating.cancel()
    await session.stop()
