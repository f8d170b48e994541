"""Who may only look at the graph sees that at once, begins nothing that is not allowed, and is asked for no secret by it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from brokers import Broker
from browser import PHONE, SECRET, Pages, axe, expect, fit, node_in, of_system, running, until_system
from systems import Coordinator

VIEWER = "who-may-only-look-on"
GRAPH = """\
INPORT=a.IN:IN
a(core/Repeat) OUT -> IN b(core/Repeat)
1 -> IN a
"""


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory: pytest.TempPathFactory, shared_broker: Broker) -> Iterator[Coordinator]:
    folder = tmp_path_factory.mktemp("rights")
    (folder / "secrets.yaml").write_text(f"hall:\n  secret: {VIEWER}\n  may: viewer\n")
    (folder / "secrets.yaml").chmod(0o600)
    with running(folder, GRAPH, "--secrets", "secrets.yaml", broker=shared_broker.url) as coordinator:
        yield coordinator


def looking_on(page: Page) -> Page:
    until_system(page, "system.isReady && system.graph.nodes.size === 2")
    expect(page.get_by_role("button", name="Only looking on")).to_be_visible()
    return page


def test_who_only_looks_on_sees_it_and_begins_nothing(coordinator: Coordinator, page_of: Pages) -> None:
    page = looking_on(page_of(coordinator, secret=VIEWER))
    expect(page.locator("#read-only")).to_have_text("Only looking on: enter a secret to change things")
    expect(page.locator("#read-only")).to_have_attribute(
        "title", "The secret in use does not allow to change the graph. Press to enter a secret that allows more."
    )
    assert axe(page, "#bar") == []
    for tool in ("#tool-undo", "#tool-redo", "#tool-run", "#tool-save"):
        expect(page.locator(tool)).to_be_hidden()
    for name in ("Add a node", "Lay out what is selected"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    expect(page.locator("#side-library")).to_contain_text("the secret in use does not allow to change the graph")
    expect(page.locator("[data-component='core/Repeat']")).to_be_disabled()

    fit(page)
    graph = "JSON.stringify([...system.graph.nodes, ...system.graph.edges, ...system.graph.initials])"
    before = of_system(page, graph)
    page.evaluate(
        """() => {
          window.asked = [];
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function (text) {
            const { protocol, command } = JSON.parse(text);
            if (protocol === "graph") window.asked.push(command);
            send.call(this, text);
          };
        }"""
    )
    distance = """() => {
      const [a, b] = ["a", "b"].map((id) => document.querySelector(`[data-node=${id}]`).getBoundingClientRect());
      return Math.round(b.left - a.left);
    }"""
    apart = page.evaluate(distance)
    for grip in (node_in(page, "b").locator(".role"), node_in(page, "b").locator("[data-side=out] .dot")):
        box = grip.bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 40, y + 30)
        page.mouse.move(x - 80, y + 60)
        expect(page.locator("#graph-view .edge.drawn")).to_have_count(0)
        page.mouse.up()
        assert page.evaluate(distance) == apart, "the picture is moved, and not the node in it"
    node_in(page, "a").locator(".initial").click()
    for key in ("F2", "c", "i", "g", "l", "/", "Delete", "Alt+ArrowRight", "Control+x"):
        node_in(page, "a").focus()
        page.keyboard.press(key)
    expect(page.locator(".toast").filter(has_text="Only looking on: the secret in use does not allow")).to_be_visible()
    expect(page.locator("dialog, .editor, .menu")).to_have_count(0)
    page.keyboard.press("Shift+F10")
    expect(page.get_by_role("menuitem")).to_have_text(["InspectEnter", "CopyCtrl+C"])
    page.keyboard.press("Escape")
    assert not of_system(page, "edits.run('Move a', [['changenode', { id: 'a', metadata: { x: 1 } }]])")
    message = page.get_by_role("alert").filter(has_text="Move a: the secret in use does not allow to change the graph.")
    expect(message).to_be_visible()
    expect(page.locator("dialog")).to_have_count(0)
    assert page.evaluate("() => window.asked") == []
    assert of_system(page, graph) == before

    page.locator("#read-only").click()
    page.get_by_label("Secret", exact=True).fill(SECRET)
    page.keyboard.press("Enter")
    expect(page.locator("#read-only")).to_be_hidden()
    expect(page.locator("#tool-undo")).to_be_visible()
    expect(page.locator("[data-component='core/Repeat']")).to_be_enabled()
    node_in(page, "a").focus()
    page.keyboard.press("Delete")
    until_system(page, "!system.graph.nodes.has('a')")
    page.keyboard.press("Control+z")
    until_system(page, "system.graph.nodes.has('a')")


def test_on_a_phone_it_is_read_why_nothing_can_be_changed_and_why_devices_are_not_connected(
    coordinator: Coordinator, page_of: Pages
) -> None:
    page_of.tolerate("403")  # a viewer gets no account of the broker
    page = looking_on(page_of(coordinator, secret=VIEWER, size=PHONE))
    whole = "(place) => place.scrollWidth <= place.clientWidth && place.scrollHeight <= place.clientHeight"
    assert page.locator("#read-only").evaluate(whole)
    page.locator("#tool-side").click()
    page.get_by_role("tab", name="Devices").click()
    page.locator("[data-kind=display].device-item").click()
    trouble = page.locator("#devices-trouble")
    expect(trouble).to_contain_text("Not connected: ")
    assert trouble.evaluate(whole)
    page.evaluate(
        "document.querySelector('.dashboard-bar p').textContent = 'Not connected: ' + 'a long reason '.repeat(9)"
    )
    page.get_by_role("tab", name="Dashboard").click()
    assert page.locator(".dashboard-bar p").evaluate(whole)
