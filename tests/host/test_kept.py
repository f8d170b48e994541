"""Brokers that do not send what they keep to subscriptions with wildcards, or keep nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import paho.mqtt.publish
from leaving_out import leaving_out

from brokers import Broker
from listening import retained
from msgflo.broker import Broker as Address
from msgflo_host.bindings.kept import Kept
from systems import Coordinator, Participants, Sink, Source, edge, until


class RareSource(Source):
    """Announces itself again after half an hour."""

    period = 3600


class RareSink(Sink):
    """Announces itself again after half an hour."""

    period = 3600


def keep(broker: Broker, topic: str, payload: str) -> None:
    paho.mqtt.publish.single(topic, payload, 1, True, "127.0.0.1", broker.port)


def test_those_that_are_called_as_in_the_graph_are_found_without_wildcards(broker: Broker, tmp_path: Path) -> None:
    graph = tmp_path / "graph.fbp"
    graph.write_text("source(test/Source) OUT -> IN sink(test/Sink)\n")
    with (
        Participants(RareSource("source"), broker=broker.url),
        Participants(RareSink("sink"), broker=broker.url),
        leaving_out(broker) as url,
        Coordinator(graph, broker=url) as coordinator,
    ):
        coordinator.wait(lambda status: edge(status, "source.out", "sink.in")["kind"] == "direct")
        assert coordinator.output.count("does not send retained messages to subscriptions with wildcards") == 1


def test_what_an_earlier_coordinator_has_bound_is_withdrawn_without_wildcards(broker: Broker) -> None:
    keep(broker, "fbp/bind/sink", '{"other":["source/out"]}')
    with leaving_out(broker) as url, Coordinator(broker=url) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        with Participants(RareSink("sink"), broker=broker.url):
            until(lambda: retained(broker, "fbp/bind/#") == {})


def test_a_broker_that_keeps_nothing_is_named(broker: Broker) -> None:
    with leaving_out(broker, exact_too=True) as url, Coordinator(broker=url) as coordinator:
        until(lambda: "keeps no retained messages" in coordinator.output)


def test_a_broker_that_sends_what_it_keeps_is_asked_for_nothing_more(broker: Broker) -> None:
    keep(broker, "fbp/x", "kept")
    kept = Kept(Address.parse(broker.url), "kept")
    asyncio.run(kept.look("fbp/x"))
    assert kept.topics(["source"], []) == set()
