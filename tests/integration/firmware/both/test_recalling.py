"""Saved memory that cannot be used: it is logged, and all begins anew."""

from counting import MEMORY, Count, live, say

from host import equal, until
from parts import contains


async def test_a_saved_value_that_is_unknown_or_broken_stops_nothing(host):
    url = await host.ask("broker")
    for payload in ("5", "{", '"x"', "[1]", '{"other": 1}'):
        await host.ask("publish", topic=MEMORY, payload=payload, qos=1, retain=True)
        count = Count("count")
        session, logged = await live(host, url, count)
        await say(host, "in", "1")
        await until(lambda c=count: c.count == 1)
        equal(count.did, [["start", 0], 1])
        equal(len(logged), 0 if "other" in payload else 1)
        for text in logged:
            contains(text, "count: ", "was saved; an object is needed")
        await session.stop()
        again = Count("count")
        session, logged = await live(host, url, again)
        equal((again.count, logged), (1, []))
        await session.stop()


async def test_what_fails_to_recall_is_logged_and_it_starts(host):
    class Strict(Count):
        def recall(self, memory):
            if memory["count"] < 0:
                raise ValueError("below 0")

    url = await host.ask("broker")
    for payload, error in (('{"count": -1}', "below 0"), ("{}", "KeyError")):
        await host.ask("publish", topic=MEMORY, payload=payload, qos=1, retain=True)
        count = Strict("count")
        session, logged = await live(host, url, count)
        equal((count.did, len(logged)), ([["start", 0]], 1))
        contains(logged[0], error)
        await session.stop()
