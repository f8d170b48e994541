"""How participants describe themselves."""

import json

from host import Inbox, connected, equal
from msgflo import Participant, Port
from parts import Source, run


class Full(Participant):
    component, label, icon, period = "test/Full", "All there is", "cog", 1
    inports = [Port("in", "number", "a number", schema="http://x/s.json")]
    outports = [Port("out", state=True), Port("plain")]

    def on_in(self, value):
        pass


async def observe(url, *topics):
    inbox = Inbox()
    transport = await connected(url, inbox, client_id="observer")
    await transport.subscribe([(topic, 1) for topic in topics])
    return transport, inbox


async def test_the_discovery_message_shows_all(host):
    url = await host.ask("broker")
    session, _ = await run(url, Full("f", id="f/1"), client_id="c")
    observer, inbox = await observe(url, "fbp/participant/f%2F1")
    packet = await inbox.get()
    equal(packet[2], True)
    message = json.loads(packet[1])
    equal((message["protocol"], message["command"]), ("discovery", "participant"))
    inport = {"id": "in", "queue": "f/in", "type": "number", "description": "a number", "schema": "http://x/s.json"}
    state = {"id": "out", "queue": "f/out", "type": "any", "options": {"qos": 1, "retain": True}}
    expected = {
        "id": "f/1",
        "role": "f",
        "component": "test/Full",
        "label": "All there is",
        "icon": "cog",
        "inports": [inport],
        "outports": [state, {"id": "plain", "queue": "f/plain", "type": "any"}],
        "connection": "c",
        "period": 1,
        "bind": "fbp/bind/f%2F1",
        "confirms": True,
    }
    equal(message["payload"], expected)
    await session.stop()
    await observer.disconnect()


async def test_a_participant_without_inports_cannot_be_bound(host):
    url = await host.ask("broker")
    observer, inbox = await observe(url, "fbp")
    session, _ = await run(url, Source("s"))
    payload = json.loads((await inbox.get())[1])["payload"]
    equal((payload["inports"], "bind" in payload), ([], False))
    await session.stop()
    await observer.disconnect()
