"""A TCP or TLS connection on MicroPython that never blocks, and the packets that arrive on it.

Bytes that the socket does not take at once wait until it is ready; packets are read however they are cut.
Two things still make the whole program wait, as MicroPython has no other way: looking up a host name, and the
arithmetic of a TLS handshake (1 to 2 s on a RP2040).
"""

import asyncio
import errno
import socket
import time
from asyncio import core  # pyright: ignore[reportAttributeAccessIssue] - the stubs leave it out

from micropython import const

__all__ = ("Wire", "reason")

_BUFFER = const(256)  # bytes, each way; a packet that does not fit costs memory of its own while it passes
_TEXTS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.ETIMEDOUT: "timed out",
    errno.EHOSTUNREACH: "no route to host",
    32: "closed by the broker",  # EPIPE, which MicroPython has no name for
}


class Wire:
    """The bytes to and from a broker; used again for each connection, so that its buffers are allocated once.

    Its methods raise OSError when the connection has failed, and ValueError when TLS does not accept the certificate.
    """

    def __init__(self):
        self.heard = False  # set with each byte that arrives
        self.body = self.payload = None
        self._addresses = None  # those that worked the last time
        self._in = memoryview(bytearray(_BUFFER))
        self._out = memoryview(bytearray(_BUFFER))
        self._sock = self._plain = self._tls = None
        self._reset()

    def _reset(self):
        self._begin = self._end = 0  # what of _in is received and not yet handed out
        self._sent = self._filled = 0  # what of _out is on its way, and what is filled
        self._chunk = None  # the part being written
        self.spill = []  # what did not fit into _out, in order

    async def open(self, broker, sign_on):
        """Connect; `await sign_on()` is called on each address of the host until it does not raise OSError."""
        addresses, self._addresses = self._addresses, None
        if not addresses:
            try:
                addresses = socket.getaddrinfo(broker.host, broker.port, 0, socket.SOCK_STREAM)
            except OSError:
                raise OSError("host {!r} is not known".format(broker.host)) from None
        for i, address in enumerate(addresses):
            try:
                await self._open(broker, address)
                await sign_on()
                self._addresses = addresses  # a lookup stops the whole program, so not each time
                return
            except BaseException as e:  # whatever it is, cancellation included: leave no socket behind
                self.close()
                if not isinstance(e, OSError) or i == len(addresses) - 1:
                    raise

    async def _open(self, broker, address):
        self._reset()
        self._sock = self._plain = sock = socket.socket(address[0], socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            sock.setsockopt(6, 1, 1)  # TCP_NODELAY: what we write is small and complete
        except (OSError, ValueError):
            pass  # not every port has it
        try:
            sock.connect(address[-1])
        except OSError as e:
            if e.errno != errno.EINPROGRESS:
                raise
        await self._writable()  # pyright: ignore[reportGeneralTypeIssues] - MicroPython awaits generators
        if broker.tls:
            if self._tls is None:
                from ._tls import context

                self._tls = context(broker)
            # The handshake then happens, step by step, in the first writes.
            self._sock = self._tls.wrap_socket(sock, server_hostname=broker.host, do_handshake_on_connect=False)

    def close(self):
        """Close the connection, if there is one."""
        # After a failed handshake the TLS socket has let go of the plain one, so both are closed.
        for sock in (self._sock, self._plain):
            if sock is not None:
                try:
                    sock.close()
                except OSError:
                    pass
        self._sock = self._plain = None

    def write(self, data):
        """Add bytes to what `flush` is to write; they must not change before."""
        end = self._filled + len(data)
        if self.spill or end > _BUFFER:
            self.spill.append(data)
        else:
            self._out[self._filled : end] = data
            self._filled = end

    def flush(self):
        """Write what the socket takes now; tell whether nothing is left."""
        while True:
            if self._chunk is None:
                if self._sent < self._filled:
                    self._chunk = self._out[self._sent : self._filled]
                    self._sent = self._filled
                else:
                    self._sent = self._filled = 0
                    if not self.spill:
                        return True
                    self._chunk = memoryview(self.spill.pop(0))
            # After TLS could not write, it wants exactly the same bytes again: so a chunk never grows.
            n = self._sock.write(self._chunk)
            if n != len(self._chunk):
                if n:
                    self._chunk = self._chunk[n:]
                return False
            self._chunk = None

    async def flushed(self):
        """Wait until everything is written."""
        while not self.flush():
            await self._writable()  # pyright: ignore[reportGeneralTypeIssues]

    async def head(self):
        """Receive the beginning of the next packet: then `kind` is its first byte, and `size` the size of its body."""
        size = shift = used = 0
        while True:
            used += 1
            if self._end - self._begin <= used:
                await self._fill(used + 1)
            byte = self._in[self._begin + used]
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                self.kind = self._in[self._begin]
                self.size = size
                self._begin += used + 1
                return
            if used == 4:
                raise OSError("malformed packet from the broker")

    async def rest(self, limit):
        """Receive the rest of a packet after its `head`: then it is in `body`.

        `body` is a memoryview, valid until the next packet is asked for. Of a packet that does not fit into the buffer
        (it can only be a PUBLISH) it holds topic and packet id, and the payload is in `payload`: bytes (a bytearray if
        memory is too short for a copy), or None if it is larger than `limit` or than the free memory.
        """
        if self.size > _BUFFER:
            await self._large(limit)
        else:
            if self._end - self._begin < self.size:
                await self._fill(self.size)
            self.body = self._in[self._begin : self._begin + self.size]
            self._begin += self.size

    async def _large(self, limit):
        await self._collect(2)
        body = self.payload or b"\0\0"
        length = body[0] << 8 | body[1]
        await self._collect(length, length <= limit)
        body = b"\0\0" if self.payload is None else body + self.payload
        left = self.size - 2 - length
        if self.kind & 6:  # needed even if the rest is skipped: unconfirmed, the packet would block the broker's queue
            await self._collect(2)
            body += self.payload or b"\0\0"
            left -= 2
        await self._collect(left, left <= limit)
        self.body = memoryview(body)

    async def _collect(self, n, keep=True):
        self._allocate(n if keep else None)
        done = 0
        while done < n:
            if self._begin == self._end:
                await self._fill(1)
            done += self._keep(done, n)
        self._copy()

    # The payload is touched in plain functions only: what a coroutine has once held stays in its frame, and that in its
    # caller's, until the next packet, when the memory is needed.

    def _allocate(self, n):
        self.payload = None
        try:
            if n is not None:
                self.payload = bytearray(n)
        except MemoryError:
            pass

    def _keep(self, done, n):
        begin = self._begin
        self._begin = min(begin + n - done, self._end)
        if self.payload is not None:
            # A bytearray by now.
            self.payload[done : done + self._begin - begin] = self._in[begin : self._begin]  # pyright: ignore[reportIndexIssue]
        return self._begin - begin

    def _copy(self):
        try:
            if self.payload is not None:
                self.payload = bytes(self.payload)
        except MemoryError:
            pass

    # The rest is awaited like coroutines, but written as generators, as the event loop's own wait for a socket is one:
    # this costs a waiting reader less memory.

    def _writable(self):
        yield core._io_queue.queue_write(self._sock)

    def _fill(self, n):
        # Have at least n bytes in the buffer, n being no more than its size.
        if self._begin == self._end:
            self._begin = self._end = 0
        elif self._begin + n > _BUFFER:
            rest = bytes(self._in[self._begin : self._end])
            self._begin, self._end = 0, len(rest)
            self._in[: self._end] = rest
        while self._end - self._begin < n:
            yield core._io_queue.queue_read(self._sock)  # lets others run too, even while packets keep coming
            try:
                got = self._sock.readinto(self._in[self._end :])
            except OSError as e:
                if e.errno not in (errno.EAGAIN, -1):
                    raise
                got = None  # TLS in the middle of a record
                yield from asyncio.sleep_ms(5)
            if got:
                self.heard = True
                self._end += got
            elif got is not None:
                raise OSError("closed by the broker")


def reason(error):
    """Say what an exception of the methods above means."""
    if not isinstance(error, ValueError):
        return _TEXTS.get(error.args and error.args[0]) or str(error)
    # TLS tells in a ValueError of several lines why it refuses a certificate.
    text = "; ".join(str(error).strip().split("\n"))
    if "expired" in text or "future" in text:
        text += " (the clock here says {:04d}-{:02d}-{:02d})".format(*time.gmtime()[:3])
    return text
