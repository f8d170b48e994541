"""The coordinator on a real broker: binding, rebinding, loss and return, as seen from outside."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import paho.mqtt.publish
import pytest

from brokers import Broker
from listening import Ear, retained
from systems import Coordinator, Participants, Sink, Source, discovery_message, edge, node, until

EDGE = "source(test/Source) OUT -> IN sink(test/Sink)\n"


def write(path: Path, text: str) -> Path:
    """As an editor saves: the whole file at once."""
    temporary = path.with_suffix(".new")
    temporary.write_text(text)
    temporary.replace(path)
    return path


def kind(coordinator: Coordinator, wanted: str, src: str = "source.out", tgt: str = "sink.in") -> None:
    coordinator.wait(lambda status: status["edges"] and edge(status, src, tgt)["kind"] == wanted)


def asks_for_long(coordinator: Coordinator) -> Coordinator:
    """Have it wait for the answer of another one for as long as that may need on a busy machine."""
    code = "import msgflo_host.cli, msgflo_host.lease as lease; lease.ANSWER_WITHIN_S = 30; msgflo_host.cli.main()"
    coordinator.command[1:3] = ["-c", code]
    return coordinator


def publish(broker: Broker, topic: str, payload: str, *, retain: bool = False) -> None:
    paho.mqtt.publish.single(topic, payload, qos=1, retain=retain, hostname="127.0.0.1", port=broker.port)


def test_an_edge_waits_for_both_ends_and_then_carries_each_packet_once(broker: Broker, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    source, sink = Source("source"), Sink("sink")
    with Coordinator(graph, broker=broker.url) as coordinator:
        kind(coordinator, "pending")
        with Participants(source, broker=broker.url):
            coordinator.wait(lambda status: node(status, "source")["state"] == "alive")
            kind(coordinator, "pending")
            with Participants(sink, broker=broker.url):
                kind(coordinator, "direct")
                # The binding is in force when the sink has subscribed: the first packet that arrives proves it.
                until(lambda: source.send("out", "ready") or "ready" in sink.received)
                for number in range(100):
                    source.send("out", number)
                until(lambda: 99 in sink.received)
    assert [packet for packet in sink.received if packet != "ready"] == [*range(100)]


def test_removing_and_adding_an_edge_ten_times_delivers_each_packet_once(broker: Broker, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    source, sink = Source("source"), Sink("sink")
    with (
        Coordinator(graph, broker=broker.url) as coordinator,
        Participants(source, sink, broker=broker.url),
    ):
        for _ in range(10):
            write(graph, "source(test/Source)\nsink(test/Sink)\n")
            coordinator.wait(lambda status: status["edges"] == [])
            write(graph, EDGE)
            kind(coordinator, "direct")
        # The list is in force when the participant has subscribed: the first packet that arrives proves it.
        until(lambda: source.send("out", "ready") or "ready" in sink.received)
        time_of_last = len(sink.received)
        until(lambda: source.send("out", "settled") or "settled" in sink.received[time_of_last:])
        del sink.received[:]
        for number in range(50):
            source.send("out", number)
        until(lambda: 49 in sink.received)
    assert [packet for packet in sink.received if isinstance(packet, int)] == list(range(50))


def test_edges_to_others_are_forwarded_byte_for_byte(broker: Broker, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", "a(x/A) OUT -> IN b(x/B)\n")
    with Coordinator(graph, broker=broker.url) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        publish(broker, "fbp", discovery_message("a", outports=[{"id": "out", "queue": "a/out"}]))
        publish(broker, "fbp", discovery_message("b", inports=[{"id": "in", "queue": "b/in"}]))
        kind(coordinator, "forwarded", "a.out", "b.in")
        receiver = subprocess.Popen(
            ["mosquitto_sub", "-p", str(broker.port), "-t", "b/in", "-C", "1", "-N"], stdout=subprocess.PIPE
        )
        until(lambda: "b/in" in broker.log)
        publish(broker, "a/out", '{"a" : 1.0, "b":"\\u00e9"}')
        out, _ = receiver.communicate(timeout=30)
    assert out == b'{"a" : 1.0, "b":"\\u00e9"}'


def test_initial_packets_go_out_at_each_start_falsy_ones_too_and_at_once_when_added(
    broker: Broker, tmp_path: Path
) -> None:
    graph = write(tmp_path / "graph.fbp", "0 -> IN sink(test/Sink)\nfalse -> OTHER sink\n")
    with Coordinator(graph, broker=broker.url) as coordinator:
        for _ in range(2):
            sink = Sink("sink")
            with Participants(sink, broker=broker.url):
                until(lambda sink=sink: len(sink.received) == 2)
                assert sorted(map(str, sink.received)) == ["('other', False)", "0"]
            coordinator.wait(lambda status: node(status, "sink")["state"] == "lost")
        sink = Sink("sink")
        with Participants(sink, broker=broker.url):
            until(lambda: len(sink.received) == 2)
            write(graph, "0 -> IN sink(test/Sink)\nfalse -> OTHER sink\n'late' -> IN sink\n")
            until(lambda: len(sink.received) == 3)
            assert sink.received[2] == "late"


def test_a_killed_participant_is_shown_lost_and_bound_again_when_it_is_back(broker: Broker, tmp_path: Path) -> None:
    component = tmp_path / "echo.py"
    component.write_text(
        "from msgflo import Participant, Port\n"
        "class Echo(Participant):\n"
        "    component = 'test/Echo'\n"
        "    inports = [Port('in')]\n"
        "    outports = [Port('out')]\n"
        "    def on_in(self, value):\n"
        "        self.send('out', value)\n"
    )
    graph = write(
        tmp_path / "graph.fbp",
        "source(test/Source) OUT -> IN echo(test/Echo) OUT -> IN sink(test/Sink)\n'hello' -> IN echo\n",
    )
    source, sink = Source("source"), Sink("sink")
    command = [sys.executable, "-m", "msgflo_host", "participant", component, "echo", "--broker", broker.url]
    ear = Ear(broker)
    with Coordinator(graph, broker=broker.url) as coordinator, Participants(source, sink, broker=broker.url):
        for round in range(2):
            since = len(ear.heard)
            echo = subprocess.Popen(command)
            coordinator.wait(lambda status: node(status, "echo")["state"] == "alive")
            ear.wait_for("echo/out", lambda value: value == "hello", since=since)
            # The sink says to nobody when it has subscribed.
            until(lambda round=round: source.send("out", round) or round in sink.received)
            echo.send_signal(signal.SIGKILL)
            echo.wait()
            coordinator.wait(lambda status: node(status, "echo")["state"] == "lost")
    ear.stop()


def test_direct_edges_flow_on_without_a_gap_when_the_coordinator_is_killed(broker: Broker, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE + "source OUT -> IN other(x/Other)\n")
    foreign = tmp_path / "other.yml"
    foreign.write_text("component: x/Other\ninports: {in: {queue: other/in, options: {payload: text}}}\n")
    source, sink, forwarded = Source("source"), Sink("sink"), Sink("forwarded", topics={"in": "other/seen"})
    registering = subprocess.Popen(
        [sys.executable, "-m", "msgflo_host", "register", f"other:{foreign}", "--broker", broker.url]
    )
    try:
        with (
            Coordinator(graph, broker=broker.url) as coordinator,
            Participants(source, sink, forwarded, broker=broker.url),
        ):
            kind(coordinator, "direct")
            kind(coordinator, "forwarded", tgt="other.in")
            until(lambda: source.send("out", "ready") or sink.received)
            for number in range(300):
                source.send("out", number)
                if number == 100:
                    coordinator.kill()
                time.sleep(0.001)
            until(lambda: 299 in sink.received)
            assert [packet for packet in sink.received if packet != "ready"] == list(range(300))
            coordinator.start()
            receiver = subprocess.Popen(
                ["mosquitto_sub", "-p", str(broker.port), "-t", "other/in", "-C", "1"], stdout=subprocess.PIPE
            )
            until(lambda: source.send("out", "again") or receiver.poll() is not None)
            assert receiver.communicate()[0] == b"again\n"  # without quotes, as it wants it
    finally:
        registering.terminate()
        registering.wait(10)


def test_all_flows_again_after_a_restart_of_the_broker(broker: Broker, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    source, sink = Source("source"), Sink("sink")
    with Coordinator(graph, broker=broker.url) as coordinator, Participants(source, sink, broker=broker.url):
        kind(coordinator, "direct")
        for _ in range(2):
            broker.restart()
            del sink.received[:]
            until(lambda: source.send("out", "flows") or "flows" in sink.received)
            coordinator.wait(lambda status: status["connected"])
            kind(coordinator, "direct")


def test_a_mistake_in_the_edited_graph_is_named_and_changes_nothing(broker: Broker, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    source, sink = Source("source"), Sink("sink")
    with Coordinator(graph, broker=broker.url) as coordinator, Participants(source, sink, broker=broker.url):
        kind(coordinator, "direct")
        write(graph, EDGE + "source OUT -> -> IN sink\n")
        until(lambda: f"{graph}:2:" in coordinator.output)
        kind(coordinator, "direct")
        write(graph, EDGE + "source NONE -> IN sink\n")
        coordinator.wait(lambda status: edge(status, "source.none", "sink.in")["kind"] == "refused")
        until(lambda: 'no outport "none"' in coordinator.output)
        assert '"out"' in coordinator.output


def test_without_the_broker_it_says_so_once_and_goes_on_when_it_is_there(broker: Broker, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    broker.stop()
    with Coordinator(graph, broker=broker.url) as coordinator:
        until(lambda: "refused" in coordinator.output)
        coordinator.wait(lambda status: not status["connected"])
        time.sleep(1)
        broker.start()
        coordinator.wait(lambda status: status["connected"])
        assert coordinator.output.lower().count("refused") <= 2  # the coordinator and its forwarder, once each


def test_a_wrong_password_is_named_without_saying_it(tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    with Broker(users={"anna": "right"}) as broker:
        url = f"mqtt://anna:wr0ng@127.0.0.1:{broker.port}"
        with Coordinator(graph, broker=url) as coordinator:
            until(lambda: "password" in coordinator.output)
            time.sleep(0.5)
            assert coordinator.output.count("check user name and password") == 1
            assert "wr0ng" not in coordinator.output
            assert "wr0ng" not in str(coordinator.wait(lambda status: True))


def test_a_port_in_use_is_named(broker: Broker, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    with Coordinator(graph, broker=broker.url) as first:
        first.wait(lambda status: status["connected"])
        second = Coordinator(graph, broker=broker.url)
        second.command[second.command.index("--port") + 1] = str(first.port)
        second.start()
        assert second.process is not None
        assert second.process.wait(30) == 1
        until(lambda: f"port {first.port} on 127.0.0.1 cannot be opened" in second.output)
        assert "Traceback" not in second.output


def test_the_network_can_be_reached_after_ctrl_c(broker: Broker, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    coordinator = Coordinator(graph, broker=broker.url)
    coordinator.start()
    coordinator.wait(lambda status: status["connected"])
    assert coordinator.stop() == 0
    assert "Traceback" not in coordinator.output


@pytest.mark.parametrize("payload", ["{", "[]", '{"protocol": "discovery", "command": "participant", "payload": {}}'])
def test_broken_discovery_is_named_and_harms_nobody(broker: Broker, tmp_path: Path, payload: str) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    source, sink = Source("source"), Sink("sink")
    with Coordinator(graph, broker=broker.url) as coordinator, Participants(source, sink, broker=broker.url):
        for _ in range(3):
            publish(broker, "fbp", payload)
        kind(coordinator, "direct")
        until(lambda: source.send("out", 1) or sink.received)
        assert coordinator.output.count('discovery on "fbp"') <= 1


def test_what_another_client_writes_on_a_binding_topic_is_put_right(broker: Broker, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    source, sink = Source("source"), Sink("sink")
    with Coordinator(graph, broker=broker.url) as coordinator, Participants(source, sink, broker=broker.url):
        kind(coordinator, "direct")
        publish(broker, "fbp/bind/sink", "", retain=True)
        publish(broker, "fbp/bind/gone", '{"in": ["a"]}', retain=True)
        until(lambda: source.send("out", 1) or sink.received)
        until(lambda: list(retained(broker, "fbp/bind/+")) == ["fbp/bind/sink"])


def test_a_second_coordinator_on_a_broker_says_who_is_in_charge_and_ends(broker: Broker, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    source, sink = Source("source"), Sink("sink")
    with Coordinator(graph, broker=broker.url) as first, Participants(source, sink, broker=broker.url):
        kind(first, "direct")
        second = asks_for_long(Coordinator(broker=broker.url))
        second.start()
        assert second.process is not None
        assert first.process is not None
        assert second.process.wait(30) == 1
        until(
            lambda: f"another coordinator is in charge of this broker (process {first.process.pid} on" in second.output
        )
        assert "Traceback" not in second.output
        del sink.received[:]
        source.send("out", 1)
        until(lambda: sink.received == [1])
        assert first.stop() == 0
        with second:
            second.wait(lambda status: status["connected"] and node(status, "source")["state"] == "alive")


def test_a_second_coordinator_that_is_refused_has_taken_no_connection_from_the_first(
    broker: Broker, tmp_path: Path
) -> None:
    graph = write(tmp_path / "graph.fbp", "here(core/Counter) OUT -> IN sink(test/Sink)\n")
    with Coordinator(graph, broker=broker.url) as first:
        first.wait(lambda status: node(status, "here")["state"] == "alive")
        until(lambda: "as msgflo-coordinator-builtin" in broker.log)
        second = asks_for_long(Coordinator(graph, broker=broker.url))
        second.start()
        assert second.process is not None
        assert second.process.wait(30) == 1
        # As long as another connection of the second might take.
        first.wait(lambda status: status["connected"])
        assert "already connected, closing old connection" not in broker.log
        names = ("builtin", "taps", "subgraphs", "foreign", "forwarder")
        assert [broker.log.count(f"as msgflo-coordinator-{name} ") for name in names] == [1] * len(names)


def test_a_coordinator_takes_over_from_one_that_was_killed_together_with_the_broker(
    broker: Broker, tmp_path: Path
) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    first = Coordinator(graph, broker=broker.url)
    first.start()
    first.wait(lambda status: status["connected"])
    broker.stop()
    first.kill()
    broker.start()
    source, sink = Source("source"), Sink("sink")
    with Coordinator(graph, broker=broker.url) as second, Participants(source, sink, broker=broker.url):
        kind(second, "direct")


def test_two_coordinators_started_together_do_not_both_stay(broker: Broker) -> None:
    both = [Coordinator(broker=broker.url), Coordinator(broker=broker.url)]
    for coordinator in both:
        coordinator.start()
    processes = [coordinator.process for coordinator in both if coordinator.process is not None]
    until(lambda: sum(process.poll() is not None for process in processes) == 1, seconds=45)
    stays = both[0] if processes[0].poll() is None else both[1]
    stays.wait(lambda status: status["connected"])
    assert stays.stop() == 0


def test_a_plain_run_reads_no_packet_of_a_direct_edge_while_nobody_looks(broker: Broker, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    source, sink = Source("source"), Sink("sink")
    with Coordinator(graph, broker=broker.url) as coordinator, Participants(source, sink, broker=broker.url):
        until(lambda: source.send("out", 1) or sink.received)
        assert "msgflo-coordinator-forwarder-1 0 source/out" not in broker.log
        kind(coordinator, "direct")  # now somebody looks
        until(lambda: "-forwarder-1 0 source/out" in broker.log)


def test_garbage_below_the_reserved_topics_is_cleared_or_named(broker: Broker, tmp_path: Path) -> None:
    graph = write(tmp_path / "graph.fbp", EDGE)
    for topic in ("fbp/bind/%zz", "fbp/connection/%zz", "fbp/participant/%zz", "fbp/coordinator"):
        publish(broker, topic, "x", retain=True)
    source, sink = Source("source"), Sink("sink")
    with Coordinator(graph, broker=broker.url) as coordinator, Participants(source, sink, broker=broker.url):
        kind(coordinator, "direct")
        until(lambda: source.send("out", 1) or sink.received)
        assert "Traceback" not in coordinator.output
        until(lambda: list(retained(broker, "fbp/bind/#")) == ["fbp/bind/sink"])


def test_devices_that_flap_do_not_flood_the_log(broker: Broker) -> None:
    with Coordinator(broker=broker.url) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        messages = [
            {
                "topic": "fbp",
                "payload": discovery_message(f"r{number}", outports=[{"id": "o", "queue": "same"}]),
                "qos": 1,
            }
            for number in range(2000)
        ]
        paho.mqtt.publish.multiple(messages, hostname="127.0.0.1", port=broker.port)  # type: ignore[arg-type]
        coordinator.wait(lambda status: node(status, "r1999")["state"] == "alive")
        assert len(coordinator.lines) < 300
