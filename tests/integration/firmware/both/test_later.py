"""What a component does later, sends and declares."""

import asyncio

from host import equal, until
from msgflo import ConfigError, Error, Port
from msgflo.component import Component
from parts import refused, run


async def test_what_is_later_happens_once_and_can_be_cancelled(host):
    class Late(Component):
        inports = [Port("in")]
        remembers = ("did",)

        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.did = []
            self.alarms = []

        def on_in(self, value):
            for seconds, function in ((0.3, self.fail), (0.1, self.wait), (-1, self.now), (0.2, self.never)):
                self.alarms.append(self.later(seconds, function))
            self.alarms[3].cancel()
            self.later(0, self.never).cancel()

        def now(self):
            self.did.append("now")

        async def wait(self):
            self.alarms[1].cancel()  # it is about to happen: nothing is left to cancel
            await asyncio.sleep(0.01)
            self.did.append("waited")

        def never(self):
            self.did.append("never")

        def fail(self):
            self.did.append("failed")
            raise Error("on purpose")

    url = await host.ask("broker")
    late = Late("c")
    session, logged = await run(url, late)
    await host.ask("publish", topic="c/in", payload="1", qos=1)
    await until(lambda: logged)
    equal((late.did, logged), (["now", "waited", "failed"], ["c: on purpose"]))
    for alarm in late.alarms:
        alarm.cancel()
    pending = late.later(0.05, late.never)
    await session.stop()
    await asyncio.sleep(0.1)
    pending.cancel()
    equal(len(late.did), 3)
    await host.ask("record", topics=["fbp/memory/c"])
    equal((await host.ask("recorded", count=1))[0][1], '{"did": ["now", "waited", "failed"]}')


async def test_an_inport_that_nothing_handles_is_refused(host):
    class Deaf(Component):
        inports = [Port("in", "number"), Port("setting", "number", schema={"default": 1})]

    refused(ConfigError, ["Deaf", "'in'", "on_in", "packet"], Deaf, "c")
