"""Brokers that do not send what they keep to subscriptions with wildcards, or keep nothing."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from pathlib import Path

import paho.mqtt.publish
import pytest

from brokers import Broker
from leaving_out import leaving_out
from listening import retained
from msgflo.broker import Broker as Address
from msgflo_host import kept as kept_module
from msgflo_host.kept import Kept
from systems import Coordinator, Participants, Sink, Source, discovery_message, edge, until


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
        coordinator.wait(lambda status: edge(status, "source.out", "sink.in")["kind"] == "direct", seconds=80)
        until(lambda: coordinator.output.count("does not send retained messages to subscriptions with wildcards") == 1)


def test_what_an_earlier_coordinator_has_bound_is_withdrawn_without_wildcards(broker: Broker) -> None:
    keep(broker, "fbp/bind/sink", '{"other":["source/out"]}')
    with leaving_out(broker) as url, Coordinator(broker=url) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        with Participants(RareSink("sink"), broker=broker.url):
            until(lambda: retained(broker, "fbp/bind/#") == {})


def test_a_broker_that_keeps_nothing_is_named(broker: Broker) -> None:
    with leaving_out(broker, exact=True) as url, Coordinator(broker=url) as coordinator:
        until(lambda: "keeps no retained messages" in coordinator.output)


def test_a_broker_that_sends_what_it_keeps_is_asked_for_nothing_more(broker: Broker) -> None:
    keep(broker, "fbp/x", "kept")
    kept = Kept(Address.parse(broker.url), "kept")
    assert asyncio.run(kept.look("fbp/x"))
    assert kept.topics(["source"], []) == set()


def test_nothing_is_concluded_from_a_connection_that_was_lost(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    monkeypatch.setattr(kept_module, "AGAIN_S", 0)
    monkeypatch.setattr(kept_module, "SENT_WITHIN_S", 6)

    async def main(broker: Broker) -> bool:
        kept = Kept(Address.parse(broker.url), "kept")
        looking = asyncio.create_task(kept.look("fbp/x"))  # where nothing is kept
        while "as kept " not in await asyncio.to_thread(lambda: broker.log):
            await asyncio.sleep(0.01)
        await asyncio.to_thread(broker.stop)
        return await looking

    with Broker() as broker:
        assert not asyncio.run(main(broker))
    assert not caplog.messages


def test_nothing_is_concluded_where_what_is_kept_is_no_longer_ours(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    monkeypatch.setattr(kept_module, "SENT_WITHIN_S", 0.1)
    kept = Kept(Address.parse(broker.url), "kept")
    assert not asyncio.run(kept.look("fbp/x", is_ours=lambda: False))
    assert not caplog.messages
    assert asyncio.run(kept.look("fbp/x"))
    assert "keeps no retained messages" in caplog.text


def test_it_is_said_once_that_this_connection_is_refused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    monkeypatch.setattr(kept_module, "AGAIN_S", 0)

    async def main(broker: Broker) -> None:
        kept = Kept(Address.parse(broker.url), "kept")
        for _ in range(3):
            assert not await kept.look("fbp/x")

    with Broker(extra="clientid_prefixes other-") as broker:
        asyncio.run(main(broker))
    (said,) = caplog.messages
    assert said.startswith(f"kept: {broker.url}")


@pytest.mark.parametrize("how", ["wildcards", "late"])
def test_forget_finds_what_the_broker_sends_for_exact_topics_alone_or_late(broker: Broker, how: str) -> None:
    keep(broker, "fbp/participant/old", discovery_message("old", connection="old-client"))
    keep(broker, "fbp/connection/old-client", "lost")
    keep(broker, "fbp/participant/lamp", discovery_message("lamp", connection="lamp-client"))
    keep(broker, "fbp/connection/lamp-client", "online")
    with leaving_out(broker, wildcards=how == "wildcards", late=how == "late") as url:
        command = [sys.executable, "-m", "msgflo_host", "forget", "--broker", url]
        done = subprocess.run([*command, "lamp"], capture_output=True, text=True, timeout=60, check=False)
        assert done.stderr == 'msgflo: "lamp" is online; end it first\n'
        done = subprocess.run([*command, "old"], capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout == "old is forgotten\n", done.stderr
    assert retained(broker, "fbp/#").keys() == {"fbp/participant/lamp", "fbp/connection/lamp-client"}


def test_send_does_not_wait_for_a_broker_that_has_ended_the_connection() -> None:
    with Broker(extra="retain_available false") as broker:
        command = [sys.executable, "-m", "msgflo_host", "send", "t", "1", "--retain", "--broker", broker.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.stderr == f"msgflo: {broker.url}: the broker closed the connection\n"
