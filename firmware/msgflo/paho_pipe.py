"""A socket for paho: an asyncio connection, cut into whole frames."""

import asyncio
import time

from .paho_pacing import PAUSE_S, Pacing

__all__ = ("CLOSED", "Pipe")

CLOSED = "the broker closed the connection"
_LINGER_SECONDS = 2  # for the broker to close after we have said goodbye
_FRAMES_A_TURN = 400  # then other tasks get the event loop: about 4 ms
_BYTES_A_TURN = 65536  # `ready` turns false here until the event loop has written them


class Pipe(asyncio.Protocol):
    """An asyncio connection that looks like a non-blocking socket to paho: it gives it one whole frame at a time."""

    def __init__(self, transport):
        self.owner = transport
        self.reason = None  # why the connection has ended, where that is known better than by asyncio
        self.incoming = b""  # a frame for paho
        self.acknowledged = None  # the QoS 1 packet that paho found in it
        self.closing = False
        self._connection = None
        self._loop = None
        self._chunks = []  # received, not cut into frames
        self._have = 0
        self._need = 2  # bytes until the next frame can be cut
        self._outgoing = []
        self._pending = 0  # their bytes
        self._paused = False
        self._linger = None  # timer that ends a connection that the broker does not close
        self._reading = True
        self._backlog = False  # not read before what was read has been delivered
        self._pausing = False  # nor for a moment
        self._pacing = Pacing()

    # The side of asyncio.

    def connection_made(self, connection):
        self._connection = connection
        self._loop = asyncio.get_running_loop()

    def data_received(self, data):
        if self.closing:
            return
        self._chunks.append(data)
        self._have += len(data)
        if self._have >= self._need and self._pacing.pause(self._cut(), time.monotonic()):
            self._pausing = True
            self._set_reading()
            self._loop.call_later(PAUSE_S, self._go_on)

    def pause_writing(self):
        self._paused = True

    def resume_writing(self):
        self._paused = False
        self.owner.writable()

    def connection_lost(self, error):
        self.closing = True
        if self._linger is not None:
            self._linger.cancel()
        if self.reason is None:
            orderly = error is None or isinstance(error, ConnectionError)
            self.reason = CLOSED if orderly else str(error)
        self.owner.lost(self, self.reason)

    # The side of paho.

    def setblocking(self, flag):
        pass

    def fileno(self):
        return -1

    def recv(self, size):
        data = self.incoming
        if not data and not self.closing:
            raise BlockingIOError
        self.incoming = data[size:]
        return data[:size]

    def send(self, data):
        """Take all of `data`; what comes within one turn of the event loop is written at once."""
        if not self._outgoing:
            self._loop.call_soon(self._write)
        self._outgoing.append(data)
        self._pending += len(data)
        return len(data)

    def close(self):
        if not self.closing and not self._loop.is_closed():  # paho closes when it is deleted, which may be late
            self._write()
            self.closing = True
            # The broker closes: were it us, its answers still under way would make TCP throw away what we sent last.
            if self._connection.can_write_eof():
                self._connection.write_eof()
            self._connection.resume_reading()
            self._linger = self._loop.call_later(_LINGER_SECONDS, self._connection.abort)

    # Ours.

    @property
    def ready(self):
        return not self._paused and self._pending < _BYTES_A_TURN

    def abort(self):
        """Close at once; returns whether there is a connection, whose end is then reported to the owner."""
        self.closing = True
        if self._connection is None:
            return False
        self._connection.abort()
        return True

    def fail(self, reason):
        self.reason = self.reason or reason
        self.abort()

    def _write(self):
        if self._outgoing:
            data = b"".join(self._outgoing)
            was_full = self._pending >= _BYTES_A_TURN
            self._outgoing.clear()
            self._pending = 0
            if not self.closing:
                self._connection.write(data)
                if was_full and not self._paused:
                    self.owner.writable()

    def _cut(self):
        """Cut whole frames off what was received, and pass on a bounded number of them, which is returned."""
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        size = len(data)
        owner = self.owner
        deliver = owner.deliver
        at = frames = 0
        need = 2
        while not self.closing and frames < _FRAMES_A_TURN:
            if size - at < 2:
                need = 2
                break
            first = data[at]
            length = data[at + 1]
            start = at + 2
            if length > 127:
                length, start = _length(data, at)
                if length is None:
                    need = start
                    if need is None:
                        self.fail("malformed packet: a length of more than 4 bytes")
                    break
            end = start + length
            if end > size:
                need = end - at
                break
            frames += 1
            if first & 0xF6 == 0x30:  # PUBLISH, QoS 0
                middle = start + 2 + int.from_bytes(data[start : start + 2], "big")
                if length < 2 or middle > end:
                    self.fail("malformed packet: a topic longer than its packet")
                    break
                try:
                    topic = data[start + 2 : middle].decode()
                except UnicodeDecodeError:
                    self.fail("malformed packet: a topic that is not UTF-8")
                    break
                deliver(topic, data[middle:end], first & 1 == 1)
            else:
                self._pass_on(data[at:end])
            at = end
        self._keep(data, at, need)
        self._backlog = frames >= _FRAMES_A_TURN
        if self._backlog:
            self._loop.call_soon(self._continue)
        self._set_reading()
        return frames

    def _pass_on(self, frame):
        self.owner.received(frame)
        message, self.acknowledged = self.acknowledged, None
        if message is not None:  # delivered outside paho's callback, where publishing and raising are safe
            try:
                message.topic  # noqa: B018 - decodes it
            except UnicodeDecodeError:
                self.fail("malformed packet: a topic that is not UTF-8")
                return
            self.owner.deliver_acknowledged(message)

    def _keep(self, data, at, need):
        rest = data[at:] if at else data
        self._chunks = [rest] if rest else []
        self._have = len(rest)
        self._need = need

    def _continue(self):
        if not self.closing:
            self._cut()

    def _go_on(self):
        self._pausing = False
        self._set_reading()

    def _set_reading(self):
        is_reading = not (self._backlog or self._pausing)
        if is_reading != self._reading and not self.closing:
            self._reading = is_reading
            if is_reading:
                self._connection.resume_reading()
            else:
                self._connection.pause_reading()


def _length(data, at):
    """Decode the length of the frame at `at`: `(length, where its content starts)`.

    Where bytes are missing: `(None, bytes needed)`; where it has more than 4 bytes: `(None, None)`.
    """
    length = 0
    for i in range(4):
        where = at + 1 + i
        if where >= len(data):
            return None, i + 2
        length |= (data[where] & 127) << (7 * i)
        if data[where] < 128:
            return length, where + 1
    return None, None
