"""Text that anybody can name, send or write is shown as text, in each view, and never run; a policy forbids it besides."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from bench.wire import connect, publish_frame
from browser import Pages, running, tell, until, until_system
from systems import Coordinator, discovery_message

# Each would leave a trace: a global variable, an element that nobody made, a request for what is not there.
MARKUP = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"
ATTRIBUTE = "\"'><svg onload=window.hacked=1><a href='javascript:window.hacked=1' class=hacked>a</a>"
TEMPLATE = "${window.hacked=1} {{window.hacked=1}} &lt;b class=hacked&gt; __proto__ constructor"
ROLE = "lamp<img src=x onerror=window.hacked=1>"

GRAPH = json.dumps(
    {
        "properties": {"name": "main", "environment": {"type": "msgflo"}, "description": MARKUP},
        "processes": {
            ROLE: {"component": f"x/{ATTRIBUTE}", "metadata": {"x": 0, "y": 0, "label": MARKUP, "icon": ATTRIBUTE}},
            "source": {"component": "x/Source", "metadata": {"x": -300, "y": 0, "label": TEMPLATE}},
        },
        "connections": [
            {"src": {"process": "source", "port": "out"}, "tgt": {"process": ROLE, "port": MARKUP}},
            {"data": {ATTRIBUTE: MARKUP}, "tgt": {"process": ROLE, "port": MARKUP}},
        ],
        "groups": [{"name": MARKUP, "nodes": ["source", ROLE], "metadata": {"description": ATTRIBUTE}}],
        "inports": {ATTRIBUTE: {"process": ROLE, "port": MARKUP}},
    }
)
PARTICIPANTS = (
    discovery_message(
        ROLE, component=f"x/{ATTRIBUTE}", label=MARKUP, icon=ATTRIBUTE,
        inports=[{"id": MARKUP, "type": ATTRIBUTE, "queue": "hostile/in", "description": MARKUP}],
    ),
    discovery_message(
        "source", component="x/Source", label=TEMPLATE, icon="cog",
        outports=[{"id": "out", "type": MARKUP, "queue": "hostile/out", "description": ATTRIBUTE}],
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """A system in which everybody is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "foreign").mkdir()
    port = {"queue": "hostile/foreign", "type": "any", "description": ATTRIBUTE}
    device = {"component": "x/Foreign", "label": MARKUP, "icon": ATTRIBUTE, "outports": {"out": port}}
    (folder / "foreign/device.yaml").write_text(json.dumps(device))
    # With a broker of its own, whose topics the page sees all.
    with (
        running(folder, GRAPH, "--foreign", folder / "foreign", suffix=".json") as coordinator,
        connect(broker_of(coordinator), "hostile") as client,
    ):
        for message in PARTICIPANTS:
            client.sendall(publish_frame("fbp", message.encode()))
        # Topics of nobody; and what a port had sent before anybody looked.
        client.sendall(publish_frame(f"nobody/{MARKUP}", ATTRIBUTE.encode(), retain=True))
        client.sendall(publish_frame(f"nobody/{TEMPLATE}", json.dumps({ATTRIBUTE: MARKUP}).encode(), retain=True))
        coordinator.wait(lambda status: all(node["state"] == "alive" for node in status["nodes"]))
        with sending(broker_of(coordinator)):
            yield coordinator


def broker_of(coordinator: Coordinator) -> int:
    """The port of its broker."""
    return urlsplit(coordinator.wait(lambda status: status["connected"])["broker"]).port or 1883


@contextmanager
def sending(port: int) -> Iterator[None]:
    """Packets on the edge of the graph until the block ends, so that each page sees some."""
    ended = threading.Event()

    def send() -> None:
        with connect(port, "hostile-source") as client:
            for payload in itertools.cycle(
                (json.dumps({ATTRIBUTE: MARKUP, "list": [TEMPLATE]}), json.dumps(MARKUP), MARKUP)
            ):
                client.sendall(publish_frame("hostile/out", payload.encode()))
                if ended.wait(0.1):
                    return

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(5)


@pytest.fixture
def page(coordinator: Coordinator, same_page: Pages) -> Page:
    """The page of that system, when it has seen packets."""
    page = same_page(coordinator)
    until_system(page, f"system.isReady && system.components.has({json.dumps(f'x/{ATTRIBUTE}')})")
    until_system(page, "[...system.graph.edges.keys()].some((key) => packets.history(key).length >= 3)")
    return page


def unharmed(page: Page) -> bool:
    """Whether nothing of what came has become more than text."""
    harm = "() => window.hacked || document.querySelectorAll('.hacked, img[src=x], [onerror], [onload]').length > 0"
    return not page.evaluate(harm)


SHOWN = {"graph": ROLE, "dashboard": "", "boards": "", "adopt": "window.hacked=1"}


def test_names_and_payloads_are_text_in_each_view(page: Page) -> None:
    for view, text in SHOWN.items():
        tell(page, "show-view", {"view": view})
        page.locator(f"#{view}-view").wait_for(state="visible")
        shown = "([view, text]) => document.querySelector(`#${view}-view`).textContent.includes(text)"
        until(page, shown, [view, text])
        assert unharmed(page), view


def test_a_refusal_that_repeats_what_was_asked_is_text(page: Page) -> None:
    command = ["addnode", {"id": "new", "component": MARKUP}]
    page.evaluate(
        """async (command) => {
          const { context } = await import("/core/registry.js");
          await context.edits.run(command[1].component, [command, ["removenode", { id: command[1].component }]]);
        }""",
        command,
    )
    until(page, "(text) => document.body.textContent.includes(text)", MARKUP)
    assert unharmed(page)


def test_scripts_that_stand_in_the_page_are_not_run(page: Page, same_page: Pages) -> None:
    same_page.tolerate("broke the policy script-src|violates the following Content Security Policy|blocked by CSP")
    for script in (
        "const script = document.createElement('script'); script.textContent = 'window.hacked = 1'; document.head.append(script)",
        "document.body.insertAdjacentHTML('beforeend', '<a id=trap href=\"javascript:window.hacked=1\">x</a>'); trap.click()",
        "document.body.insertAdjacentHTML('beforeend', '<button id=push onclick=\"window.hacked=1\">x</button>'); push.click()",
    ):
        seen = len(same_page.faults)
        page.evaluate(f"() => {{ {script}; }}")
        while len(same_page.faults) == seen:  # pytest's timeout ends it
            page.wait_for_timeout(10)
        assert page.evaluate("() => window.hacked") is None
