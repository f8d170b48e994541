"""Settings of components: their newest values, there again after a restart."""

from scaling import MEMORY, Scale, running, say

from host import equal, until
from parts import contains, run


async def test_settings_have_their_newest_value_and_are_remembered(host):
    url = await host.ask("broker")
    scale, session, _ = await running(host, url)
    equal(scale.settings, {"factor": 1, "mode": "up"})
    await say(host, "mode", "down")
    await say(host, "factor", '"2.5"')
    await until(lambda: scale.settings == {"factor": 2.5, "mode": "down"})
    await session.stop()
    scale, session, logged = await running(host, url)
    equal((scale.settings, scale.got, logged), ({"factor": 2.5, "mode": "down"}, [], []))
    await session.stop()


async def test_settings_that_do_not_fit_any_more_are_reported_and_the_others_taken(host):
    url = await host.ask("broker")
    for settings in ('{"factor": 500, "mode": "down", "gone": 1}', "[1]", "5"):
        await host.ask("publish", topic=MEMORY, payload='{"settings": ' + settings + "}", qos=1, retain=True)
        scale, session, logged = await running(host, url)
        known = settings[0] == "{"
        equal(scale.settings, {"factor": 1, "mode": "down" if known else "up"})
        equal(logged, ['c: inport "factor": 500; at most 100 is allowed'] if known else [])
        await session.stop()


async def test_a_mistake_in_configure_leaves_the_rest_of_the_memory_as_it_was(host):
    class Strict(Scale):
        remembers = ("count",)
        count = 0

        def configure(self, inport, value):
            if inport == "mode":
                raise ValueError("a mistake")
            super().configure(inport, value)

    memory = '{"settings": {"mode": "down", "factor": 2}, "count": 3}'
    url = await host.ask("broker")
    await host.ask("publish", topic=MEMORY, payload=memory, qos=1, retain=True)
    strict = Strict("c")
    session, logged = await run(url, strict)
    await until(lambda: strict.count == 3)
    equal(strict.settings, {"factor": 2, "mode": "up"})
    equal(len(logged), 1)
    contains(logged[0], "a mistake")
    await session.stop()
