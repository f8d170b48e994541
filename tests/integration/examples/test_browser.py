"""A participant in a page of one's own: opened as a file, it joins the graph of a running coordinator."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brokers import MOSQUITTO_PASSWD, free_port
from browser import Chromium, Pages
from systems import Coordinator, edge, node, until

Run = Callable[[str], Coordinator]


@pytest.fixture
def run(examples: Path, tmp_path: Path) -> Iterator[Run]:
    """Runs this example with a Mosquitto of its own, and with an account for the page."""
    with pytest.MonkeyPatch.context() as patch:
        running: list[Coordinator] = []

        def start(name: str) -> Coordinator:
            patch.chdir(tmp_path)
            shutil.copytree(examples / name, tmp_path / name)
            (tmp_path / "data").mkdir(mode=0o700)
            accounts = tmp_path / "data/passwords"
            accounts.touch(mode=0o600)
            subprocess.run([MOSQUITTO_PASSWD, "-b", str(accounts), "page", "open-sesame"], check=True)
            arguments = (tmp_path / name, "--data", tmp_path / "data", "--mqtt-port", str(free_port()))
            running.append(Coordinator(*arguments, broker=None, cwd=tmp_path).__enter__())
            return running[0]

        yield start
        for each in running:
            each.__exit__()


def test_a_page_of_20_lines_joins_the_graph(run: Run, tmp_path: Path) -> None:
    coordinator = run("browser")
    coordinator.wait(lambda status: node(status, "counter")["state"] == "alive")
    assert node(coordinator.status(), "bell")["state"] == "pending"
    page = tmp_path / "browser/bell.html"
    text = page.read_text()
    assert len(text.splitlines()) <= 20
    page.write_text(text.replace("localhost:3569", f"localhost:{coordinator.port}"))

    with Chromium() as chromium, chromium.in_use() as browser, Pages(browser) as pages:
        pages.tolerate("file:///")  # nothing else is asked for anything but the coordinator and its broker
        bell = pages.blank()
        bell.goto(page.as_uri())
        bound = coordinator.wait(lambda status: edge(status, "counter.out", "bell.times")["kind"] == "direct")
        assert node(bound, "bell")["state"] == "alive"

        def counted() -> int:
            """Ring, and give the packets a moment; what the page shows then."""
            bell.get_by_role("button").click()
            bell.wait_for_timeout(200)
            return int(bell.locator("#times").inner_text())

        until(counted, what="page and counter have subscribed")
        before = counted()
        until(lambda: counted() > before)
        bell.goto("about:blank")
        assert "error" not in coordinator.output.lower(), coordinator.output
        gone = coordinator.wait(lambda status: node(status, "bell")["state"] == "lost")
        assert "stopped" in node(gone, "bell")["reason"]
