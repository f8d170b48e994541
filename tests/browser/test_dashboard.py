"""Instruments: nodes of the graph that run on a dashboard, arranged by hand, the same for everyone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from playwright.sync_api import Locator, Page

from browser import (
    PHONE,
    SECRET,
    Pages,
    SamePages,
    address,
    axe,
    edit,
    expect,
    node_in,
    of_system,
    running,
    settled,
    until_system,
)
from msgflo import Participant, Port
from outside import Outside
from systems import Coordinator, Participants, node, until
from virtual_devices import adds, cleared, joins, mqtt

Box = dict[str, int]

HOSTILE = "<img src=x onerror=window.hacked=1>"


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """One with a broker of its own for all tests here."""
    with running(tmp_path_factory.mktemp("dashboard"), "{}", suffix=".json") as coordinator:
        yield coordinator


@pytest.fixture
def page(coordinator: Coordinator, same_page: Pages) -> Page:
    """The page, with a graph in which nothing is."""
    page = same_page(coordinator)
    cleared(page, coordinator)
    return page


def instruments(page: Page, **boxes: tuple[str, Box | None]) -> Page:
    """Put these into the graph, each a component and where it is on the dashboard; the page, with its dashboard."""
    put(page, **boxes)
    return dashboard(page)


def put(page: Page, **boxes: tuple[str, Box | None]) -> None:
    """Put these into the graph."""
    edit(
        page,
        *(adds(role, component, **({"dashboard": box} if box else {})) for role, (component, box) in boxes.items()),
    )


def box(x: int, y: int, w: int = 2, h: int = 2) -> Box:
    return {"x": x, "y": y, "w": w, "h": h}


BOTH = {"switch1": ("web/Switch", box(0, 0)), "rgb1": ("web/Rgb", box(4, 0, 2, 3))}
ONE = {"switch1": BOTH["switch1"]}


def dashboard(page: Page) -> Page:
    """The page, with the view of instruments."""
    until_system(page, "system.isReady")
    page.get_by_role("tab", name="Dashboard").click()
    return page


def instrument(page: Page, role: str) -> Locator:
    return page.locator(f"#dashboard-view [data-role={json.dumps(role)}]")


def is_running_here(page: Page, role: str) -> None:
    until_system(page, f"system.nodeStatus({json.dumps(role)})?.instances.some(({{ state }}) => state === 'alive')")
    is_in_state(page, role, "running")


def is_in_state(page: Page, role: str, state: str) -> None:
    """Wait until an instrument is so by what the page asks for at once, and not only each two seconds."""
    until_system(page, f"system.status && {state_of(role)} === {json.dumps(state)}")


def state_of(role: str) -> str:
    return f"document.querySelector(`#dashboard-view [data-role=${{CSS.escape({json.dumps(role)})}}]`)?.dataset.state"


def add(page: Page, kind: str, role: str | None = None) -> None:
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("Kind").select_option(kind)
    if role is not None:
        page.get_by_label("Role").fill(role)
    page.get_by_role("dialog").get_by_role("button", name="Add").click()


def place(page: Page, role: str) -> Any:
    """Where the graph says that an instrument is."""
    return of_system(page, f"system.graph.nodes.get({json.dumps(role)})?.metadata.dashboard")


def until_place(page: Page, role: str, expected: Box) -> None:
    metadata = f"system.graph.nodes.get({json.dumps(role)})?.metadata.dashboard"
    until_system(page, f"['x', 'y', 'w', 'h'].every((key) => {metadata}?.[key] === {json.dumps(expected)}[key])")


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


def test_an_instrument_added_by_one_person_appears_to_the_other(
    page: Page, coordinator: Coordinator, page_of: Pages
) -> None:
    first, second = dashboard(page), dashboard(page_of(coordinator))
    expect(second.locator("#dashboard-view")).to_contain_text("No instruments yet")
    add(first, "switch")
    is_running_here(first, "switch1")
    is_in_state(second, "switch1", "elsewhere")
    expect(instrument(second, "switch1")).to_contain_text("Runs elsewhere: switch1@web-")
    status = coordinator.wait(lambda status: node(status, "switch1")["state"] == "alive")
    assert len(node(status, "switch1")["instances"]) == 1
    instrument(second, "switch1").get_by_role("button", name="Run here too").click()
    is_running_here(second, "switch1")
    coordinator.wait(lambda status: len(node(status, "switch1")["instances"]) == 2)
    first.locator("#tool-save").click()
    expect(first.locator("#toasts")).to_contain_text("saved")
    assert coordinator.cwd
    saved = json.loads((coordinator.cwd / "graph.json").read_text())
    assert saved["processes"]["switch1"]["component"] == "web/Switch"
    assert saved["processes"]["switch1"]["metadata"]["dashboard"] == box(0, 0)


def test_instruments_are_arranged_by_mouse_and_keys_for_everyone(
    page: Page, coordinator: Coordinator, page_of: Pages
) -> None:
    first = instruments(page, **BOTH)
    for role in BOTH:
        is_running_here(first, role)
    second = dashboard(page_of(coordinator))
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
    expect(instrument(first, "switch1")).to_be_visible()  # it runs in the second by now, perhaps
    assert place(first, "switch1") == box(4, 1, 3, 3)


class Lamp(Participant):
    component = "test/Lamp"
    inports = (Port("on", "boolean"),)
    outports = (Port("is", "boolean"),)

    def process(self, inport: str, msg: Any) -> None:
        self.send("is", msg.data)


def test_a_switch_on_the_dashboard_drives_a_lamp(page: Page, coordinator: Coordinator) -> None:
    put(page, **ONE)
    lamp = Lamp("lamp")
    with (
        Participants(lamp, broker=f"mqtt://127.0.0.1:{mqtt(coordinator).port}"),
        Outside(mqtt(coordinator), "lamp/is") as outside,
    ):
        until_system(page, "system.graph.nodes.has('lamp')")
        edit(page, joins("switch1.on", "lamp.on"))
        dashboard(page)
        is_running_here(page, "switch1")
        coordinator.wait(lambda status: any(edge["kind"] == "direct" for edge in status["edges"]))
        outside.until("lamp/is", b"false")
        instrument(page, "switch1").get_by_role("switch").click()
        outside.until("lamp/is", b"true")
        saved = "() => JSON.parse(localStorage.getItem('msgflo-instruments'))?.switch1?.options.on"
        page.wait_for_function(saved)  # also where nothing tells the page that the power goes
        page.reload()  # its position is saved
        expect(instrument(page, "switch1").get_by_role("switch")).to_have_attribute("aria-checked", "true")


def test_an_instrument_that_runs_elsewhere_runs_here_when_that_page_has_gone(
    page: Page, coordinator: Coordinator
) -> None:
    class Real(Participant):
        component = "web/Switch"
        outports = (Port("on", "boolean"),)

    with Participants(Real("switch1"), broker=f"mqtt://127.0.0.1:{mqtt(coordinator).port}"):
        coordinator.wait(lambda status: node(status, "switch1")["state"] == "alive")
        until_system(page, "system.nodeStatus('switch1')?.state === 'alive'")
        instruments(page, **ONE)
        is_in_state(page, "switch1", "elsewhere")
        expect(instrument(page, "switch1").get_by_role("switch")).to_have_count(0)
    is_running_here(page, "switch1")


def test_a_removed_instrument_comes_back_by_undo(page: Page) -> None:
    instruments(page, **BOTH)
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
    is_running_here(page, "switch1")


def test_hostile_names_are_text_and_impossible_places_are_put_right(page: Page) -> None:
    wild = {"x": -5, "y": "1", "w": 1e9, "h": None}
    hostile = {HOSTILE: ("web/Switch", cast(Box, wild))}
    instruments(page, **hostile, other=("web/Button", box(0, 0)), none=("web/Nothing", box(0, 0)))
    edit(page, ["changenode", {"id": "other", "metadata": {"label": HOSTILE}}])
    is_running_here(page, HOSTILE)
    expect(instrument(page, HOSTILE).locator("h3")).to_have_text(HOSTILE)
    expect(instrument(page, "other").locator("h3")).to_have_text(HOSTILE)
    expect(instrument(page, "none")).to_have_count(0)
    first, second = instrument(page, HOSTILE).bounding_box(), instrument(page, "other").bounding_box()
    assert first
    assert second
    assert first["y"] + first["height"] <= second["y"] or second["y"] + second["height"] <= first["y"]
    assert page.evaluate("() => window.hacked === undefined && document.querySelectorAll('img[src=x]').length === 0")


def test_a_role_that_is_something_else_in_the_graph_is_not_taken(page: Page) -> None:
    instruments(page, lamp=("test/Lamp", None))
    add(page, "switch", "lamp")
    role = page.get_by_label("Role")
    assert "another component: test/Lamp" in role.evaluate("(field) => field.validationMessage")
    role.fill("hall")
    role.press("Enter")
    is_running_here(page, "hall")
    add(page, "switch", "hall ")
    assert "a device of that name" in role.evaluate("(field) => field.validationMessage")


def test_full_screen_hides_the_bars_until_it_ends(page: Page) -> None:
    instruments(page, **BOTH)
    page.get_by_role("button", name="Full screen").click()
    expect(page.locator("#bar")).to_be_hidden()
    assert page.evaluate("() => document.fullscreenElement !== null")
    page.keyboard.press("Tab")
    expect(page.locator("#bar")).to_be_visible()
    page.evaluate("() => document.exitFullscreen()")
    expect(page.locator("#status-line")).to_be_visible()


def test_a_phone_has_one_column_in_reading_order(page: Page, coordinator: Coordinator, same_page: Pages) -> None:
    same_page(coordinator, size=PHONE)
    first, second = ("web/Button", box(5, 0)), ("web/Display", box(8, 0, 4, 2))
    instruments(page, last=("web/Switch", box(0, 3)), first=first, second=second)
    is_running_here(page, "last")

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


def test_axe_finds_no_serious_fault(page: Page, coordinator: Coordinator, same_page: Pages) -> None:
    same_page(coordinator, size=PHONE, theme="dark")
    instruments(page, **BOTH)
    is_running_here(page, "rgb1")
    assert axe(page) == []
    dashboard(same_page(coordinator))
    is_running_here(page, "rgb1")
    page.get_by_role("button", name="Edit", exact=True).click()
    found = axe(page)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("dialog").wait_for()
    assert not found + axe(page, "dialog")


# -- where nobody else has the page open: the instruments would run there --


@pytest.fixture
def alone(same_page: SamePages, page_of: Pages) -> Pages:
    """`page_of`, after the page of the other tests has been left."""
    same_page.leave()
    return page_of


def test_instruments_run_from_when_the_dashboard_is_opened_until_the_page_is_closed(
    coordinator: Coordinator, alone: Pages
) -> None:
    page = alone(coordinator)
    cleared(page, coordinator)
    put(page, **ONE)
    until_system(page, "system.isReady && system.nodeStatus('switch1') !== undefined")
    assert node(coordinator.status(), "switch1")["state"] == "pending"
    dashboard(page)
    coordinator.wait(lambda status: node(status, "switch1")["state"] == "alive")
    instrument(page, "switch1").get_by_role("button", name="What to do with switch1").click()
    page.get_by_role("menuitem", name="Draw its wires").click()
    expect(node_in(page, "switch1")).to_be_visible()
    assert node(coordinator.status(), "switch1")["state"] == "alive"
    page.get_by_role("tab", name="Dashboard").click()
    is_running_here(page, "switch1")
    instrument(page, "switch1").get_by_role("switch").click()
    page.get_by_role("tab", name="Adopt").click()
    page.get_by_role("tab", name="Graph").click()
    page.locator("#side-tab-devices").click()
    page.locator("[data-kind=chart]").click()  # asks for the status, and is answered
    coordinator.wait(lambda status: node(status, "chart1")["state"] == "alive")
    assert node(coordinator.status(), "switch1")["state"] == "alive"
    expect(instrument(page, "switch1").locator("[role=switch]")).to_have_attribute("aria-checked", "true")
    page.close()
    coordinator.wait(lambda status: node(status, "switch1")["state"] != "alive")


def test_the_url_opens_kiosk_mode_whose_bars_come_at_a_touch(alone: Pages, coordinator: Coordinator) -> None:
    page = alone.blank(has_touch=True)
    page.goto(address(coordinator, "/", secret=None) + f"#dashboard&wall&secret={SECRET}")
    cleared(page, coordinator)
    put(page, **BOTH)
    is_running_here(page, "switch1")
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
    is_running_here(page, "switch1")
    expect(page.locator("#bar")).to_be_visible()


def test_kiosk_mode_has_one_lock_of_the_screen_which_goes_with_it(alone: Pages, coordinator: Coordinator) -> None:
    page = alone.blank()
    page.add_init_script("""
      window.asked = [];
      window.held = 0;
      const made = () => Object.assign(new EventTarget(), { release() { held--; this.dispatchEvent(new Event("release")); } });
      const request = () => new Promise((resolve) => asked.push(() => (held++, resolve(made()))));
      Object.defineProperty(navigator, "wakeLock", { value: { request } });
    """)
    page.goto(address(coordinator, "/", secret=None) + f"#dashboard&wall&secret={SECRET}")
    until(lambda: page.evaluate("asked.length") == 1)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # while the browser has not answered
    page.evaluate("asked.splice(0).forEach((grant) => grant())")
    assert page.evaluate("held") == 1
    page.keyboard.press("Tab")  # shows the bars
    page.get_by_role("tab", name="Graph").click()
    until(lambda: page.evaluate("held") == 0)
