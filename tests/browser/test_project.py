"""What the page offers and writes in a project that has no components yet; and where the labels of edges stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from brokers import Broker
from browser import SECRET, Pages, axe, edit, expect, running, until_system
from msgflo import Participant, Port
from systems import Coordinator


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
