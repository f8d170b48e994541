"""What only the transport of MicroPython has: few packet ids in flight, and a bound on what is received."""

import asyncio

from failing import contains, raised
from host import Inbox, connected, equal, until
from msgflo import umqtt_transport
from msgflo._wire import reason
from msgflo.errors import ConnectError
from parts import Sink, run

CONNACK = "20020000"


async def test_packet_ids_go_around(host):
    inbox = Inbox()
    transport = await connected(await host.ask("broker"), inbox)
    await transport.subscribe([("ids", 0)])
    await host.ask("freeze")
    transport.pid = 65533
    for i in range(4):
        transport.publish("ids", str(i).encode(), qos=1)
    equal([packet[0] for packet in transport._inflight], [65534, 65535, 1, 2])
    await host.ask("thaw")
    for i in range(4):
        equal((await inbox.get())[1], str(i).encode())
    await until(lambda: not transport._inflight)
    await transport.disconnect()


async def test_the_number_in_flight_is_bounded_and_each_confirmation_frees_one(host):
    steps = [["receive"], ["send", CONNACK], ["sleep", 0.3], ["send", "40020003"], ["receive"]]
    transport = await connected("127.0.0.1:{}".format(await host.ask("fake", steps=steps)))
    for i in range(8):
        equal(transport.ready, True)
        transport.publish("a", str(i).encode(), qos=1)
    equal(transport.ready, False)
    await transport.drain()
    equal([packet[1] for packet in transport.unacknowledged()], [b"0", b"1", b"3", b"4", b"5", b"6", b"7"])


class Clock:
    """asyncio, but for its seconds: those of a pause are over as soon as the broker has answered, if it does."""

    def __init__(self):
        self.transport = None
        self.answered = 0

    def __getattr__(self, name):
        return getattr(asyncio, name)

    async def sleep(self, seconds):
        if self.transport is None or self.answered == 100:  # connecting; or the broker answers no more
            await asyncio.sleep(seconds)
            return
        await until(lambda: self.transport.sock.heard)
        self.answered += 1


async def test_a_broker_that_falls_silent_is_noticed_and_one_that_answers_is_stored(host):
    umqtt_transport.asyncio = clock = Clock()
    steps = [["receive"], ["send", CONNACK]] + [["receive"], ["send", "d000"]] * 100 + [["wait"]]
    transport = await connected("127.0.0.1:{}".format(await host.ask("fake", steps=steps)), keepalive=1)
    clock.transport = transport
    contains(await transport.closed(), "no answer")
    equal(clock.answered, 100)


async def test_packets_that_are_too_large_are_skipped_reported_and_confirmed(host):
    inbox = Inbox()
    transport = await connected(await host.ask("broker"), inbox)
    reports = []
    transport.log = reports.append
    long_topic = "long/" + "x" * 300
    await transport.subscribe([("large/#", 1), ("long/#", 1)])
    for _ in range(25):  # more than Mosquitto sends without a confirmation
        await host.ask("publish", topic="large/é", size=40000, qos=1)
    await host.ask("publish", topic=long_topic, size=1000, qos=1)
    await host.ask("publish", topic="large/small", payload="ok", qos=1)
    equal((await inbox.get())[:1], (long_topic,))
    equal(await inbox.get(), ("large/small", b"ok", False))
    equal(len(reports), 25)
    contains(reports[0], "40012 bytes on")
    await transport.disconnect()


async def test_what_is_skipped_is_reported_in_the_log_of_the_session(host):
    sink = Sink("s")
    session, logged = await run(await host.ask("broker"), sink)
    await host.ask("publish", topic="s/in", size=40000, qos=1)
    await host.ask("publish", topic="s/in", payload="1", qos=1)
    equal(await sink.get(), ("in", 1))
    equal(len(logged), 1)
    contains(logged[0], "a packet of 40008 bytes on 's/in'; skipped")
    await session.stop()


async def test_a_broker_that_does_not_answer_is_given_up(host):
    port = await host.ask("fake", steps=[["receive"], ["sleep", 9]])
    from msgflo._platform import Transport

    usual, Transport.connect_timeout = Transport.connect_timeout, 0.3
    contains(str(await raised(ConnectError, connected(f"127.0.0.1:{port}"))), "no answer within 0.3 s")
    Transport.connect_timeout = usual
    transport = await connected(await host.ask("broker"))
    await transport.disconnect()


async def test_something_else_than_a_broker_is_reported(host):
    port = await host.ask("fake", steps=[["receive"], ["send", "485454502f312e3120343030"]])
    contains(str(await raised(ConnectError, connected(f"127.0.0.1:{port}"))), "no MQTT broker")


async def test_a_connection_that_ends_while_it_is_written_to_is_closed_by_the_broker(host):
    equal(reason(OSError(32)), "closed by the broker")
