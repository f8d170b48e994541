"""Initial packets as they are sent."""

from __future__ import annotations

from typing import Any

import pytest

from msgflo_host.graph.model import Graph, Initial, PortRef
from msgflo_host.model.initial_packets import InitialPacket, initial_packets
from msgflo_host.wire.discovery import Participant, Port

LAMP = Participant(
    "lamp-1",
    "lamp",
    "demo/Lamp",
    inports=(
        Port("level", "lamp/level", qos=1, retain=True),
        Port("picture", "lamp/picture", "buffer"),
        Port("x"),
        Port("mode", "lamp/mode", text=True),
    ),
)


def graph_with(*initials: tuple[Any, PortRef]) -> Graph:
    graph = Graph("main")
    graph.add_node("lamp", "demo/Lamp")
    for data, target in initials:
        graph.add_initial(data, target)
    return graph


@pytest.mark.parametrize(
    ("data", "payload"),
    [(0, b"0"), (False, b"false"), (None, b"null"), ("on", b'"on"'), ("", b'""'), ({"a": [1, "é"]}, '{"a":[1,"é"]}'.encode())],
)  # fmt: skip
def test_any_data_is_sent_as_json(data: Any, payload: bytes) -> None:
    target = PortRef("lamp", "LEVEL")
    assert initial_packets(graph_with((data, target)), LAMP) == [
        InitialPacket(Initial(data, target), "lamp-1", "lamp/level", payload, 1, True)
    ]


@pytest.mark.parametrize("port", ["picture", "mode"])
def test_a_text_for_a_buffer_or_an_inport_of_bare_text_is_sent_as_it_is(port: str) -> None:
    graph = graph_with(("é", PortRef("lamp", port)), (5, PortRef("lamp", port)))
    assert [packet.payload for packet in initial_packets(graph, LAMP)] == ["é".encode(), b"5"]


def test_packets_come_in_the_order_of_the_graph() -> None:
    graph = graph_with(*((i, PortRef("lamp", port)) for i, port in enumerate(["level", "picture", "level"])))
    assert [packet.payload for packet in initial_packets(graph, LAMP)] == [b"0", b"1", b"2"]


@pytest.mark.parametrize(
    ("port", "data", "reason"),
    [
        ("color", 1, '"lamp" has no inport "color"; it has "level", "picture", "x", "mode"'),
        ("x", 1, 'inport "x" of "lamp" has no topic, so it cannot be bound'),
        (
            "level",
            "\ud800",
            "the initial packet to lamp.level holds half of a surrogate pair, which UTF-8 cannot express",
        ),
    ],
)
def test_a_packet_that_cannot_be_sent_says_why(port: str, data: Any, reason: str) -> None:
    (packet,) = initial_packets(graph_with((data, PortRef("lamp", port))), LAMP)
    assert (packet.topic, packet.reason) == ("", reason)


def test_other_nodes_have_their_own() -> None:
    graph = graph_with((1, PortRef("lamp", "level")))
    assert initial_packets(graph, Participant("door", "door", "demo/Door")) == []
