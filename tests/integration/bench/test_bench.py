"""The benchmarks count what arrives, and say what they were measured on and which aims were missed."""

from __future__ import annotations

import pytest

from bench import loads, report
from bench.routers import Wiring
from bench.wire import connect, publish_frame, subscribe
from brokers import Broker


def test_every_load_counts_every_message_on_a_broker_alone(broker: Broker) -> None:
    topics = [f"bench/{i:02}" for i in range(10)]
    flows = [
        loads.burst(broker.port, topics[:1], topics[:1], 1000),
        loads.burst(broker.port, topics, topics, 1005),
        loads.window(broker.port, topics[0], topics[0], 1000),
    ]
    assert [(flow.sent, flow.received, flow.lost) for flow in flows] == [
        (1000, 1000, 0),
        (1005, 1005, 0),
        (1000, 1000, 0),
    ]
    assert loads.fan_out(broker.port, "bench/fan", ["bench/fan"] * 3, 500).received == 1500
    delays = loads.latency(broker.port, topics[0], topics[0], seconds=0.2)
    assert 0 < delays.p50 <= delays.p99
    assert delays.lost == 0


def test_a_message_that_does_not_arrive_is_counted_as_lost(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loads, "_STALL", 0.2)
    assert loads.burst(broker.port, ["bench/a"], ["bench/b"], 500).lost == 500


def test_a_subscription_to_many_topics_has_an_acknowledgement_of_two_length_bytes(broker: Broker) -> None:
    topics = [f"bench/{i:03}" for i in range(200)]
    with connect(broker.port, "many") as sock:
        subscribe(sock, topics)
        sock.sendall(publish_frame(topics[199], b"x" * 200))
        assert sock.recv(1000) == publish_frame(topics[199], b"x" * 200)


def test_edges_from_one_topic_leave_by_one_port() -> None:
    wiring = Wiring((("s", "t0"), ("s", "t1"), ("u", "t2")))
    source, target = wiring.participants()
    assert source["outports"] == [{"id": "o0", "type": "any", "queue": "s"}, {"id": "o1", "type": "any", "queue": "u"}]
    assert [port["queue"] for port in target["inports"]] == ["t0", "t1", "t2"]  # type: ignore[attr-defined]
    assert [edge["src"]["port"] for edge in wiring.graph()["connections"]] == ["o0", "o0", "o1"]  # type: ignore[attr-defined]


def test_the_report_gives_medians_and_ratios_and_shows_which_aims_are_missed() -> None:
    results = report.Results()
    for burst in (900.0, 50_000.0, 1_000.0):
        results.add("routing", "broker alone", {"burst": burst * 2, "lost": 0})
        results.add("routing", "ours", {"burst": burst, "lost": 0, "memory idle": 51.0})
    results.add("resting", "ours", {"memory": 111.0, "idle": 0.5})
    text = report.text(results, runs=3, peer=False, seconds=90)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "burst of 100 000, messages/s 2 000 1 000 0.5" in lines
    assert "41 devices and 64 nodes at rest: memory, MB 111 ≤ 110 no" in lines
    assert "cores of" in text
    assert "Mosquitto 2." in text
