"""Nodes that nobody plays: what is said of them, and of what is sent to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from brokers import Broker
from msgflo_host.cli import cli
from systems import Coordinator, Participants, Source, node, until


@pytest.fixture
def coordinator(broker: Broker, tmp_path: Path) -> Iterator[Coordinator]:
    graph = tmp_path / "graph.fbp"
    graph.write_text("display1(web/Display)\nlamp(x/Lamp)\n")
    with Coordinator(graph, "--plain", broker=broker.url, cwd=tmp_path) as running:
        running.wait(lambda status: status["connected"])
        yield running


def test_of_a_device_of_a_page_it_is_said_that_a_page_must_play_it(coordinator: Coordinator) -> None:
    said = 'node "display1" waits for a page that plays it: Dashboard or Devices, Add, with the role "display1"'
    until(lambda: said in coordinator.output)
    assert "the library has no component" not in coordinator.output


@pytest.mark.parametrize("command", [("send", "lamp.level", "20.5"), ("watch", "lamp.level")])
def test_a_port_of_a_node_that_is_absent_is_refused_as_that(
    coordinator: Coordinator, broker: Broker, command: tuple[str, ...]
) -> None:
    def refused() -> str:
        done = CliRunner().invoke(cli, [*command, "--coordinator", f"http://127.0.0.1:{coordinator.port}"])
        return str(done.exception)

    absent = "node lamp is absent: nobody has announced it, so no topic of 'level' is known"
    assert absent in refused()
    with Participants(Source("lamp"), broker=broker.url):
        coordinator.wait(lambda status: node(status, "lamp")["state"] == "alive")
        assert "node lamp has no " in refused()
