"""One run of the system: own Mosquitto, processes, page; what is left behind, and how it says no."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from pathlib import Path

import paho.mqtt.publish
import psutil
import pytest

import certificates
from brokers import Broker, free_port
from listening import retained
from systems import Coordinator, discovery_message, edge, node, quick_demo, until


@pytest.fixture
def demo(tmp_path: Path) -> Coordinator:
    """The demo with a Mosquitto of its own, not yet started."""
    own = ("--mqtt-port", str(free_port()), "--data", tmp_path / "data")
    return Coordinator(quick_demo(tmp_path), *own, broker=None, cwd=tmp_path)


def running(coordinator: Coordinator) -> list[psutil.Process]:
    assert coordinator.process is not None
    return psutil.Process(coordinator.process.pid).children(recursive=True)


def commands(coordinator: Coordinator) -> list[str]:
    """How what runs was started; of what has just ended, nothing."""
    found = []
    for child in running(coordinator):
        with contextlib.suppress(psutil.Error):
            found.append(" ".join(child.cmdline()))
    return found


def everything_flows(coordinator: Coordinator) -> None:
    coordinator.wait(lambda status: status["edges"] and all(edge["packets"] for edge in status["edges"]), seconds=60)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    left = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                left.append(process)
    return left


def test_the_demo_flows_again_after_a_crash_and_ctrl_c_ends_all_that_was_started(demo: Coordinator) -> None:
    with demo, socket.socket() as dawdling:
        everything_flows(demo)
        lamp = next(child for child in running(demo) if "lamp.py" in " ".join(child.cmdline()))
        lamp.kill()
        until(lambda: "lamp: ended (signal 9); trying again in 0.5 s" in demo.output)
        until(lambda: any("lamp.py" in command for command in commands(demo)))
        demo.wait(lambda status: node(status, "lamp")["state"] == "alive")
        before = edge(demo.status(), "lamp.alarm", "fan.power")["packets"]
        demo.wait(lambda status: edge(status, "lamp.alarm", "fan.power")["packets"] > before)

        children = running(demo)
        names = " ".join(commands(demo))
        assert all(program in names for program in ("mosquitto", "machine.py", "lamp.py", "plug.py"))
        dawdling.connect(("127.0.0.1", demo.port))
        dawdling.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        assert demo.stop() == 0, "nobody who dawdles holds the end up"
        until(lambda: not alive(children), what=f"{alive(children)} to end")  # the guard ends after it
        assert "Traceback" not in demo.output


def test_killed_it_leaves_no_process_starts_again_and_ends_with_nothing_left_in_the_broker(
    broker: Broker, tmp_path: Path
) -> None:
    coordinator = Coordinator(quick_demo(tmp_path), broker=broker.url, cwd=tmp_path)
    coordinator.start()
    coordinator.wait(lambda status: status["edges"] and all(edge["kind"] != "pending" for edge in status["edges"]))
    children = running(coordinator)
    coordinator.kill()
    until(lambda: not alive(children), what=f"{alive(children)} to end")
    before = len(coordinator.lines)
    with coordinator:
        everything_flows(coordinator)
        # Neither its port nor its names are taken by what was left.
        assert not [line for line in coordinator.lines[before:] if "trying again" in line]
        assert coordinator.stop() == 0
    kept = retained(broker, "fbp/#")
    assert not [topic for topic in kept if topic.startswith("fbp/participant/")]
    assert "online" not in kept.values()


def test_no_discovery_message_starts_a_command_of_the_library(broker: Broker, tmp_path: Path) -> None:
    graph = tmp_path / "graph.fbp"
    graph.write_text("# mine\n")
    (tmp_path / "msgflo.yaml").write_text("components: {x/Command: 'touch #ROLE'}\n")
    with Coordinator(graph, broker=broker.url, cwd=tmp_path) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        forged = discovery_message("forged", component="x/Command", id="forged")
        paho.mqtt.publish.single("fbp", forged, hostname="127.0.0.1", port=broker.port)
        coordinator.wait(lambda status: node(status, "forged").get("listed") is False)
        graph.write_text("mine(x/Command)\n")
        until((tmp_path / "mine").exists)
        coordinator.wait(lambda status: node(status, "mine").get("listed"))
        assert coordinator.stop() == 0
    assert graph.read_text() == "mine(x/Command)\n"
    assert not (tmp_path / "forged").exists()


# --- Days, and what happens in them ---


def in_shell(coordinator: Coordinator, line: str) -> Coordinator:
    """Have it started by a line of a shell, in which "$@" stands for its command."""
    coordinator.command = ["sh", "-c", line, "sh", *coordinator.command]
    return coordinator


def graph_of(tmp_path: Path) -> Path:
    graph = tmp_path / "graph.fbp"
    graph.write_text("a(core/Repeat) OUT -> IN b(core/Repeat)\n")
    return graph


def test_it_stays_when_its_terminal_ends_under_nohup_and_ends_otherwise(broker: Broker, tmp_path: Path) -> None:
    graph = graph_of(tmp_path)
    with in_shell(Coordinator(graph, broker=broker.url, cwd=tmp_path), 'exec nohup "$@"') as coordinator:
        coordinator.wait(lambda status: node(status, "b")["state"] == "alive")
        assert coordinator.process is not None
        coordinator.process.send_signal(signal.SIGHUP)
        graph.write_text("c(core/Repeat)\n")
        coordinator.wait(lambda status: node(status, "c")["state"] == "alive")
        assert coordinator.stop() == 0
    with Coordinator(graph, broker=broker.url, cwd=tmp_path) as coordinator:
        coordinator.wait(lambda status: node(status, "c")["state"] == "alive")
        assert coordinator.process is not None
        coordinator.process.send_signal(signal.SIGHUP)
        assert coordinator.process.wait(30) == 0


@pytest.mark.parametrize(
    "line", ['exec "$@" > /dev/full', 'exec "$@" <&- >&- 2>&-', 'PYTHONIOENCODING=ascii exec "$@"'],
    ids=["a full disk", "closed", "without the letters"],
)  # fmt: skip
def test_an_output_that_takes_no_lines_ends_nothing(broker: Broker, tmp_path: Path, line: str) -> None:
    graph = graph_of(tmp_path)
    with in_shell(Coordinator(graph, broker=broker.url, cwd=tmp_path), line) as coordinator:
        coordinator.wait(lambda status: node(status, "b")["state"] == "alive")
        graph.write_text("ä")
        coordinator.wait(lambda status: "ä" in (status["graph_trouble"] or ""))  # which is said
        graph.write_text("c(core/Repeat)\n")
        coordinator.wait(lambda status: node(status, "c")["state"] == "alive")
        assert coordinator.stop() == 0
        assert "Traceback" not in coordinator.output


def test_it_goes_on_without_its_terminal_and_ends_in_order(broker: Broker, tmp_path: Path) -> None:
    terminal, end = os.openpty()
    coordinator = Coordinator(graph_of(tmp_path), broker=broker.url, cwd=tmp_path)
    coordinator.environment = {"TERM": "xterm"}
    with in_shell(coordinator, f'exec "$@" > {os.ttyname(end)}'):
        shown = b""
        while b"alive" not in shown:
            shown += os.read(terminal, 65536)
        os.close(end)
        os.close(terminal)  # as when the connection to a machine is lost on which it was disowned
        time.sleep(1.5)  # it draws once a second
        coordinator.wait(lambda status: node(status, "b")["state"] == "alive")
        assert coordinator.stop() == 0
    assert "Traceback" not in coordinator.output


def test_it_runs_on_a_broker_with_tls_and_an_account_and_says_no_password(tmp_path: Path) -> None:
    with Broker(tls=certificates.server(), users={"ada": "p@ss"}) as broker:
        url = f"{broker.url.replace('://', '://ada:p%40ss@')}?cafile={certificates.authority()}"
        with Coordinator(graph_of(tmp_path), broker=url, cwd=tmp_path) as coordinator:
            coordinator.wait(lambda status: status["connected"] and node(status, "b")["state"] == "alive")
            assert "p@ss" not in coordinator.output
            assert "p%40ss" not in coordinator.output
