"""Direct bindings: what the coordinator writes decides what an inport gets."""

from bound import applied, bind, say
from host import equal, until
from parts import Sink, run, settle


async def test_a_list_binds_changes_and_is_withdrawn(host):
    sink = Sink("s")
    session, logged = await run(await host.ask("broker"), sink)
    await bind(host, {"in": ["a", "b"]})
    await applied(sink, "a", "b")
    await bind(host, {"in": ["b", "c"]})
    await applied(sink, "b", "c")
    await settle(host)
    for topic in ("a", "b", "c", "s/in"):
        await say(host, topic, '"{}"'.format(topic))
    for topic in ("b", "c", "s/in"):
        equal(await sink.get(), ("in", topic))
    await bind(host, "")
    await applied(sink)
    await say(host, "b", "1")
    await say(host, "s/in", "2")
    equal(await sink.get(), ("in", 2))
    equal((sink.got, logged), ([], []))
    await session.stop()


async def test_a_list_is_confirmed_by_its_version_once_it_is_active(host):
    sink = Sink("s")
    session, logged = await run(await host.ask("broker"), sink)
    await host.ask("record", topics=["fbp/bound/s"])

    async def confirmed(*expected):
        equal([packet[1] for packet in await host.ask("recorded", count=len(expected))], list(expected))

    await bind(host, {"in": ["a"], "": {"version": 7}})
    await confirmed("7")
    await say(host, "a", "1")  # it is subscribed to
    equal(await sink.get(), ("in", 1))
    await bind(host, {"in": ["b"]})  # of an older coordinator, which asks for nothing
    await confirmed("")
    await bind(host, {"in": ["a"], "nowhere": ["a"], "": {"version": 9, "more": []}})
    await confirmed("9")
    await bind(host, "")
    await confirmed("")
    equal(len(logged), 1)  # there is no such inport
    await session.stop()


async def test_a_retained_list_is_active_from_the_start(host):
    url = await host.ask("broker")
    await bind(host, {"in": ["a"]})
    await say(host, "a", "5", retain=True)
    sink = Sink("s")
    session, _ = await run(url, sink)
    equal(await sink.get(), ("in", 5))
    await session.stop()


async def test_one_source_may_feed_two_inports_and_an_inport_gets_a_packet_once(host):
    sink = Sink("s")
    session, _ = await run(await host.ask("broker"), sink)
    await bind(host, {"in": ["a/b", "a/+", "#", "s/in"], "raw": ["a/b"]})
    await applied(sink, "a/b", "a/+", "#")
    await settle(host)
    await say(host, "a/b", "1")
    await say(host, "s/in", "2")
    await say(host, "a/c", "3")
    await until(lambda: ("in", 3) in sink.got)
    numbers = [packet[1] for packet in sink.got if packet[0] == "in" and isinstance(packet[1], int)]
    equal(sorted(numbers), [1, 2, 3])  # `#` is bound, so our retained messages have come as well
    equal([packet for packet in sink.got if packet[0] == "raw"], [("raw", b"1")])
    await session.stop()


async def test_an_inport_bound_later_gets_the_retained_value_and_others_not_again(host):
    sink = Sink("s")
    session, _ = await run(await host.ask("broker"), sink)
    await bind(host, {"in": ["a"]})
    await applied(sink, "a")
    await say(host, "a", "1", retain=True)
    equal(await sink.get(), ("in", 1))
    await bind(host, {"in": ["a"], "raw": ["a"]})
    equal(await sink.get(), ("raw", b"1"))
    await bind(host, {"in": ["a"], "raw": ["a", "b"]})
    await applied(sink, "a", "b")
    await settle(host)
    equal(sink.got, [])
    await session.stop()
