"""Nodes without a participant: their diagnostics, and the errors of commands that name them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from brokers import Broker
from msgflo_host.cli.main import cli
from systems import Coordinator, Participants, Source, node, until


@pytest.fixture(scope="module")
def coordinator(shared_broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    graph = tmp_path_factory.mktemp("graph") / "graph.fbp"
    graph.write_text("display1(web/Display)\nlamp(x/Lamp)\n")
    with Coordinator(graph, "--plain", broker=shared_broker.url, cwd=graph.parent) as running:
        running.wait(lambda status: status["connected"])
        yield running


def test_a_device_of_a_page_waits_for_a_page_that_runs_it(coordinator: Coordinator) -> None:
    said = 'node "display1" waits for a page that runs it: Dashboard or Devices, Add, with the role "display1"'
    until(lambda: said in coordinator.output)
    assert "the library has no component" not in coordinator.output


def test_a_port_of_a_node_that_is_absent_is_refused_as_that(coordinator: Coordinator, shared_broker: Broker) -> None:
    commands = (("send", "lamp.level", "20.5"), ("watch", "lamp.level"))

    def refused(command: tuple[str, ...]) -> str:
        done = CliRunner().invoke(cli, [*command, "--coordinator", f"http://127.0.0.1:{coordinator.port}"])
        return str(done.exception)

    absent = "node lamp is absent: nobody has announced it, so no topic of 'level' is known"
    assert all(absent in refused(command) for command in commands)
    with Participants(Source("lamp"), broker=shared_broker.url):
        coordinator.wait(lambda status: node(status, "lamp")["state"] == "alive")
        assert all("node lamp has no " in refused(command) for command in commands)
