"""Coordinators as processes: two on a broker, and two on a port.

What they bind, and when, is tested in unit/host/test_coordinator.py.
"""

from __future__ import annotations

import socket
from pathlib import Path

from brokers import Broker
from systems import Coordinator, node, until


def asks_for_long(coordinator: Coordinator) -> Coordinator:
    """Have it wait for the answer of another one for as long as that may need on a busy machine."""
    code = (
        "from msgflo_host.__main__ import main; from msgflo_host.wire import lease; lease.ANSWER_WITHIN_S = 30; main()"
    )
    coordinator.command[1:3] = ["-c", code]
    return coordinator


def test_a_second_coordinator_on_a_broker_says_who_is_in_charge_and_takes_no_connection_from_the_first(
    broker: Broker, tmp_path: Path
) -> None:
    graph = tmp_path / "graph.fbp"
    graph.write_text("here(core/Counter) OUT -> IN sink(test/Sink)\n")
    with Coordinator(graph, broker=broker.url) as first:
        first.wait(lambda status: node(status, "here")["state"] == "alive")
        second = asks_for_long(Coordinator(graph, broker=broker.url))
        second.start()
        assert first.process is not None
        assert second.process is not None
        assert second.process.wait(30) == 1
        taken = f"another coordinator is in charge of this broker (process {first.process.pid} on"
        until(lambda: taken in second.output)
        assert "Traceback" not in second.output
        # As long as another connection of the second might take.
        first.wait(lambda status: status["connected"])
        assert "already connected, closing old connection" not in broker.log
        names = ("coordinator-view", "components", "forwarder")
        assert [broker.log.count(f"as msgflo-{name} ") for name in names] == [1] * len(names)


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        coordinator = Coordinator(broker="mqtt://127.0.0.1:1")
        coordinator.command[coordinator.command.index("--port") + 1] = str(port)
        coordinator.start()
        assert coordinator.process is not None
        assert coordinator.process.wait(30) == 1
    until(lambda: f"port {port} on 127.0.0.1 cannot be opened" in coordinator.output)
    assert "Traceback" not in coordinator.output
