"""A virtual board's button lights another virtual board's LED, through an edge that is drawn with the mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser import Pages, edit, fit, node_in, until_system
from systems import Coordinator

MAP = """\
chip: esp32
wifi: {ssid: Home, password: not my real password}
broker: mqtt://192.0.2.1
devices:
  DEVICE
"""
MAPS = {"hall": "hall-button: {kind: button, pin: 27}", "cellar": "cellar-lamp: {kind: led, pin: 19}"}

BOARD_MS = 60_000
pytestmark = pytest.mark.timeout(180)  # two boards start, each as its firmware takes


@pytest.fixture
def coordinator(run_graph: Callable[..., Coordinator], tmp_path: Path) -> Coordinator:
    boards = tmp_path / "boards"
    boards.mkdir()
    for name, device in MAPS.items():
        (boards / f"{name}.yaml").write_text(MAP.replace("DEVICE", device))
    return run_graph("", "--boards", boards)


def test_a_button_lights_an_led_of_another_board_through_a_graph_drawn_with_the_mouse(
    coordinator: Coordinator, page_of: Pages
) -> None:
    page = page_of(coordinator)
    page.get_by_role("tab", name="Boards").click()
    for name in MAPS:
        page.get_by_role("button", name=f"Start {name}").click()
    button = page.get_by_role("button", name="Press hall-button")
    lamp = page.locator("[data-device=cellar-lamp] .board-words")
    expect(button).to_be_visible(timeout=BOARD_MS)
    expect(lamp).to_have_text("dark", timeout=BOARD_MS)
    page.get_by_role("tab", name="Graph").click()
    for node in ("hall-button", "cellar-lamp"):
        expect(node_in(page, node)).to_be_visible(timeout=BOARD_MS)
    edit(page, *(
        ["changenode", {"id": node, "metadata": {"x": x, "y": 0}}] for node, x in (("hall-button", 0), ("cellar-lamp", 400))
    ))  # fmt: skip
    fit(page)
    draw_edge(page, ("hall-button", "pressed"), ("cellar-lamp", "on"))
    until_system(page, "system.edgeStatus('hall-button.pressed cellar-lamp.on')?.kind === 'direct'")
    page.get_by_role("tab", name="Boards").click()
    press = button.bounding_box()
    assert press
    page.mouse.move(press["x"] + press["width"] / 2, press["y"] + press["height"] / 2)
    page.mouse.down()
    expect(lamp).to_have_text("lit")
    page.mouse.up()
    expect(lamp).to_have_text("dark")


def port_of(page: Page, node: str, side: str, port: str) -> tuple[float, float]:
    """Where a port's dot is on the screen."""
    box = node_in(page, node).locator(f"[data-side={side}][data-port={port}] .dot").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def draw_edge(page: Page, src: tuple[str, str], tgt: tuple[str, str]) -> None:
    """Draw an edge from an outport to an inport, with the mouse."""
    page.mouse.move(*port_of(page, src[0], "out", src[1]))
    page.mouse.down()
    page.mouse.move(*port_of(page, tgt[0], "in", tgt[1]), steps=8)
    page.mouse.up()
