"""Participants that are there again, and those for whom there was no memory."""

from host import Inbox, connected, equal
from msgflo import Participant
from parts import run


class Bridge(Participant):
    component = "test/Bridge"
    period = 0.1


async def roles(inbox, *expected):
    """Wait until the last four discovery messages are of exactly these roles."""
    last = []
    while len(last) < 4 or sorted(set(last)) != sorted(expected):
        message = bytes((await inbox.get(20))[1])
        last = (last + ["gone" if b'"role":"gone"' in message else "there"])[-4:]


async def test_who_is_back_is_stored_by_the_broker_again(host):
    url = await host.ask("broker")
    gone = Bridge("gone")
    session, _ = await run(url, gone, Bridge("there"))
    inbox = Inbox()
    observer = await connected(url, inbox, client_id="observer")
    gone.lost = True
    await observer.subscribe([("fbp", 1)])
    await roles(inbox, "there")
    observer.publish("fbp/participant/gone", b"", qos=1, retain=True)  # as msgflo forget does
    await observer.unsubscribe(["fbp"])
    await host.ask("record", topics=["fbp/participant/gone"])
    gone.lost = False
    packets = await host.ask("recorded", count=1)
    equal((packets[0][0], packets[0][1] != ""), ("fbp/participant/gone", True))
    await session.stop()
    await observer.disconnect()
