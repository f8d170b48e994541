"""A browser for each worker, a context for each page, and faults of a page that fail the test it was open in."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from brokers import Broker
from browser import SECRET, Chromium, Pages, running
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


@pytest.fixture(scope="session", autouse=True)
def _usual_port_is_taken() -> Iterator[None]:
    """Each Mosquitto of our own takes a free port for WebSockets: of two that begin at once both would take the usual one."""
    with socket.socket() as holder:
        with suppress(OSError):  # another worker holds it
            holder.bind(("127.0.0.1", 9001))
            holder.listen()
        yield


@pytest.fixture
def run_graph(tmp_path: Path) -> Iterator[Callable[..., Coordinator]]:
    """`run_graph(text, *arguments, broker=…, suffix=…)` is `running` in `tmp_path`, until the test ends."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(running(tmp_path, *arguments, **options))


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory: pytest.TempPathFactory, shared_broker: Broker) -> Iterator[Coordinator]:
    """One for all tests of a file, each of which begins with a graph that is made anew; other files have one of their own."""
    data = tmp_path_factory.mktemp("web")
    with Coordinator("--data", data, "--secret", SECRET, broker=shared_broker.url, cwd=data) as coordinator:
        coordinator.wait(lambda status: True)
        yield coordinator
