"""The page in a real browser: contexts that note every fault, what the page holds, and a look for barriers.

A test that has opened a page fails when the page has logged an error, thrown one, broken its Content-Security-Policy or
asked another host for anything. Nothing here waits for a time: `until` waits for a condition.

To open the page in a new context takes two seconds of a processor. `SamePages` gives the tests of a file one page.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from playwright import sync_api as playwright
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    LocatorAssertions,
    Page,
    Playwright,
    WebSocket,
    sync_playwright,
)

from brokers import free_port
from fbp_schemas import check_frame
from paths import TESTS
from systems import Coordinator

LAPTOP = (1280, 800)
PHONE = (390, 844)
SECRET = "secret-of-the-tests"  # with which `run_graph` starts: whoever opens the page with it may do everything
PATIENCE_MS = 30_000  # a busy machine with two cores
AXE = TESTS / "reference/web/node_modules/axe-core/axe.min.js"

# Also what is reported nowhere else is a fault then: Chromium logs violations itself, but not for every directive.
_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`broke the policy ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""
_ARGUMENTS = [
    # Names other than this machine's lead nowhere, whatever a page asks for; pi.local is one of its own.
    "--host-resolver-rules=MAP pi.local 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    # A page in the background is as quick as the one in front: a test has several.
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
]

_PROBE_S = 2.0  # where a wait is this short, Playwright probes each 0.1 s, else soon only each 0.5 s


def expect(place: Locator) -> LocatorAssertions:
    """Playwright's `expect`, which sees sooner that what is waited for has come."""
    return cast(LocatorAssertions, _Probing(place))


class _Probing:
    def __init__(self, place: Locator) -> None:
        self._place = place

    def __getattr__(self, name: str) -> Callable[..., None]:
        probe = getattr(playwright.expect(self._place), name)

        def wait(*expected: Any, **options: Any) -> None:
            deadline = time.monotonic() + PATIENCE_MS / 1000
            while True:
                began = time.monotonic()
                try:
                    return probe(*expected, timeout=_PROBE_S * 1000, **options)
                except AssertionError:
                    has_waited = (
                        time.monotonic() > began + _PROBE_S / 2
                    )  # else it is wrong for good, as with a closed page
                    if not has_waited or time.monotonic() > deadline:
                        raise

        return wait


class Chromium:
    """Debian's Chromium without a window; a context manager that starts and ends it.

    Chromium's headless shell takes less time than the whole browser; Debian before 13 has the latter only.
    """

    def __init__(self) -> None:
        self._manager = sync_playwright()
        self._playwright: Playwright
        self._browser: Browser
        self._loop: asyncio.AbstractEventLoop

    def __enter__(self) -> Chromium:
        program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
        assert program, "chromium-headless-shell is not installed: make setup-tests"
        self._playwright = self._manager.start()
        try:
            # Who is root, as on CI, has no sandbox. What is opened here is our own page.
            self._browser = self._playwright.chromium.launch(
                executable_path=program, chromium_sandbox=False, args=_ARGUMENTS
            )
        except BaseException:
            self._playwright.stop()
            raise
        self._loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        return self

    def __exit__(self, *exc: object) -> None:
        with self.in_use():
            self._browser.close()
            self._playwright.stop()

    @contextmanager
    def in_use(self) -> Iterator[Browser]:
        """The browser, for the time of a block.

        Playwright's event loop counts as running in this thread, also between its calls. Other tests of this worker could
        not run one of their own then.
        """
        asyncio._set_running_loop(self._loop)
        try:
            yield self._browser
        finally:
            asyncio._set_running_loop(None)


class Pages:
    """`pages(coordinator)` opens its page, each time as another person would: in a context of its own.

    As a context manager it closes them, and fails when one of them had a fault that `tolerate` does not allow, or was sent
    a frame that breaks the schemas of npm's fbp-protocol.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._tolerated: list[str] = []
        self._frames: dict[str, bool] = {}  # of the runtime; whether it was checked
        self.faults: list[str] = []

    def __call__(
        self,
        coordinator: Coordinator,
        path: str = "/",
        *,
        secret: str | None = SECRET,
        size: tuple[int, int] = LAPTOP,
        theme: Literal["light", "dark"] = "light",
        **options: Any,
    ) -> Page:
        """Open `path` of the coordinator's server; of its own page all parts have started then.

        Options are those of Playwright's `new_context`.
        """
        page = self.blank(size=size, theme=theme, **options)
        page.goto(address(coordinator, path, secret=secret))
        if path == "/":
            until(page, "() => document.body.dataset.started")
        return page

    def blank(
        self, *, size: tuple[int, int] = LAPTOP, theme: Literal["light", "dark"] = "light", **options: Any
    ) -> Page:
        """An empty page of a new context, to be watched before it goes anywhere."""
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme, locale="en-GB", **options
        )
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(_TELL_VIOLATIONS)
        self._contexts.append(context)
        # Nobody but this machine is there, so that what is asked elsewhere fails; to be told of all requests takes long.
        context.on("requestfailed", lambda request: self._note_address(request.url))
        context.on("console", lambda told: self._note_console(told.type, told.text, told.location.get("url", "")))
        context.on("weberror", lambda error: self._note(f"error of the page: {error.error}"))
        context.on("page", self._watch)
        return context.new_page()

    def _watch(self, page: Page) -> None:
        page.on("websocket", self._listen)
        page.on("crash", lambda _: self._note("the page has crashed"))

    def _listen(self, socket: WebSocket) -> None:
        self._note_address(socket.url)
        if urlsplit(socket.url).path == "/":  # the runtime's, and not a board's or the broker's
            socket.on("framereceived", self._note_frame)

    def _note_frame(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            self._frames.setdefault(frame, False)

    def tolerate(self, pattern: str) -> None:
        """Allow faults in which this regular expression is found: what the test itself brings about."""
        self._tolerated.append(pattern)

    def _note_console(self, kind: str, text: str, where: str) -> None:
        print(f"console {kind}: {text}")  # shown with a test that fails
        if kind in ("error", "assert"):
            self._note(f"console: {text} ({where})")

    def _note_address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname not in ("127.0.0.1", "localhost"):
            self._note(f"asked another host: {url}")

    def _note(self, fault: str) -> None:
        self.faults.append(fault)

    def close(self) -> None:
        """Close all pages."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()

    def check(self) -> None:
        """Fail for the faults that were noted since the last check, but those that were tolerated."""
        for frame, is_checked in self._frames.items():
            self._frames[frame] = True
            try:
                is_checked or check_frame(frame)
            except AssertionError as error:
                self._note(f"the runtime has sent {frame[:300]}: {error}")
        faults = [fault for fault in self.faults if not any(re.search(each, fault) for each in self._tolerated)]
        self.faults.clear()
        self._tolerated.clear()
        assert not faults, "the page has faults:\n" + "\n".join(faults)

    def __enter__(self) -> Pages:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
        self.check()


# What people close and choose, as the page is when it has just been opened. What is in the graph stays.
_AS_OPENED = """async () => {
  const { context: { bus, page, system } } = await import("/core/registry.js");
  const { breakOff } = await import("/graph/editor.js");
  dispatchEvent(new Event("dblclick"));  // the last click opens no panel any more: see Shower
  for (const each of document.querySelectorAll("dialog")) each.close();
  for (const each of document.querySelectorAll(".menu, .toast")) each.remove();
  breakOff();
  document.querySelector("#inspector:not([hidden]) [aria-label=Close]")?.click();
  page.show("graph");
  page.openSide(innerWidth >= 1000, "library");
  const search = document.querySelector("#library-search");
  search.value = "";
  search.dispatchEvent(new Event("input"));
  bus.dispatchEvent(new CustomEvent("select", { detail: { kind: null, ids: [] } }));
  document.activeElement.blur();
  getSelection().removeAllRanges();
  localStorage.clear();
  window.isNeverLong &&= false;
  if (system.isReady && system.current !== system.main) await system.show(system.main);
}"""


_TRANSITIONS_END = """async () => {
  await new Promise(requestAnimationFrame);
  const transitions = document.getAnimations().filter((each) => each instanceof CSSTransition);
  await Promise.allSettled(transitions.map((each) => each.finished));
}"""


class SamePages(Pages):
    """`pages(coordinator)` opens the page once, and gives it again to each test that asks with the same options.

    Its size and theme may be others. It is as it was when it was opened: panels and dialogs are closed, nothing is selected,
    the browser remembers nothing. The graph that a test begins with it makes by `make_graph`. A test takes a page of its own when
    it replaces functions of the page, adds virtual devices, or counts steps of the browser.
    """

    def __init__(self, browser: Browser) -> None:
        super().__init__(browser)
        self._open: dict[str, Page] = {}

    def __call__(
        self,
        coordinator: Coordinator,
        path: str = "/",
        *,
        secret: str | None = SECRET,
        size: tuple[int, int] = LAPTOP,
        theme: Literal["light", "dark"] = "light",
        person: str = "",
        **options: Any,
    ) -> Page:
        """The page of a person, of whom each has one; further options are those of Playwright's `new_context`."""
        key = repr((coordinator.port, path, secret, person, options))
        if key not in self._open:
            self._open[key] = super().__call__(coordinator, path, secret=secret, size=size, theme=theme, **options)
            return self._open[key]
        page = self._open[key]
        page.unroute_all()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=theme)
        page.mouse.move(0, 0)
        page.evaluate(_AS_OPENED)
        page.evaluate(_TRANSITIONS_END)  # to the colours of another theme
        return page

    def leave(self) -> None:
        """Leave all pages as people do, and close them."""
        for page in self._open.values():
            page.goto("about:blank")
        self.close()

    def close(self) -> None:
        super().close()
        self._open.clear()


_AT_REST = """(element) => new Promise((resolve) => {
  let before = "";
  const look = () => {
    const { x, y, width, height } = element.getBoundingClientRect();
    const now = [x, y, width, height].join();
    if (now === before) return resolve();
    before = now;
    requestAnimationFrame(look);
  };
  look();
})"""


def middle_of(place: Locator) -> tuple[float, float]:
    """Where to take an element with the mouse, once it stands still: x and y in the window, in pixels."""
    place.evaluate(_AT_REST)
    box = place.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@contextmanager
def running(
    folder: Path, text: str, *arguments: str | Path, broker: str | None = None, suffix: str = ".fbp"
) -> Iterator[Coordinator]:
    """`msgflo run` on a graph of this text, in `graph.fbp` of a folder, with SECRET; ended when the block ends.

    Without a `broker` (a URL) it has a Mosquitto of its own, with MQTT over WebSockets.
    """
    graph = folder / f"graph{suffix}"
    graph.write_text(text)
    mqtt = () if broker else ("--mqtt-port", str(free_port()))
    command = (graph, "--data", folder / "data", "--secret", SECRET, *mqtt, *arguments)
    with Coordinator(*command, broker=broker, cwd=folder) as coordinator:
        coordinator.wait(lambda status: True)
        yield coordinator


def address(coordinator: Coordinator, path: str = "/", *, secret: str | None = SECRET) -> str:
    """The URL that opens a page, with the secret where people find it: behind the #, which is not sent to the server."""
    return f"http://127.0.0.1:{coordinator.port}{path}" + ("" if secret is None else f"#secret={secret}")


def come_back(page: Page) -> None:
    """Have the page look anew, and connect where it is not connected, as when somebody comes back to it: else it takes time."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def until(page: Page, condition: str, argument: Any = None) -> None:
    """Wait until an expression or function of JavaScript is true in the page."""
    page.wait_for_function(condition, arg=argument)


def of_system(page: Page, expression: str) -> Any:
    """What an expression about `system` (core/system.js, as the page itself uses it) is now; it may be a promise."""
    return page.evaluate(_with_system(expression))


def until_system(page: Page, expression: str) -> None:
    """Wait until all parts of the page have started, and an expression about `system`, which is no promise, is true.

    The page asks for states of nodes and edges every two seconds; where one is waited for, it asks at once.
    """
    ask = "system?.isReady && askForStatus();" if re.search("[sS]tatus", expression) else ""
    # Playwright takes a promise for true, so what is imported waits beside.
    page.wait_for_function(
        """() => {
          window.contextOfPage ?? import("/core/registry.js").then((module) => (window.contextOfPage = module.context));
          const { system, edits, packets } = window.contextOfPage ?? {};
          const askForStatus = () => {
            window.asksForStatus ??= system.askStatus().finally(() => setTimeout(() => (window.asksForStatus = null), 50));
          };
        """
        f"{ask}"
        f"return document.body.dataset.started && system && ({expression}); }}"
    )


def _with_system(expression: str) -> str:
    return (
        'async () => { const { context } = await import("/core/registry.js"); const { system, edits, packets } = context;'
        f" return system && ({expression}); }}"
    )


def settled(page: Page) -> None:
    """Let the browser do what it does in its next frames: lay out anew, tell of sizes that have changed."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def never_long(page: Page) -> None:
    """Have no press of a finger be a long one by itself: on a busy machine time passes between what a tap is made of.

    As long as a press would become one, the page has a function `isLong` that makes it one.
    """
    page.evaluate(
        """() => {
          const { setTimeout, clearTimeout, isNeverLong } = window;
          window.isNeverLong = true;
          window.isLong = null;
          if (isNeverLong !== undefined) return;
          window.setTimeout = (what, ms, ...rest) =>
            ms === 500 && window.isNeverLong ? ((window.isLong = what), -1) : setTimeout(what, ms, ...rest);
          window.clearTimeout = (timer) => (timer === -1 ? (window.isLong = null) : clearTimeout(timer));
          addEventListener("contextmenu", (event) => window.isNeverLong && event.stopImmediatePropagation(), true);
        }"""
    )


def axe(page: Page, within: str = "body") -> list[str]:
    """The serious and critical faults that axe-core finds in a part of the page, as it is now; a line for each."""
    page.evaluate(_TRANSITIONS_END)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("(within) => axe.run(within, { resultTypes: ['violations'] })", within)
    return [
        f"{fault['id']} ({fault['impact']}): {fault['help']}: {' '.join(map(str, place['target']))}: {place['html'][:200]}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
        for place in fault["nodes"]
    ]


def tell(page: Page, event: str, detail: Any) -> None:
    """Tell all parts of the page something, as one of them would: an event on the bus."""
    page.evaluate(
        """async ([event, detail]) => {
          const { context } = await import("/core/registry.js");
          context.bus.dispatchEvent(new CustomEvent(event, { detail }));
        }""",
        [event, detail],
    )


def edit(page: Page, *commands: list[Any], title: str = "Edit of a test") -> None:
    """Carry out `[command, payload]` of the protocol graph as one step, as the parts of the page do; all must be allowed."""
    refused = page.evaluate(
        """async ([title, commands]) => {
          const { context: { edits } } = await import("/core/registry.js");
          let refused = null;
          const note = ({ detail }) => (refused = detail.message);
          edits.addEventListener("refused", note);
          await edits.run(title, commands);
          edits.removeEventListener("refused", note);
          return refused;
        }""",
        [title, list(commands)],
    )
    assert refused is None, f"{commands}: {refused}"


def make_graph(page: Page, *commands: list[Any]) -> None:
    """Put a graph in place of the one that there is, by `[command, payload]` of the protocol graph."""
    until_system(page, "system.isReady && system.components.has('core/Gate')")
    edit(page, ["clear", {"id": "default/main", "name": "main"}], *commands)
    of_system(page, "system.askStatus()")  # what is known of nodes is of these from now on


def node_in(page: Page, node: str) -> Locator:
    """A node in the picture of the graph."""
    return page.locator(f"#graph-view [data-node={json.dumps(node)}]")


def fit(page: Page) -> None:
    """Have the whole graph shown, by the button that people press."""
    page.get_by_role("button", name="Fit").click()
