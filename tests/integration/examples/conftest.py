"""Runs a folder of examples as a user would, beside a broker of the test's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from brokers import Broker
from listening import Ear
from systems import EXAMPLES, Coordinator
from systems import node as node_of


class Example(Coordinator):
    """A copy of an example's folder, and `msgflo run` on it; `hurried` are texts of a file and what replaces them."""

    def __init__(self, name: str, broker: Broker, scratch: Path, hurried: tuple[tuple[str, str, str], ...]) -> None:
        self.folder = scratch / name
        shutil.copytree(EXAMPLES / name, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        for file, before, after in hurried:
            text = (self.folder / file).read_text()
            assert before in text, f"{file} is no longer as the test needs it"
            (self.folder / file).write_text(text.replace(before, after))
        super().__init__(self.folder, "--plain", broker=broker.url, cwd=scratch)

    def edges(self) -> dict[str, dict[str, Any]]:
        """The edges by their ports, `node.port -> node.port`."""
        return {f"{edge['src']} -> {edge['tgt']}": edge for edge in self.status()["edges"]}

    def state(self, node: str) -> str:
        """The state of a node, such as alive or lost."""
        return str(node_of(self.status(), node)["state"])

    def wait_for_data_on(self, *names: str) -> None:
        """Wait until there are these edges and no others, and data has passed on each."""
        self.wait(lambda _: self.edges().keys() == {*names} and all(each["packets"] for each in self.edges().values()))


@pytest.fixture
def run(broker: Broker, tmp_path: Path) -> Iterator[Callable[..., Example]]:
    """Starts examples by their names; all end with the test."""
    with ExitStack() as running:
        yield lambda name, *hurried: running.enter_context(Example(name, broker, tmp_path, hurried))


@pytest.fixture
def ear(broker: Broker) -> Iterator[Ear]:
    """Receives all packets."""
    ear = Ear(broker)
    yield ear
    ear.stop()


@pytest.fixture
def examples() -> Path:
    """The folder that holds them."""
    return EXAMPLES


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MSGFLO_")]:
        monkeypatch.delenv(name)
