"""What a participant remembers: there again in its next life, before anything else happens."""

from counting import MEMORY, Count, live, say

from host import equal, until
from parts import run


async def test_a_second_life_goes_on_where_the_first_has_ended(host):
    url = await host.ask("broker")
    first = Count("count")
    session, logged = await live(host, url, first)
    await say(host, "in", "5")
    first.names = ["é", {"a": None}]
    await say(host, "in", "2")
    await until(lambda: len(first.did) == 3)
    await session.stop()
    equal((first.did, logged), ([["start", 0], 5, 2], []))
    await say(host, "in", "10", retain=True)  # it arrives at once, with what was saved
    second = Count("count")
    session, logged = await live(host, url, second)
    await until(lambda: len(second.did) == 2)
    equal((10 in second.did, second.count, logged), (True, 17, []))
    equal(second.names, ["é", {"a": None}])
    await session.stop()


async def test_without_anything_saved_it_starts_and_handles_packets_in_order(host):
    count = Count("count")
    session, logged = await live(host, await host.ask("broker"), count)
    for value in "12":
        await say(host, "in", value)
    await until(lambda: count.count == 3)
    equal((count.did, logged), ([["start", 0], 1, 2], []))
    await session.stop()


async def test_packets_wait_for_what_was_saved_and_then_come_in_order(host):
    count = Count("count")
    runner = count._runner
    receive = runner.receive
    kept = []

    def held_up(port, topic, payload, retained):
        if topic == MEMORY and payload != b"{}":
            kept.append((port, topic, payload, retained))
        elif topic == MEMORY:
            for each in kept:
                receive(*each)
        else:
            receive(port, topic, payload, retained)

    runner.receive = held_up
    url = await host.ask("broker")
    await host.ask("publish", topic=MEMORY, payload='{"count": 5}', retain=True)
    session, _ = await run(url, count)
    for value in "12":
        await say(host, "in", value)
    await until(lambda: len(kept) == 2)  # the second is the answer to its question
    equal(count.did, [])
    await host.ask("publish", topic=MEMORY, payload="{}")
    await until(lambda: len(count.did) == 3)
    equal(count.did, [["start", 5], 1, 2])
    await session.stop()


async def test_a_broker_that_has_forgotten_is_told_again(host):
    url = await host.ask("broker")
    await host.ask("publish", topic=MEMORY, payload='{"count": 5, "names": []}', qos=1, retain=True)
    count = Count("count")
    session, _ = await live(host, url, count)
    await host.ask("kill")  # before it saved anything
    await until(lambda: not session.connected)
    await host.ask("start")
    await until(lambda: session.connected)
    await session.drain()
    await host.ask("record", topics=[MEMORY])
    equal(await host.ask("recorded", count=1), [[MEMORY, '{"count": 5, "names": []}', True]])
    equal(count.did, [["start", 5]])
    await session.stop()
