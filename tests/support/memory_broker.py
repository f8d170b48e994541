"""An MQTT 3.1.1 broker in memory, for unit tests: in a SimulatedLoop programs connect to it as to one on the network."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgflo
from event_loop import SimulatedLoop
from msgflo.topics import is_filter, matches
from msgflo_host.wire import frames

_CONNECT, _PUBLISH, _PUBACK, _SUBSCRIBE, _UNSUBSCRIBE, _PINGREQ, _DISCONNECT = 1, 3, 4, 8, 10, 12, 14

_DUP = 8  # of the first byte of a PUBLISH: it was sent before

_READ = 65536  # bytes that arrive at once at most, as from a socket

Write = Callable[[bytes], None]


class MemoryBroker:
    """Keeps retained messages and sessions; `stop` and `start` are a restart.

    `refuse` says which filters are refused, `connack` the code that answers each CONNECT. Without `wildcards` no retained
    message is sent to a filter with wildcards, without `exact` none to a topic; `late` is how many seconds later they are sent.
    `answer(first byte, content, write)` is called
    with each packet before it is handled, and may raise EOFError to end the connection, or return True where it has done all.
    """

    def __init__(
        self,
        *,
        port: int = 1883,
        refuse: Callable[[str], bool] = lambda topic_filter: False,
        connack: int = 0,
        wildcards: bool = True,
        exact: bool = True,
        late: float = 0,
        answer: Callable[[int, bytes, Write], bool | None] = lambda first, content, write: None,
    ) -> None:
        self.url = f"mqtt://127.0.0.1:{port}"
        self.address = msgflo.Broker.parse(self.url)
        self.retained: dict[str, bytes] = {}
        self.heard: list[tuple[str, bytes]] = []
        """Everything that was published."""
        self.connects: list[str] = []
        """The client ids of those who have connected, each time."""
        self.subscribed: list[tuple[str, str]] = []
        """Who has subscribed to what, each time."""
        self.on_publish: list[Callable[[str, bytes], None]] = []
        """Called with topic and payload of each publish, for programs of a test that have no connection."""
        self.refuse, self.connack, self.answer = refuse, connack, answer
        self.wildcards, self.exact, self.late = wildcards, exact, late
        self.sessions: dict[str, Session] = {}
        self._port = port
        self._retained_qos: dict[str, int] = {}

    def start(self) -> None:
        """Accept connections."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        loop.servers[self._port] = lambda protocol: Wire(self, protocol)

    def stop(self) -> None:
        """End all connections, and accept none."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        loop.servers.pop(self._port, None)
        for session in list(self.sessions.values()):
            if session.connection is not None:
                session.connection.end_both()

    def __enter__(self) -> MemoryBroker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def publish(self, topic: str, payload: Any, *, qos: int = 1, retain: bool = False) -> None:
        """Publish as some client would; what is neither text nor bytes is sent as JSON."""
        if not isinstance(payload, (str, bytes)):
            payload = json.dumps(payload)
        self._publish(topic, payload.encode() if isinstance(payload, str) else payload, qos, retain)

    def end(self, client_id: str) -> None:
        """End a client's connection."""
        connection = self.sessions[client_id].connection
        assert connection is not None
        connection.end_both()

    def values(self, topic: str) -> list[Any]:
        """What was published on a topic, as JSON values where it is JSON."""
        return [_value(payload) for each, payload in self.heard if each == topic]

    def clients(self) -> list[str]:
        """The client ids of those who are connected."""
        return sorted(id for id, session in self.sessions.items() if session.connection is not None)

    def _publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> None:
        self.heard.append((topic, payload))
        for listener in self.on_publish:
            asyncio.get_running_loop().call_soon(listener, topic, payload)
        if retain and payload:
            self.retained[topic] = payload
            self._retained_qos[topic] = qos
        elif retain:
            self.retained.pop(topic, None)
        for session in list(self.sessions.values()):
            granted = [
                granted for filter, granted in session.filters.items() if filter == topic or matches(filter, topic)
            ]
            if granted:
                session.send(topic, payload, min(qos, max(granted)), retain=False)

    def subscribe(self, session: Session, topic_filter: str, qos: int) -> int:
        self.subscribed.append((session.client_id, topic_filter))
        if self.refuse(topic_filter):
            return 0x80
        session.filters[topic_filter] = qos
        return qos

    def send_retained(self, session: Session, topic_filter: str, qos: int) -> None:
        if self.late:
            asyncio.get_running_loop().call_later(self.late, self._send_retained, session, topic_filter, qos)
        else:
            self._send_retained(session, topic_filter, qos)

    def _send_retained(self, session: Session, topic_filter: str, qos: int) -> None:
        if self.wildcards if is_filter(topic_filter) else self.exact:
            for topic, payload in self.retained.items():
                if topic_filter == topic or matches(topic_filter, topic):
                    session.send(topic, payload, min(qos, self._retained_qos.get(topic, 1)), retain=True)


@dataclass
class Session:
    """What a broker knows of a client."""

    client_id: str
    filters: dict[str, int] = field(default_factory=dict)
    connection: Wire | None = None
    unconfirmed: dict[int, bytes] = field(default_factory=dict)
    """Packets by their ids, as they are sent the next time."""
    packet_ids: Iterator[int] = field(default_factory=lambda: itertools.cycle(range(1, 65536)))

    def send(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        number = next(self.packet_ids) if qos else 0
        packet = frames.publish(frames.text(topic), payload, qos=qos, retain=retain, packet_id=number)
        if qos:
            self.unconfirmed[number] = packet
        if self.connection is not None:
            self._send(packet, number)

    def send_again(self) -> None:
        for number, packet in list(self.unconfirmed.items()):
            self._send(packet, number)

    def _send(self, packet: bytes, number: int) -> None:
        assert self.connection is not None
        self.connection.send(packet)
        if number:
            self.unconfirmed[number] = bytes((packet[0] | _DUP,)) + packet[1:]


class Wire(asyncio.Transport):
    """What a client has for a connection: `end` is done by the broker, all else by the client."""

    def __init__(self, broker: MemoryBroker, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._peer = _Peer(broker, self)
        self._waiting = bytearray()  # for the client
        self._reading = True
        self._closing = self._lost = False

    def write(self, data: Any) -> None:
        if not self._closing:
            self._loop.call_soon(self._peer.received, bytes(data))

    def abort(self) -> None:
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._peer.lost)
            self._loop.call_soon(self._lose)

    close = abort

    def is_closing(self) -> bool:
        return self._closing

    def can_write_eof(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        self._loop.call_soon(self._pump)

    def send(self, data: bytes) -> None:
        """Have the client receive something."""
        self._waiting += data
        self._loop.call_soon(self._pump)

    def end(self) -> None:
        """Have the client find that the broker has closed the connection."""
        self._loop.call_soon(self._end)

    def end_both(self) -> None:
        """Have both sides lose the connection."""
        self._peer.end()

    def _pump(self) -> None:
        if self._waiting and self._reading and not self._closing:
            data = bytes(self._waiting[:_READ])
            del self._waiting[:_READ]
            self._protocol.data_received(data)
            if self._waiting:
                self._loop.call_soon(self._pump)

    def _end(self) -> None:
        if self._waiting and self._reading and not self._closing:
            self._pump()
            self._loop.call_soon(self._end)
            return
        self._closing = True
        self._lose()

    def _lose(self) -> None:
        if not self._lost:
            self._lost = True
            self._protocol.connection_lost(None)


class _Peer:
    """The broker's end of a connection."""

    def __init__(self, broker: MemoryBroker, wire: Wire) -> None:
        self._broker, self._wire = broker, wire
        self._session: Session | None = None
        self._clean = True
        self._will: tuple[str, bytes, bool] | None = None
        self._data = b""
        self._ended = False

    def received(self, data: bytes) -> None:
        """Handle what the client has sent."""
        self._data += data
        with suppress(EOFError):
            while not self._ended and len(self._data) > 1 and (decoded := frames.length(self._data, 0)) is not None:
                length, start = decoded
                if len(self._data) < start + length:
                    return
                first, content = self._data[0], self._data[start : start + length]
                whole, self._data = self._data[: start + length], self._data[start + length :]
                if not self._broker.answer(first, content, self._wire.send):
                    self._handle(first, content, whole, start)
            return
        self.end()

    def lost(self) -> None:
        """Take note that the connection has ended; the will is published unless the client has said goodbye."""
        if self._ended:
            return
        self._ended = True
        if self._session is not None and self._session.connection is self._wire:
            self._session.connection = None
            if self._clean:
                del self._broker.sessions[self._session.client_id]
        if self._will is not None:
            topic, payload, retain = self._will
            self._broker.publish(topic, payload, retain=retain)

    def end(self) -> None:
        """Close the connection."""
        self.lost()
        self._wire.end()

    def _handle(self, first: int, content: bytes, whole: bytes, start: int) -> None:
        broker, kind = self._broker, first >> 4
        if kind == _CONNECT:
            self._connect(content)
        elif kind == _PUBLISH:
            packet = frames.read_publish(whole, first, start, len(whole))
            if packet.qos:
                self._wire.send(frames.puback(packet.packet_id))
            broker.publish(packet.topic, packet.payload, qos=packet.qos, retain=packet.retain)
        elif kind == _PUBACK:
            assert self._session is not None
            self._session.unconfirmed.pop(int.from_bytes(content, "big"), None)
        elif kind == _SUBSCRIBE:
            asked = [(topic, qos) for topic, qos in _filters(content, qos=True)]
            assert self._session is not None
            codes = [broker.subscribe(self._session, topic, qos) for topic, qos in asked]
            self._wire.send(b"\x90" + _length(2 + len(codes)) + content[:2] + bytes(codes))
            for (topic, qos), code in zip(asked, codes, strict=True):
                if code < 0x80:
                    broker.send_retained(self._session, topic, qos)
        elif kind == _UNSUBSCRIBE:
            assert self._session is not None
            for topic, _ in _filters(content, qos=False):
                self._session.filters.pop(topic, None)
            self._wire.send(b"\xb0\x02" + content[:2])
        elif kind == _PINGREQ:
            self._wire.send(b"\xd0\x00")
        elif kind == _DISCONNECT:
            self._will = None
            raise EOFError

    def _connect(self, content: bytes) -> None:
        flags = content[7]
        parts, at = [], 10
        while at < len(content):
            size = int.from_bytes(content[at : at + 2], "big")
            parts.append(content[at + 2 : at + 2 + size])
            at += 2 + size
        client_id = parts[0].decode()
        self._broker.connects.append(client_id)
        if self._broker.connack:
            self._wire.send(bytes((0x20, 2, 0, self._broker.connack)))
            raise EOFError
        if flags & 4:
            self._will = parts[1].decode(), parts[2], bool(flags & 32)
        self._clean = bool(flags & 2)
        session = self._broker.sessions.get(client_id)
        if session is not None and session.connection is not None:
            session.connection.end_both()
            session = self._broker.sessions.get(client_id)
        present = session is not None and not self._clean
        if session is None or self._clean:
            session = self._broker.sessions[client_id] = Session(client_id)
        session.connection, self._session = self._wire, session
        self._wire.send(bytes((0x20, 2, present, 0)))
        session.send_again()


def _filters(content: bytes, *, qos: bool) -> list[tuple[str, int]]:
    """Decode the filters of a SUBSCRIBE or an UNSUBSCRIBE."""
    found, at = [], 2
    while at < len(content):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        found.append((content[at + 2 : end].decode(), content[end] if qos else 0))
        at = end + qos
    return found


def _length(number: int) -> bytes:
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes((*encoded, number))


def _value(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")
