"""Participants that stand for what is gone, on a connection that is there."""

from host import Inbox, connected, equal, until
from msgflo import Participant
from parts import run


class Bridge(Participant):
    component = "test/Bridge"
    period = 0.1


async def roles(inbox):
    """Return the roles of the next four discovery messages."""
    found = []
    for _ in range(4):
        message = bytes((await inbox.get())[1])
        found.append("gone" if b'"role":"gone"' in message else "there")
    return found


async def only(inbox, *expected):
    """Wait until these are all that are heard of: some may be on their way."""
    for _ in range(10):
        found = await roles(inbox)
        if sorted(set(found)) == sorted(expected):
            return
    raise AssertionError("heard of: {}".format(found))


async def test_who_stands_for_what_is_gone_is_silent_until_it_is_there_again(host):
    url = await host.ask("broker")
    gone = Bridge("gone")
    session, _ = await run(url, gone, Bridge("there"))
    inbox = Inbox()
    observer = await connected(url, inbox, client_id="observer")
    await observer.subscribe([("fbp", 1)])
    gone.lost = True
    await only(inbox, "there")
    equal(await roles(inbox), ["there"] * 4)
    usurper = await connected(url, client_id="gone")  # after a lost connection, too
    await until(lambda: not session.connected)
    await usurper.disconnect()
    await until(lambda: session.connected)
    equal(await roles(inbox), ["there"] * 4)
    gone.lost = False
    await only(inbox, "gone", "there")
    await session.stop()
    await observer.disconnect()


async def test_who_is_back_is_stored_by_the_broker_again(host):
    url = await host.ask("broker")
    gone = Bridge("gone")
    session, _ = await run(url, gone, Bridge("there"))
    inbox = Inbox()
    observer = await connected(url, inbox, client_id="observer")
    gone.lost = True
    await observer.subscribe([("fbp", 1)])
    await only(inbox, "there")
    observer.publish("fbp/participant/gone", b"", qos=1, retain=True)  # as msgflo forget does
    await observer.unsubscribe(["fbp"])
    await host.ask("record", topics=["fbp/participant/gone"])
    gone.lost = False
    packets = await host.ask("recorded", count=1)
    equal((packets[0][0], packets[0][1] != ""), ("fbp/participant/gone", True))
    await session.stop()
    await observer.disconnect()
