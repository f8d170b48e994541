"""What reaches whom, on each interpreter's transport."""

import asyncio

from host import Inbox, connected, equal


async def test_retained_packets_are_marked(host):
    inbox = Inbox()
    transport = await connected(await host.ask("broker"), inbox)
    transport.publish("state", b"1", qos=1, retain=True)
    await transport.drain()
    await transport.subscribe([("state", 1)])
    equal(await inbox.get(), ("state", b"1", True))
    transport.publish("state", b"2", retain=True)
    equal(await inbox.get(), ("state", b"2", False))
    await transport.disconnect()


async def test_after_unsubscribing_nothing_arrives(host):
    inbox = Inbox()
    transport = await connected(await host.ask("broker"), inbox)
    topics = ["many/{}".format(i) for i in range(70)]
    await transport.subscribe([(topic, 0) for topic in topics])
    await transport.unsubscribe(topics[:-1])
    for topic in topics:
        transport.publish(topic, b"")
    equal((await inbox.get())[0], "many/69")
    await transport.disconnect()


async def test_the_will_is_published_only_when_the_connection_breaks(host):
    url = await host.ask("broker")
    await host.ask("record", topics=["will/#"])
    orderly = await connected(url, client_id="orderly", will=("will/orderly", b"lost"))
    await orderly.disconnect()
    equal(await orderly.closed(), "disconnected")
    broken = await connected(url, client_id="broken", will=("will/é", b"lost"))
    usurper = await connected(url, client_id="broken")
    await broken.closed()
    equal(await host.ask("recorded", count=1), [["will/é", "lost", False]])
    await usurper.disconnect()


async def test_what_was_sent_just_before_disconnecting_arrives(host):
    transport = await connected(await host.ask("broker"))
    await host.ask("record", topics=["last/#"])
    for i in range(30):
        transport.publish("last/{}".format(i), b"x" * 90, qos=i % 2)
    await transport.disconnect()
    equal(await host.ask("arrived", count=30), 30)


async def test_an_exception_in_the_receiver_does_not_end_the_connection(host):
    inbox = Inbox()

    def receive(topic, payload, retained):
        if payload == b"bad":
            raise ValueError("told so")
        inbox(topic, payload, retained)

    asyncio.get_event_loop().set_exception_handler(lambda loop, context: None)
    transport = await connected(await host.ask("broker"), receive)
    await transport.subscribe([("a", 1)])
    transport.publish("a", b"bad", qos=1)
    transport.publish("a", b"good", qos=1)
    equal((await inbox.get())[1], b"good")
    await transport.disconnect()
