"""What a participant remembers: there again in its next life, before anything else happens."""

from counting import Count, live, say

from host import equal, until


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
