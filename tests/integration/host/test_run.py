"""One run of the system: own Mosquitto, processes, page; what is left behind, and how it says no."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import paho.mqtt.publish
import psutil
import pytest

import certificates
from brokers import Broker, free_port
from listening import retained
from paths import ROOT
from systems import Coordinator, Participants, Source, discovery_message, edge, node, until

DEMO = ROOT / "examples" / "demo"


@pytest.fixture
def demo(tmp_path: Path) -> Coordinator:
    """The demo with a Mosquitto of its own, not yet started."""
    return Coordinator(DEMO, "--mqtt-port", str(free_port()), "--data", tmp_path / "data", broker=None, cwd=tmp_path)


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


def test_ctrl_c_ends_all_that_was_started(demo: Coordinator) -> None:
    with demo:
        everything_flows(demo)
        children = running(demo)
        names = " ".join(commands(demo))
        assert all(program in names for program in ("mosquitto", "machine.py", "lamp.py", "plug.py"))
        assert demo.stop() == 0
        until(lambda: not alive(children), what=f"{alive(children)} to end")  # the guard ends after it
        assert "Traceback" not in demo.output


def test_no_child_outlives_a_coordinator_that_is_killed(demo: Coordinator) -> None:
    demo.start()
    everything_flows(demo)
    children = running(demo)
    demo.kill()
    until(lambda: not alive(children), what=f"{alive(children)} to end")


def test_it_starts_again_after_being_killed_and_waits_for_nobody(demo: Coordinator) -> None:
    demo.start()
    everything_flows(demo)
    demo.kill()
    before = len(demo.lines)
    with demo:
        everything_flows(demo)
        # Neither its ports nor its names are taken by what was left.
        assert not [line for line in demo.lines[before:] if "trying again" in line]


def test_a_program_that_crashes_is_started_again_and_its_edges_flow_again(demo: Coordinator) -> None:
    with demo:
        everything_flows(demo)
        lamp = next(child for child in running(demo) if "lamp.py" in " ".join(child.cmdline()))
        lamp.kill()
        until(lambda: "lamp: ended (signal 9); trying again in 1 s" in demo.output)
        until(lambda: any("lamp.py" in command for command in commands(demo)))
        demo.wait(lambda status: node(status, "lamp")["state"] == "alive")
        before = edge(demo.status(), "lamp.alarm", "fan.power")["packets"]
        demo.wait(lambda status: edge(status, "lamp.alarm", "fan.power")["packets"] > before)


def test_removing_a_node_from_the_graph_ends_its_process(tmp_path: Path) -> None:
    for file in filter(Path.is_file, DEMO.iterdir()):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with Broker() as broker, Coordinator(tmp_path, broker=broker.url) as coordinator:
        everything_flows(coordinator)
        (tmp_path / "graph.fbp").write_text("machine(demo/Machine)\n")
        coordinator.wait(lambda status: node(status, "lamp")["state"] == "unknown")
        until(lambda: not any("lamp.py" in command for command in commands(coordinator)))
        coordinator.wait(lambda status: node(status, "fan")["state"] == "unknown")


def test_a_taken_mqtt_port_is_replaced_by_a_free_one_and_said(tmp_path: Path) -> None:
    with Broker() as other:
        taken = Coordinator("--mqtt-port", str(other.port), "--data", tmp_path, broker=None)
        taken.start()
        assert taken.process is not None
        assert taken.process.wait(30) == 1  # asked for by name, it is not replaced
        until(lambda: f"port {other.port}" in taken.output)
        assert "Traceback" not in taken.output


def test_a_discovered_node_is_marked_and_not_written(broker: Broker, tmp_path: Path) -> None:
    graph = tmp_path / "graph.fbp"
    graph.write_text("# mine\n")
    with Coordinator(graph, broker=broker.url) as coordinator, Participants(Source("source"), broker=broker.url):
        found = node(coordinator.wait(lambda status: node(status, "source")["state"] == "alive"), "source")
        assert found["listed"] is False
        assert coordinator.stop() == 0, "which saves what there is to save"
    assert graph.read_text() == "# mine\n"


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


def test_the_page_is_served_to_this_machine_only_under_its_own_names(broker: Broker) -> None:
    with Coordinator(broker=broker.url) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        base = f"http://127.0.0.1:{coordinator.port}"
        with urllib.request.urlopen(base) as page:
            assert "text/html" in page.headers["Content-Type"]
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
            files = re.findall(r'(?:href|src)="([^"#]+)"', page.read().decode())
        assert files
        for file in files:
            with urllib.request.urlopen(f"{base}/{file}") as part:
                assert part.status == 200
        hostile = urllib.request.Request(f"{base}/status.json", headers={"Host": f"evil.example:{coordinator.port}"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(hostile)
        assert refused.value.code == 403
        for path in ("../errors.py", "..%2ferrors.py", "absent"):
            with pytest.raises(urllib.error.HTTPError) as missing:
                urllib.request.urlopen(f"{base}/{path}")
            assert missing.value.code in (403, 404)


def test_a_flood_of_discovery_messages_is_survived(broker: Broker, tmp_path: Path) -> None:
    graph = tmp_path / "graph.fbp"
    graph.write_text("source(test/Source) OUT -> IN sink(test/Sink)\n")
    with Coordinator(graph, broker=broker.url) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        messages = [
            {"topic": "fbp", "payload": payload, "qos": 1}
            for number in range(1000)
            for payload in (discovery_message(f"r{number % 50}"), f"{{broken {number}", b"x" * 1000)
        ]
        paho.mqtt.publish.multiple(messages, hostname="127.0.0.1", port=broker.port)  # type: ignore[arg-type]
        status = coordinator.wait(lambda status: node(status, "r49")["state"] == "alive")
        assert len(status["nodes"]) == 52
        assert coordinator.output.count("discovery on") < 50


DEVICE = "component: x/Dev\nid: fixed\ninports: {}\noutports: {out: {queue: x/out}}\n"


def test_an_edit_that_names_a_device_twice_leaves_the_second_out(broker: Broker, tmp_path: Path) -> None:
    (tmp_path / "dev.yml").write_text(DEVICE)
    (tmp_path / "msgflo.yaml").write_text("components: {x/Dev: dev.yml}\n")
    graph = tmp_path / "graph.fbp"
    graph.write_text("one(x/Dev)\n")
    with Coordinator(graph, broker=broker.url) as coordinator:
        coordinator.wait(lambda status: node(status, "one")["state"] == "alive")
        graph.write_text("one(x/Dev)\ntwo(x/Dev)\n")
        until(lambda: "its id 'fixed' is taken, so 'two' is left out" in coordinator.output)
        coordinator.wait(lambda status: node(status, "one")["state"] == "alive")


def test_a_component_that_nobody_knows_is_named_with_those_like_it(broker: Broker, tmp_path: Path) -> None:
    (tmp_path / "dev.yml").write_text(DEVICE)
    (tmp_path / "msgflo.yaml").write_text("components: {x/Dev: dev.yml}\n")
    (tmp_path / "graph.fbp").write_text("one(x/Div)\n")
    with Coordinator(tmp_path, broker=broker.url) as coordinator:
        until(lambda: 'the library has no component "x/Div"; did you mean x/Dev?' in coordinator.output)
        with Participants(Source("one"), broker=broker.url):
            doubt = 'node "one" is "x/Div" in the graph, but "test/Source" by its own words'
            until(lambda: doubt in coordinator.output)


def test_what_a_crashed_program_has_started_does_not_keep_it_from_its_restart(broker: Broker, tmp_path: Path) -> None:
    mark = f"98765.{broker.port}"
    (tmp_path / "msgflo.yaml").write_text(f"programs: {{boom: \"sh -c 'sleep {mark} & exit 3'\"}}\n")
    (tmp_path / "graph.fbp").write_text("")
    coordinator = Coordinator(tmp_path, broker=broker.url)
    coordinator.start()
    until(lambda: "program boom: ended (exit code 3); trying again in 2 s" in coordinator.output)
    coordinator.kill()

    def sleepers() -> list[psutil.Process]:
        return [process for process in psutil.process_iter(["cmdline"]) if mark in (process.info["cmdline"] or [])]

    until(lambda: not sleepers())


def test_a_dawdling_client_does_not_hold_the_end_up(broker: Broker) -> None:
    with Coordinator(broker=broker.url) as coordinator, socket.socket() as client:
        coordinator.wait(lambda status: status["connected"])
        client.connect(("127.0.0.1", coordinator.port))
        client.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        assert coordinator.stop() == 0


def test_after_a_clean_end_nobody_of_ours_is_left_in_the_broker(broker: Broker) -> None:
    with Coordinator(DEMO, broker=broker.url) as coordinator:
        everything_flows(coordinator)
        assert coordinator.stop() == 0
    kept = retained(broker, "fbp/#")
    assert not [topic for topic in kept if topic.startswith("fbp/participant/")]
    assert "online" not in kept.values()


def test_a_mistake_in_the_graph_is_shown_until_it_is_mended(broker: Broker, tmp_path: Path) -> None:
    graph = tmp_path / "graph.fbp"
    graph.write_text("a(x/A)\n")
    with Coordinator(graph, broker=broker.url) as coordinator:
        coordinator.wait(lambda status: status["graph_trouble"] is None)
        graph.write_text("a(x/A\n")
        coordinator.wait(lambda status: f"{graph}:1:" in (status["graph_trouble"] or ""))
        graph.write_text("a(x/A)\n")
        coordinator.wait(lambda status: status["graph_trouble"] is None)
        graph.unlink()
        until(lambda: f"{graph} is gone (the graph stays as it was)" in coordinator.output)


def test_the_demo_runs_on_a_broker_with_tls_and_accounts(tmp_path: Path) -> None:
    with Broker(tls=certificates.server(), users={"ada": "p@ss"}) as broker:
        url = f"{broker.url.replace('://', '://ada:p%40ss@')}?cafile={certificates.authority()}"
        with Coordinator(DEMO, broker=url, cwd=tmp_path) as coordinator:
            everything_flows(coordinator)
            assert "p@ss" not in coordinator.output
            assert "p%40ss" not in coordinator.output


@pytest.mark.parametrize(("which", "authority"), [("expired", "pem"), ("wrong-name", "pem"), ("right", "other")])
def test_a_bad_certificate_is_named_once(tmp_path: Path, which: str, authority: str) -> None:
    with Broker(tls=certificates.server(which)) as broker:
        url = f"{broker.url}?cafile={certificates.authority(authority)}"
        with Coordinator(broker=url, cwd=tmp_path) as coordinator:
            until(lambda: "certificate" in coordinator.output)
            time.sleep(1)
            assert coordinator.output.count("broker's certificate") == 1
            assert not coordinator.wait(lambda status: True)["connected"]


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


def test_files_that_a_power_cut_has_emptied_do_not_keep_it_from_starting(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in ("fbp-secret", "secret", "runtime-id", "passwords", "mosquitto.conf", "mosquitto.log", "lock"):
        (data / name).touch()
    own = ("--mqtt-port", str(free_port()), "--data", data)
    with Coordinator(graph_of(tmp_path), *own, broker=None, cwd=tmp_path) as coordinator:
        coordinator.wait(lambda status: status["connected"] and node(status, "b")["state"] == "alive")
        for name in ("fbp-secret", "secret", "runtime-id"):
            assert f"{data / name} is empty, as after a power cut: it is made again" in coordinator.output
        secret = (data / "fbp-secret").read_text().strip()
        until(lambda: f"secret%3D{secret}" in coordinator.output)  # who needs it has not seen this one


def test_of_two_of_which_one_was_frozen_the_older_stays(broker: Broker, tmp_path: Path) -> None:
    graph = graph_of(tmp_path)
    with Coordinator(graph, broker=broker.url, cwd=tmp_path) as older:
        older.wait(lambda status: status["connected"] and node(status, "b")["state"] == "alive")
        assert older.process is not None
        older.process.send_signal(signal.SIGSTOP)
        with Coordinator(graph, broker=broker.url, cwd=tmp_path) as younger:
            try:
                younger.wait(lambda status: status["connected"] and node(status, "b")["state"] == "alive")
                time.sleep(2)  # in charge: the older one has not answered within a second
            finally:
                older.process.send_signal(signal.SIGCONT)
            assert younger.process is not None
            assert younger.process.wait(30) == 1
            until(lambda: "another coordinator is in charge of this broker" in younger.output)
            assert "Traceback" not in younger.output
        older.wait(lambda status: status["connected"] and node(status, "b")["state"] == "alive")


def test_both_protocols_of_the_internet_are_served_where_all_addresses_are_asked_for(
    broker: Broker, tmp_path: Path
) -> None:
    with Coordinator(graph_of(tmp_path), "--host", "::", broker=broker.url, cwd=tmp_path) as coordinator:
        coordinator.wait(lambda status: status["connected"])  # by 127.0.0.1
        with socket.create_connection(("::1", coordinator.port), timeout=10):
            pass
