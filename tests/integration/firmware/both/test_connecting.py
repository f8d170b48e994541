"""Connections made, refused, lost and made again, on each interpreter's transport."""

from failing import contains, raised
from host import Inbox, connected, equal
from msgflo.errors import ConnectError, Refused, SubscribeError


async def test_a_connection_can_be_made_again(host):
    inbox = Inbox()
    transport = await connected(await host.ask("broker"), inbox)
    for i in range(3):
        await transport.subscribe([("again", 1)])
        transport.publish("again", str(i).encode(), qos=1)
        equal(await inbox.get(), ("again", str(i).encode(), False))
        if i:
            await transport.disconnect()
        else:
            await host.ask("restart")
            await transport.closed()
        equal(transport.ready, False)
        await raised(ConnectError, transport.drain())
        await transport.connect()
    await transport.disconnect()


async def test_unconfirmed_packets_can_be_had_after_the_connection_broke(host):
    transport = await connected(await host.ask("broker"))
    await host.ask("freeze")
    transport.publish("q", b"1", qos=1, retain=True)
    transport.publish("q", b"2", qos=1)
    transport.publish("q", b"3")
    await host.ask("kill")
    await transport.closed()
    equal(transport.unacknowledged(), [("q", b"1", 1, True), ("q", b"2", 1, False)])


async def test_wrong_passwords_are_refused_with_the_brokers_code(host):
    url = await host.ask("broker", users={"ada": "right"})
    for account in ("ada:wrong@", "ada@", "", "bob:x@"):
        error = await raised(Refused, connected(url.replace("//", "//" + account)))
        equal(error.code, 5)
        contains(str(error), "not authorised")
        assert "wrong" not in str(error)
    transport = await connected(url.replace("//", "//ada:right@"))
    await transport.disconnect()


async def test_absent_brokers_are_distinguished(host):
    port = await host.ask("port")
    error = await raised(ConnectError, connected("mqtt://127.0.0.1:{}".format(port)))
    contains(str(error), "connection refused")
    contains(str(error), "127.0.0.1:{}".format(port))
    error = await raised(ConnectError, connected("mqtt://no-such-host.invalid"))
    contains(str(error), "no-such-host.invalid")


async def test_refused_subscriptions_are_named(host):
    transport = await connected(await host.ask("broker", subscribable="open/#"))
    await transport.subscribe([("open/a", 1)])
    error = await raised(SubscribeError, transport.subscribe([("open/é", 0), ("geheim/é", 1), ("b", 0), ("open/c", 1)]))
    equal(error.topics, ["geheim/é", "b"])
    contains(str(error), "geheim")
    await transport.disconnect()
