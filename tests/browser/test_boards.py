"""Virtual boards on the page: real firmware under MicroPython, started, pressed, turned and seen in the browser."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import paho.mqtt.client as paho
import pytest
from playwright.sync_api import Locator, Page, Route

from brokers import Broker
from browser import PHONE, Pages, axe, come_back, expect, fit, make_graph, middle_of, node_in, running, until_system
from systems import Coordinator, Participants, Source, node, until
from virtual_devices import forget

VIEWER = "who-may-only-look"
HOSTILE = "<img src=x onerror=document.title='hacked'>"
HEAD = "wifi: {ssid: Home, password: not my real password}\nbroker: mqtt://127.0.0.1:9\n"
PRESS = f"chip: esp32\n{HEAD}devices:\n  bell: {{kind: button, pin: 27}}\n"
LIGHT = f"chip: picow\n{HEAD}devices:\n  lamp: {{kind: led, pin: 16}}\n"
ROOM = f"""chip: esp32
{HEAD}i2c: {{sda: 21, scl: 22}}
devices:
  air: {{kind: sht3x, interval: 200 ms}}
  sun: {{kind: bh1750, interval: 200 ms}}
  shade: {{kind: ldr, pin: 35, interval: 200 ms}}
  ear: {{kind: mic, pin: 32, interval: 200 ms, threshold: -20, hold: 1 s}}
  cell: {{kind: battery, pin: 33, divider: 2, interval: 200 ms}}
  knob: {{kind: potentiometer, pin: 34}}
"""
SHOW = f"""chip: esp32
{HEAD}devices:
  sign: {{kind: led, pin: 19}}
  fan: {{kind: relay, pin: 23}}
  mood: {{kind: rgb_led, red: 25, green: 26, blue: 27}}
  strip: {{kind: ws2812, pin: 18, count: 3}}
  radio: {{kind: rf433, receive: 16, transmit: 17}}
"""


class Wire:
    """What passes on the broker, and what a test sends there."""

    def __init__(self, broker: Broker) -> None:
        self.heard: dict[str, list[Any]] = {}
        self._found: dict[str, int] = {}  # by topic: how many packets have been looked at
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("#")
        self._client.on_message = lambda client, userdata, message: self._take(message.topic, message.payload)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def _take(self, topic: str, payload: bytes) -> None:
        if not topic.startswith(("fbp", "$")) and payload:
            self.heard.setdefault(topic, []).append(json.loads(payload))

    def send(self, topic: str, value: Any) -> None:
        self._client.publish(topic, json.dumps(value), qos=1)

    def wait(self, topic: str, fits: Callable[[Any], bool]) -> None:
        """Wait for a packet behind the one for which the last call waited."""
        since = self._found.get(topic, 0)

        def found() -> bool:
            at = next((at for at, value in enumerate(self.heard.get(topic, [])) if at >= since and fits(value)), None)
            if at is not None:
                self._found[topic] = at + 1
            return at is not None

        until(found, what=f"{topic}: {self.heard}")

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def wire(broker: Broker) -> Iterator[Wire]:
    wire = Wire(broker)
    yield wire
    wire.close()


@pytest.fixture(scope="module")
def broker(shared_broker: Broker) -> Broker:
    """One for all tests here."""
    return shared_broker


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[Coordinator]:
    """One for all tests here, with the port maps of the folder `boards`."""
    folder = tmp_path_factory.mktemp("boards")
    (folder / "boards").mkdir()
    (folder / "secrets.yaml").write_text(f"hall:\n  secret: {VIEWER}\n  may: viewer\n")
    with running(folder, "", "--boards", "boards", "--secrets", "secrets.yaml", broker=broker.url) as coordinator:
        yield coordinator


@pytest.fixture
def boards(coordinator: Coordinator, broker: Broker, same_page: Pages) -> Path:
    """The folder of port maps, without any: no board runs, and nothing is in the graph."""
    page = opened(same_page, coordinator)
    folder = left(page, coordinator)
    make_graph(page)
    forget(broker)
    return folder


BENCH = {"press": (PRESS, "bell"), "light": (LIGHT, "lamp"), "room": (ROOM, "knob"), "show": (SHOW, "radio")}


@pytest.fixture
def bench(coordinator: Coordinator, same_page: Pages) -> Path:
    """The folder of port maps with those of BENCH, whose boards run and go on from test to test: to start one takes a second."""
    page = opened(same_page, coordinator)
    folder = left(page, coordinator, *BENCH)
    for name, (port_map, _) in BENCH.items():
        (folder / f"{name}.yaml").write_text(port_map)
    come_back(page)
    page.wait_for_function(
        """(names) => names.map((name) => {
          const button = document.querySelector(`[data-map=${name}] button`);
          if (button?.textContent === "Start") button.click();
          return document.querySelector(`[data-board=${name}] [data-device]`);
        }).every(Boolean)""",
        arg=list(BENCH),
    )
    for _, role in BENCH.values():
        takes_part(page, coordinator, role)
    return folder


def left(page: Page, coordinator: Coordinator, *names: str) -> Path:
    """Stop all boards but these, and delete their port maps; returns the folder."""
    assert coordinator.cwd
    folder = coordinator.cwd / "boards"
    url = f"http://127.0.0.1:{coordinator.port}/boards"
    with urllib.request.urlopen(f"{url}.json") as answer:
        boards = [each for each in json.load(answer)["boards"] if each["name"] not in names]
    for board in boards:
        if board["state"] in ("starting", "running", "stopping"):
            stop = urllib.request.Request(f"{url}/{quote(board['name'], safe='')}/stop", method="POST")
            urllib.request.urlopen(stop).close()  # answers when it has ended
    come_back(page)
    are_left = """([kind, names]) =>
      [...document.querySelectorAll(`[data-${kind}]`)].every((each) => names.includes(each.dataset[kind]))"""
    page.wait_for_function(are_left, arg=["board", names])
    for file in folder.glob("*.yaml"):
        if file.stem not in names:
            file.unlink()
    come_back(page)
    page.wait_for_function(are_left, arg=["map", names])
    return folder


def opened(pages: Pages, coordinator: Coordinator, **options: Any) -> Page:
    """The page with its boards in view."""
    page = pages(coordinator, **options)
    page.locator("#tab-boards").click()
    until_system(page, "system.isReady")
    expect(page.locator("#boards-view")).to_contain_text(re.compile("[Pp]ort maps|control the network"))
    return page


def start(page: Page, coordinator: Coordinator, name: str, role: str) -> None:
    """Start a board, and wait until its thing of that role takes part."""
    come_back(page)
    page.get_by_role("button", name=f"Start {name}").click()
    takes_part(page, coordinator, role)


def takes_part(page: Page, coordinator: Coordinator, role: str) -> None:
    expect(thing(page, role)).to_be_visible()
    coordinator.wait(lambda status: any(each["id"] == role and each["state"] == "alive" for each in status["nodes"]))


def thing(page: Page, role: str) -> Locator:
    return page.locator(f'[data-device="{role}"]')


# --- The port maps ---


def test_port_maps_are_listed_with_what_they_have_or_what_is_wrong_with_them(
    coordinator: Coordinator, boards: Path, same_page: Pages
) -> None:
    page = opened(same_page, coordinator)
    expect(page.locator("#boards-view")).to_contain_text("There are no port maps in")
    (boards / "press.yaml").write_text(PRESS)
    (boards / "wrong.yaml").write_text(LIGHT.replace("pin: 16", "pin: 99"))
    come_back(page)
    expect(page.locator("[data-map=press]")).to_contain_text("ESP32 · bell (button)")
    wrong = page.locator("[data-map=wrong]")
    expect(wrong).to_contain_text("boards/wrong.yaml:5:26: devices.lamp.pin is 99")
    expect(wrong.get_by_role("button")).to_be_disabled()
    (boards / "wrong.yaml").write_text(LIGHT)
    expect(wrong).to_contain_text("lamp (led)")
    expect(wrong.get_by_role("button")).to_be_enabled()


def test_a_board_that_is_started_appears_in_the_graph_and_stops_again(
    coordinator: Coordinator, boards: Path, same_page: Pages, page_of: Pages
) -> None:
    (boards / "press.yaml").write_text(PRESS)
    page_of.tolerate(
        r"/boards/press/control' failed"
    )  # the other page, a moment before it knows that the board has ended
    page, other = opened(same_page, coordinator), opened(page_of, coordinator)
    start(page, coordinator, "press", "bell")
    expect(thing(other, "bell")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("here is bell")
    until_system(page, "system.nodeStatus('bell')?.state === 'alive'")
    page.get_by_role("button", name="bell", exact=True).click()
    expect(node_in(page, "bell")).to_be_visible()
    other.get_by_role("button", name="Stop press").click()
    expect(thing(other, "bell")).to_have_count(0)
    expect(thing(page, "bell")).to_have_count(0)
    expect(other.get_by_role("button", name="Start press")).to_be_enabled()
    coordinator.wait(lambda status: all(each["state"] != "alive" for each in status["nodes"]))


def test_a_board_that_runs_elsewhere_is_shown_so_and_cannot_be_started(
    coordinator: Coordinator, boards: Path, same_page: Pages, broker: Broker
) -> None:
    (boards / "hall.yaml").write_text(PRESS)
    page = opened(same_page, coordinator)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    button = page.locator("[data-map=hall] button")
    expect(button).to_have_text("Start")
    with Participants(Source("hall-board"), broker=broker.url):
        coordinator.wait(lambda status: node(status, "hall-board")["state"] == "alive")
        come_back(page)
        expect(page.get_by_role("button", name="Runs elsewhere: hall", disabled=True)).to_be_visible()
        button.focus()
        page.keyboard.press("Enter")
    coordinator.wait(lambda status: node(status, "hall-board")["state"] != "alive")
    come_back(page)
    expect(button).to_have_text("Start")
    expect(page.get_by_role("button", name="Start hall")).to_be_enabled()
    assert asked == []


def test_who_may_not_start_boards_is_refused_with_the_reason(
    coordinator: Coordinator, boards: Path, page_of: Pages
) -> None:
    (boards / "press.yaml").write_text(PRESS)
    page = opened(page_of, coordinator, secret=VIEWER)
    expect(page.locator("#boards-view")).to_contain_text("who may control the network")
    expect(page.locator("[data-map]")).to_have_count(0)


def test_names_and_what_a_board_shows_are_only_text(
    coordinator: Coordinator, boards: Path, same_page: Pages, wire: Wire
) -> None:
    hostile = HOSTILE.replace("/", "")
    (boards / f"{hostile}.yaml").write_text(PRESS.replace("chip: esp32", "name: tame\nchip: esp32"))
    (boards / "wrong.yaml").write_text(f'chip: "{HOSTILE}"\n')
    page = opened(same_page, coordinator)
    come_back(page)
    expect(page.locator("[data-map=wrong]")).to_contain_text("<img")
    start(page, coordinator, hostile, "bell")
    wire.send("bell/long_time", HOSTILE)
    expect(page.get_by_role("log")).to_contain_text("<img")
    assert page.locator("#boards-view img").count() == 0
    assert page.title() != "hacked"


# --- The graph between two boards ---


def test_a_boards_button_lights_another_boards_led_through_a_graph_drawn_with_the_mouse(
    coordinator: Coordinator, broker: Broker, bench: Path, same_page: Pages
) -> None:
    page = opened(same_page, coordinator)
    page.locator("#tab-graph").click()
    expect(port(page, "bell", "out", "pressed")).to_be_visible()
    expect(port(page, "lamp", "in", "on")).to_be_visible()
    fit(page)
    draw(page, port(page, "bell", "out", "pressed"), port(page, "lamp", "in", "on"))
    until_system(page, "system.graph.edges.has('bell.pressed lamp.on')")
    until(lambda: re.search(r": light\b.* [01] bell/pressed\n", broker.log), what="its board hears the button")
    page.locator("#tab-boards").click()
    lamp, button = thing(page, "lamp"), page.get_by_role("button", name="Press bell")
    expect(lamp).to_contain_text("dark")
    button.hover()
    page.mouse.down()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(lamp).to_contain_text("lit")
    page.mouse.up()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(lamp).to_contain_text("dark")
    # By keyboard, too.
    button.focus()
    page.keyboard.down("Space")
    expect(lamp).to_contain_text("lit")
    page.keyboard.up("Space")
    expect(lamp).to_contain_text("dark")


def port(page: Page, node: str, side: str, name: str) -> Locator:
    return node_in(page, node).locator(f'.port.{side}[data-port="{name}"] .dot')


def draw(page: Page, src: Locator, tgt: Locator) -> None:
    """Draw a wire with the mouse."""
    (x, y), (to_x, to_y) = middle_of(src), middle_of(tgt)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + to_x) / 2, (y + to_y) / 2, steps=5)
    page.mouse.move(to_x, to_y, steps=5)
    page.mouse.up()


# --- Things ---


def test_what_a_board_measures_is_changed_by_hand(
    coordinator: Coordinator, bench: Path, same_page: Pages, wire: Wire
) -> None:
    page = opened(same_page, coordinator)

    # Sliders and fields.
    page.get_by_role("slider", name="air: temperature").fill("31.5")
    wire.wait("air/temperature", lambda value: abs(value - 31.5) < 0.2)
    page.get_by_role("spinbutton", name="air: humidity").fill("12")
    page.keyboard.press("Enter")
    wire.wait("air/humidity", lambda value: abs(value - 12) < 0.5)
    page.get_by_role("slider", name="knob: position").focus()
    page.keyboard.press("End")
    wire.wait("knob/value", lambda value: value > 99)
    x, y = middle_of(thing(page, "knob").locator(".turnable"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 80)
    until(lambda: 40 < wire.heard["knob/value"][-1] < 60)
    page.mouse.up()
    expect(page.get_by_role("slider", name="knob: position")).to_have_value("0.5")
    page.get_by_role("slider", name="cell: volts").fill("3")
    wire.wait("cell/volts", lambda value: abs(value - 3) < 0.2)

    # What one does to a sensor.
    page.get_by_role("button", name="Breathe on it: air").click()
    wire.wait("air/humidity", lambda value: value > 60)
    page.get_by_role("button", name="Clap: ear").click()
    wire.wait("ear/loud", lambda value: True)
    for role, topic in (("shade", "shade/light"), ("sun", "sun/lux")):
        button = page.get_by_role("button", name=f"Cover it: {role}")
        wire.wait(topic, lambda value: value > 10)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        wire.wait(topic, lambda value: value < 2)
        button.click()
        wire.wait(topic, lambda value: value > 10)
    thing(page, "air").get_by_text("More").click()
    page.get_by_role("combobox", name="air: fault").select_option("absent")
    wire.wait("air/error", lambda value: True)


def test_what_a_board_does_is_seen(coordinator: Coordinator, bench: Path, same_page: Pages, wire: Wire) -> None:
    page = opened(same_page, coordinator)
    page.get_by_role("button", name="Receive: radio").click()
    until(lambda: [each["code"] for each in wire.heard.get("radio/received", [])] == [0x5A3C01])
    for topic, value, role, text in (
        ("sign/on", True, "sign", "lit"),
        ("fan/on", True, "fan", "closed"),
        ("mood/color", "#ff0000", "mood", "#ff0000"),
        ("strip/color", "#00ff00", "strip", "#00ff00"),
        ("radio/send", {"protocol": "ev1527", "code": 1234}, "radio", "sent once, last 50 pulses"),
        ("sign/on", False, "sign", "dark"),
    ):
        wire.send(topic, value)
        expect(thing(page, role).locator(".board-words")).to_have_text(text)
    # A lamp that blinks is not to be read out each time.
    assert page.locator(".board-thing").locator("output, [aria-live], [role=status]").count() == 0
    pins = page.locator("[data-board=show] .board-pins")
    pins.locator("summary").click()
    expect(pins.locator(".board-pin.high", has_text="23")).to_be_visible()
    expect(pins.locator(".board-pin", has_text="19")).to_have_text("19 low")
    wire.send("sign/on", True)
    expect(pins.locator(".board-pin", has_text="19")).to_have_text("19 high")
    # What it takes at the start is chosen by the control for colours.
    page.get_by_role("button", name="mood", exact=True).click()
    fit(page)
    port(page, "mood", "in", "color").click(button="right")
    page.get_by_role("menuitem", name="Send at the start").click()
    field = page.get_by_label("Sent to mood color at the start")
    expect(field).to_have_attribute("type", "color")
    field.fill("#0000ff")
    page.get_by_role("button", name="Set").click()
    until(lambda: wire.heard["mood/color"][-1] == "#0000ff")


def test_power_wi_fi_and_reset_are_at_hand(coordinator: Coordinator, bench: Path, same_page: Pages) -> None:
    page = opened(same_page, coordinator)
    state = page.locator("[data-board=light] .board-state")
    expect(state).to_have_text("runs")
    page.get_by_role("button", name="Take Wi-Fi away: light").click()
    expect(state).to_have_text("runs, without Wi-Fi")
    page.get_by_role("button", name="Give Wi-Fi back: light").click()
    expect(state).to_have_text("runs")
    page.get_by_role("button", name="Power off: light").click()
    expect(state).to_have_text("is switched off")
    page.get_by_role("button", name="Power on: light").click()
    expect(state).to_have_text("runs")
    page.get_by_role("button", name="Reset: light").click()
    expect(page.locator("[data-board=light]").get_by_role("log")).to_contain_text("after a hard reset")


def test_a_finger_presses_and_all_is_in_reach_on_a_phone(
    coordinator: Coordinator, bench: Path, same_page: Pages, wire: Wire
) -> None:
    page = opened(same_page, coordinator, size=PHONE, has_touch=True, is_mobile=True, theme="dark")
    page.get_by_role("button", name="Press bell").tap()
    until(lambda: wire.heard.get("bell/pressed", [])[-2:] == [True, False])
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    view = page.locator("#boards-view")
    assert view.evaluate("(view) => view.scrollWidth <= view.clientWidth")


def test_nothing_keeps_people_out(coordinator: Coordinator, bench: Path, same_page: Pages) -> None:
    (bench / "wrong.yaml").write_text("chip: none\n")
    page = opened(same_page, coordinator)
    come_back(page)
    expect(page.locator("[data-map=wrong] pre")).to_be_visible()
    for summary in page.locator("#boards-view summary").all():
        summary.click()
    assert axe(page, "#boards-view") == []
    page.emulate_media(color_scheme="dark")
    assert axe(page, "#boards-view") == []


def test_why_a_board_does_not_start_is_reported_beside_it(
    coordinator: Coordinator, bench: Path, same_page: Pages
) -> None:
    same_page.tolerate("409")
    (bench / "more.yaml").write_text(PRESS)
    page = opened(same_page, coordinator)
    come_back(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    held: list[Route] = []
    page.route(
        "**/boards/**", lambda route: held.append(route) if route.request.method == "POST" else route.continue_()
    )
    button = page.locator("[data-map=more] button")
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(button).to_have_text("Starting…")
    while not held:  # pytest's timeout ends it
        page.wait_for_timeout(10)
    for each in held:
        each.continue_()
    page.unroute("**/boards/**")
    expect(page.locator("[data-map=more]")).to_contain_text("at most 4 boards run at once; stop one of these: light, ")
    expect(button).to_have_text("Start")
    expect(button).to_be_focused()
    assert len(asked) == 1, "while it starts, it is not asked for again"
