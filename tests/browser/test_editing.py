"""Editing the graph: forms, the library and keys do nothing that nobody wants, and leave the focus where people go on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from browser import Pages, edit, expect, fit, make_graph, node_in, of_system, until_system
from systems import Coordinator


@pytest.fixture
def page(coordinator: Coordinator, same_page: Pages) -> Page:
    """A page with `a` and `b`, two counters, and `c`, which repeats what `a` sends; its `in` is sent 1 at the start."""
    page = same_page(coordinator)
    make_graph(
        page,
        ["addnode", {"id": "a", "component": "core/Counter", "metadata": {"x": 0, "y": 0}}],
        ["addnode", {"id": "b", "component": "core/Counter", "metadata": {"x": 0, "y": 240}}],
        ["addnode", {"id": "c", "component": "core/Repeat", "metadata": {"x": 320, "y": 0}}],
        ["addedge", {"src": {"node": "a", "port": "out"}, "tgt": {"node": "c", "port": "in"}}],
        ["addinitial", {"src": {"data": 1}, "tgt": {"node": "c", "port": "in"}}],
    )
    expect(node_in(page, "c").locator("[data-side=out]")).to_have_count(1)
    expect(node_in(page, "a").locator("[data-side=out]")).not_to_have_count(0)
    fit(page)
    return page


def test_enter_in_an_empty_search_adds_nothing(page: Page) -> None:
    node_in(page, "c").focus()
    page.keyboard.press("/")
    page.keyboard.press("Enter")
    page.keyboard.type("core/gate")
    page.keyboard.press("Enter")
    expect(node_in(page, "gate")).to_be_focused()
    assert of_system(page, "[...system.graph.nodes.keys()]") == ["a", "b", "c", "gate"]


def test_connecting_by_keys_proposes_no_loop_and_nothing_that_is_connected(page: Page) -> None:
    node_in(page, "a").focus()
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("From").select_option("out")
    offered = dialog.get_by_label("To").locator("option").all_inner_texts()
    assert offered[0].startswith("b ")
    assert [text[0] for text in offered] == sorted((text[0] for text in offered), reverse=True), (
        "the node itself is last"
    )
    assert offered[-1].startswith("a ")
    assert not [text for text in offered if text.startswith("c ")], "its only inport is connected"
    page.keyboard.press("Escape")


def test_escape_in_the_picture_lets_go_what_is_selected_and_then_closes_the_panel(page: Page) -> None:
    node_in(page, "c").locator(".role").click()
    inspector = page.locator("#inspector")
    expect(inspector).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#graph-view .node.selected")).to_have_count(0)
    expect(inspector).to_be_visible()
    page.keyboard.press("Escape")
    expect(inspector).to_be_hidden()
    expect(node_in(page, "c")).to_be_focused()


def test_a_form_in_the_picture_stays_beside_its_node_and_shows_what_is_wrong(
    page: Page, coordinator: Coordinator, same_page: Pages
) -> None:
    beside = """(node) => {
      const place = (name) => document.querySelector(name).getBoundingClientRect();
      const [form, holder] = [".editor", `#graph-view [data-node=${node}]`].map(place);
      return Math.abs(form.left - holder.left) < 20 && form.top >= holder.top - 2 && form.top - holder.bottom < 20;
    }"""
    node_in(page, "a").focus()
    page.keyboard.press("F2")
    name = page.locator(".editor.name")
    name.fill("b")
    page.keyboard.press("Enter")
    expect(name).to_be_focused()
    assert name.evaluate("(field) => field.validationMessage") == "There is a node b already."
    view = page.locator("#graph-view .viewport").bounding_box()
    assert view
    x, y = view["x"] + view["width"] / 2, view["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 90)
    page.mouse.up()
    page.wait_for_function(beside, arg="a")
    expect(name).to_be_focused()
    name.fill("first")
    page.keyboard.press("Enter")
    expect(node_in(page, "first")).to_be_focused()
    expect(name).to_have_count(0)

    node_in(page, "c").locator(".initial").click()
    form = page.locator("form.editor")
    page.mouse.move(x, y)
    page.mouse.wheel(0, 60)
    page.wait_for_function(beside, arg="c")
    node_in(page, "b").focus()
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    node_in(page, "c").locator(".initial").click()
    page.keyboard.type("7")
    other = same_page(coordinator, person="another")
    until_system(other, "system.isReady")
    edit(other, ["removenode", {"id": "c"}])
    expect(form).to_have_count(0)
    expect(page.locator(".toast.warn")).to_contain_text("c is not there any more.")
