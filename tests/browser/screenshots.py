"""The pictures of the documentation: the demo in a real browser. `tests/browser/screenshots.py [FOLDER]`, by default docs/.

With `--all` also each of both views at the sizes of a laptop and of a phone, light and dark, to be looked at.
"""

from __future__ import annotations

import shutil
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "support")]

from brokers import free_port  # noqa: E402 - the path comes first
from browser import LAPTOP, PHONE, SECRET, Chromium, Pages, edit, fit, until, until_system  # noqa: E402
from paths import ROOT  # noqa: E402
from systems import Coordinator  # noqa: E402

# role, component, where it stands on the dashboard
INSTRUMENTS = (
    ("load", "web/Chart", (0, 0, 6, 4)),
    ("limit", "web/Potentiometer", (6, 0, 3, 3)),
    ("colour", "web/Rgb", (9, 0, 3, 3)),
    ("fan-says", "web/Display", (6, 3, 4, 2)),
    ("clock", "web/Clock", (10, 3, 2, 3)),
    ("alarm", "web/Relay", (0, 4, 2, 2)),
    ("light", "web/Switch", (2, 4, 2, 2)),
    ("note", "web/Text", (4, 4, 2, 2)),
)
EDGES = (
    ("machine.load", "load.a"),
    ("machine.memory", "load.b"),
    ("lamp.color", "colour.color"),
    ("limit.value", "lamp.limit"),
    ("limit.value", "load.c"),
    ("fan.state", "fan-says.text"),
    ("lamp.alarm", "alarm.on"),
    ("light.on", "colour.on"),
    ("note.text", "fan-says.text"),
)


def build(page: Page) -> None:
    """A dashboard for the demo, and its wires."""
    until_system(page, "system.isReady")
    added: list[list[Any]] = []
    for role, component, (x, y, w, h) in INSTRUMENTS:
        metadata = {"dashboard": {"x": x, "y": y, "w": w, "h": h}}
        added.append(["addnode", {"id": role, "component": component, "metadata": metadata}])
    for src, tgt in EDGES:
        ends = [dict(zip(("node", "port"), end.split("."), strict=True)) for end in (src, tgt)]
        added.append(["addedge", {"src": ends[0], "tgt": ends[1]}])
    edit(page, *added)
    page.get_by_role("tab", name="Dashboard").click()
    page.locator(".instrument[data-state=running]").nth(len(INSTRUMENTS) - 1).wait_for()
    bound = "['direct', 'forwarded'].includes(edge.kind)"
    until_system(page, f"system.status.edges.length > {len(EDGES)} && system.status.edges.every((edge) => {bound})")
    page.get_by_role("switch").click()
    page.get_by_role("tab", name="Graph").click()
    page.get_by_role("button", name="Lay out").click()


def wired(page: Page) -> None:
    """The graph, while the dashboard runs on: as its menu leads there."""
    page.get_by_role("tab", name="Dashboard").click()
    page.locator(".instrument[data-state=running]").nth(len(INSTRUMENTS) - 1).wait_for()
    until_system(page, "system.status.nodes.every((node) => node.state === 'alive')")
    page.get_by_role("button", name="What to do with load").click()
    page.get_by_role("menuitem", name="Draw its wires").click()
    page.keyboard.press("Escape")
    page.evaluate("() => document.activeElement.blur()")
    if page.evaluate("() => innerWidth < 1000"):
        page.evaluate("async () => (await import('/core/registry.js')).context.page.openSide(false)")
    fit(page)
    rates = "[...document.querySelectorAll('.edge-label')].filter((each) => each.textContent.includes('/s'))"
    until(page, f"() => {rates}.length >= 7")
    page.mouse.move(5, 400)


def shown(page: Page) -> None:
    """The dashboard, with the numbers of some seconds."""
    page.get_by_role("tab", name="Dashboard").click()
    page.locator(".instrument[data-state=running]").nth(len(INSTRUMENTS) - 1).wait_for()
    for value in ("80", "30", "55"):
        page.get_by_role("slider").first.fill(value)
        page.wait_for_timeout(2000)  # so that the chart has something to show
    until(page, "() => document.querySelector('.chart-line')?.getAttribute('points')?.split(' ').length > 20")


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs")
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name) / "demo"
        shutil.copytree(ROOT / "examples/demo", folder)
        command = (folder, "--data", f"{name}/data", "--secret", SECRET, "--mqtt-port", str(free_port()))
        with Coordinator(*command, broker=None, cwd=Path(name)) as coordinator, Chromium() as chromium:
            coordinator.wait(lambda status: len(status["nodes"]) >= 3, seconds=30)
            with chromium.in_use() as browser, Pages(browser) as pages:
                pages.tolerate("")  # these are pictures, and no test
                page = pages(coordinator)
                build(page)
                wired(page)
                page.screenshot(path=arguments.folder / "page-light.png")
                page.emulate_media(color_scheme="dark")
                shown(page)
                page.screenshot(path=arguments.folder / "page-dark.png")
                for theme in ("light", "dark") if arguments.all else ():
                    page.emulate_media(color_scheme=theme)
                    for width, height in (LAPTOP, PHONE):
                        page.set_viewport_size({"width": width, "height": height})
                        shown(page)
                        page.screenshot(path=arguments.folder / f"dashboard-{theme}-{width}.png")
                        page.get_by_role("button", name="Edit", exact=True).click()
                        page.screenshot(path=arguments.folder / f"edit-{theme}-{width}.png")
                        page.get_by_role("button", name="Edit", exact=True).click()
                        wired(page)
                        page.screenshot(path=arguments.folder / f"graph-{theme}-{width}.png")


if __name__ == "__main__":
    main()
