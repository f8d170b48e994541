"""The inspector: packets on a time line, nodes with ports, source and output, plots, traces; whatever comes is only text."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

import pytest
from playwright.sync_api import Error, Locator, Page

from brokers import Broker
from browser import (
    LAPTOP,
    PHONE,
    SECRET,
    Pages,
    address,
    axe,
    edit,
    expect,
    fit,
    make_graph,
    node_in,
    of_system,
    running,
    settled,
    tell,
    until,
    until_system,
)
from outside import Outside
from systems import Coordinator, Participants, Sink, Source
from systems import until as until_here

EDGE = "source.out sink.in"
KINDS = "['direct', 'forwarded', 'same']"
MARKUP = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"
ECHO = """
from msgflo import Participant, Port

class Echo(Participant):
    label = "Says what it hears"
    inports = [Port("in")]
    outports = [Port("out")]
    def on_in(self, value):
        print("heard", value, flush=True)
        self.send("out", [value, 1])
"""


class Pair:
    """The two participants of the graph, and the coordinator."""

    def __init__(self, coordinator: Coordinator, source: Source, sink: Sink) -> None:
        self.coordinator, self.source, self.sink = coordinator, source, sink


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, shared_broker: Broker) -> Iterator[Pair]:
    """A source that sends to a sink, for all tests here."""
    folder = tmp_path_factory.mktemp("inspect")
    (folder / "graph.fbp").write_text("source(test/Source) OUT -> IN sink(test/Sink)\nsource VALUE -> OTHER sink\n")
    source, sink = Source("source"), Sink("sink")
    options: tuple[str | Path, ...] = ("--data", folder / "data", "--secret", SECRET)
    with (
        Coordinator(folder / "graph.fbp", *options, broker=shared_broker.url, cwd=folder) as coordinator,
        Participants(source, sink, broker=shared_broker.url),
    ):
        coordinator.wait(lambda status: [each["kind"] for each in status["edges"]] == ["direct", "direct"])

        def hears() -> bool:
            source.send("out", 0)
            time.sleep(0.05)
            return bool(sink.received)

        until_here(hears)  # "direct" is shown before the sink has subscribed
        yield Pair(coordinator, source, sink)


@pytest.fixture
def page(pair: Pair, same_page: Pages) -> Page:
    """The page, which knows of no packets."""
    page = same_page(pair.coordinator)
    ready(page)
    of_system(page, "['in', 'other'].forEach((port) => packets.forget(` sink.${port}`))")
    of_system(page, "[...system.graph.edges.keys()].forEach((key) => packets.forget(key))")
    pair.sink.received.clear()
    return page


def ready(page: Page) -> None:
    until_system(page, f"system.isReady && {KINDS}.includes(system.edgeStatus('{EDGE}')?.kind)")
    until_system(page, "system.nodeStatus('sink')?.state === 'alive' && system.components.has('test/Sink')")


def inspector(page: Page) -> Locator:
    return page.locator("#inspector")


def rows(page: Page) -> Locator:
    return inspector(page).locator(".inspect-packets > li")


def open_edge(page: Page, key: str = EDGE) -> None:
    tell(page, "open-edge", {"key": key})
    expect(inspector(page)).to_be_visible()


def send(page: Page, pair: Pair, *values: Any) -> None:
    """Send packets, and wait until the page has them, whether it shows them or not."""
    before = of_system(page, f"packets.history('{EDGE}').length")
    for value in values:
        pair.source.send("out", value)
    until_system(page, f"packets.history('{EDGE}').length === {before + len(values)}")


def request(page: Page, protocol: str, command: str, payload: dict[str, Any]) -> None:
    of_system(page, f"await system.fbp.request('{protocol}', '{command}', {json.dumps(payload)})")


# -- edges --


def test_a_click_on_an_edge_shows_its_packets_with_time_size_and_value(page: Page, pair: Pair) -> None:
    fit(page)
    x, y = page.evaluate(
        """(key) => {
          const path = document.querySelector(`path[data-edge="${key}"]`);
          const at = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
          return [at.x, at.y];
        }""",
        EDGE,
    )
    page.mouse.click(x, y)
    expect(inspector(page).locator("h2")).to_have_text("source out → sink in")
    send(page, pair, {"level": 3})
    expect(rows(page)).to_have_count(1)
    expect(rows(page).locator("code")).to_have_text('{"level":3}')
    expect(rows(page).locator("time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d\.\d{3}$"))
    expect(rows(page).locator(".inspect-size")).to_have_text("11 B")
    rows(page).locator("summary").click()
    assert rows(page).locator("pre").text_content() == json.dumps({"level": 3}, indent=2)


def test_pause_holds_what_is_shown_and_shows_how_much_has_come(page: Page, pair: Pair) -> None:
    open_edge(page)
    send(page, pair, "first")
    expect(rows(page)).to_have_count(1)
    pause = inspector(page).get_by_role("button", name="Pause")
    pause.click()
    send(page, pair, "second", "third")
    expect(inspector(page).locator(".inspect-count")).to_contain_text("paused, 2 have come since")
    expect(rows(page)).to_have_count(1)
    pause.click()
    expect(rows(page)).to_have_count(3)
    expect(rows(page).first).to_contain_text("third")


def test_a_filter_is_a_text_or_a_comparison(page: Page, pair: Pair) -> None:
    open_edge(page)
    send(page, pair, 10, 30.5, "Warm", {"room": "kitchen", "level": 25})
    expect(rows(page)).to_have_count(4)
    field = inspector(page).get_by_label("Filter the packets")
    for text, shown in (("warm", ['"Warm"']), ("> 20", ['{"room":"kitchen","level":25}', "30.5"]), ("<=10", ["10"])):
        field.fill(text)
        expect(rows(page).locator("code")).to_have_text(shown)
    field.fill("")
    expect(rows(page)).to_have_count(4)
    field.press("Escape")
    assert inspector(page).is_visible()


def test_a_value_is_copied(page: Page, pair: Pair) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_edge(page)
    send(page, pair, {"a": [1, 2]})
    rows(page).locator("summary").click()
    rows(page).get_by_role("button", name="Copy").click()
    until(page, "() => document.querySelector('#announcer').textContent === 'The value copied'")
    assert page.evaluate("() => navigator.clipboard.readText()") == '{"a":[1,2]}'


def test_a_packet_that_has_passed_is_sent_again_and_leaves_the_graph_as_it_was(page: Page, pair: Pair) -> None:
    open_edge(page)
    send(page, pair, {"a": 1})
    until_here(lambda: pair.sink.received == [{"a": 1}])
    rows(page).locator("summary").click()
    rows(page).get_by_role("button", name="Send again").click()
    until_here(lambda: pair.sink.received == [{"a": 1}, {"a": 1}])
    until_system(page, "system.graph.inports.size === 0")


def test_what_was_shortened_is_not_sent_again(page: Page, pair: Pair) -> None:
    open_edge(page)
    send(page, pair, "long " * 4000)
    expect(rows(page).locator(".inspect-size")).to_have_text("20.0 kB")
    rows(page).locator("summary").click()
    expect(rows(page).get_by_role("button", name="Send again")).to_be_disabled()
    send(page, pair, "Ä€")
    expect(rows(page).first.locator(".inspect-size")).to_have_text("7 B")


def test_a_typed_value_arrives_at_the_participant(page: Page, pair: Pair) -> None:
    open_edge(page)
    field = inspector(page).get_by_label("Send to sink in")
    field.fill('{"level": 3}')
    expect(inspector(page).locator(".inspect-send")).to_contain_text("an object")
    field.press("Enter")
    until_here(lambda: pair.sink.received == [{"level": 3}])
    field.fill("{not JSON")
    field.press("Enter")
    expect(inspector(page).locator(".inspect-send")).to_contain_text("This is not JSON")
    field.fill("")
    field.press_sequentially("plain words")
    inspector(page).get_by_role("button", name="Send", exact=True).click()
    until_here(lambda: pair.sink.received == [{"level": 3}, "plain words"])
    until_system(page, "system.graph.inports.size === 0")


def test_a_device_that_was_sent_something_is_no_part_of_the_graph_by_that(page: Page, shared_broker: Broker) -> None:
    discovered = "system.graph.nodes.get('lamp')?.metadata.discovered === true"
    lamp = Sink("lamp")
    with Participants(lamp, broker=shared_broker.url):
        until_system(page, discovered)
        tell(page, "open-node", {"id": "lamp"})
        inspector(page).locator("[data-side=in][data-port=in] summary").click()
        inspector(page).get_by_label("Send to lamp in").fill("7")
        inspector(page).get_by_label("Send to lamp in").press("Enter")
        until_here(lambda: lamp.received == [7])
        until_system(page, f"{discovered} && system.graph.inports.size === 0")


def test_numbers_of_several_edges_are_drawn_together_and_listed_in_a_table(page: Page, pair: Pair) -> None:
    open_edge(page)
    figure = inspector(page).locator(".inspect-plot")
    expect(inspector(page)).to_contain_text("No numbers yet.")
    send(page, pair, {"t": 20, "h": 40}, {"t": 22.5, "h": 45}, "no number")
    expect(figure.locator("canvas")).to_be_visible()
    table = inspector(page).locator(".inspect-table tbody tr")
    expect(table).to_have_text(["source out: t22.52022.5", "source out: h454045"])
    expect(figure).to_have_attribute(
        "aria-label",
        "Numbers over time. source out: t: 22.5 now, from 20 to 22.5; source out: h: 45 now, from 40 to 45",
    )
    pair.source.send("value", 7)
    until_system(page, "packets.last('source.value sink.other')?.data === 7")
    send(page, pair, {"t": 21, "h": 41})
    inspector(page).get_by_label("Draw the numbers of another edge").select_option("source.value sink.other")
    expect(table).to_have_text(["source out: t212022.5", "source out: h414045", "source value777"])
    expect(figure.locator("canvas")).to_have_count(1)
    send(page, pair, {f"number {i}": i for i in range(9)})
    expect(table).to_have_count(9)
    expect(inspector(page)).to_contain_text("Of each edge 8 numbers are drawn: 3 more are not.")


PAINTED = """() => {
  const canvas = document.querySelector(".inspect-plot canvas");
  if (!canvas) return 0; // the library that draws is loaded with the first plot
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i] < 60 && data[i + 2] > 160 && data[i + 3] > 200) found++;
  return found;
}"""


def seen(page: Page) -> tuple[float, float]:
    """The time that a zoomed plot shows, in ms of the day."""
    message = inspector(page).get_by_role("status")
    expect(message).to_have_text(re.compile("^From "))
    times = re.findall(r"(\d\d):(\d\d):(\d\d\.\d{3})", message.text_content() or "")
    begin, end = [
        (int(hours) * 60 + int(minutes)) * 60_000 + float(seconds) * 1000 for hours, minutes, seconds in times
    ]
    return begin, end


def test_a_plot_has_its_line_and_is_zoomed_by_dragging_and_moved_by_buttons(page: Page, pair: Pair) -> None:
    open_edge(page)
    send(page, pair, 1)
    page.wait_for_timeout(20)  # at another time than the next
    send(page, pair, 2)
    page.wait_for_timeout(20)
    send(page, pair, 1.5)
    canvas = inspector(page).locator(".inspect-plot canvas")
    expect(inspector(page).locator(".inspect-table td").first).to_have_text("1.5")
    until(page, f"() => ({PAINTED})() > 100")
    whole = inspector(page).get_by_role("button", name="Whole time")
    expect(whole).to_be_hidden()
    canvas.scroll_into_view_if_needed()
    settled(page)
    box = inspector(page).locator(".inspect-plot .u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60, steps=5)
    page.mouse.up()
    expect(whole).to_be_visible()
    span = of_system(page, f"packets.history('{EDGE}').at(-1).at - packets.history('{EDGE}')[0].at")
    first, last = seen(page)
    assert last - first == pytest.approx(span * 0.3, abs=3 + span * 0.03)
    earlier, later = (inspector(page).get_by_role("button", name=name) for name in ("Earlier", "Later"))
    earlier.click()
    assert seen(page) == pytest.approx((first - (last - first) / 2, last - (last - first) / 2), abs=2)
    for _ in range(3):  # no further than there is something
        earlier.click()
    begin = seen(page)
    assert begin == pytest.approx((first - span * 0.3, last - span * 0.3), abs=3 + span * 0.03)
    later.click()
    assert seen(page)[0] > begin[0]
    whole.click()
    expect(whole).to_be_hidden()
    expect(earlier).to_be_hidden()


# -- nodes --


def test_a_click_on_a_node_shows_ports_last_values_topics_and_health(page: Page, pair: Pair) -> None:
    node_in(page, "sink").locator(".role").click()
    expect(inspector(page).locator("h2")).to_have_text("sink")
    port = inspector(page).locator("[data-side=in][data-port=in]")
    expect(port).to_contain_text("no packet seen yet")
    expect(port).to_contain_text("Topic sink/in")
    expect(inspector(page)).to_contain_text("test/Sink")
    expect(inspector(page).locator(".inspect-section", has_text="Health")).to_contain_text("alive")
    expect(inspector(page).locator(".inspect-section", has_text="Health")).to_contain_text("Since")
    send(page, pair, "a value")
    expect(port.locator(".inspect-value")).to_contain_text('"a value" at ')
    port.get_by_role("button", name="from source out").click()
    expect(inspector(page).locator("h2")).to_have_text("source out → sink in")


def test_what_is_typed_to_be_sent_stays_when_others_change_the_ports(page: Page) -> None:
    edit(page, ["addnode", {"id": "scale", "component": "core/Scale", "metadata": {}}])
    tell(page, "open-node", {"id": "scale"})
    inspector(page).get_by_text("Send to in", exact=True).click()
    field = inspector(page).get_by_label("Send to scale in", exact=True)
    field.fill("2")
    edge = {"src": {"node": "source", "port": "out"}, "tgt": {"node": "scale", "port": "in"}, "metadata": {}}
    edit(page, ["addedge", edge])
    expect(inspector(page).get_by_role("button", name="from source out")).to_be_visible()
    expect(field).to_have_value("2")
    expect(field).to_be_focused()
    edit(page, ["removenode", {"id": "scale"}])


def test_the_error_of_a_node_is_in_its_output_and_its_health(page: Page) -> None:
    edit(page, ["addnode", {"id": "scale", "component": "core/Scale", "metadata": {}}])
    until_system(page, "system.nodeStatus('scale')?.state === 'alive'")
    tell(page, "open-node", {"id": "scale"})
    inspector(page).get_by_text("Send to in", exact=True).click()
    inspector(page).get_by_label("Send to scale in", exact=True).fill("warm")
    expect(inspector(page).locator(".inspect-send .hint")).to_contain_text("is not a number")
    inspector(page).get_by_label("Send to scale in", exact=True).fill('"warm"')  # written as JSON, it is meant
    inspector(page).get_by_label("Send to scale in", exact=True).press("Enter")
    expect(inspector(page).locator(".inspect-log li")).to_contain_text(["warm"])
    expect(inspector(page).locator(".inspect-section", has_text="Health").locator(".bad")).to_contain_text("warm")
    tell(page, "open-node", {"id": "sink"})
    expect(inspector(page).locator("h2")).to_have_text("sink")
    expect(inspector(page).locator(".inspect-log li")).to_have_count(0)
    page.reload()
    ready(page)
    tell(page, "open-node", {"id": "scale"})
    expect(inspector(page).locator(".inspect-log li")).to_contain_text(["warm"])  # what was said before the page came
    request(page, "graph", "clear", {"id": "other"})
    request(page, "graph", "addnode", {"graph": "other", "id": "scale", "component": "core/Scale"})
    of_system(page, "await system.show('other')")
    tell(page, "open-node", {"id": "scale"})  # a node of the same name, with which nothing is wrong
    expect(inspector(page)).to_contain_text("core/Scale")
    expect(inspector(page).locator(".inspect-log li")).to_have_count(0)
    of_system(page, "await system.show('default/main')")
    request(page, "graph", "clear", {"id": "other"})
    edit(page, ["removenode", {"id": "scale"}])


SOCKETS = """
const Socket = WebSocket;
window.sockets = [];
WebSocket = class extends Socket {
  constructor(...all) {
    super(...all);
    window.sockets.push(this);
  }
};
"""


def test_ports_without_an_edge_show_what_the_broker_knows(
    run_graph: Callable[..., Coordinator], page_of: Pages
) -> None:
    coordinator = run_graph("source(test/Source)\nsink(test/Sink)\n")
    edge = {"src": {"node": "source", "port": "value"}, "tgt": {"node": "sink", "port": "in"}}
    port = int(coordinator.command[coordinator.command.index("--mqtt-port") + 1])
    source, sink = Source("source"), Sink("sink")
    with Participants(source, sink, broker=f"mqtt://127.0.0.1:{port}"):
        page = page_of.blank()
        page.clock.install()
        page.add_init_script(SOCKETS)
        page.goto(address(coordinator))
        until_system(page, "system.isReady && system.nodeStatus('source')?.state === 'alive'")
        with Outside(cast(Broker, SimpleNamespace(port=port)), "source/value") as outside:
            source.send("value", MARKUP)
            outside.next("source/value")  # the broker has it before the page asks
        tell(page, "open-node", {"id": "source"})
        value, out = (inspector(page).locator(f"[data-port={port}] .inspect-value") for port in ("value", "out"))
        expect(value).to_have_text(f"{json.dumps(MARKUP)}, retained by the broker")
        expect(out).to_have_text("no packet seen yet")
        source.send("out", [1, None])
        expect(out).to_contain_text("[1,null] at ")
        expect(inspector(page).locator(".inspect-section", has_text="Health")).to_contain_text("Last packet")
        page.evaluate("() => sockets.forEach((each) => each.url.includes(`:${location.port}/`) || each.close())")
        until(page, "() => sockets.every((each) => each.url.includes(`:${location.port}/`) || each.readyState === 3)")
        page.clock.fast_forward(2000)  # until it tries again
        source.send("value", "later")  # the broker is heard again, although the coordinator has been there all the time
        expect(value).to_contain_text('"later"')
        edit(page, ["addedge", edge])  # the coordinator reports packets from now on
        until_system(page, "system.edgeStatus('source.value sink.in')?.kind === 'direct'")
        source.send("value", 7)
        expect(value).to_contain_text("7 at ")
        tell(page, "open-node", {"id": "sink"})
        seen = inspector(page).locator("[data-port=in] .inspect-value")
        expect(seen).to_contain_text("7 at ")
        expect(seen).not_to_contain_text("before the connection was lost")
        expect(inspector(page).locator(".inspect-section", has_text="Health")).not_to_contain_text("Last packet")
        page.evaluate("() => sockets.forEach((each) => each.url.includes(`:${location.port}/`) && each.close())")
        expect(seen).to_contain_text("before the connection was lost")
        until_system(page, "system.isReady")
        expect(seen).to_contain_text("before the connection was lost")
        source.send("value", 8)
        expect(seen).to_contain_text("8 at ")
        expect(seen).not_to_contain_text("before the connection was lost")
        assert not page.evaluate("() => window.hacked")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Coordinator, Path]]:
    """A system with a component in a folder, and its file."""
    folder = tmp_path_factory.mktemp("echo")
    file = folder / "components/Echo.py"
    file.parent.mkdir()
    file.write_text(ECHO)
    (folder / "package.json").write_text(json.dumps({"name": folder.name}))
    with Broker() as broker, running(folder, "", "--componentdir", file.parent, broker=broker.url) as coordinator:
        yield coordinator, file


@pytest.fixture
def echo(project: tuple[Coordinator, Path]) -> Coordinator:
    """That system, whose component is as it was in the beginning."""
    coordinator, file = project
    if file.read_text() != ECHO:
        file.write_text(ECHO)
    return coordinator


@pytest.fixture
def echo_file(project: tuple[Coordinator, Path]) -> Path:
    return project[1]


def with_echo(page: Page) -> str:
    """Have a graph with the component of the folder as a node; gives its name."""
    until_system(page, "system.isReady && [...system.components.keys()].some((name) => name.endsWith('/Echo'))")
    name: str = of_system(page, "[...system.components.keys()].find((name) => name.endsWith('/Echo'))")
    ends = {"src": {"node": "repeat", "port": "out"}, "tgt": {"node": "sink", "port": "in"}}
    nodes = {"repeat": "core/Repeat", "sink": "test/Sink", "echo": name}
    add = [["addnode", {"id": node, "component": each, "metadata": {}}] for node, each in nodes.items()]
    make_graph(page, *add, ["addedge", {**ends, "metadata": {}}])
    until_system(page, "system.nodeStatus('echo')?.state === 'alive'")
    return name


def test_a_source_is_edited_and_run_and_its_output_is_shown(
    echo: Coordinator, same_page: Pages, echo_file: Path
) -> None:
    page = same_page(echo)
    name = with_echo(page)
    tell(page, "open-node", {"id": "echo"})
    inspector(page).get_by_text("Source", exact=True).click()
    field = inspector(page).get_by_label(f"Source of {name}")
    expect(field).to_have_value(ECHO)
    run = inspector(page).get_by_role("button", name="Save and run")
    expect(run).to_be_disabled()
    field.fill("class :\n")
    run.click()
    expect(inspector(page).locator(".inspect-source [role=alert]")).to_contain_text("syntax")
    field.fill(ECHO.replace('print("heard"', 'print("now heard"'))
    run.click()
    expect(page.get_by_role("status").filter(has_text="is saved")).to_be_visible()
    assert "now heard" in echo_file.read_text()
    field.fill(ECHO.replace('print("heard"', 'print("mine"'))
    close = inspector(page).get_by_role("button", name="Close")
    for leave in (lambda: open_edge(page, "repeat.out sink.in"), close.click, lambda: close.press("Escape")):
        leave()
        page.get_by_role("dialog").get_by_role("button", name="Keep editing").click()
        expect(field).to_have_value(re.compile("mine"))
    theirs = ECHO.replace('print("heard"', 'print("now heard", 2')
    of_system(
        page,
        f"await system.fbp.request('component', 'getsource', {{ name: '{name}' }}).then((source) => "
        f"system.fbp.request('component', 'source', {{ ...source, code: {json.dumps(theirs)} }}))",
    )
    run.click()
    page.get_by_role("dialog").get_by_role("button", name="Keep editing").click()
    assert echo_file.read_text() == theirs
    inspector(page).get_by_role("button", name="As it was").click()
    expect(field).to_have_value(theirs)
    port = inspector(page).locator("[data-side=in][data-port=in]")
    sent = port.get_by_label("Send to echo in")
    heard = inspector(page).locator(".inspect-log li").filter(has_text="now heard 2 a word")
    while not heard.count():  # it may be starting, and has no ports then; pytest's timeout ends it
        with suppress(Error):
            if not sent.is_visible():
                port.get_by_text("Send to in").click(timeout=1000)
            sent.fill("a word", timeout=1000)
            sent.press("Enter", timeout=1000)
        page.wait_for_timeout(50)


def test_without_the_capability_a_source_is_read_only_and_shows_why(echo: Coordinator, page_of: Pages) -> None:
    page = page_of(echo, secret=None)  # on this machine everything but writing components
    name = with_echo(page)
    tell(page, "open-node", {"id": "echo"})
    inspector(page).get_by_text("Source", exact=True).click()
    field = inspector(page).get_by_label(f"Source of {name}")
    expect(field).to_have_value(ECHO)
    assert field.get_attribute("readonly") is not None
    expect(inspector(page)).to_contain_text("Read only: changing what runs here takes a secret")
    expect(inspector(page).get_by_role("button", name="Save and run")).to_be_hidden()
    inspector(page).get_by_role("button", name="Enter a secret").click()
    page.get_by_label("Secret", exact=True).fill(SECRET)
    page.get_by_role("button", name="Use it").click()
    expect(inspector(page).get_by_role("button", name="Save and run")).to_be_visible()
    assert field.get_attribute("readonly") is None


# -- traces --


def test_a_trace_is_recorded_saved_loaded_and_stepped_through(page: Page, pair: Pair, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Traces").click()
    page.get_by_role("button", name="Record").click()
    stop = page.get_by_role("button", name="Stop recording")
    expect(stop).to_be_visible()
    send(page, pair, "traced", 2)
    stop.click()
    steps = inspector(page).locator(".inspect-steps li")
    expect(steps.filter(has_text="traced")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    file = tmp_path / "trace.json"
    download.value.save_as(file)
    assert [
        each["payload"]["data"] for each in json.loads(file.read_text())["events"] if each["command"] == "data"
    ] == ["traced", 2]
    inspector(page).get_by_role("button", name="Close").click()
    page.get_by_label("Trace file").set_input_files(file)
    expect(inspector(page).locator("h2")).to_have_text("trace.json")
    inspector(page).get_by_label("Filter the steps").fill("source out")
    expect(steps).to_have_count(2)
    inspector(page).get_by_role("button", name="Next").click()
    expect(inspector(page).locator("[aria-current]")).to_contain_text("source out → sink in")
    expect(inspector(page).locator("[aria-current]")).to_contain_text("traced")
    expect(page.locator("#graph-view path.selected")).to_have_count(1)
    inspector(page).get_by_role("button", name="Next").click()
    expect(inspector(page).get_by_label("Value of this step")).to_have_text("2")
    inspector(page).get_by_role("button", name="Back").click()
    expect(inspector(page).get_by_label("Value of this step")).to_have_text("traced")


def test_a_file_that_is_no_trace_is_refused_in_words(page: Page, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Traces").click()
    for text, message in (("[", "no JSON"), ("[]", 'a list "events"'), ('{"events": [7]}', "events[0] is 7")):
        (tmp_path / "wrong.json").write_text(text)
        page.get_by_label("Trace file").set_input_files(tmp_path / "wrong.json")
        expect(page.get_by_role("alert").filter(has_text=message)).to_be_visible()
    expect(inspector(page)).to_be_hidden()


# -- whoever, wherever --


def test_hostile_values_stay_text(page: Page, pair: Pair, tmp_path: Path) -> None:
    open_edge(page)
    send(page, pair, MARKUP, {MARKUP: 1, "b": [MARKUP]})
    expect(rows(page)).to_have_count(2)
    for row in rows(page).all():
        row.locator("summary").click()
        expect(row.locator("pre")).to_contain_text(MARKUP)
    expect(inspector(page).locator(".inspect-table")).to_contain_text(MARKUP)
    edit(page, ["addnode", {"id": "log", "component": "core/Log", "metadata": {}}])
    until_system(page, "system.nodeStatus('log')?.state === 'alive'")
    tell(page, "open-node", {"id": "log"})
    inspector(page).get_by_text("Send to in", exact=True).click()
    inspector(page).get_by_label("Send to log in", exact=True).fill(MARKUP)
    inspector(page).get_by_label("Send to log in", exact=True).press("Enter")
    expect(inspector(page).locator(".inspect-log li").last).to_contain_text(MARKUP)
    event = {
        "command": "data",
        "payload": {"src": {"node": MARKUP, "port": "a"}, "tgt": {"node": "b", "port": MARKUP}, "data": MARKUP},
    }
    (tmp_path / "hostile.json").write_text(json.dumps({"header": {"metadata": {"label": MARKUP}}, "events": [event]}))
    page.get_by_role("tab", name="Traces").click()
    page.get_by_label("Trace file").set_input_files(tmp_path / "hostile.json")
    expect(inspector(page).locator(".inspect-steps li")).to_contain_text(MARKUP)
    edit(page, ["addnode", {"id": MARKUP, "component": f"x/{MARKUP}", "metadata": {"label": MARKUP}}])
    edit(page, ["addedge", {"src": {"node": "source", "port": "out"}, "tgt": {"node": MARKUP, "port": MARKUP}}])
    key = of_system(page, "[...system.graph.edges.values()].find(({ tgt }) => tgt.node.startsWith('<')).key")
    for event, detail in (("open-node", {"id": MARKUP}), ("open-edge", {"key": key})):
        tell(page, event, detail)
        expect(inspector(page).locator("h2")).to_contain_text(MARKUP)
    edit(page, ["removenode", {"id": "log"}], ["removenode", {"id": MARKUP}])
    assert not page.evaluate("() => window.hacked || document.querySelectorAll('img[src=x], [onerror]').length > 0")


def test_by_keys_one_gets_into_the_panel_and_back(page: Page) -> None:
    node = node_in(page, "source")
    node.focus()
    page.keyboard.press("Enter")
    expect(inspector(page).get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(inspector(page)).to_be_hidden()
    expect(node).to_be_focused()


@pytest.mark.parametrize(("size", "theme"), [(LAPTOP, "light"), (PHONE, "dark")], ids=["laptop", "phone"])
def test_nothing_keeps_people_out(
    page: Page, pair: Pair, same_page: Pages, size: tuple[int, int], theme: Literal["light", "dark"]
) -> None:
    same_page(pair.coordinator, size=size, theme=theme)
    open_edge(page)
    send(page, pair, {"n": 1, "a long name of a value": "long" * 200}, {"n": 2})
    rows(page).first.locator("summary").click()
    expect(inspector(page).locator(".inspect-plot canvas")).to_be_attached()
    found = axe(page, "#inspector")
    wide = ["document.documentElement", "document.querySelector('#inspector-content')"]
    assert all(page.evaluate(f"{each}.scrollWidth") <= size[0] for each in wide)
    tell(page, "open-node", {"id": "sink"})
    inspector(page).get_by_text("Source", exact=True).click()
    expect(inspector(page)).to_contain_text("what it has announced of itself")
    found += axe(page, "#inspector")
    assert all(page.evaluate(f"{each}.scrollWidth") <= size[0] for each in wide)
    assert not found, "\n".join(found)
