"""The page's core: it mirrors the runtime, edits with undo, survives a lost connection; packets are few, and texts stay texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from brokers import Broker
from browser import SECRET, Pages, address, goes_on_to_the_right, node_in, of_system, running, until, until_system
from systems import Coordinator, Participants, Sink

RunGraph = Callable[..., Coordinator]

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
SNAPSHOT = """(() => {
  const sorted = (map) => [...map.values()].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const { nodes, edges, initials, inports, outports, groups } = system.graph;
  const groupsSorted = [...groups.values()].map((group) => ({ ...group, nodes: [...group.nodes].sort() }));
  return JSON.stringify([nodes, edges, initials, inports, outports].map(sorted).concat([groupsSorted]));
})()"""


def snapshot(page: Page) -> Any:
    return json.loads(of_system(page, SNAPSHOT))


def run(page: Page, *commands: tuple[str, dict[str, Any]], title: str = "Edit") -> bool:
    return bool(of_system(page, f"edits.run({json.dumps(title)}, {json.dumps(commands)})"))


def ready(page: Page, nodes: int = 3) -> Page:
    until_system(page, f"system.isReady && system.graph.nodes.size === {nodes}")
    return page


def port(node: str, name: str) -> dict[str, str]:
    return {"node": node, "port": name}


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
def coordinator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """For tests that change neither the graph nor the connection. A broker has one coordinator, so this one has its own."""
    with Broker() as broker, running(tmp_path_factory.mktemp("shared"), GRAPH, broker=broker.url) as coordinator:
        yield coordinator


def test_each_command_is_taken_back_and_done_again_and_others_see_it(
    run_graph: RunGraph, shared_broker: Broker, page_of: Pages
) -> None:
    coordinator = run_graph(GRAPH, broker=shared_broker.url)
    page, other = ready(page_of(coordinator)), ready(page_of(coordinator))
    original = snapshot(page)
    for name, (prepared, command) in COMMANDS.items():
        if prepared:
            assert run(page, *prepared), name
        before = snapshot(page)
        assert run(page, command), name
        after = snapshot(page)
        assert after != before, name
        for title, wanted in (("undo", before), ("redo", after), ("undo", before)):
            assert of_system(page, f"edits.{title}()"), (name, title)
            assert snapshot(page) == wanted, (name, title)
            until_system(other, f"{SNAPSHOT} === {json.dumps(of_system(page, SNAPSHOT))}")
        if prepared:
            assert of_system(page, "edits.undo()"), name
        assert snapshot(page) == original, name
    # What was followed is what the coordinator has.
    assert snapshot(ready(page_of(coordinator))) == original


def test_what_somebody_else_has_made_impossible_is_said_and_dropped(
    run_graph: RunGraph, shared_broker: Broker, page_of: Pages
) -> None:
    coordinator = run_graph(GRAPH, broker=shared_broker.url)
    page, other = ready(page_of(coordinator)), ready(page_of(coordinator))
    assert run(page, ("changenode", {"id": "b", "metadata": {"x": 7}}), title="Move b")
    assert run(page, ("changenode", {"id": "c", "metadata": {"x": 7}}), title="Move c")
    assert run(other, ("removenode", {"id": "c"}), title="Remove c")
    until_system(page, "!system.graph.nodes.has('c')")
    page.locator("#tool-undo").click()
    expect(page.get_by_role("alert").filter(has_text="Move c: It can no longer be taken back")).to_be_visible()
    assert of_system(page, "edits.undoTitle") == "Move b"
    page.keyboard.press("Control+z")
    until_system(page, "!('x' in system.graph.nodes.get('b').metadata)")
    page.keyboard.press("Control+Shift+z")
    until_system(page, "system.graph.nodes.get('b').metadata.x === 7")


def test_a_step_that_can_be_taken_back_only_in_part_is_not_taken_back(
    run_graph: RunGraph, shared_broker: Broker, page_of: Pages
) -> None:
    coordinator = run_graph(GRAPH, broker=shared_broker.url)
    page = ready(page_of(coordinator))
    assert run(page, *(("changenode", {"id": id, "metadata": {"x": 7}}) for id in "abc"), title="Move 3 nodes")
    other = ready(page_of(coordinator))
    assert run(other, ("removenode", {"id": "c"}))
    until_system(page, "!system.graph.nodes.has('c')")
    before = snapshot(page)
    assert not of_system(page, "edits.undo()")
    expect(page.get_by_role("alert").filter(has_text="there is no node c in the graph")).to_be_visible()
    assert snapshot(page) == snapshot(other) == before


def test_what_was_only_discovered_is_not_taken_into_the_graph_by_taking_a_step_back(
    run_graph: RunGraph, broker: Broker, page_of: Pages
) -> None:
    coordinator = run_graph(GRAPH, broker=broker.url)
    page, other = ready(page_of(coordinator)), ready(page_of(coordinator))
    with Participants(Sink("lamp"), broker=broker.url):
        discovered = "system.graph.nodes.get('lamp')?.metadata.discovered"
        until_system(page, discovered)
        assert run(page, ("addnode", {"id": "lamp", "component": "test/Sink"}))
        moved = [("changenode", {"id": id, "metadata": {"x": 7}}) for id in ("lamp", "a")]
        assert run(page, *moved, title="Move 2 nodes")
        assert run(other, ("removenode", {"id": "lamp"}))
        until_system(page, discovered)
        assert not of_system(page, "edits.undo()")
        assert of_system(page, f"{discovered} && system.graph.nodes.get('a').metadata.x === 7")


def test_what_is_refused_is_said_and_what_was_done_before_can_be_taken_back(
    run_graph: RunGraph, shared_broker: Broker, page_of: Pages
) -> None:
    page = ready(page_of(run_graph(GRAPH, broker=shared_broker.url)))
    before = snapshot(page)
    added = ("addnode", {"id": "d", "component": "core/Repeat"})
    assert not run(page, added, ("renamenode", {"from": "nobody", "to": "e"}), title="Two at once")
    expect(page.get_by_role("alert").filter(has_text="Two at once: ")).to_contain_text("nobody")
    assert of_system(page, "system.graph.nodes.has('d')")
    assert of_system(page, "edits.undo()")
    assert snapshot(page) == before


def test_a_lost_connection_is_said_edits_are_refused_and_the_present_state_is_shown_again(
    run_graph: RunGraph, shared_broker: Broker, page_of: Pages, tmp_path: Path
) -> None:
    page_of.tolerate("ERR_CONNECTION_|ERR_EMPTY_RESPONSE|WebSocket connection to")  # the browser's own lines
    coordinator = run_graph(GRAPH, broker=shared_broker.url)
    page = ready(page_of(coordinator))
    coordinator.kill()
    expect(page.locator("#banner-connection")).to_contain_text("There is no connection to the coordinator")
    expect(page.locator("#connection")).to_have_text("not connected")
    assert not run(page, ("removenode", {"id": "a"}), title="Remove a")
    expect(page.get_by_role("alert").filter(has_text="Remove a: There is no connection")).to_be_visible()
    assert of_system(page, "system.graph.nodes.has('a')"), "what was seen last stays"
    (tmp_path / "graph.fbp").write_text("a(core/Repeat) OUT -> IN elsewhere(core/Repeat)\n")
    coordinator.start()
    until_system(page, "system.isReady && system.graph.nodes.has('elsewhere')")
    expect(page.locator("#banner-connection")).to_have_count(0)
    assert of_system(page, "[...system.graph.edges.keys()]") == ["a.out elsewhere.in"]
    assert of_system(page, "system.graph.initials.size") == 0
    assert run(page, ("removenode", {"id": "a"}))


def test_a_graph_that_cannot_be_fetched_is_asked_for_again_and_what_was_seen_stays(
    run_graph: RunGraph, shared_broker: Broker, page_of: Pages
) -> None:
    coordinator = run_graph(GRAPH, broker=shared_broker.url)
    page = page_of.blank()
    page.add_init_script(
        """window.isSpoiled = true;
        const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (text) {
          window.socket = this;
          const asksForSource = JSON.parse(text).command === "getsource";
          send.call(this, window.isSpoiled && asksForSource ? text.replace("default/main", "x/Nobody") : text);
        };"""
    )
    page.goto(address(coordinator))
    nothing, banner = page.get_by_text("Nothing is here yet"), page.locator("#banner-stale")
    expect(banner).to_contain_text(
        "What you see may be out of date; it is asked for again every few seconds: there is no component"
    )
    assert not of_system(page, "system.isReady")
    expect(nothing).to_be_hidden()
    page.evaluate("() => (window.isSpoiled = false)")
    ready(page)
    expect(banner).to_have_count(0)
    page.evaluate("() => { window.isSpoiled = true; window.socket.close(); }")
    expect(banner).to_be_visible()
    expect(node_in(page, "a")).to_be_visible()
    expect(nothing).to_be_hidden()
    page.evaluate("() => (window.isSpoiled = false)")
    ready(page)


def test_what_was_told_of_nodes_and_edges_stays_while_nothing_is_told(
    run_graph: RunGraph, shared_broker: Broker, page_of: Pages
) -> None:
    page_of.tolerate("ERR_CONNECTION_|ERR_EMPTY_RESPONSE|WebSocket connection to|503")
    coordinator = run_graph(GRAPH, broker=shared_broker.url)
    page = ready(page_of(coordinator))
    until_system(page, "system.edgeStatus('a.out b.in')")
    known = (
        "[system.nodeStatus('a').state, system.nodeStatus('a').inports.length, system.edgeStatus('a.out b.in').kind]"
    )
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=503)

    page.route("**/status.json", refuse)

    def ask_until(count: int) -> None:
        while len(asked) < count:
            page.wait_for_event("request", lambda request: request.url.endswith("/status.json"))

    ask_until(1)
    before = of_system(page, known)
    ask_until(3)  # it asks again when it has seen what came of the one before
    assert of_system(page, known) == before
    coordinator.kill()
    expect(page.locator("#banner-connection")).to_contain_text("What you see is how it was")
    of_system(page, "system.askStatus()")
    assert of_system(page, known) == before


def test_how_nodes_of_the_graphs_of_tests_are_is_not_kept(coordinator: Coordinator, page_of: Pages) -> None:
    page = page_of(coordinator)
    until_system(page, "system.isReady")
    make = """(async () => {
      const { fbp } = system;
      const told = new Promise((resolve) => fbp.addEventListener("message", ({ detail: { command, payload } }) =>
        command === "icon" && payload.graph === "fixture.health" && resolve(payload.id)));
      await fbp.request("graph", "clear", { id: "fixture.health", main: false });
      await fbp.request("graph", "addnode", { graph: "fixture.health", id: "n", component: "nobody/Such", metadata: {} });
      const of = await told;
      return [of, [...system.health.keys()].filter((key) => key.startsWith("fixture."))];
    })()"""
    assert of_system(page, make) == ["n", []]


def test_who_asks_for_the_status_while_an_answer_is_on_its_way_waits_for_a_newer_one(
    coordinator: Coordinator, page_of: Pages
) -> None:
    page = page_of(coordinator)
    until_system(page, "system.isReady")
    ask = """(async () => {
      const fetched = globalThis.fetch;
      let [asked, isDone, release] = [0, false, null];
      const released = new Promise((resolve) => (release = resolve));
      globalThis.fetch = async (...all) => {
        if (String(all[0]) === "status.json" && ++asked === 1) await released;
        return fetched(...all);
      };
      const first = system.askStatus();
      while (asked === 0) await new Promise((resolve) => setTimeout(resolve));
      const second = system.askStatus().then(() => (isDone = true));
      await new Promise((resolve) => setTimeout(resolve));
      const wasDone = isDone;
      release();
      await Promise.all([first, second]);
      globalThis.fetch = fetched;
      return [wasDone, asked];
    })()"""
    assert of_system(page, ask) == [False, 2]


def test_what_was_typed_stays_where_it_could_not_be_sent_and_is_sent_again(
    run_graph: RunGraph, broker: Broker, page_of: Pages
) -> None:
    page_of.tolerate("ERR_CONNECTION_|ERR_EMPTY_RESPONSE|WebSocket connection to")
    coordinator = run_graph(GRAPH, broker=broker.url)
    page = ready(page_of(coordinator))
    node_in(page, "c").focus()
    page.keyboard.press("F2")
    name = page.get_by_label("New name of c")
    name.fill("counted")
    coordinator.kill()
    until_system(page, "system.fbp.state !== 'open'")
    name.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Rename c to counted: There is no connection")).to_be_visible()
    expect(name).to_have_value("counted")
    coordinator.start()
    ready(page)
    name.press("Enter")
    expect(node_in(page, "counted")).to_be_focused()
    expect(name).to_have_count(0)

    node_in(page, "a").locator(".initial").first.click()
    data = page.get_by_label("Sent to a in at the start")
    data.fill('"a long text"')
    coordinator.kill()
    until_system(page, "system.fbp.state !== 'open'")
    page.get_by_role("button", name="Set").click()
    expect(page.get_by_role("alert").filter(has_text="Send a long text to a in")).to_be_visible()
    expect(data).to_have_value('"a long text"')
    coordinator.start()
    until_system(page, "system.isReady")  # also with what the killed one has left on the broker
    page.get_by_role("button", name="Set").click()
    expect(data).to_have_count(0)
    until_system(page, "[...system.graph.initials.values()].some(({ data }) => data === 'a long text')")


def cut(page: Page, node: str, *, delivered: bool) -> None:
    """Cut the page's connection at its next command about a node, before or after the coordinator has got it; no answer comes."""
    page.evaluate(
        """([node, delivered]) => {
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function (text) {
            const { protocol, payload } = JSON.parse(text);
            if (protocol !== "graph" || payload.id !== node) return send.call(this, text);
            WebSocket.prototype.send = send;
            if (delivered) send.call(this, text);
            this.onmessage = null;
            this.close();
          };
        }""",
        [node, delivered],
    )


def test_an_edit_whose_answer_was_lost_can_be_taken_back_where_it_was_carried_out(
    run_graph: RunGraph, shared_broker: Broker, page_of: Pages
) -> None:
    page = ready(page_of(run_graph(GRAPH, broker=shared_broker.url)))
    before = snapshot(page)
    cut(page, "a", delivered=False)
    assert not run(page, ("removenode", {"id": "a"}), title="Never arrived")
    until_system(page, "system.isReady && !edits.canUndo")
    cut(page, "a", delivered=True)
    assert not run(page, ("removenode", {"id": "b"}), ("removenode", {"id": "a"}), title="Remove two")
    until_system(page, "system.isReady && !system.graph.nodes.has('a')")
    assert of_system(page, "edits.undo()")
    assert snapshot(page) == before
    assert not of_system(page, "edits.canUndo")


@pytest.mark.parametrize("delivered", [True, False])
def test_what_was_not_taken_back_when_the_connection_was_lost_is_taken_back_later(
    run_graph: RunGraph, shared_broker: Broker, page_of: Pages, delivered: bool
) -> None:
    page = ready(page_of(run_graph(GRAPH, broker=shared_broker.url)))
    before = snapshot(page)
    assert run(page, *(("removenode", {"id": id}) for id in "abc"), title="Remove 3 nodes")
    cut(page, "a", delivered=delivered)  # the last of them that comes back
    assert not of_system(page, "edits.undo()")
    assert of_system(page, "edits.undoTitle") == "Remove 3 nodes"
    ready(page, 3 if delivered else 2)
    assert of_system(page, "edits.undo()")
    assert snapshot(page) == before
    assert of_system(page, "edits.redo()"), "all three are one step, also when they are removed again"
    assert of_system(page, "system.graph.nodes.size") == 0
    assert of_system(page, "edits.undo()")
    assert snapshot(page) == before


def test_that_the_graph_is_not_saved_is_seen_and_heard_until_it_is(
    run_graph: RunGraph, shared_broker: Broker, page_of: Pages, tmp_path: Path
) -> None:
    page = ready(page_of(run_graph(GRAPH, "--no-save", broker=shared_broker.url)))
    save = page.locator("#tool-save")
    dot = "getComputedStyle(document.querySelector('#tool-save'), '::after').content !== 'none'"
    until_system(page, "system.status.unsaved === false")
    expect(save).to_have_accessible_name("Save the graph into its file")
    assert not page.evaluate(dot)
    assert run(page, ("changenode", {"id": "b", "metadata": {"x": 7}}))
    expect(save).to_have_accessible_name("Save the graph into its file: it has edits that are not saved")
    assert page.evaluate(dot)
    # What has kept it from being saved is said until it is mended.
    (tmp_path / "graph.fbp").write_text("a(core/Repeat) OUT ->\n")
    expect(page.locator("#banner-trouble")).to_be_visible()
    save.click()
    said = page.get_by_role("alert").filter(has_text="nothing is saved before this is mended")
    expect(said).to_be_visible()
    said.hover()  # so it does not go by itself
    (tmp_path / "graph.fbp").write_text(GRAPH)
    expect(said).to_have_count(0)
    expect(page.locator("#banner-trouble")).to_have_count(0)
    assert run(page, ("changenode", {"id": "b", "metadata": {"x": 8}}))
    expect(save).to_have_accessible_name("Save the graph into its file: it has edits that are not saved")
    save.click()
    expect(save).to_have_accessible_name("Save the graph into its file")
    assert not page.evaluate(dot)


def test_a_request_that_is_not_answered_any_more_fails(
    run_graph: RunGraph, shared_broker: Broker, page_of: Pages
) -> None:
    page_of.tolerate("ERR_CONNECTION_|ERR_EMPTY_RESPONSE|WebSocket connection to")
    coordinator = run_graph(GRAPH, broker=shared_broker.url)
    page = ready(page_of(coordinator))
    text = """(() => {
      window.waiting = Promise.allSettled(Array.from({ length: 2000 }, () => system.fbp.request("component", "list")));
    })()"""
    of_system(page, text)
    coordinator.kill()
    reasons = page.evaluate("async () => [...new Set((await window.waiting).map((each) => each.reason?.message))]")
    assert "The connection was lost before the coordinator answered." in reasons


def test_packets_are_kept_by_edge_and_bounded(coordinator: Coordinator, page_of: Pages) -> None:
    page = ready(page_of(coordinator))
    until_system(page, "['a', 'b'].every((id) => system.nodeStatus(id)?.state === 'alive')")
    for value in (1, {"deep": ["<b>"]}):
        sent = {"port": "in", "event": "data", "graph": "default/main", "payload": value}
        of_system(page, f"system.fbp.request('runtime', 'packet', {json.dumps(sent)})")
    until_system(page, "packets.history('a.out b.in').some((packet) => packet.data?.deep?.[0] === '<b>')")
    assert of_system(page, "packets.history('a.out b.in').at(-2).data") == 1
    feed = """((edges, each, data) => {
      for (let edge = 0; edge < edges; edge++) for (let i = 0; i < each; i++) {
        const detail = { graph: "default/main", edge: `n${edge}.out m.in`, data: data ?? i, at: i };
        system.dispatchEvent(new CustomEvent("data", { detail }));
      }
      return Array.from({ length: edges }, (_, edge) => packets.history(`n${edge}.out m.in`));
    })"""
    (ring,) = of_system(page, f"{feed}(1, 600)")
    assert [packet["data"] for packet in ring] == list(range(100, 600))
    rings = of_system(page, f"{feed}(250, 2)")
    assert [len(ring) for ring in rings] == [0] * 50 + [2] * 200
    assert of_system(page, "packets.last('n0.out m.in').data") == 1, "its last value is seen still"
    sizes = of_system(page, f"{feed}(10, 100, 'x'.repeat(10000)).map((ring) => ring.map((packet) => packet.size))")
    assert 2 * 1024 * 1024 < sum(map(sum, sizes)) <= 4 * 1024 * 1024
    of_system(page, f"void {feed}(60, 1, 'x'.repeat(100000))")
    sizes = of_system(page, "Array.from({ length: 60 }, (_, edge) => packets.last(`n${edge}.out m.in`)?.size ?? 0)")
    assert sizes == [0] * 19 + [100_002] * 41, "4 MiB of last values, of those that sent last"
    of_system(page, f"void {feed}(20100, 1)")
    assert of_system(page, "packets.last('n99.out m.in') === undefined && packets.last('n100.out m.in').data === 0")


def test_what_is_left_out_is_told(coordinator: Coordinator, page_of: Pages) -> None:
    page = ready(page_of(coordinator))
    of_system(
        page, "(window.said = []) && system.addEventListener('output', ({ detail }) => window.said.push(detail.text))"
    )
    # It is shown for a moment only.
    page.evaluate(
        """() => {
          window.leftOut = [];
          const line = document.querySelector("#status-left-out");
          new MutationObserver(() => window.leftOut.push(line.textContent)).observe(line, { childList: true, subtree: true });
        }"""
    )
    of_system(
        page,
        """Promise.all(Array.from({ length: 400 }, (_, payload) =>
             system.fbp.request("runtime", "packet", { port: "in", event: "data", graph: "default/main", payload })))""",
    )
    until(page, "() => window.leftOut.some((text) => text.includes('not shown in the last second'))")
    expect(page.locator("#status-left-out")).to_be_empty()
    assert not [text for text in page.evaluate("() => window.said") if "not shown" in text]


def test_keys_of_edges_compare_ports_in_lower_case_and_tell_all_names_apart(
    coordinator: Coordinator, page_of: Pages
) -> None:
    page = ready(page_of(coordinator))
    keys = page.evaluate("""async () => {
      const { edgeKey } = await import("/core/system.js");
      const end = (node, port, index) => ({ node, port, index });
      return [
        edgeKey(end("Lamp", "OUT", 1), end("b", "In")),
        edgeKey(end("a", "x"), end("b.y c", "z")), edgeKey(end("a.x b", "y"), end("c", "z")),
        edgeKey(end("a", "x[1]"), end("b", "y")), edgeKey(end("a", "x", 1), end("b", "y")),
        edgeKey(end("a%20", "x"), end("b", "y")), edgeKey(end("a ", "x"), end("b", "y")),
      ];
    }""")
    assert keys[0] == "Lamp.out[1] b.in"
    assert len(set(keys)) == len(keys)


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
    assert page_of(coordinator).url == address(coordinator, secret=None)


def test_a_secret_is_also_taken_where_the_page_is_open_already(coordinator: Coordinator, page_of: Pages) -> None:
    page = ready(page_of(coordinator, secret=None))
    assert not of_system(page, "system.may('component:setsource')")
    page.locator("#tool-secret").click()  # where none is needed, none is said to be
    expect(page.get_by_role("heading", name="Enter a secret")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto(address(coordinator))
    until_system(page, "system.may('component:setsource')")
    assert SECRET not in page.url


def test_a_secret_is_asked_for_where_one_is_needed(coordinator: Coordinator, page_of: Pages) -> None:
    page = ready(page_of(coordinator, secret=None))
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
    kept = "() => sessionStorage.getItem('msgflo-secret')"
    page.locator("#tool-secret").click()
    page.keyboard.type("not-the-right-one")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("That secret is not known here")
    assert page.evaluate(kept) == SECRET
    assert of_system(page, "system.may('component:setsource')")
    dialog.get_by_role("button", name="Forget the secret").click()
    until_system(page, "system.isReady && !system.may('component:setsource')")
    assert page.evaluate(kept) is None


def test_a_secret_that_is_not_known_is_dropped_and_said(coordinator: Coordinator, page_of: Pages) -> None:
    page = ready(page_of(coordinator, secret="an-old-one-of-before"))
    expect(page.get_by_role("alert").filter(has_text="not known here")).to_be_visible()
    assert page.evaluate("() => sessionStorage.length") == 0


def test_texts_of_anyone_stay_texts(run_graph: RunGraph, shared_broker: Broker, page_of: Pages) -> None:
    page = ready(page_of(run_graph(GRAPH, broker=shared_broker.url)))
    hostile = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    assert run(page, ("addnode", {"id": hostile, "component": hostile}), title=hostile)
    assert not run(page, ("renamenode", {"from": "absent" + hostile, "to": "other"}), title=hostile)
    expect(page.locator(".toast.bad")).to_contain_text(f"{hostile}: ")
    page.evaluate(
        """async (text) => {
          const { announce, askText, openPanel, toast } = await import("/core/dom.js");
          announce(text);
          toast(text, "good");
          openPanel(text, text, text);
          askText(text, { title: text, hint: text, value: text });
        }""",
        hostile,
    )
    expect(page.get_by_role("dialog").get_by_role("heading")).to_have_text(hostile)
    expect(page.locator("#inspector .panel-title")).to_have_text(hostile)
    assert page.locator("#inspector img, dialog img, #toasts img, #announcer img, #tools img").count() == 0
    assert page.title() != "run"


def test_a_name_that_turns_texts_around_is_seen_as_such_where_it_is_told(
    coordinator: Coordinator, page_of: Pages
) -> None:
    page = ready(page_of(coordinator))
    tell = """async (text) => {
      const { confirmDialog, toast } = await import("/core/dom.js");
      toast(text, "bad");
      confirmDialog(text);
    }"""
    page.evaluate(tell, "Move a\u202eb: it was refused")
    for told in (page.locator("#toasts p"), page.locator("dialog p")):
        expect(told).to_have_text("Move a\\u202eb: it was refused")
        assert goes_on_to_the_right(told, ": it was refused")


def test_a_panel_gives_the_focus_back_and_tells_when_it_closes(coordinator: Coordinator, page_of: Pages) -> None:
    page = ready(page_of(coordinator))
    page.locator("#tool-theme").focus()
    page.evaluate("""async () => {
      const { openPanel } = await import("/core/dom.js");
      window.told = [];
      for (const id of ["one", "two"]) openPanel(id, id, "content", { onClose: () => window.told.push(id) });
    }""")
    assert page.evaluate("() => window.told") == ["one"]
    page.locator("#inspector").get_by_role("button", name="Close").press("Escape")
    expect(page.locator("#inspector")).to_be_hidden()
    expect(page.locator("#tool-theme")).to_be_focused()
    assert page.evaluate("() => window.told") == ["one", "two"]


def test_toasts_leave_the_panel_and_the_devices_free(coordinator: Coordinator, page_of: Pages) -> None:
    page = ready(page_of(coordinator))
    page.evaluate("""async () => {
      const { openPanel, toast } = await import("/core/dom.js");
      toast("something");
      openPanel("one", "one", "content");
      const { context } = await import("/core/registry.js");
      context.page.openSide(true, "devices");
    }""")
    page.locator("[data-kind=display].shelf-item").click()
    expect(page.locator("#devices")).to_be_visible()
    page.wait_for_function("""() => {
      const place = (name) => document.querySelector(name).getBoundingClientRect();
      const [toast, panel, strip] = ["#toasts .toast", "#inspector", "#devices"].map(place);
      return toast.right <= panel.left && toast.bottom <= strip.top && toast.left >= 0 && toast.top >= 0;
    }""")


def test_light_and_dark_follow_the_system_until_one_is_chosen(coordinator: Coordinator, page_of: Pages) -> None:
    page = ready(page_of(coordinator, theme="dark"))
    html = page.locator("html")
    expect(html).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(html).to_have_attribute("data-theme", "light")
    page.get_by_role("button", name="Dark").click()
    expect(html).to_have_attribute("data-theme", "dark")
    page.reload()
    ready(page)
    expect(html).to_have_attribute("data-theme", "dark")


def test_parts_that_are_opened_while_there_is_no_coordinator_work_when_it_is_back(
    coordinator: Coordinator, page_of: Pages
) -> None:
    # Firefox does not load again what it could not load once: it has to be there by then.
    page_of.tolerate("ERR_FAILED|Failed to load resource")
    page = ready(page_of(coordinator))
    for part in ("boards/shelf.js", "boards/api.js", "adopt/view.js", "adopt/tree.js", "msgflo.js", "vendor/uplot.js"):
        page.wait_for_function(
            "(part) => performance.getEntriesByName(new URL(part, location.href).href).length", arg=part
        )
    page.route("**/*.js", lambda route: route.abort())
    page.get_by_role("tab", name="Boards").click()
    expect(page.locator("#boards-view")).to_contain_text("real firmware")
    page.get_by_role("tab", name="Adopt").click()
    expect(page.locator("#adopt-view .adopt")).to_be_visible()
