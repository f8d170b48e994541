"""What a participant declares, what becomes of it on the wire, and what is refused."""

import msgflo
from host import equal
from msgflo import ConfigError, Participant, Port
from parts import Source, refused, run


class Lamp(Participant):
    inports = [Port("on"), Port("dim-to.x/y")]
    outports = [Port("is-on", state=True)]

    def on_on(self, value):
        pass

    def on_dim_to_x_y(self, value):
        pass


async def test_state_ports_are_retained_and_event_ports_are_not(host):
    source = Source("r")
    session, _ = await run(await host.ask("broker"), source)
    source.send("out", 1)
    source.send("level", 2)
    source.send("sure", 3)
    source.send("bytes", b"4")
    await session.stop()
    await host.ask("record", topics=["r/#"])
    equal(await host.ask("recorded", count=1), [["r/level", "2", True]])


async def test_topics_come_from_the_role_and_may_be_given(host):
    source = Source(role="r", id="i", topics={"out": "elsewhere/out"})
    session, _ = await run(await host.ask("broker"), source)
    await host.ask("record", topics=["#"])
    source.send("out", 1)
    source.send("sure", 1)
    found = await host.ask("recorded", count=4)
    equal([packet[:2] for packet in found[-2:]], [["elsewhere/out", "1"], ["r/sure", "1"]])
    await session.stop()


async def test_a_role_is_enough(host):
    lamp = Lamp("hall")
    equal((lamp.role, lamp.id), ("hall", "hall"))
    lamp = Lamp("hall", id="hall-2")
    equal((lamp.role, lamp.id), ("hall", "hall-2"))


async def test_wrong_declarations_are_refused_with_what_is_allowed(host):
    refused(ConfigError, ("Lamp", "role", "None"), Lamp)
    refused(ConfigError, ("port 'x'", "qos 2", "0 nor 1"), Port, "x", qos=2)
    refused(ConfigError, ("''",), Port, "")
    refused(ConfigError, ("'x'", "state"), Port, "x", state=True, retain=False)
    refused(ConfigError, ("hall", "'off'", "on, dim-to.x/y, is-on"), Lamp, "hall", topics={"off": "a"})
    refused(ConfigError, ("hall", "'on'", "'fbp/x'", "reserved"), Lamp, "hall", topics={"on": "fbp/x"})
    refused(ConfigError, ("hall", "'on'", "'a/#'", "wildcard"), Lamp, "hall", topics={"on": "a/#"})
    refused(ConfigError, ("hall", "'on'", "same topic 'a'"), Lamp, "hall", topics={"on": "a", "is-on": "a"})
    Lamp.inports = [Port("on"), Port("on")]
    refused(ConfigError, ("hall", "two ports", "on, on"), Lamp, "hall")
    Lamp.inports = [Port("off")]
    refused(ConfigError, ("Lamp", "'off'", "on_off"), Lamp, "hall")


async def test_unknown_outports_and_early_sends_are_refused(host):
    source = Source("r")
    refused(ConfigError, ("r", "'nosuch'", "out", "level", "sure", "bytes"), source.send, "nosuch", 1)
    refused(ConfigError, ("r", "not in a session"), source.send, "out", 1)


async def test_sessions_that_cannot_be_are_refused(host):
    refused(ConfigError, ("same id", "r, r"), msgflo.Session, [Source("r"), Source("r")])
    refused(ConfigError, ("client_id",), msgflo.Session, [])
    refused(ConfigError, ("'ftp://x'",), msgflo.Session, [Source("r")], "ftp://x")
    refused(ConfigError, ("Source is a class", 'Source("role") is meant'), msgflo.Session, [Source])
    refused(ConfigError, ("'r' is no participant",), msgflo.Session, ["r"])
    refused(ConfigError, ("list of participants",), msgflo.Session, Source("r"))


async def test_ports_that_are_none_are_refused(host):
    class Disk(Participant):
        outports = ["free"]

    refused(ConfigError, ("outports of Disk: 'free' is not a Port; allowed: Port(\"free\")",), Disk, "disk")
    Disk.outports = Port("free")
    refused(ConfigError, ("outports of Disk", "is no list"), Disk, "disk")
