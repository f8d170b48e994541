"""Virtual devices: each one that is picked takes part in the system, sends or shows, and goes with the page."""

from __future__ import annotations

import json
import queue
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from playwright.sync_api import Locator, Page

from browser import LAPTOP, PHONE, Pages, address, axe, edit, expect, middle_of, node_in, running, until, until_system
from msgflo import Participant, Port
from outside import Outside
from systems import Coordinator, Participants, node
from virtual_devices import adds, cleared, joins, mqtt

KINDS = [
    "temperature", "humidity", "sound", "light", "button", "switch", "potentiometer", "rgb", "relay", "display",
    "sensor433", "clock", "chart", "text", "map",
]  # fmt: skip
SENDS: dict[str, list[tuple[str, str, Any]]] = {
    # what a person does with the device, an outport, and what then comes from there
    "temperature": [("slide:25", "temperature", 25)],
    "humidity": [("slide:70", "humidity", 70)],
    "sound": [("slide:-40", "level", -40), ("click:Clap", "loud", -6)],
    "light": [("slide:50", "light", 50), ("", "volts", 1.65)],
    "button": [("click:Press button1", "press", True), ("", "pressed", False)],
    "switch": [("switch", "on", True), ("", "pressed", True)],
    "potentiometer": [("slide:80", "value", 80)],
    "sensor433": [("slide:-5", "temperature", None), ("click:Transmit", "temperature", -5), ("", "battery", True)],
    "text": [("type:<b>hello</b>", "text", "<b>hello</b>")],
    "map": [("arrow", "place", {"x": 1.25, "y": 1})],
}
SHOWS: dict[str, list[tuple[str, str, str]]] = {
    # an inport, a payload, and what can be read then
    "rgb": [("color", '"red"', "#ff0000, 100 %"), ("brightness", "40", "#ff0000, 40 %"), ("on", "false", "off")],
    "relay": [("on", "true", "closed"), ("toggle", "1", "open")],
    "display": [("text", "21.5", "21.5"), ("text", "plain", "plain")],
    "chart": [("a", "42.5", "a: 42.5"), ("b", "true", "b: 1"), ("c", '"x"', "no number: x")],
    "map": [("mark", '{"name": "lamp", "x": 2, "y": 3}', "lamp (2 m, 3 m)")],
}


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """One with a broker of its own for all tests here."""
    with running(tmp_path_factory.mktemp("devices"), "") as coordinator:
        yield coordinator


@pytest.fixture
def page(coordinator: Coordinator, same_page: Pages) -> Page:
    """The page without devices, in a system without any; the broker has no values of earlier ones."""
    page = same_page(coordinator)
    cleared(page, coordinator)
    return page


def devices_tab(page: Page) -> Locator:
    """The list of virtual devices, opened."""
    page.evaluate(
        """async () => {
          const { context } = await import("/core/registry.js");
          context.page.openSide(true, "devices");
        }"""
    )
    return page.locator("#side-devices")


def role_of(kind: str) -> str:
    """What the first device of a kind is called: digits that belong to a name are set off."""
    return f"{kind}-1" if kind[-1].isdigit() else f"{kind}1"


def pick(page: Page, *kinds: str) -> None:
    """Start devices from the list, and wait until they are connected."""
    for kind in kinds:
        devices_tab(page).locator(f"[data-kind={kind}]").click()
    connected(page)


def connected(page: Page) -> None:
    page.evaluate(  # a promise would be taken for true by what waits
        """async () => {
          const { sharedConnection } = await import("/devices/connection.js");
          const { context } = await import("/core/registry.js");
          window.isOnline = () => sharedConnection(context).state === "online";
        }"""
    )
    until(page, "() => window.isOnline()")


def take_part(coordinator: Coordinator, *roles: str) -> None:
    """Wait until these take part: they hear what they are sent."""
    coordinator.wait(lambda status: all(node(status, role)["state"] == "alive" for role in roles))


def card(page: Page, role: str) -> Locator:
    return page.locator(f'#devices [data-role="{role}"]')


def use(device: Locator, what: str) -> None:
    """Do with a device what a person would."""
    verb, _, value = what.partition(":")
    if verb == "slide":
        device.get_by_role("slider").first.fill(value)
    elif verb == "click":
        device.get_by_role("button", name=value).click()
    elif verb == "switch":
        device.get_by_role("switch").click()
    elif verb == "type":
        device.get_by_role("textbox").fill(value)
        device.get_by_role("textbox").press("Enter")
    elif verb == "arrow":
        device.locator("[role=application]").press("ArrowRight")


def until_value(outside: Outside, topic: str, value: Any) -> None:
    """Wait for a value on a topic, passing over others."""
    seen: list[Any] = []
    try:
        while True:
            seen.append(json.loads(outside.next(topic)))
            if seen[-1] == value and type(seen[-1]) is type(value):
                return
    except queue.Empty:
        raise AssertionError(f"{topic}: {seen}, and never {value}") from None


def test_every_virtual_device_sends_or_shows(page: Page, coordinator: Coordinator) -> None:
    topics = [f"{role_of(kind)}/#" for kind in KINDS]
    with Outside(mqtt(coordinator), *topics) as outside:
        pick(page, *KINDS)
        take_part(coordinator, *map(role_of, KINDS))
        for kind, acts in SENDS.items():
            device = card(page, role_of(kind))
            for what, port, value in acts:
                use(device, what)
                if value is not None:
                    until_value(outside, f"{role_of(kind)}/{port}", value)
        for kind, packets in SHOWS.items():
            for port, payload, text in packets:
                outside.send(f"{role_of(kind)}/{port}", payload)
                expect(card(page, role_of(kind))).to_contain_text(text)
        time = datetime.fromisoformat(json.loads(outside.next("clock1/time")))
        assert abs(time - datetime.now(UTC)) < timedelta(minutes=10)
        until_value(outside, "relay1/closed", True)
    tested = SENDS.keys() | SHOWS.keys() | {"clock"}
    assert tested == set(KINDS)


def until_in_sight(page: Page, element: Locator) -> None:
    """Wait until the whole of an element is on the screen, and nothing over its middle."""
    until(
        page,
        """(each) => {
          const { left, top, right, bottom } = each.getBoundingClientRect();
          const isWhole = left >= -1 && top >= -1 && right <= innerWidth + 1 && bottom <= innerHeight + 1;
          return isWhole && each.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
        }""",
        element.element_handle(),
    )


@pytest.mark.parametrize("size", [LAPTOP, PHONE])
def test_a_device_that_is_picked_is_in_sight(
    page: Page, coordinator: Coordinator, same_page: Pages, size: tuple[int, int]
) -> None:
    same_page(coordinator, size=size)
    edit(page, adds("a"), adds("b"), joins("a.out", "b.in"))
    for kind in ("chart", "display", "map", "text"):
        pick(page, kind)
        expect(node_in(page, role_of(kind))).to_have_class(re.compile("selected"))
        until_in_sight(page, node_in(page, role_of(kind)))
        until_in_sight(page, card(page, role_of(kind)))
    if size == PHONE:
        expect(card(page, "text1").get_by_role("button", name="Rename text1")).to_be_focused()


def test_a_knob_is_turned_by_dragging_its_dial(page: Page, coordinator: Coordinator) -> None:
    pick(page, "potentiometer")
    x, y = middle_of(card(page, "potentiometer1").locator(".turnable"))
    with Outside(mqtt(coordinator), "potentiometer1/value") as outside:
        until_value(outside, "potentiometer1/value", 50)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y - 40)
        until_value(outside, "potentiometer1/value", 75)
        page.mouse.move(x - 500, y)
        until_value(outside, "potentiometer1/value", 0)
        page.mouse.up()
        page.mouse.move(x, y - 100)
    expect(card(page, "potentiometer1").get_by_role("slider")).to_have_value("0")


def test_a_button_reports_long_and_double_presses(page: Page, coordinator: Coordinator) -> None:
    with Outside(mqtt(coordinator), "button1/#") as outside:
        pick(page, "button")
        button = card(page, "button1").get_by_role("button", name="Press button1")
        button.focus()
        page.keyboard.down(" ")
        until_value(outside, "button1/pressed", True)
        until_value(outside, "button1/long", True)
        page.keyboard.up(" ")
        until_value(outside, "button1/pressed", False)
        outside.send("button1/double_time", "5")
        outside.send("button1/long_time", "60")  # the next ones are none, however slow the machine is
        until_value(outside, "button1/settings", {"debounce": 0.02, "long_time": 60, "double_time": 5})
        button.hover()
        page.mouse.down()
        until_value(outside, "button1/press", True)
        page.mouse.up()
        page.mouse.down()
        page.mouse.up()
        until_value(outside, "button1/double", True)
        outside.drained("button1/press")
        button.dispatch_event("click")  # as a screen reader does it
        until_value(outside, "button1/press", True)


def test_wires_stay_when_a_real_device_takes_the_role(page: Page, coordinator: Coordinator) -> None:
    # States, for an edge is reported before the sink has subscribed.
    wire = joins("switch1.pressed", "relay1.on")
    edit(page, adds("switch1", "web/Switch"), adds("relay1", "web/Relay"), wire)
    with Outside(mqtt(coordinator), "relay1/closed") as outside:
        pick(page, "relay", "switch")
        coordinator.wait(lambda status: status["edges"][0]["kind"] == "direct")
        until_value(outside, "relay1/closed", False)
        card(page, "switch1").get_by_role("switch").click()
        until_value(outside, "relay1/closed", True)

        class RealButton(Participant):
            component = "devices/Button"
            outports = (Port("pressed", "boolean", state=True),)

        real = RealButton("switch1")
        with Participants(real, broker=f"mqtt://127.0.0.1:{mqtt(coordinator).port}"):
            coordinator.wait(lambda status: len(node(status, "switch1")["instances"]) == 2)
            card(page, "switch1").get_by_role("button", name="Close switch1").click()
            coordinator.wait(
                lambda status: [each["id"] for each in node(status, "switch1")["instances"]] == ["switch1"]
            )
            real.send("pressed", False)
            until_value(outside, "relay1/closed", False)


def test_devices_go_with_the_page_and_come_back_with_it(coordinator: Coordinator, page_of: Pages) -> None:
    page = page_of(coordinator)
    pick(page, "temperature", "display")
    card(page, "temperature1").get_by_role("slider").fill("30")
    coordinator.wait(lambda status: node(status, "temperature1")["state"] == "alive")
    page.reload()
    connected(page)
    expect(card(page, "temperature1").get_by_role("slider")).to_have_value("30")
    expect(card(page, "display1")).to_be_visible()
    coordinator.wait(lambda status: node(status, "temperature1")["state"] == "alive")
    page.goto("about:blank")
    coordinator.wait(lambda status: "temperature1" not in [each["id"] for each in status["nodes"]])


def test_a_device_is_renamed_and_closed(page: Page, coordinator: Coordinator) -> None:
    pick(page, "switch", "switch")
    expect(card(page, "switch2")).to_be_visible()
    card(page, "switch1").get_by_role("button", name="Rename switch1").click()
    field = page.get_by_label("Role")
    for wrong in ("switch2 ", "a/+", "fbp/x", " "):
        field.fill(wrong)
        field.press("Enter")
        expect(field).to_be_visible()
    field.fill(" hall switch ")
    field.press("Enter")
    coordinator.wait(lambda status: node(status, "hall switch")["state"] == "alive")
    card(page, "switch2").get_by_role("button", name="Close switch2").click()
    known = coordinator.wait(lambda status: len(status["nodes"]) == 1)["nodes"]
    assert [each["id"] for each in known] == ["hall switch"]


def test_a_device_follows_its_node_when_that_has_another_name(page: Page, coordinator: Coordinator) -> None:
    edit(page, adds("src"), adds("relay1", "web/Relay"), joins("src.out", "relay1.on"))
    pick(page, "relay")
    coordinator.wait(lambda status: node(status, "relay1")["state"] == "alive")
    edit(page, ["renamenode", {"from": "relay1", "to": "pump"}])
    expect(card(page, "pump")).to_be_visible()
    coordinator.wait(lambda status: node(status, "pump")["state"] == "alive")
    page.keyboard.press("Control+z")
    coordinator.wait(lambda status: node(status, "relay1")["state"] == "alive")
    expect(page.locator("#devices .device-card")).to_have_count(1)
    until_system(page, "system.graph.nodes.size === 2 && system.health.get('default/main\\nrelay1')?.error === ''")


def test_a_device_whose_node_is_copied_has_a_copy(page: Page, coordinator: Coordinator) -> None:
    edit(page, adds("src"), adds("relay1", "web/Relay"), joins("src.out", "relay1.on"))
    pick(page, "relay")
    until_system(page, "system.nodeStatus('relay1')?.state === 'alive'")
    node_in(page, "relay1").locator(".role").click()
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    expect(card(page, "relay2")).to_be_visible()
    coordinator.wait(lambda status: node(status, "relay2")["state"] == "alive")


def test_a_role_is_proposed_that_nobody_has(page: Page, coordinator: Coordinator) -> None:
    wire = joins("button1.press", "display1.text")
    edit(page, adds("button1", "demo/Button"), adds("display1", "web/Display"), wire)

    class Other(Participant):
        component = "web/Button"  # of another page
        outports = (Port("press"),)

    with Participants(Other("button2"), broker=f"mqtt://127.0.0.1:{mqtt(coordinator).port}"):
        coordinator.wait(lambda status: node(status, "button2")["state"] == "alive")
        until_system(page, "['button1', 'button2', 'display1'].every((role) => system.nodeStatus(role))")
        pick(page, "button", "display")
        expect(card(page, "button3")).to_be_visible()
        expect(card(page, "display1")).to_be_visible()  # its wire waits for it


def test_devices_come_back_when_the_coordinator_does(page: Page, coordinator: Coordinator, same_page: Pages) -> None:
    same_page.tolerate("WebSocket connection|ERR_CONNECTION")
    pick(page, "switch")
    coordinator.wait(lambda status: node(status, "switch1")["state"] == "alive")
    coordinator.stop()
    expect(page.locator("#devices-trouble")).to_contain_text("Not connected")
    coordinator.start()
    coordinator.wait(lambda status: node(status, "switch1")["state"] == "alive", seconds=30)
    connected(page)
    with Outside(mqtt(coordinator), "switch1/on") as outside:
        card(page, "switch1").get_by_role("switch").click()
        until_value(outside, "switch1/on", True)


def test_where_there_is_no_way_to_the_broker_the_page_shows_why(coordinator: Coordinator, page_of: Pages) -> None:
    page = page_of.blank()
    page_of.tolerate("status of 409")
    page.route("**/page.json", lambda route: route.fulfill(status=409, body="It is a test.\n"))
    page.goto(address(coordinator))
    page.locator("body[data-started]").wait_for()
    devices_tab(page).locator("[data-kind=button]").click()
    expect(page.locator("#devices-trouble")).to_contain_text("no way to the broker: It is a test.")


HOSTILE = '<img src=x onerror="window.hacked = true"><script>window.hacked = true</script>'


def test_hostile_values_are_shown_as_text_only(page: Page, coordinator: Coordinator) -> None:
    pick(page, "display", "chart", "map", "rgb", "text")
    take_part(coordinator, "display1", "chart1", "map1", "rgb1", "text1")
    with Outside(mqtt(coordinator), "rgb1/error", "map1/error") as outside:
        outside.send("display1/text", HOSTILE)
        expect(card(page, "display1")).to_contain_text(HOSTILE)
        outside.send("chart1/a", json.dumps(HOSTILE))
        expect(card(page, "chart1")).to_contain_text("no number: <img")
        mark = {"name": HOSTILE, "x": 1, "y": 1, "text": HOSTILE, "color": "red;} body{display:none"}
        outside.send("map1/mark", json.dumps(mark))
        expect(card(page, "map1").locator("text")).to_contain_text("<img src=x")
        outside.send("rgb1/color", json.dumps(f'red" onload="{HOSTILE}'))
        assert "allowed" in json.loads(outside.next("rgb1/error"))["message"]
        for bad in ("null", "[]", '"__proto__"', '{"name": {}}', '{"name": "a", "x": 1e999, "y": 1}', '{"name": "a"}'):
            outside.send("map1/mark", bad)
            assert "mark" in json.loads(outside.next("map1/error"))["message"]
    card(page, "text1").get_by_role("textbox").fill(HOSTILE)
    card(page, "text1").get_by_role("button", name="Send").click()
    expect(card(page, "text1")).to_contain_text(HOSTILE)
    assert page.locator("#devices img, #devices script").count() == 0
    assert page.evaluate("window.hacked === undefined")


def test_settings_are_taken_and_wrong_ones_refused(page: Page, coordinator: Coordinator) -> None:
    topics = ["potentiometer1/value", "potentiometer1/error", "relay1/error", "potentiometer1/settings"]
    with Outside(mqtt(coordinator), *topics) as outside:
        pick(page, "potentiometer", "relay")
        take_part(coordinator, "potentiometer1", "relay1")
        until_value(outside, "potentiometer1/value", 50)
        outside.send("potentiometer1/high", "10")
        until_value(outside, "potentiometer1/value", 5)
        for bad in ("true", '"5"', "1e10", "null"):
            outside.send("potentiometer1/high", bad)
            assert json.loads(outside.next("potentiometer1/error"))["port"] == "high"
        outside.send("potentiometer1/high", "0")
        assert "1e-6 apart" in json.loads(outside.next("potentiometer1/error"))["message"]
        outside.send("relay1/on", "1")
        assert "true or false" in json.loads(outside.next("relay1/error"))["message"]


READ_OUT = """() => {
  // What a screen reader says of devices by itself, from now on: changes within live regions.
  const live = "[aria-live], output, [role=status], [role=log], [role=alert]";
  const said = (window.said = []);
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const region = (target.closest ? target : target.parentElement)?.closest(live);
      if (region?.closest("#devices, #announcer") && region.getAttribute("aria-live") !== "off") said.push(region.textContent);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def test_a_screen_reader_shows_what_one_does_and_not_what_comes_and_goes(page: Page, coordinator: Coordinator) -> None:
    pick(page, *KINDS)
    take_part(coordinator, *map(role_of, KINDS))
    topics = ["temperature1/temperature", "sensor433-1/temperature"]
    with Outside(mqtt(coordinator), *topics) as outside:
        card(page, "temperature1").get_by_label("Drift").check()
        page.evaluate(READ_OUT)
        for kind, packets in SHOWS.items():
            for port, payload, text in packets:
                outside.send(f"{role_of(kind)}/{port}", payload)
                expect(card(page, role_of(kind))).to_contain_text(text)
        for role, port, interval, count in (
            ("temperature1", "temperature", "0.1", 3),
            ("sensor433-1", "temperature", "1", 2),
        ):
            outside.send(f"{role}/interval", interval)
            values: set[Any] = set()
            while len(values) < count:
                values.add(outside.next(f"{role}/{port}"))
        assert page.evaluate("() => window.said") == []
        card(page, "sensor433-1").get_by_role("button", name="Transmit").click()
        until(page, "() => window.said.some((text) => text.startsWith('sensor433-1: Sent at'))")
        card(page, "button1").get_by_role("button", name="Press").click()
        until(page, "() => window.said.includes('press')")


def test_devices_keep_nobody_out(page: Page) -> None:
    pick(page, *KINDS)
    expect(page.locator("#device-cards > li")).to_have_count(len(KINDS))
    for size, theme in ((LAPTOP, "dark"), (PHONE, "light")):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=cast(Any, theme), reduced_motion="reduce")  # buttons fade to their colours
        assert axe(page, "#devices") == []
        devices_tab(page)
        assert axe(page, "#side") == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
