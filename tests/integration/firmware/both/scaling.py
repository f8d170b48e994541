"""A component with an inport of each kind."""

from host import until
from msgflo import Error, Port
from msgflo.component import Component
from parts import run

MEMORY = "fbp/memory/c"


class Scale(Component):
    component = "test/Scale"
    inports = [
        Port("in", "number"),
        Port("on", "boolean"),
        Port("press", "bang"),
        Port("few", "number", schema={"minimum": 1, "maximum": 31622400}),
        Port("factor", "number", schema={"default": 1, "minimum": 0.01, "maximum": 100}),
        Port("mode", "string", schema={"default": "up", "enum": ["up", "down"]}),
    ]
    outports = [Port("out"), Port("error")]

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.got = []

    def packet(self, inport, value):
        if value == 13:
            raise Error("13 is unlucky")
        self.got.append((inport, value))


async def running(host, url=None):
    scale = Scale("c")
    session, logged = await run(url or await host.ask("broker"), scale)
    await until(lambda: scale._runner._held is None)
    return scale, session, logged


async def say(host, port, payload, retain=False):
    await host.ask("publish", topic="c/" + port, payload=payload, qos=1, retain=retain)
