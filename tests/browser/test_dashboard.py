"""Instruments: nodes of the graph that a dashboard plays, arranged by hand, the same for everyone who looks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

import pytest
from playwright.sync_api import Locator, Page, expect

from brokers import Broker
from browser import LAPTOP, PHONE, SECRET, Pages, address, axe, edit, node_in, of_system, settled, until_system
from msgflo import Participant, Port
from outside import Outside
from systems import Coordinator, Participants, node, until

Run = Callable[..., Coordinator]
Box = dict[str, int]

HOSTILE = "<img src=x onerror=window.hacked=1>"


def graph(**instruments: tuple[str, Box | None]) -> str:
    """A graph in JSON: the component of each node, and where it is on the dashboard."""
    processes = {
        role: {"component": component, "metadata": {"dashboard": box} if box else {}}
        for role, (component, box) in instruments.items()
    }
    return json.dumps({"properties": {"environment": {"type": "msgflo"}}, "processes": processes, "connections": []})


def box(x: int, y: int, w: int = 2, h: int = 2) -> Box:
    return {"x": x, "y": y, "w": w, "h": h}


def switch_and_lamp() -> str:
    return graph(switch1=("web/Switch", box(0, 0)), rgb1=("web/Rgb", box(4, 0, 2, 3)))


def mqtt(coordinator: Coordinator) -> Broker:
    """The coordinator's own broker, for a client outside."""
    port = int(coordinator.command[coordinator.command.index("--mqtt-port") + 1])
    return cast(Broker, SimpleNamespace(port=port))


def dashboard(page: Page) -> Page:
    """The page, with the view of instruments."""
    until_system(page, "system.isReady")
    page.get_by_role("tab", name="Dashboard").click()
    return page


def instrument(page: Page, role: str) -> Locator:
    return page.locator(f"#dashboard-view [data-role={json.dumps(role)}]")


def is_played(page: Page, role: str) -> None:
    expect(instrument(page, role)).to_have_attribute("data-state", "playing")


def add(page: Page, kind: str, role: str | None = None) -> None:
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("Kind").select_option(kind)
    if role is not None:
        page.get_by_label("Role").fill(role)
    page.get_by_role("dialog").get_by_role("button", name="Add").click()


def place(page: Page, role: str) -> Any:
    """Where the graph says that an instrument is."""
    return of_system(page, f"system.graph.nodes.get({json.dumps(role)})?.metadata.dashboard")


def until_place(page: Page, role: str, wanted: Box) -> None:
    metadata = f"system.graph.nodes.get({json.dumps(role)})?.metadata.dashboard"
    until_system(page, f"['x', 'y', 'w', 'h'].every((key) => {metadata}?.[key] === {json.dumps(wanted)}[key])")


def drag(page: Page, handle: Locator, columns: float, rows: float) -> None:
    """Drag by the mouse, so many cells far."""
    settled(page)
    grid, held = page.locator(".dashboard-grid").bounding_box(), handle.bounding_box()
    assert grid
    assert held
    x, y = held["x"] + held["width"] / 2, held["y"] + held["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y + 20)
    page.mouse.move(x + columns * (grid["width"] - 24) / 12, y + rows * 88, steps=4)
    page.mouse.up()


def test_an_instrument_added_by_one_person_appears_to_the_other(run_graph: Run, page_of: Pages, tmp_path: Path) -> None:
    coordinator = run_graph(graph(), suffix=".json")
    first, second = dashboard(page_of(coordinator)), dashboard(page_of(coordinator))
    expect(second.locator("#dashboard-view")).to_contain_text("No instruments yet")
    add(first, "switch")
    is_played(first, "switch1")
    expect(instrument(second, "switch1")).to_have_attribute("data-state", "elsewhere")
    expect(instrument(second, "switch1")).to_contain_text("Played elsewhere: switch1@web-")
    status = coordinator.wait(lambda status: node(status, "switch1")["state"] == "alive")
    assert len(node(status, "switch1")["instances"]) == 1
    instrument(second, "switch1").get_by_role("button", name="Play here too").click()
    is_played(second, "switch1")
    coordinator.wait(lambda status: len(node(status, "switch1")["instances"]) == 2)
    first.locator("#tool-save").click()
    expect(first.locator("#toasts")).to_contain_text("saved")
    saved = json.loads((tmp_path / "graph.json").read_text())
    assert saved["processes"]["switch1"]["component"] == "web/Switch"
    assert saved["processes"]["switch1"]["metadata"]["dashboard"] == box(0, 0)


def test_instruments_are_arranged_by_mouse_and_keys_for_everyone(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph(switch_and_lamp(), suffix=".json")
    first, second = dashboard(page_of(coordinator)), dashboard(page_of(coordinator))
    is_played(first, "switch1")
    move = instrument(first, "switch1").get_by_role("button", name="Move switch1")
    expect(move).to_be_hidden()  # locked
    first.get_by_role("button", name="Edit", exact=True).click()
    drag(first, move, 6, 1)
    until_place(second, "switch1", box(6, 1))
    drag(first, instrument(first, "switch1").get_by_role("button", name="Resize switch1"), 1, 1)
    until_place(second, "switch1", box(6, 1, 3, 3))
    move.focus()
    for key in ("Left", "Right", "Left", "Left"):  # without waiting for an answer in between
        first.keyboard.press(f"Arrow{key}")
    until_place(second, "switch1", box(4, 1, 3, 3))
    until_place(second, "rgb1", box(4, 4, 2, 3))  # has given way
    instrument(first, "rgb1").get_by_role("button", name="Resize rgb1").press("ArrowRight")
    until_place(second, "rgb1", box(4, 4, 3, 3))
    expect(instrument(first, "rgb1").get_by_role("button", name="Resize rgb1")).to_be_focused()
    seen, own = instrument(second, "switch1").bounding_box(), instrument(first, "switch1").bounding_box()
    assert seen
    assert own
    assert [seen[key] for key in ("x", "width", "height")] == [own[key] for key in ("x", "width", "height")]
    first.keyboard.press("Control+z")
    until_place(second, "rgb1", box(4, 4, 2, 3))
    first.reload()
    expect(instrument(first, "switch1")).to_be_visible()  # played by the second by now, perhaps
    assert place(first, "switch1") == box(4, 1, 3, 3)


def test_a_drag_is_broken_off_by_escape(run_graph: Run, page_of: Pages) -> None:
    page = dashboard(page_of(run_graph(switch_and_lamp(), suffix=".json")))
    is_played(page, "switch1")
    page.get_by_role("button", name="Edit", exact=True).click()
    settled(page)
    before = instrument(page, "switch1").bounding_box()
    assert before
    page.mouse.move(before["x"] + 40, before["y"] + 100)
    page.mouse.down()
    page.mouse.move(before["x"] + 400, before["y"] + 300)
    settled(page)
    assert instrument(page, "switch1").bounding_box() != before
    page.keyboard.press("Escape")
    page.mouse.up()
    settled(page)
    assert instrument(page, "switch1").bounding_box() == before
    assert place(page, "switch1") == box(0, 0)


class Lamp(Participant):
    component = "test/Lamp"
    inports = (Port("on", "boolean"),)
    outports = (Port("is", "boolean"),)

    def process(self, inport: str, msg: Any) -> None:
        self.send("is", msg.data)


def test_what_does_not_fit_into_an_instrument_can_be_scrolled_to(run_graph: Run, page_of: Pages) -> None:
    page = dashboard(page_of(run_graph(graph(sound1=("web/Sound", box(0, 0))), suffix=".json")))
    is_played(page, "sound1")
    body = instrument(page, "sound1").locator(".device-body")
    body.evaluate("body => body.scrollTo(0, 0)")
    above = "body => body.firstElementChild.getBoundingClientRect().top - body.getBoundingClientRect().top"
    assert body.evaluate("body => body.scrollHeight > body.clientHeight")
    assert body.evaluate(above) >= 0


def test_a_switch_on_the_dashboard_drives_a_lamp(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph(switch_and_lamp(), suffix=".json")
    page = page_of(coordinator)
    until_system(page, "system.isReady")
    lamp = Lamp("lamp")
    with (
        Participants(lamp, broker=f"mqtt://127.0.0.1:{mqtt(coordinator).port}"),
        Outside(mqtt(coordinator), "lamp/is") as outside,
    ):
        edit(page, ["addedge", {"src": {"node": "switch1", "port": "on"}, "tgt": {"node": "lamp", "port": "on"}}])
        dashboard(page)
        is_played(page, "switch1")
        coordinator.wait(lambda status: any(edge["kind"] == "direct" for edge in status["edges"]))
        outside.until("lamp/is", b"false")
        instrument(page, "switch1").get_by_role("switch").click()
        outside.until("lamp/is", b"true")
        kept = "() => JSON.parse(localStorage.getItem('msgflo-instruments'))?.switch1?.options.on"
        page.wait_for_function(kept)  # also where nothing tells the page that the power goes
        page.reload()  # where it was switched to is kept
        expect(instrument(page, "switch1").get_by_role("switch")).to_have_attribute("aria-checked", "true")


def test_instruments_are_played_from_when_the_dashboard_is_opened_until_the_page_is_closed(
    run_graph: Run, page_of: Pages
) -> None:
    coordinator = run_graph(graph(switch1=("web/Switch", box(0, 0))), suffix=".json")
    page = page_of(coordinator)
    until_system(page, "system.isReady && system.nodeStatus('switch1') !== undefined")
    assert node(coordinator.status(), "switch1")["state"] == "pending"
    dashboard(page)
    coordinator.wait(lambda status: node(status, "switch1")["state"] == "alive")
    instrument(page, "switch1").get_by_role("button", name="What to do with switch1").click()
    page.get_by_role("menuitem", name="Draw its wires").click()
    expect(node_in(page, "switch1")).to_be_visible()
    assert node(coordinator.status(), "switch1")["state"] == "alive"
    page.get_by_role("tab", name="Dashboard").click()
    is_played(page, "switch1")
    instrument(page, "switch1").get_by_role("switch").click()
    page.get_by_role("tab", name="Adopt").click()
    page.get_by_role("tab", name="Graph").click()
    page.locator("#side-tab-devices").click()
    page.locator("[data-kind=chart]").click()  # asks who plays what, and is answered
    coordinator.wait(lambda status: node(status, "chart1")["state"] == "alive")
    assert node(coordinator.status(), "switch1")["state"] == "alive"
    expect(instrument(page, "switch1").locator("[role=switch]")).to_have_attribute("aria-checked", "true")
    page.close()
    coordinator.wait(lambda status: node(status, "switch1")["state"] != "alive")


def test_what_the_shelf_of_the_same_page_plays_is_not_said_to_be_elsewhere(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph(graph(switch1=("web/Switch", None)), suffix=".json")
    page = page_of(coordinator)
    until_system(page, "system.isReady && system.status.nodes.length > 0")
    page.locator("#side-tab-devices").click()
    page.locator("[data-kind=switch]").click()
    coordinator.wait(lambda status: node(status, "switch1")["state"] == "alive")
    edit(page, ["changenode", {"id": "switch1", "metadata": {"dashboard": box(0, 0)}}])
    dashboard(page)
    expect(instrument(page, "switch1")).to_contain_text("Played by a device of this page")
    expect(instrument(page, "switch1").get_by_role("button", name="Play here too")).to_be_visible()


def test_what_somebody_else_plays_is_played_here_when_they_have_gone(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph(graph(switch1=("web/Switch", box(0, 0))), suffix=".json")

    class Real(Participant):
        component = "web/Switch"
        outports = (Port("on", "boolean"),)

    with Participants(Real("switch1"), broker=f"mqtt://127.0.0.1:{mqtt(coordinator).port}"):
        coordinator.wait(lambda status: node(status, "switch1")["state"] == "alive")
        page = dashboard(page_of(coordinator))
        expect(instrument(page, "switch1")).to_have_attribute("data-state", "elsewhere")
        expect(instrument(page, "switch1").get_by_role("switch")).to_have_count(0)
    is_played(page, "switch1")


def test_of_two_that_take_a_role_at_the_same_time_one_gives_way(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph(graph(switch1=("web/Switch", box(0, 0))), suffix=".json")
    pages = [page_of(coordinator), page_of(coordinator)]
    nobody = json.dumps(coordinator.status())
    for page in pages:
        page.route("**/status.json", lambda route: route.fulfill(body=nobody, content_type="application/json"))
    for page in pages:
        dashboard(page)
    for page in pages:
        is_played(page, "switch1")
    for page in pages:
        page.unroute("**/status.json")
    states = ["elsewhere", "playing"]
    until(lambda: sorted(str(instrument(page, "switch1").get_attribute("data-state")) for page in pages) == states)
    coordinator.wait(lambda status: len(node(status, "switch1")["instances"]) == 1)


def test_a_removed_instrument_comes_back_by_undo(run_graph: Run, page_of: Pages) -> None:
    page = dashboard(page_of(run_graph(switch_and_lamp(), suffix=".json")))
    menu = instrument(page, "switch1").get_by_role("button", name="What to do with switch1")
    menu.click()
    expect(page.get_by_role("menuitem", name="Remove")).to_be_disabled()  # locked
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Edit", exact=True).click()
    menu.click()
    page.get_by_role("menuitem", name="Remove").click()
    expect(instrument(page, "switch1")).to_have_count(0)
    until_system(page, "!system.graph.nodes.has('switch1')")
    page.locator("#tool-undo").click()
    is_played(page, "switch1")


def test_hostile_names_are_text_and_impossible_places_are_put_right(run_graph: Run, page_of: Pages) -> None:
    wild = {"x": -5, "y": "1", "w": 1e9, "h": None}
    text = graph(
        **{HOSTILE: ("web/Switch", cast(Box, wild))}, other=("web/Button", box(0, 0)), none=("web/Nothing", box(0, 0))
    )
    page = dashboard(page_of(run_graph(text, suffix=".json")))
    edit(page, ["changenode", {"id": "other", "metadata": {"label": HOSTILE}}])
    is_played(page, HOSTILE)
    expect(instrument(page, HOSTILE).locator("h3")).to_have_text(HOSTILE)
    expect(instrument(page, "other").locator("h3")).to_have_text(HOSTILE)
    expect(instrument(page, "none")).to_have_count(0)
    first, second = instrument(page, HOSTILE).bounding_box(), instrument(page, "other").bounding_box()
    assert first
    assert second
    assert first["y"] + first["height"] <= second["y"] or second["y"] + second["height"] <= first["y"]
    assert page.evaluate("() => window.hacked === undefined && document.querySelectorAll('img[src=x]').length === 0")


def test_a_role_that_is_something_else_in_the_graph_is_not_taken(run_graph: Run, page_of: Pages) -> None:
    page = dashboard(page_of(run_graph(graph(lamp=("test/Lamp", None)), suffix=".json")))
    add(page, "switch", "lamp")
    role = page.get_by_label("Role")
    assert "another component: test/Lamp" in role.evaluate("(field) => field.validationMessage")
    role.fill("hall")
    role.press("Enter")
    is_played(page, "hall")
    add(page, "switch", "hall ")
    assert "a device of that name" in role.evaluate("(field) => field.validationMessage")


def test_the_url_opens_a_wall_whose_bars_come_when_it_is_touched(run_graph: Run, page_of: Pages) -> None:
    coordinator = run_graph(switch_and_lamp(), suffix=".json")
    page = page_of.blank(has_touch=True)
    page.goto(address(coordinator, "/", secret=None) + f"#dashboard&wall&secret={SECRET}")
    is_played(page, "switch1")
    expect(page.locator("#bar")).to_be_hidden()
    switch = instrument(page, "switch1").get_by_role("switch")
    switch.tap()
    expect(switch).to_have_attribute("aria-checked", "true")
    assert page.locator("#bar").is_hidden()  # a switch is used, not the page; it would hide again by itself
    before = instrument(page, "switch1").bounding_box()
    page.touchscreen.tap(1200, 700)
    expect(page.locator("#bar")).to_be_visible()
    assert instrument(page, "switch1").bounding_box() == before  # nothing moves under a finger
    page.get_by_role("tab", name="Graph").tap()
    expect(page.locator("#status-line")).to_be_visible()
    # The tab's own address is that of the dashboard with its bars.
    page.get_by_role("tab", name="Dashboard").tap()
    page.reload()
    is_played(page, "switch1")
    expect(page.locator("#bar")).to_be_visible()


def test_a_wall_has_one_lock_of_the_screen_which_goes_with_it(run_graph: Run, page_of: Pages) -> None:
    page = page_of.blank()
    page.add_init_script("""
      window.asked = [];
      window.held = 0;
      const made = () => Object.assign(new EventTarget(), { release() { held--; this.dispatchEvent(new Event("release")); } });
      const request = () => new Promise((resolve) => asked.push(() => (held++, resolve(made()))));
      Object.defineProperty(navigator, "wakeLock", { value: { request } });
    """)
    coordinator = run_graph(switch_and_lamp(), suffix=".json")
    page.goto(address(coordinator, "/", secret=None) + f"#dashboard&wall&secret={SECRET}")
    until(lambda: page.evaluate("asked.length") == 1)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # while the browser has not answered
    page.evaluate("asked.splice(0).forEach((grant) => grant())")
    assert page.evaluate("held") == 1
    page.keyboard.press("Tab")  # shows the bars
    page.get_by_role("tab", name="Graph").click()
    until(lambda: page.evaluate("held") == 0)


def test_full_screen_hides_the_bars_until_it_ends(run_graph: Run, page_of: Pages) -> None:
    page = dashboard(page_of(run_graph(switch_and_lamp(), suffix=".json")))
    page.get_by_role("button", name="Full screen").click()
    expect(page.locator("#bar")).to_be_hidden()
    assert page.evaluate("() => document.fullscreenElement !== null")
    page.keyboard.press("Tab")
    expect(page.locator("#bar")).to_be_visible()
    page.evaluate("() => document.exitFullscreen()")
    expect(page.locator("#status-line")).to_be_visible()


def test_a_phone_has_one_column_in_reading_order(run_graph: Run, page_of: Pages) -> None:
    text = graph(
        last=("web/Switch", box(0, 3)), first=("web/Button", box(5, 0)), second=("web/Display", box(8, 0, 4, 2))
    )
    page = dashboard(page_of(run_graph(text, suffix=".json"), size=PHONE))
    is_played(page, "last")

    def in_order(*roles: str) -> bool:
        boxes = [instrument(page, role).bounding_box() for role in roles]
        assert all(each and each["width"] > 350 for each in boxes)
        tops = [each["y"] for each in boxes if each]
        return tops == sorted(set(tops))

    assert in_order("first", "second", "last")
    # Also for who goes through them by keys or hears them, and when somebody moves one on a wider screen.
    edit(page, ["changenode", {"id": "last", "metadata": {"dashboard": box(7, 0, 1, 1)}}])
    items = page.locator(".dashboard-grid > li")
    until(lambda: [item.get_attribute("data-role") for item in items.all()] == ["first", "last", "second"])
    assert in_order("first", "last", "second")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]


@pytest.mark.parametrize(("size", "theme"), [(LAPTOP, "light"), (PHONE, "dark")], ids=["laptop", "phone"])
def test_axe_finds_no_serious_fault(
    run_graph: Run, page_of: Pages, size: tuple[int, int], theme: Literal["light", "dark"]
) -> None:
    coordinator = run_graph(switch_and_lamp(), suffix=".json")
    page = dashboard(page_of(coordinator, size=size, theme=theme))
    is_played(page, "rgb1")
    found = axe(page)
    page.get_by_role("button", name="Edit", exact=True).click()
    found += axe(page)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("dialog").wait_for()
    assert not found + axe(page, "dialog")
