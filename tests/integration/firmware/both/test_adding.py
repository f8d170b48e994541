"""A participant that joins a session later: heard of, bound and served like those from the start."""

from bound import bind, say
from host import equal, until
from msgflo import ConfigError
from parts import Sink, refused, run, settle


class Late(Sink):
    starts = 0

    def start(self):
        self.starts += 1


async def test_one_that_is_added_is_announced_started_and_gets_packets(host):
    session, logged = await run(await host.ask("broker"), Sink("first"))
    await host.ask("record", topics=["fbp/participant/s"])
    late = Late("s")
    session.add(late)
    await until(lambda: late.starts == 1)
    equal((await host.ask("recorded", count=1))[0][0], "fbp/participant/s")
    await bind(host, {"in": ["a"]})
    await until(lambda: "a" in session._bindings._routes)
    await settle(host)
    await say(host, "s/in", "1")
    await say(host, "a", "2")
    equal(sorted([await late.get(), await late.get()]), [("in", 1), ("in", 2)])
    equal((late.starts, logged), (1, []))
    await session.stop()


async def test_the_id_of_another_one_is_refused(host):
    session, _ = await run(await host.ask("broker"), Sink("s"))
    refused(ConfigError, ["the same id", "s"], session.add, Sink("s"))
    equal(len(session.participants), 1)
    await session.stop()
