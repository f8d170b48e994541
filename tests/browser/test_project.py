"""What the page offers and writes in a project that has no components yet; and where the labels of edges stand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from brokers import Broker
from browser import (
    LAPTOP,
    PHONE,
    SECRET,
    Pages,
    axe,
    edit,
    expect,
    fit,
    node_in,
    of_system,
    running,
    settled,
    until,
    until_system,
)
from msgflo import Participant, Port
from systems import Coordinator, Participants


class Climate(Participant):
    """As a board's."""

    component = "devices/Climate"
    outports = (Port("temperature"),)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a project in which there is a graph, and nothing else of it."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def project(home: Path, broker: Broker) -> Iterator[Coordinator]:
    with running(home, "again(core/Repeat)\n", broker=broker.url) as coordinator:
        yield coordinator


def open_library(page: Page) -> Locator:
    """The names in the library, when the project's are known."""
    until_system(page, "system.isReady && system.graph.nodes.has('again')")
    page.get_by_role("button", name="Add a node").click()
    names = page.locator("#library-list .component-name")
    expect(names.filter(has_text="core/Repeat")).to_be_visible()
    return names


def test_the_library_offers_only_what_can_be_started(
    run_graph: Callable[..., Coordinator], broker: Broker, page_of: Pages, tmp_path: Path
) -> None:
    (tmp_path / "msgflo.yaml").write_text("namespace: home\n")
    page = page_of(run_graph("again(core/Repeat)\n", broker=broker.url))
    names = open_library(page)
    with Participants(Climate("attic"), broker=broker.url):
        expect(node_in(page, "attic")).to_be_visible()
        until_system(page, "system.components.has('devices/Climate')")
        (tmp_path / "Later.yml").write_text("component: home/Later\ninports: {}\noutports: {}\n")
        expect(names.filter(has_text="home/Later")).to_be_visible()
        expect(names.filter(has_text="devices/Climate")).to_have_count(0)


def test_a_component_is_made_in_the_page(project: Coordinator, page_of: Pages, home: Path) -> None:
    page = page_of(project, secret=None)
    names = open_library(page)
    page.get_by_role("button", name="New component").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("a b")
    expect(dialog).to_contain_text("At most 64 letters")
    dialog.get_by_label("Name").fill("Dimmer")
    expect(dialog).to_contain_text(f"It is saved as {home}/Dimmer.py. msgflo.yaml is made beside it")
    assert axe(page, "dialog") == []
    dialog.get_by_role("button", name="Make it").click()
    page.get_by_label("Secret", exact=True).fill(SECRET)
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("status").filter(has_text="is there")).to_contain_text(
        f"home/Dimmer is there. Made in {home}: Dimmer.py and msgflo.yaml."
    )
    expect(page.get_by_label("Source of home/Dimmer")).to_be_in_viewport()
    until_system(page, "system.nodeStatus('dimmer')?.state === 'alive'")
    expect(names.filter(has_text="home/Dimmer")).to_be_visible()
    assert "class Dimmer(Participant):" in (home / "Dimmer.py").read_text()


def test_that_edits_cannot_be_saved_is_seen_until_they_are(project: Coordinator, page_of: Pages, home: Path) -> None:
    page = page_of(project)
    until_system(page, "system.isReady && system.graph.nodes.has('again')")
    file = home / "graph.fbp"
    file.chmod(0o444)
    edit(page, ["addnode", {"id": "mine", "component": "core/Not"}])
    until_system(page, "system.status.save_trouble")
    banner = page.locator("#banner-unsaved")
    expect(banner).to_contain_text("Not saved: ")
    expect(banner).to_contain_text("cannot be written: it is write-protected (the edits are kept in ")
    file.chmod(0o644)
    until_system(page, "system.status.save_trouble === null")
    expect(banner).to_have_count(0)
    assert file.read_text() == "again(core/Repeat)\nmine(core/Not)\n"


# How far the middle of an edge's label is from the middle of the edge, in pixels of the screen.
ASIDE = """(key) => {
  const [path, label] = ["path", ".edge-label"].map((part) => document.querySelector(`${part}[data-edge="${key}"]`));
  const middle = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
  const { left, right, top, bottom } = label.getBoundingClientRect();
  return label.textContent && Math.hypot((left + right) / 2 - middle.x, (top + bottom) / 2 - middle.y);
}"""


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_the_label_of_a_selected_edge_stays_at_its_middle_however_far_away(
    coordinator: Coordinator, page_of: Pages, size: tuple[int, int]
) -> None:
    page = page_of(coordinator, size=size)
    until_system(page, "system.isReady && system.components.has('core/Gate')")
    places = {"a": (0, 0), "b": (900, 300), "c": (1800, 1200), "d": (2600, 1600)}
    edit(
        page,
        ["clear", {"id": "default/main", "name": "main"}],
        *(
            ["addnode", {"id": id, "component": "core/Repeat", "metadata": {"x": x, "y": y}}]
            for id, (x, y) in places.items()
        ),
        ["addedge", {"src": {"node": "b", "port": "out"}, "tgt": {"node": "c", "port": "in"}}],
        ["addinitial", {"src": {"data": "a text"}, "tgt": {"node": "b", "port": "in"}}],
    )
    key = "b.out c.in"
    until_system(page, f"packets.last({json.dumps(key)})?.data === 'a text'")
    fit(page)
    until(page, "() => document.querySelector('#graph-view .world').matches('.quiet')")
    page.evaluate(
        """async (key) => {
          const { context } = await import("/core/registry.js");
          context.bus.dispatchEvent(new CustomEvent("select", { detail: { kind: "edge", ids: [key] } }));
        }""",
        key,
    )
    label = page.locator(f'.edge-label[data-edge="{key}"]')
    expect(label).to_contain_text("a text")
    expect(label).to_be_visible()
    settled(page)
    assert page.evaluate(ASIDE, key) < 3
    assert of_system(page, "system.graph.edges.size") == 1
