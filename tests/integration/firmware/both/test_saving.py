"""What a participant remembers is saved when it has changed, whatever has changed it."""

from counting import MEMORY, Count, live, saved, say

from host import equal, until
from parts import contains, settle


async def test_nothing_is_published_while_nothing_has_changed(host):
    url = await host.ask("broker")
    await host.ask("record", topics=[MEMORY])
    count = Count("count")
    session, _ = await live(host, url, count)
    for port, value in (("same", "1"), ("in", "0"), ("in", "3"), ("same", "1"), ("in", "0"), ("in", "4")):
        await say(host, port, value)
    await until(lambda: len(count.did) == 7)
    await saved(host, [{"count": 3, "names": []}, {"count": 7, "names": []}])
    await session.stop()
    again = Count("count")
    session, _ = await live(host, url, again)
    await say(host, "same", "1")
    await until(lambda: len(again.did) == 2)
    await say(host, "in", "1")
    await saved(host, [{"count": 8, "names": []}])
    await session.stop()


async def test_what_an_async_handler_has_changed_is_saved_when_it_ends(host):
    url = await host.ask("broker")
    await host.ask("record", topics=[MEMORY])
    count = Count("count")
    session, logged = await live(host, url, count)
    await say(host, "slow", "1")
    await say(host, "in", "2")
    await settle(host)
    equal(count.count, 0)
    count.gate.set()
    await saved(host, [{"count": 1, "names": []}, {"count": 3, "names": []}])
    await say(host, "slow", '"no number"')  # what a handler changes before it fails, it has changed
    await until(lambda: logged)
    contains(logged[0], "count.slow", "TypeError")
    await say(host, "slow", "1")
    await saved(host, [{"count": 4, "names": []}])
    await session.stop()


async def test_what_timers_and_stop_have_changed_is_saved(host):
    class Clock(Count):
        def start(self):
            super().start()
            self.timer = self.every(0.01, self.tick)

        async def tick(self):
            self.count += 1
            self.timer.cancel()

        def stop(self):
            self.count = 50

    url = await host.ask("broker")
    await host.ask("record", topics=[MEMORY])
    session, _ = await live(host, url, Clock("count"))
    await saved(host, [{"count": 1, "names": []}])
    await session.stop()
    await saved(host, [{"count": 50, "names": []}])
