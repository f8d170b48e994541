"""Verified TLS on each interpreter against a real Mosquitto."""

from failing import contains, raised
from host import Inbox, connected, equal, until
from msgflo.errors import ConfigError, ConnectError


def connect(url, cafile, inbox=None):
    return connected("{}?cafile={}".format(url, cafile), inbox)


async def test_a_verified_connection_carries_packets(host):
    inbox = Inbox()
    url = await host.ask("broker", certificate="right")
    transport = await connect(url, await host.ask("authority", form="der"), inbox)
    await transport.subscribe([("a/é", 1)])
    for size in (0, 127, 128, 600, 2000):
        payload = b"x" * size
        for qos in (0, 1):
            transport.publish("a/é", payload, qos=qos)
            equal(await inbox.get(), ("a/é", payload, False))
    await transport.disconnect()


async def test_the_authority_may_be_given_as_pem(host):
    url = await host.ask("broker", certificate="right")
    transport = await connect(url, await host.ask("authority", form="pem"))
    await transport.disconnect()


async def test_many_packets_pass_when_the_broker_is_slow(host):
    url = await host.ask("broker", certificate="right")
    transport = await connect(url, await host.ask("authority", form="der"))
    await host.ask("freeze")
    payload = b"x" * 3000
    for _ in range(5000):
        if not transport.ready:
            break
        transport.publish("a", payload)
    equal(transport.ready, False)
    await host.ask("thaw")
    await transport.drain()
    transport.publish("a", b"last", qos=1)
    await until(lambda: not transport.unacknowledged())
    await transport.disconnect()


async def test_an_unknown_authority_is_refused(host):
    url = await host.ask("broker", certificate="right")
    error = await raised(ConnectError, connect(url, await host.ask("authority", form="other")))
    contains(str(error), "not correctly signed", "unable to get local issuer", "self-signed", "unknown")


async def test_a_certificate_for_another_host_is_refused(host):
    url = await host.ask("broker", certificate="wrong-name")
    error = await raised(ConnectError, connect(url, await host.ask("authority", form="der")))
    contains(str(error), "does not match", "not for the name")


async def test_an_expired_certificate_is_refused(host):
    url = await host.ask("broker", certificate="expired")
    error = await raised(ConnectError, connect(url, await host.ask("authority", form="der")))
    contains(str(error), "expired")


async def test_a_broker_without_tls_is_refused(host):
    url = (await host.ask("broker")).replace("mqtt:", "mqtts:")
    await raised(ConnectError, connect(url, await host.ask("authority", form="der")))


async def test_unusable_authority_files_are_named(host):
    url = await host.ask("broker", certificate="right")
    for path in ("/no/such/file.der", __file__):
        contains(str(await raised((ConfigError, ConnectError), connect(url, path))), path)
