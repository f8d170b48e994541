"""The initial packets of a graph as MQTT packets. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from ..graph.model import Graph, Initial
from ..wire.discovery import Participant, Port
from .role_ports import Ports, Refused

__all__ = ["InitialPacket", "encoded", "initial_packets"]


class InitialPacket(msgspec.Struct, frozen=True, gc=False):
    """One initial packet for one participant; with a `reason` it cannot be sent.

    It is published with the QoS and the retain flag of the inport's `options`.
    """

    initial: Initial
    participant: str
    topic: str = ""
    payload: bytes = b""
    qos: int = 0
    retain: bool = False
    reason: str = ""


def initial_packets(graph: Graph, participant: Participant) -> list[InitialPacket]:
    """Return the packets to send when a participant has started, in the order of the graph.

    Instances that share a topic get the same packets: equal ones need to be sent once.
    """
    ports = Ports("inport", {participant.role: [participant]}, case_sensitive=graph.case_sensitive)
    return [_packet(ports, initial, participant) for initial in graph.initials_at(participant.role)]


def _packet(ports: Ports, initial: Initial, participant: Participant) -> InitialPacket:
    try:
        place = ports.find(*initial.tgt)[0]
    except Refused as refused:
        return InitialPacket(initial, participant.id, reason=str(refused))
    port = participant.inport(place.port)
    assert port is not None  # `find` found it
    try:
        payload = encoded(initial.data, port)
    except UnicodeEncodeError:
        reason = f"the initial packet to {initial.tgt} holds half of a surrogate pair, which UTF-8 cannot express"
        return InitialPacket(initial, participant.id, reason=reason)
    return InitialPacket(initial, participant.id, place.topic, payload, port.qos, port.retain)


def encoded(data: Any, port: Port | None = None) -> bytes:
    """Return a packet for an inport: a text for one of type `buffer` or of `text` as it is, everything else as JSON."""
    raw = port is not None and (port.type == "buffer" or port.text) and isinstance(data, str)
    return data.encode() if raw else msgspec.json.encode(data)
