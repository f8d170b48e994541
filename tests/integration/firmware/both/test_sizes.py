"""Payloads of all sizes, topics and payloads in all alphabets, on each interpreter's transport."""

from host import Inbox, connected, equal


async def test_small_and_empty_payloads_arrive_with_both_qualities(host):
    inbox = Inbox()
    transport = await connected(await host.ask("broker"), inbox)
    await transport.subscribe([("small/#", 1)])
    for qos in (0, 1):
        for size in (0, 1, 119, 120, 121, 127, 128, 129, 500, 512, 520, 2000):
            transport.publish("small/x", b"x" * size, qos=qos)
            equal(await inbox.get(), ("small/x", b"x" * size, False))
    await transport.disconnect()


async def test_topics_and_payloads_may_hold_accents_and_emoji(host):
    inbox = Inbox()
    transport = await connected(await host.ask("broker"), inbox, client_id="Gerät 😀")
    await host.ask("record", topics=["küche/#"])
    await transport.subscribe([("küche/😀/+", 1)])
    for qos in (0, 1):
        transport.publish("küche/😀/é", "äöü €😀".encode(), qos=qos)
        equal(await inbox.get(), ("küche/😀/é", "äöü €😀".encode(), False))
    equal(await host.ask("recorded", count=2), [["küche/😀/é", "äöü €😀", False]] * 2)
    await transport.disconnect()
