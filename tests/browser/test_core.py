"""The page's core: it mirrors the runtime, edits with undo, survives a lost connection; packets are few, and texts stay texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from brokers import Broker
from browser import SECRET, Pages, address, come_back, expect, make_graph, node_in, of_system, running, until_system
from systems import Coordinator

LOST = "ERR_CONNECTION_|ERR_EMPTY_RESPONSE|WebSocket connection to"  # the browser's own lines

# The same graph as text and as commands.
GRAPH = """\
INPORT=a.IN:IN
OUTPORT=b.OUT:OUT
a(core/Repeat) OUT -> IN b(core/Repeat)
c(core/Counter) COUNT -> IN a
'first' -> IN a
'second' -> IN a
7 -> START c
"""

# All of a graph, in an order that does not depend on how it came about.
SNAPSHOT = """((graph) => {
  const sorted = (map) => [...map.values()].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const { nodes, edges, initials, inports, outports, groups } = graph;
  const groupsSorted = [...groups.values()].map((group) => ({ ...group, nodes: [...group.nodes].sort() }));
  return JSON.stringify([nodes, edges, initials, inports, outports].map(sorted).concat([groupsSorted]));
})"""


def run(page: Page, *commands: tuple[str, dict[str, Any]], title: str = "Edit") -> bool:
    return bool(of_system(page, f"edits.run({json.dumps(title)}, {json.dumps(commands)})"))


def ready(page: Page, nodes: int = 3) -> Page:
    until_system(page, f"system.isReady && system.graph.nodes.size === {nodes}")
    return page


def port(node: str, name: str) -> dict[str, str]:
    return {"node": node, "port": name}


MADE: list[list[Any]] = [
    *(
        ["addnode", {"id": id, "component": component}]
        for id, component in (("a", "core/Repeat"), ("b", "core/Repeat"), ("c", "core/Counter"))
    ),
    ["addedge", {"src": port("a", "out"), "tgt": port("b", "in")}],
    ["addedge", {"src": port("c", "count"), "tgt": port("a", "in")}],
    *(
        ["addinitial", {"src": {"data": data}, "tgt": tgt}]
        for data, tgt in (("first", port("a", "in")), ("second", port("a", "in")), (7, port("c", "start")))
    ),
    ["addinport", {"public": "in", "node": "a", "port": "in"}],
    ["addoutport", {"public": "out", "node": "b", "port": "out"}],
]

# What is there before, and the command that is taken back and done again.
COMMANDS: dict[str, tuple[list[tuple[str, dict[str, Any]]], tuple[str, dict[str, Any]]]] = {
    "addnode": ([], ("addnode", {"id": "d", "component": "core/Repeat", "metadata": {"x": 3, "y": 4}})),
    "addnode, of one that is there": (
        [("changenode", {"id": "a", "metadata": {"x": 1, "label": "A"}})],
        ("addnode", {"id": "a", "component": "core/Repeat", "metadata": {"x": 9, "y": 2}}),
    ),
    "removenode": (
        [
            ("changenode", {"id": "a", "metadata": {"x": 1, "y": 2, "label": "A"}}),
            ("changeedge", {"src": port("a", "out"), "tgt": port("b", "in"), "metadata": {"route": 5}}),
            ("addgroup", {"name": "both", "nodes": ["a", "b"], "metadata": {"description": "two"}}),
            ("addgroup", {"name": "others", "nodes": ["b", "c"]}),
        ],
        ("removenode", {"id": "a"}),
    ),
    "renamenode": ([("addgroup", {"name": "both", "nodes": ["a", "b"]})], ("renamenode", {"from": "a", "to": "A b.c"})),
    "changenode": (
        [("changenode", {"id": "a", "metadata": {"x": 1, "label": "A"}})],
        ("changenode", {"id": "a", "metadata": {"x": 5, "y": 6, "label": None}}),
    ),
    "addedge": ([], ("addedge", {"src": port("b", "out"), "tgt": port("c", "in"), "metadata": {"route": 2}})),
    "addedge, of one that is there": (
        [],
        ("addedge", {"src": port("a", "OUT"), "tgt": port("b", "IN"), "metadata": {"route": 2}}),
    ),
    "changeedge": (
        [("changeedge", {"src": port("a", "out"), "tgt": port("b", "in"), "metadata": {"route": 2, "secure": True}})],
        ("changeedge", {"src": port("a", "out"), "tgt": port("b", "in"), "metadata": {"route": 3, "secure": None}}),
    ),
    "removeedge": (
        [("changeedge", {"src": port("a", "out"), "tgt": port("b", "in"), "metadata": {"route": 2}})],
        ("removeedge", {"src": port("a", "out"), "tgt": port("b", "in")}),
    ),
    "addinitial": ([], ("addinitial", {"src": {"data": {"b": None, "a": [0, False]}}, "tgt": port("b", "in")})),
    "removeinitial": ([], ("removeinitial", {"src": {"data": "first"}, "tgt": port("a", "in")})),
    "removeinitial, of all of a port": ([], ("removeinitial", {"tgt": port("a", "in")})),
    "addinport": ([], ("addinport", {"public": "more", "node": "b", "port": "in", "metadata": {"x": 1, "y": 1}})),
    "removeinport": ([], ("removeinport", {"public": "in"})),
    "renameinport": ([], ("renameinport", {"from": "in", "to": "entrance"})),
    "addoutport": ([], ("addoutport", {"public": "more", "node": "a", "port": "out"})),
    "removeoutport": ([], ("removeoutport", {"public": "out"})),
    "renameoutport": ([], ("renameoutport", {"from": "out", "to": "exit"})),
    "addgroup": ([], ("addgroup", {"name": "both", "nodes": ["a", "b"], "metadata": {"description": "two"}})),
    "addgroup, of one that is there": (
        [("addgroup", {"name": "both", "nodes": ["a"], "metadata": {"description": "one"}})],
        ("addgroup", {"name": "both", "nodes": ["a", "b"], "metadata": {"description": "two", "color": 3}}),
    ),
    "removegroup": ([("addgroup", {"name": "both", "nodes": ["a", "b"]})], ("removegroup", {"name": "both"})),
    "renamegroup": ([("addgroup", {"name": "both", "nodes": ["a"]})], ("renamegroup", {"from": "both", "to": "all"})),
    "changegroup": (
        [("addgroup", {"name": "both", "nodes": ["a"], "metadata": {"description": "one"}})],
        ("changegroup", {"name": "both", "metadata": {"description": "two"}}),
    ),
    "clear": ([("addgroup", {"name": "both", "nodes": ["a", "b"]})], ("clear", {})),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `graph.fbp` of the coordinator is."""
    return tmp_path_factory.mktemp("core")


@pytest.fixture(scope="module")
def _coordinator(folder: Path, shared_broker: Broker) -> Iterator[Coordinator]:
    with running(folder, GRAPH, "--no-save", broker=shared_broker.url) as coordinator:
        yield coordinator


@pytest.fixture
def coordinator(_coordinator: Coordinator) -> Coordinator:
    """One for all tests; one that a test has killed, and has not started again, is started."""
    assert _coordinator.process
    if _coordinator.process.poll() is not None:
        _coordinator.start()
        _coordinator.wait(lambda status: True)
    return _coordinator


@pytest.fixture
def page(coordinator: Coordinator, same_page: Pages) -> Page:
    """The page with GRAPH in it."""
    page = same_page(coordinator)
    make_graph(page, *MADE)
    expect(page.locator("#graph-view [data-node]")).to_have_count(3)
    return page


# In the page, where each step takes no way there and back: what is wrong with each command.
TAKEN_BACK = """(async (commands) => {
  const snapshot = () => SNAPSHOT(system.graph);
  const original = snapshot();
  const wrong = [];
  // A command may be told in several messages, of which the first is its answer: the others are before the next answer.
  const done = async (edit) => (await edit) && (await system.fbp.request("runtime", "getruntime")) !== null;
  for (const [name, prepared, command] of commands) {
    const note = (isSo, what) => isSo || wrong.push(`${name}: ${what}`);
    if (prepared.length) note(await edits.run("Prepare", prepared), "what is there before is refused");
    const before = snapshot();
    note(await done(edits.run("Edit", [command])), "it is refused");
    const after = snapshot();
    note(after !== before, "it changes nothing");
    note((await done(edits.undo())) && snapshot() === before, "it is not taken back");
    note((await done(edits.redo())) && snapshot() === after, "it is not done again");
    await done(edits.undo());
    if (prepared.length) await done(edits.undo());
    note(snapshot() === original, "it leaves something behind");
  }
  const { readGraph } = await import("/core/graph.js");
  const { code } = await system.fbp.request("component", "getsource", { name: system.main });
  if (SNAPSHOT(readGraph(system.main, JSON.parse(code))) !== original) wrong.push("the coordinator has another graph");
  return wrong;
})""".replace("SNAPSHOT", SNAPSHOT)


def test_each_command_is_taken_back_and_done_again(page: Page) -> None:
    commands = [[name, prepared, command] for name, (prepared, command) in COMMANDS.items()]
    page.get_by_role("tab", name="Dashboard").click()  # so nothing is drawn meanwhile
    assert of_system(page, f"{TAKEN_BACK}({json.dumps(commands)})") == []


def test_what_is_refused_is_reported_and_what_was_done_before_is_taken_back_by_the_button(page: Page) -> None:
    added = ("addnode", {"id": "d", "component": "core/Repeat"})
    assert not run(page, added, ("renamenode", {"from": "nobody", "to": "e"}), title="Two at once")
    expect(page.get_by_role("alert").filter(has_text="Two at once: ")).to_contain_text("nobody")
    page.locator("#tool-undo").click()
    expect(node_in(page, "d")).to_have_count(0)
    page.locator("#tool-redo").click()
    expect(node_in(page, "d")).to_be_visible()


def test_a_lost_connection_is_reported_edits_are_refused_and_the_present_state_is_shown_again(
    page: Page, coordinator: Coordinator, folder: Path, same_page: Pages
) -> None:
    same_page.tolerate(LOST)
    page.evaluate("() => { window.sameAsBefore = true; }")
    connected = page.locator("#connection").text_content() or ""
    coordinator.kill()
    expect(page.locator("#banner-connection")).to_contain_text("There is no connection to the coordinator")
    expect(page.locator("#banner-connection")).to_contain_text("What you see is how it was")
    expect(page.locator("#connection")).to_have_text("not connected")
    assert not run(page, ("removenode", {"id": "a"}), title="Remove a")
    expect(page.get_by_role("alert").filter(has_text="Remove a: There is no connection")).to_be_visible()
    assert of_system(page, "system.graph.nodes.has('a')"), "what was seen last stays"
    (folder / "graph.fbp").write_text("a(core/Repeat) OUT -> IN elsewhere(core/Repeat)\n")
    coordinator.start()
    coordinator.wait(lambda status: True)
    come_back(page)
    until_system(page, "system.isReady && system.graph.nodes.has('elsewhere')")
    expect(page.locator("#banner-connection")).to_have_count(0)
    expect(page.locator("#connection")).to_have_text(connected)
    expect(node_in(page, "elsewhere")).to_be_visible()
    assert page.evaluate("() => window.sameAsBefore")
    assert of_system(page, "[...system.graph.edges.keys()]") == ["a.out elsewhere.in"]
    assert of_system(page, "system.graph.initials.size") == 0
    assert run(page, ("removenode", {"id": "a"}))


def test_what_was_typed_stays_where_it_could_not_be_sent_and_is_sent_again(
    page: Page, coordinator: Coordinator, folder: Path, same_page: Pages
) -> None:
    same_page.tolerate(LOST)
    coordinator.kill()
    until_system(page, "system.fbp.state !== 'open'")
    node_in(page, "a").locator(".initial").first.click()
    data = page.get_by_label("Sent to a in at the start")
    data.fill('"a long text"')
    page.get_by_role("button", name="Set").click()
    expect(page.get_by_role("alert").filter(has_text="Send a long text to a in")).to_be_visible()
    expect(data).to_have_value('"a long text"')
    node_in(page, "c").focus()
    page.keyboard.press("F2")
    name = page.get_by_label("New name of c")
    name.fill("counted")
    name.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Rename c to counted: There is no connection")).to_be_visible()
    expect(name).to_have_value("counted")
    (folder / "graph.fbp").write_text(GRAPH)
    coordinator.start()
    coordinator.wait(lambda status: True)
    come_back(page)
    ready(page)
    name.press("Enter")
    expect(node_in(page, "counted")).to_be_focused()
    expect(name).to_have_count(0)


def test_that_the_graph_is_not_saved_is_seen_and_heard_until_it_is(page: Page, folder: Path) -> None:
    save = page.locator("#tool-save")
    save.click()
    expect(page.get_by_text("The graph is saved in its file.")).to_be_visible()
    dot = "getComputedStyle(document.querySelector('#tool-save'), '::after').content !== 'none'"
    until_system(page, "system.status.unsaved === false")
    expect(save).to_have_accessible_name("Save the graph into its file")
    assert not page.evaluate(dot)
    saved = (folder / "graph.fbp").read_text()
    assert run(page, ("changenode", {"id": "b", "metadata": {"x": 7}}))
    until_system(page, "system.status.unsaved")
    expect(save).to_have_accessible_name("Save the graph into its file: it has edits that are not saved")
    assert page.evaluate(dot)
    # The reason why it cannot be saved is shown until it is mended.
    (folder / "graph.fbp").write_text("a(core/Repeat) OUT ->\n")
    until_system(page, "system.status.graph_trouble")
    expect(page.locator("#banner-trouble")).to_be_visible()
    save.click()
    message = page.get_by_role("alert").filter(has_text="nothing is saved before this is mended")
    expect(message).to_be_visible()
    message.hover()  # so it does not go by itself
    (folder / "graph.fbp").write_text(saved)
    until_system(page, "!system.status.graph_trouble")
    expect(message).to_have_count(0)
    expect(page.locator("#banner-trouble")).to_have_count(0)
    assert run(page, ("changenode", {"id": "b", "metadata": {"x": 8}}))
    until_system(page, "system.status.unsaved")
    expect(save).to_have_accessible_name("Save the graph into its file: it has edits that are not saved")
    save.click()
    expect(save).to_have_accessible_name("Save the graph into its file")
    assert not page.evaluate(dot)


@pytest.mark.usefixtures("page")
def test_the_secret_leaves_the_url_at_once_and_stays_in_this_tab(coordinator: Coordinator, page_of: Pages) -> None:
    page = page_of.blank()
    page.goto(address(coordinator, "/", secret=None) + f"#dashboard&secret={SECRET}")
    ready(page)
    assert page.url.endswith("/#dashboard")
    assert page.evaluate("() => history.length") == 2  # an empty page, and this one
    expect(page.locator("#dashboard-view")).to_be_visible()
    assert of_system(page, "system.may('component:setsource')")
    assert page.evaluate("() => [JSON.stringify(localStorage).includes('secret'), document.cookie]") == [False, ""]
    page.reload()
    ready(page)
    assert of_system(page, "system.may('component:setsource')")


def test_a_secret_is_asked_for_where_one_is_needed(coordinator: Coordinator, same_page: Pages) -> None:
    page = same_page(coordinator, secret=None)
    until_system(page, "system.isReady")
    source = {"name": "Mine", "language": "yaml", "code": "component: x/Mine\ninports: {}\noutports: {}\n"}
    of_system(
        page, f"void (window.told = system.fbp.request('component', 'source', {json.dumps(source)}).catch(String))"
    )
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("A secret is needed")
    page.keyboard.type("not-the-right-one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("That secret is not known here")
    page.keyboard.type(SECRET)
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="The secret is right")).to_be_visible()
    assert "is not permitted" not in str(page.evaluate("() => window.told"))
    until_system(page, "system.may('component:setsource')")
    # A wrong one that is typed later takes nothing away.
    stored = "() => sessionStorage.getItem('msgflo-secret')"
    page.locator("#tool-secret").click()
    page.keyboard.type("not-the-right-one")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("That secret is not known here")
    assert page.evaluate(stored) == SECRET
    assert of_system(page, "system.may('component:setsource')")
    dialog.get_by_role("button", name="Forget the secret").click()
    until_system(page, "system.isReady && !system.may('component:setsource')")
    assert page.evaluate(stored) is None


def test_a_secret_is_also_taken_where_the_page_is_open_already(coordinator: Coordinator, same_page: Pages) -> None:
    page = same_page(coordinator, secret=None)
    until_system(page, "system.isReady")
    assert not of_system(page, "system.may('component:setsource')")
    page.locator("#tool-secret").click()  # where none is needed, no request for one is shown
    expect(page.get_by_role("heading", name="Enter a secret")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto(address(coordinator))
    until_system(page, "system.may('component:setsource')")
    assert page.url == address(coordinator, secret=None)


def test_a_secret_that_is_not_known_is_dropped_and_reported(coordinator: Coordinator, page_of: Pages) -> None:
    page = page_of(coordinator, secret="an-old-one-of-before")
    expect(page.get_by_role("alert").filter(has_text="not known here")).to_be_visible()
    assert page.evaluate("() => sessionStorage.length") == 0


def test_light_and_dark_follow_the_system_until_one_is_chosen(coordinator: Coordinator, page_of: Pages) -> None:
    page = page_of(coordinator, theme="dark")
    html = page.locator("html")
    expect(html).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(html).to_have_attribute("data-theme", "light")
    page.get_by_role("button", name="Dark").click()
    expect(html).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(html).to_have_attribute("data-theme", "dark")
