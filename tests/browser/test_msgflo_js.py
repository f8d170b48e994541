"""Participants that somebody writes with msgflo.js in a page of their own: what they say on the wire, and when."""

from __future__ import annotations

import functools
import gzip
import json
import re
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page

from brokers import Broker, free_port
from browser import Pages, until
from outside import Outside
from paths import ROOT
from systems import until as outside_until

WEB = ROOT / "host/msgflo_host/web"

# A participant that keeps what it receives in `window.got`.
BELL = """
async ([url, about, options]) => {
  const { Participant, connect } = await import("/msgflo.js");
  window.got = [];
  window.bell = new Participant("bell", { component: "page/Bell", inports: [{ id: "in" }, { id: "other" }],
    outports: [{ id: "rung", type: "number", state: true }, { id: "out" }], ...about });
  bell.onpacket = (port, value, packet) => got.push([port, value, packet.retained]);
  window.connection = connect(url, [bell], options);
}
"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files as any web server does, without a word."""

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The URL of a web server that knows nothing of us, with the files of the page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=WEB)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Sockets(Broker):
    """A Mosquitto with a port for WebSockets too."""

    def __init__(self, **options: Any) -> None:
        self.websocket_port = free_port()
        super().__init__(extra=f"listener {self.websocket_port} 127.0.0.1\nprotocol websockets", **options)

    @property
    def websocket(self) -> str:
        """Where browsers connect."""
        return f"ws://127.0.0.1:{self.websocket_port}"


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    with Sockets(persistence=False) as broker:
        yield broker


@pytest.fixture
def page(sockets: Sockets, elsewhere: str, page_of: Pages) -> Page:
    # In this order, so that the page is closed before its broker ends.
    page_of.tolerate("favicon.ico")  # there is none
    page = page_of.blank()
    page.goto(f"{elsewhere}/icon.svg")
    return page


def ring(page: Page, broker: Sockets, about: Any = None, options: Any = None) -> None:
    """Start the bell and wait until it is connected."""
    page.evaluate(BELL, [broker.websocket, about or {}, options or {}])
    until(page, "connection.state === 'online'")


def shown(page: Page, expression: str) -> Any:
    return page.evaluate(expression)


def test_announces_nothing_before_it_is_subscribed(page: Page, sockets: Sockets) -> None:
    with Outside(sockets, "fbp") as outside:
        ring(page, sockets)
        outside.next("fbp")
    lines = [line for line in sockets.log.splitlines() if " bell " in line or line.endswith(" bell")]
    steps = ["Sending SUBACK to bell"]
    steps += [f"'{topic}'" for topic in ("fbp/connection/bell", "fbp/participant/bell", "fbp")]
    at = [
        next(i for i, line in enumerate(lines) if step in line and ("PUBLISH from" in line or "SUBACK" in line))
        for step in steps
    ]
    assert at == sorted(at), "\n".join(lines)
    subscribed = sockets.log.split("Received SUBSCRIBE from bell")[1].split("Sending SUBACK")[0]
    assert all(f"{topic} (QoS 1)" in subscribed for topic in ("bell/in", "bell/other", "fbp/bind/bell"))


def test_announces_itself_again_and_again_and_keeps_a_copy(page: Page, sockets: Sockets) -> None:
    with Outside(sockets, "fbp", "fbp/participant/bell") as outside:
        ring(page, sockets, {"period": 1})
        messages = {outside.next("fbp") for _ in range(3)}
        assert messages == {outside.next("fbp/participant/bell")}
    with Outside(sockets, "fbp/participant/bell") as later:
        assert messages == {later.next("fbp/participant/bell")}


def bind(outside: Outside, lists: Any) -> None:
    outside.send("fbp/bind/bell", json.dumps(lists), retain=True)


def test_takes_direct_bindings_and_gives_them_up(page: Page, sockets: Sockets) -> None:
    ring(page, sockets)
    with Outside(sockets, "bell/out", "fbp/bound/bell") as outside:
        bind(outside, {"in": ["door/opened"], "": {"version": 3}})
        assert outside.next("fbp/bound/bell") == b"3"
        outside.send("door/opened", "1")
        until(page, "got.length === 1")
        bind(outside, {"in": ["window/opened"]})
        sockets_subscribed(sockets, "window/opened")
        wait_for_log(sockets, "Received UNSUBSCRIBE from bell")
        outside.send("door/opened", "2")
        outside.send("window/opened", "3")
        outside.send("bell/in", "4")  # initial packets and others come on the port's own topic
        until(page, "got.length >= 3")
    assert shown(page, "got.map(([port, value]) => value)") == [1, 3, 4]


def test_the_broker_reports_when_the_page_dies(page: Page, page_of: Pages, sockets: Sockets) -> None:
    page_of.tolerate("has crashed")
    with Outside(sockets, "fbp/connection/bell") as outside:
        ring(page, sockets)
        outside.until("fbp/connection/bell", b"online")
        session = page.context.new_cdp_session(page)
        session.on("Inspector.targetCrashed", lambda _: None)
        try:
            page.goto("chrome://crash")
        except Exception as error:
            print(error)
        assert outside.next("fbp/connection/bell") == b"lost"


def test_a_page_that_is_left_reports_it(page: Page, sockets: Sockets) -> None:
    with Outside(sockets, "fbp/connection/bell") as outside:
        ring(page, sockets)
        outside.until("fbp/connection/bell", b"online")
        page.goto("about:blank")
        assert outside.next("fbp/connection/bell") == b"offline"
        wait_for_log(sockets, "Received DISCONNECT from bell")
        assert outside.drained("fbp/connection/bell") == []


def test_what_is_temporary_leaves_nothing_behind(page: Page, sockets: Sockets) -> None:
    with Outside(sockets, "fbp/participant/bell", "fbp/connection/bell") as outside:
        ring(page, sockets, {"temporary": True})
        outside.next("fbp/participant/bell")
        page.goto("about:blank")
        assert outside.next("fbp/participant/bell") == b""
        outside.until("fbp/connection/bell", b"")


def test_comes_back_when_the_broker_does_and_reports_its_states_again(
    page: Page, page_of: Pages, sockets: Sockets
) -> None:
    page_of.tolerate("WebSocket connection")
    with Outside(sockets, "bell/rung", "bell/out", "fbp/connection/bell") as outside:
        ring(page, sockets)
        page.evaluate("bell.send('rung', 1)")
        outside.until("bell/rung", b"1")
        sockets.stop()
        until(page, "connection.state === 'connecting'")
        page.evaluate("bell.send('rung', 2); bell.send('rung', 3); bell.send('out', 'a'); bell.send('out', 'b')")
        sockets.start()
        outside.reconnected()
        until(page, "connection.state === 'online'")
        page.evaluate("bell.send('out', 'c')")
        outside.until("bell/out", b'"c"')
    sockets.stop()  # it forgets what it has acknowledged
    until(page, "connection.state === 'connecting'")
    sockets.start()
    until(page, "connection.state === 'online'")
    with Outside(sockets, "bell/rung") as later:
        assert later.next("bell/rung") == b"3"


def test_participants_come_and_go_on_a_connection(page: Page, sockets: Sockets) -> None:
    ring(page, sockets)
    with Outside(sockets, "fbp/participant/gong", "gong/out") as outside:
        page.evaluate(
            """async () => {
              const { Participant } = await import("/msgflo.js");
              window.gong = new Participant("gong", { inports: [{ id: "in" }], outports: [{ id: "out" }] });
              gong.onpacket = (port, value) => gong.send("out", value);
              gong.onstart = () => (window.started = true);
              connection.add(gong);
            }"""
        )
        assert json.loads(outside.next("fbp/participant/gong"))["payload"]["connection"] == "bell"
        until(page, "window.started")
        outside.send("gong/in", "5")
        outside.until("gong/out", b"5")
        page.evaluate("connection.remove(gong)")
        assert outside.next("fbp/participant/gong") == b""
        wait_for_log(sockets, "gong/in", after="Received UNSUBSCRIBE")


def test_a_handler_that_fails_stops_nothing_and_is_reported(page: Page, page_of: Pages, sockets: Sockets) -> None:
    page_of.tolerate("no such bell")
    with Outside(sockets, "bell/error") as outside:
        ring(page, sockets, {"outports": [{"id": "error"}]})
        page.evaluate("() => { bell.onpacket = () => { throw new Error('no such bell'); }; }")
        outside.send("bell/in", "1")
        assert json.loads(outside.next("bell/error")) == {"message": "Error: no such bell", "port": "in"}


def test_example_of_the_documentation_runs_and_loads_as_little_as_it_states(page: Page, sockets: Sockets) -> None:
    text = (WEB.parents[2] / "docs/browser.md").read_text()
    (block,) = re.findall(r"```js\n(.*?)```", text, re.S)
    block = re.sub(r'import (.*) from "http://localhost:3569(.*)";', r'const \1 = await import("\2");', block)
    block = block.replace("localhost:3569/mqtt", f"127.0.0.1:{sockets.websocket_port}")
    assert str(sockets.websocket_port) in block
    with Outside(sockets, "dimmer/level", "fbp") as outside:
        page.evaluate(f"async () => {{ {block} }}")
        outside.next("fbp")
        outside.send("dimmer/percent", "50")
        outside.until("dimmer/level", b"0.5")
    loaded = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)")
    packed = {path: len(gzip.compress((WEB / path[1:]).read_bytes(), 9)) for path in loaded if path.endswith(".js")}
    assert "it loads 14 KB of its own and 74 KB of MQTT.js" in text
    assert 73_000 < packed.pop("/vendor/mqtt.js") < 75_000
    assert 5_000 < sum(packed.values()) < 14_500, packed


def sockets_subscribed(broker: Sockets, topic: str) -> None:
    """Wait until the bell's subscription to a topic is active."""
    wait_for_log(broker, "Sending SUBACK to bell", after=f"{topic} (QoS 1)")


def wait_for_log(broker: Broker, text: str, *, after: str = "") -> None:
    outside_until(lambda: after in broker.log and text in broker.log.split(after or None, 1)[-1], what=text)
