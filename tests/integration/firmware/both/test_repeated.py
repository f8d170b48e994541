"""How often participants describe themselves."""

import time

from host import Inbox, connected
from msgflo import Participant
from parts import run


class Brief(Participant):
    component = "test/Brief"
    period = 1


async def test_discovery_is_repeated_faster_than_promised(host):
    url = await host.ask("broker")
    inbox = Inbox()
    observer = await connected(url, inbox, client_id="observer")
    await observer.subscribe([("fbp", 1)])
    session, _ = await run(url, Brief("brief"))
    intervals = []
    await inbox.get()
    for _ in range(3):
        before = time.time()
        await inbox.get()
        intervals.append(time.time() - before)
    assert min(intervals) < 0.9, intervals  # a period is 1 s, and on a busy machine some take longer
    await session.stop()
    await observer.disconnect()
