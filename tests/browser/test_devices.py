"""The shelf of virtual devices: each one that is picked takes part in the system, sends or shows, and goes with the page."""

from __future__ import annotations

import json
import queue
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest
from playwright.sync_api import Locator, Page, expect

from brokers import Broker
from browser import LAPTOP, PHONE, Pages, axe, edit, goes_on_to_the_right, middle_of, node_in, until, until_system
from msgflo import Participant, Port
from outside import Outside
from systems import Coordinator, Participants, node

Run = Callable[..., Coordinator]

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


def mqtt(coordinator: Coordinator) -> Broker:
    """The coordinator's own broker, for a client outside."""
    port = int(coordinator.command[coordinator.command.index("--mqtt-port") + 1])
    return cast(Broker, SimpleNamespace(port=port))


def shelf(page: Page) -> Locator:
    """The shelf, opened."""
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
    """Take devices from the shelf, and wait until they are connected."""
    for kind in kinds:
        shelf(page).locator(f"[data-kind={kind}]").click()
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


def play(coordinator: Coordinator, *roles: str) -> None:
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


def test_every_virtual_device_sends_or_shows(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("a(core/Repeat) OUT -> IN b(core/Repeat)")
    page = page_of(coordinator)
    topics = [f"{role_of(kind)}/#" for kind in KINDS]
    with Outside(mqtt(coordinator), *topics) as outside:
        pick(page, *KINDS)
        play(coordinator, *map(role_of, KINDS))
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


def test_a_chart_holds_a_value_until_the_next_one(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("a(core/Repeat) OUT -> IN b(core/Repeat)")
    page = page_of(coordinator)
    pick(page, "chart")
    coordinator.wait(lambda status: node(status, "chart1")["state"] == "alive")
    with Outside(mqtt(coordinator), "chart1/a") as outside:
        for value in ("50", "92"):
            outside.send("chart1/a", value)
            expect(card(page, "chart1")).to_contain_text(f"a: {value}")
    line = card(page, "chart1").locator("polyline.chart-a")
    expect(line).to_have_attribute("points", re.compile(r"^\S+ \S+ \S+ \S+$"))
    corners = [each.split(",") for each in str(line.get_attribute("points")).split()]
    assert all(one[0] == two[0] or one[1] == two[1] for one, two in pairwise(corners)), "no line is slanted"


def test_a_chart_draws_the_largest_numbers_there_are(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("a(core/Repeat) OUT -> IN b(core/Repeat)")
    page = page_of(coordinator)
    pick(page, "chart")
    coordinator.wait(lambda status: node(status, "chart1")["state"] == "alive")
    with Outside(mqtt(coordinator), "chart1/a") as outside:
        for port, value in (("a", "1e308"), ("b", "-1e308"), ("c", "1e999")):
            outside.send(f"chart1/{port}", value)
        expect(card(page, "chart1")).to_contain_text("c: no number: Infinity")
    expect(card(page, "chart1").locator(".chart-range")).to_contain_text("-1e+308 to 1e+308")
    for line, y in (("a", "6.0"), ("b", "114.0")):
        points = card(page, "chart1").locator(f"polyline.chart-{line}")
        expect(points).to_have_attribute("points", re.compile(rf"^\S+,{re.escape(y)} \S+,{re.escape(y)}$"))


def test_a_display_has_the_newest_text_in_sight(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("a(core/Repeat) OUT -> IN b(core/Repeat)")
    page = page_of(coordinator)
    pick(page, "display")
    coordinator.wait(lambda status: node(status, "display1")["state"] == "alive")
    with Outside(mqtt(coordinator), "display1/text") as outside:
        for text in ("first", "word " * 80, "last"):
            outside.send("display1/text", json.dumps(text))
        screen = card(page, "display1").locator(".device-screen")
        expect(screen.get_by_text("last")).to_be_in_viewport()
    screen.evaluate("screen => screen.scrollTo(0, -screen.scrollHeight)")
    expect(screen.get_by_text("first")).to_be_in_viewport()


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
def test_a_device_that_is_picked_is_in_sight(run_graph: Run, page_of: Pages, size: tuple[int, int]) -> None:
    coordinator = run_graph("a(core/Repeat) OUT -> IN b(core/Repeat)")
    page = page_of(coordinator, size=size)
    for kind in ("chart", "display", "map", "text"):
        pick(page, kind)
        expect(node_in(page, role_of(kind))).to_have_class(re.compile("selected"))
        until_in_sight(page, node_in(page, role_of(kind)))
        until_in_sight(page, card(page, role_of(kind)))
    if size == PHONE:
        expect(card(page, "text1").get_by_role("button", name="Rename text1")).to_be_focused()


def test_a_component_that_is_picked_on_a_phone_is_in_sight(run_graph: Run, page_of: Pages) -> None:
    page = page_of(run_graph("a(core/Repeat) OUT -> IN b(core/Repeat)"), size=PHONE)
    page.get_by_role("button", name="Library and devices").click()
    page.locator('[data-component="core/Gate"]').click()
    expect(node_in(page, "gate")).to_be_focused()
    expect(page.locator("#side")).to_be_hidden()
    until_in_sight(page, node_in(page, "gate"))


def test_a_double_click_on_the_shelf_takes_one_device(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("a(core/Repeat) OUT -> IN b(core/Repeat)")
    page = page_of(coordinator)
    shelf(page).locator("[data-kind=switch]").dblclick()
    coordinator.wait(lambda status: node(status, "switch1")["state"] == "alive")
    pick(page, "button")
    expect(card(page, "button1")).to_be_visible()
    expect(page.locator("#devices [data-kind=switch]")).to_have_count(1)


def test_a_knob_is_turned_by_dragging_its_dial(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("a(core/Repeat) OUT -> IN b(core/Repeat)")
    page = page_of(coordinator)
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


def test_a_microphone_tells_that_it_is_loud_however_that_came_about(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("")
    page = page_of(coordinator)
    pick(page, "sound")
    play(coordinator, "sound1")
    x, y = middle_of(card(page, "sound1").locator(".turnable"))
    with Outside(mqtt(coordinator), "sound1/loud") as outside:
        outside.send("sound1/threshold", "-60")
        until_value(outside, "sound1/loud", -50)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y - 240)
        until_value(outside, "sound1/loud", 0)
        page.mouse.up()


def test_a_button_tells_long_and_double_presses(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("")
    page = page_of(coordinator)
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


def test_wires_stay_when_a_real_device_takes_the_role(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("button1(web/Button) PRESS -> TOGGLE relay1(web/Relay)")
    page = page_of(coordinator)
    with Outside(mqtt(coordinator), "relay1/closed") as outside:
        pick(page, "relay", "button")
        coordinator.wait(lambda status: status["edges"][0]["kind"] == "direct")
        until_value(outside, "relay1/closed", False)
        card(page, "button1").get_by_role("button", name="Press button1").click()
        until_value(outside, "relay1/closed", True)

        class RealButton(Participant):
            component = "devices/Button"
            outports = (Port("press", "boolean"),)

        real = RealButton("button1")
        with Participants(real, broker=f"mqtt://127.0.0.1:{mqtt(coordinator).port}"):
            coordinator.wait(lambda status: len(node(status, "button1")["instances"]) == 2)
            card(page, "button1").get_by_role("button", name="Close button1").click()
            coordinator.wait(
                lambda status: [each["id"] for each in node(status, "button1")["instances"]] == ["button1"]
            )
            real.send("press", True)
            until_value(outside, "relay1/closed", False)


def test_devices_go_with_the_page_and_come_back_with_it(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("")
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


def test_a_device_is_renamed_and_closed(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("")
    page = page_of(coordinator)
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


def test_a_device_follows_its_node_when_that_has_another_name(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("src(core/Repeat) OUT -> ON relay1(web/Relay)\n")
    page = page_of(coordinator)
    pick(page, "relay")
    coordinator.wait(lambda status: node(status, "relay1")["state"] == "alive")
    edit(page, ["renamenode", {"from": "relay1", "to": "pump"}])
    expect(card(page, "pump")).to_be_visible()
    coordinator.wait(lambda status: node(status, "pump")["state"] == "alive")
    page.keyboard.press("Control+z")
    coordinator.wait(lambda status: node(status, "relay1")["state"] == "alive")
    expect(page.locator("#devices .device-card")).to_have_count(1)
    until_system(page, "system.graph.nodes.size === 2 && system.health.get('default/main\\nrelay1')?.error === ''")


def test_a_device_whose_node_is_copied_has_a_copy(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("src(core/Repeat) OUT -> ON relay1(web/Relay)\n")
    page = page_of(coordinator)
    pick(page, "relay")
    until_system(page, "system.nodeStatus('relay1')?.state === 'alive'")
    node_in(page, "relay1").locator(".role").click()
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    expect(card(page, "relay2")).to_be_visible()
    coordinator.wait(lambda status: node(status, "relay2")["state"] == "alive")


def test_devices_of_two_people_play_one_role_and_each_goes_by_itself(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("")
    pages = [page_of(coordinator), page_of(coordinator)]
    for page in pages:
        pick(page, "rgb")
        card(page, "rgb1").get_by_role("button", name="Rename rgb1").click()
        page.get_by_label("Role").fill("lamp")
        page.get_by_label("Role").press("Enter")
        coordinator.wait(lambda status: [each["id"] for each in status["nodes"]] == ["lamp"])
    both = coordinator.wait(lambda status: any(len(each["instances"]) == 2 for each in status["nodes"]))
    card(pages[0], "lamp").get_by_role("button", name="Close lamp").click()
    left = coordinator.wait(lambda status: len(node(status, "lamp")["instances"]) == 1)
    assert node(left, "lamp")["state"] == "alive"
    assert node(left, "lamp")["instances"][0]["id"] in {each["id"] for each in node(both, "lamp")["instances"]}
    with Outside(mqtt(coordinator), "lamp/state") as outside:
        outside.send("lamp/color", '"red"')
        expect(card(pages[1], "lamp")).to_contain_text("#ff0000")


def test_a_device_that_is_closed_while_it_starts_or_cannot_start_takes_no_part(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("")
    page = page_of(coordinator)
    pick(page, "text")  # by now the shelf has all kinds
    page.evaluate(
        """async () => {
          const { kinds } = await import("/devices/kinds.js");
          const load = kinds.get("switch");
          kinds.set("switch", () => new Promise((done) => (window.goOn = () => done(load()))));
          const broken = await kinds.get("button")();
          kinds.set("button", async () => ({ ...broken, make: () => { throw new Error("broken"); } }));
        }"""
    )
    pick(page, "switch")
    until(page, "() => window.goOn !== undefined")
    card(page, "switch1").get_by_role("button", name="Close switch1").click()
    page.evaluate("() => window.goOn()")
    pick(page, "button")
    expect(page.locator("#toasts")).to_contain_text("button1 could not be started: broken")
    expect(card(page, "button1")).to_have_count(0)
    pick(page, "display")  # is announced after whatever had begun before
    status = coordinator.wait(lambda status: any(each["id"] == "display1" for each in status["nodes"]))
    assert {each["id"] for each in status["nodes"]} == {"text1", "display1"}


def test_a_role_is_proposed_that_nobody_plays(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("button1(demo/Button) PRESS -> TEXT display1(web/Display)")

    class Other(Participant):
        component = "web/Button"  # of another page
        outports = (Port("press"),)

    with Participants(Other("button2"), broker=f"mqtt://127.0.0.1:{mqtt(coordinator).port}"):
        coordinator.wait(lambda status: node(status, "button2")["state"] == "alive")
        page = page_of(coordinator)
        until_system(page, "system.status.nodes.length === 3")
        pick(page, "button", "display")
        expect(card(page, "button3")).to_be_visible()
        expect(card(page, "display1")).to_be_visible()  # its wire waits for it


def test_devices_come_back_when_the_coordinator_does(run_graph: Run, page_of: Pages) -> None:
    page_of.tolerate("WebSocket connection|ERR_CONNECTION")
    coordinator = run_graph("")
    page = page_of(coordinator)
    pick(page, "switch")
    coordinator.wait(lambda status: node(status, "switch1")["state"] == "alive")
    coordinator.stop()
    expect(page.locator("#devices-trouble")).to_contain_text("Not connected")
    coordinator.start()  # the page's account has another password now
    coordinator.wait(lambda status: node(status, "switch1")["state"] == "alive", seconds=30)
    connected(page)
    with Outside(mqtt(coordinator), "switch1/on") as outside:
        card(page, "switch1").get_by_role("switch").click()
        until_value(outside, "switch1/on", True)


def test_without_a_broker_of_its_own_the_page_says_why(run_graph: Run, broker: Broker, page_of: Pages) -> None:
    page = page_of(run_graph("", broker=broker.url))
    shelf(page).locator("[data-kind=button]").click()
    expect(page.locator("#devices-trouble")).to_contain_text("a broker that is not its own")


HOSTILE = '<img src=x onerror="window.hacked = true"><script>window.hacked = true</script>'


def test_hostile_values_are_shown_as_text_only(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("")
    page = page_of(coordinator)
    pick(page, "display", "chart", "map", "rgb", "text")
    play(coordinator, "display1", "chart1", "map1", "rgb1", "text1")
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


def test_texts_of_others_do_not_turn_around_what_devices_say(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("")
    page = page_of(coordinator)
    pick(page, "map", "chart")
    play(coordinator, "map1", "chart1")
    with Outside(mqtt(coordinator), "map1/error") as outside:
        for number, name in enumerate(("abc \u202e evil", "abc \u2069\u202e evil", "\u05d0\u05d1\u05d2"), start=1):
            outside.send("map1/mark", json.dumps({"name": name, "x": 1, "y": number}))
            expect(card(page, "map1").locator("li")).to_have_count(number)
            assert goes_on_to_the_right(card(page, "map1").locator("li").last, " (1 m")
        expect(card(page, "map1").locator("svg text").first).to_have_text("abc \\u202e evil")
        outside.send("chart1/a", json.dumps("\u202e evil"))
        expect(card(page, "chart1")).to_contain_text("no number: \\u202e evil")


def test_settings_are_taken_and_wrong_ones_refused(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("")
    page = page_of(coordinator)
    topics = ["potentiometer1/value", "potentiometer1/error", "relay1/error", "potentiometer1/settings"]
    with Outside(mqtt(coordinator), *topics) as outside:
        pick(page, "potentiometer", "relay")
        play(coordinator, "potentiometer1", "relay1")
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


def test_ports_are_named_as_those_of_devices_on_boards(run_graph: Run, page_of: Pages) -> None:
    from devices import button, climate, light, potentiometer, relay, rgb, sound

    page = page_of(run_graph(""))
    said = page.evaluate(
        """async () => {
          const { kinds } = await import("/devices/kinds.js");
          const ports = async ([kind, load]) => [kind, (await load()).ports];
          return Object.fromEntries(await Promise.all([...kinds].map(ports)));
        }"""
    )
    real = {
        "button": button.Button("x", {}, {}, type("Contact", (), {})()),
        "potentiometer": potentiometer.Potentiometer("x", {}, {}, None),
        "rgb": rgb.Rgb("x", {}, {}, None),
        "relay": relay.Relay("x", {}, {}, None, 0),
        "light": light.Light("x", {}, {}, None),
        "sound": sound.Sound("x", {}, {}, None),
        "temperature": climate.Climate("x", {}, {}, None),
        "humidity": climate.Climate("x", {}, {}, None),
    }
    for kind, device in real.items():
        for direction, ports in (("in", device.inports), ("out", device.outports)):
            there = {port.id: (port.type, port.qos, port.retain) for port in ports}
            for port in said[kind][direction]:
                state = port.get("state", False)
                assert there.get(port["id"]) == (port["type"], int(state), state), f"{kind}.{port['id']}"


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


def test_a_screen_reader_says_what_one_does_and_not_what_comes_and_goes(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph("")
    page = page_of(coordinator)
    pick(page, *KINDS)
    play(coordinator, *map(role_of, KINDS))
    topics = ["temperature1/temperature", "sensor433-1/temperature"]
    with Outside(mqtt(coordinator), *topics) as outside:
        card(page, "temperature1").get_by_label("Drift").check()
        page.evaluate(READ_OUT)
        for kind, packets in SHOWS.items():
            for port, payload, text in packets:
                outside.send(f"{role_of(kind)}/{port}", payload)
                expect(card(page, role_of(kind))).to_contain_text(text)
        for role, port, interval in (("temperature1", "temperature", "0.1"), ("sensor433-1", "temperature", "1")):
            outside.send(f"{role}/interval", interval)
            values: set[Any] = set()
            while len(values) < 3:
                values.add(outside.next(f"{role}/{port}"))
        assert page.evaluate("() => window.said") == []
        card(page, "sensor433-1").get_by_role("button", name="Transmit").click()
        until(page, "() => window.said.some((text) => text.startsWith('sensor433-1: Sent at'))")
        card(page, "button1").get_by_role("button", name="Press").click()
        until(page, "() => window.said.includes('press')")


@pytest.mark.parametrize(("size", "theme"), [(LAPTOP, "dark"), (PHONE, "light")])
def test_devices_keep_nobody_out(run_graph: Run, page_of: Pages, size: tuple[int, int], theme: Any) -> None:
    page = page_of(run_graph(""), size=size, theme=theme)
    pick(page, *KINDS)
    expect(page.locator("#device-cards > li")).to_have_count(len(KINDS))
    assert axe(page, "#devices") == []
    shelf(page)
    assert axe(page, "#side") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
