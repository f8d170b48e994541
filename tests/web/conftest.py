"""A browser for each worker, a context for each page, and faults of a page that fail the test it was open in."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser

sys.path.insert(0, str(Path(__file__).parent))

from brokers import free_port
from browser import SECRET, Chromium, Pages
from systems import Coordinator


@pytest.fixture(scope="session")
def _chromium() -> Iterator[Chromium]:
    with Chromium() as chromium:
        yield chromium


@pytest.fixture
def chromium(_chromium: Chromium) -> Iterator[Browser]:
    """Debian's Chromium, started once for each worker."""
    with _chromium.in_use() as browser:
        yield browser


@pytest.fixture
def page_of(chromium: Browser) -> Iterator[Pages]:
    """`page_of(coordinator)` opens its page in a browser context of its own; see Pages."""
    with Pages(chromium) as pages:
        yield pages


@pytest.fixture(scope="session")
def _usual_port_is_taken() -> Iterator[None]:
    """Each Mosquitto of our own takes a free port for WebSockets: of two that begin at once both would take the usual one."""
    with socket.socket() as holder:
        with suppress(OSError):  # another worker holds it
            holder.bind(("127.0.0.1", 9001))
            holder.listen()
        yield


@pytest.fixture
def run_graph(tmp_path: Path, _usual_port_is_taken: None) -> Iterator[Callable[..., Coordinator]]:
    """`run_graph(text, *arguments, broker=…, suffix=…)` runs `msgflo run` on a graph of this text until the test ends.

    Without a `broker` (a URL) it has a Mosquitto of its own, with MQTT over WebSockets. The graph is in `tmp_path/graph.fbp`.
    """
    with ExitStack() as stack:

        def run(text: str, *arguments: str | Path, broker: str | None = None, suffix: str = ".fbp") -> Coordinator:
            graph = tmp_path / f"graph{suffix}"
            graph.write_text(text)
            mqtt = () if broker else ("--mqtt-port", str(free_port()))
            command = (graph, "--data", tmp_path / "data", "--secret", SECRET, *mqtt, *arguments)
            coordinator = stack.enter_context(Coordinator(*command, broker=broker, cwd=tmp_path))
            coordinator.wait(lambda status: True)
            return coordinator

        yield run
