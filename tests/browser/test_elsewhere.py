"""From another machine, by a name such as `pi.local`: to browsers the page is no secure context then, and works all the same."""

from __future__ import annotations

from collections.abc import Callable

from browser import SECRET, Pages, expect, node_in, of_system, until, until_system
from systems import Coordinator

NAME = "pi.local"


def test_by_another_name_nodes_are_copied_and_virtual_devices_take_part(
    run_graph: Callable[..., Coordinator], page_of: Pages
) -> None:
    coordinator = run_graph("a(core/Repeat) OUT -> IN b(core/Repeat)", "--allow-host", NAME)
    page_of.tolerate(f"asked another host: ws://{NAME}:")
    page = page_of.blank()
    page.goto(f"http://{NAME}:{coordinator.port}/#secret={SECRET}")
    until_system(page, "system.isReady && system.graph.nodes.size === 2")
    assert page.evaluate("() => !isSecureContext && navigator.clipboard === undefined")

    node_in(page, "a").locator(".role").click(button="right")
    page.get_by_role("menuitem", name="Copy").click()
    expect(node_in(page, "a")).to_be_focused()
    page.keyboard.press("Control+v")  # what a menu has copied
    until_system(page, "system.graph.nodes.get('a2')?.component === 'core/Repeat'")

    page.get_by_role("tab", name="Devices").click()
    page.get_by_role("button", name="Switch On or off").click()
    until_system(page, "system.nodeStatus('switch1')?.state === 'alive'")
    assert of_system(page, "system.nodeStatus('switch1').instances.length") == 1
    until(page, "() => document.querySelectorAll('#toasts .bad').length === 0")
