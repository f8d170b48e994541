"""MQTT 3.1.1 on MicroPython: `umqtt.simple` without its waiting and its faults.

`umqtt.simple` waits in every read and write, counts lengths in characters, lets packet ids grow past 65535, cannot
sign in without a password, and forgets which subscription was refused. Here nothing waits: what is sent goes to a wire
that never blocks, and one task takes the answers.
"""

import asyncio
import errno
import sys

from micropython import const
from umqtt.simple import MQTTClient

from ._wire import Wire, reason
from .errors import ConnectError, Refused, SubscribeError
from .topics import check_filter, check_topic

__all__ = ("Transport",)

_MINIFIED = False  # a build for a board has left out these methods already; without them more memory is free
if not _MINIFIED:
    for _name in (
        "_recv_len",
        "connect",
        "disconnect",
        "publish",
        "subscribe",
        "wait_msg",
        "check_msg",
        "set_last_will",
    ):
        delattr(MQTTClient, _name)

_PUBLISH = const(0x30)
_SUBSCRIBE = const(0x82)
_UNSUBSCRIBE = const(0xA2)


class Transport(MQTTClient):
    """One connection to a broker at a time; `connect` may be called again after it has ended.

    `on_message(topic, payload, retained)` gets a str, bytes and a bool, in the event loop. `keepalive` is in seconds
    (0 to 65535; 0 = no pings): a broker that is silent for so long counts as gone.
    """

    connect_timeout = 15  # s, for TCP, TLS and CONNACK together
    max_packet = 32768  # bytes; a larger packet, or one that does not fit into memory, is skipped and reported
    ahead = None  # async function that writes more behind CONNECT, before there is an answer
    max_inflight = 8  # QoS 1 packets that wait for the broker's acknowledgement
    clean = 0x02  # flag of CONNECT: the broker is to forget the session with each connection; or False
    holds = False  # whether QoS 1 packets are left to the broker: they come again with the next connection
    has_left = False  # whether one was

    def __init__(self, broker, client_id, *, keepalive=30, on_message):
        super().__init__(client_id, broker.host, broker.port, broker.user, broker.password, keepalive)
        self.set_callback(on_message)
        self.broker = broker
        self.log = print
        self.sock = Wire()
        self._reason = "not connected"  # why the connection is over; None while there is one
        self._leaving = False
        self._inflight = []  # (packet id, topic, payload, retain) of QoS 1, oldest first
        self._answers = {}  # packet id -> the answer to SUBSCRIBE or UNSUBSCRIBE
        self._changed = asyncio.Event()  # something was acknowledged or written, or the connection ended
        self._over = asyncio.Event()
        self._reader = self._pinger = None
        self._writer = None  # only while the socket takes nothing

    async def connect(self, will=None):
        """Connect; `will` is (topic, payload), published with QoS 1 and retained if we vanish.

        Raises Refused when the broker says no, ConnectError when it cannot be reached or TLS does not verify it,
        MemoryError, and ConfigError for an unusable `cafile`.
        """
        if will:
            self.lw_topic, self.lw_msg = will
        self._inflight.clear()
        self._answers.clear()
        self._late = self.has_left = False
        timer = asyncio.create_task(self._time_out(asyncio.current_task()))
        try:
            await self.sock.open(self.broker, self._sign_on)
        except (OSError, ValueError) as e:
            if e.args and e.args[0] == errno.ENOMEM:  # of TLS
                raise MemoryError(str(e)) from None
            raise ConnectError("{}: {}".format(self.broker, reason(e))) from None
        except asyncio.CancelledError:
            if not self._late:
                raise
            raise ConnectError("{}: no answer within {} s".format(self.broker, self.connect_timeout)) from None
        finally:
            timer.cancel()
        self._reason = None
        self._leaving = False
        self._over.clear()
        self._reader = asyncio.create_task(self._receive())
        if self.keepalive:
            self._pinger = asyncio.create_task(self._stay_alive())

    async def _time_out(self, task):
        # Not `wait_for`: it makes two tasks, and takes a kilobyte.
        await asyncio.sleep(self.connect_timeout)
        self._late = True
        task.cancel()

    async def _sign_on(self):
        # MQTT 3.1.1, §3.1
        flags = self.clean
        texts = [self.client_id]
        if self.lw_topic:
            flags |= 0x2C  # a will, retained, with QoS 1
            texts += [self.lw_topic, self.lw_msg]
        if self.user is not None:
            flags |= 0x80
            texts.append(self.user)
            if self.pswd is not None:
                flags |= 0x40
                texts.append(self.pswd)
        self._write_head(0x10, 10 + sum(2 + len(_encoded(t)) for t in texts))
        self.sock.write(b"\0\x04MQTT\x04" + bytes((flags,)) + self.keepalive.to_bytes(2, "big"))
        for text in texts:
            self._send_str(text)
        if self.ahead:
            await self.ahead()  # pyright: ignore[reportGeneralTypeIssues] - a subclass's
        await self.sock.flushed()
        await self.sock.head()
        if self.sock.kind != 0x20 or self.sock.size != 2:
            raise OSError("no MQTT broker answers there")
        await self.sock.rest(2)
        if self.sock.body[1]:
            raise Refused(self.sock.body[1], self.broker)

    async def closed(self):
        """Return when the connection has ended; the result says why."""
        await self._over.wait()
        return self._reason

    async def disconnect(self):
        """End the connection in order; waits at most 3 s for what is still on its way."""
        for i in range(300):
            if self._reason is not None:
                return
            if not self._leaving and (i > 200 or (not self._inflight and not self._writer)):
                self._leaving = True
                self.sock.write(b"\xe0\0")
                self._send()
            await asyncio.sleep_ms(10)  # the broker closes: then it has read everything
        self._finish("")

    async def _change(self):
        if self._reason is not None:
            raise self._no_connection()
        self._changed.clear()
        await self._changed.wait()

    def _no_connection(self):
        return ConnectError("{}: {}".format(self.broker, self._reason))

    def _finish(self, reason):
        if self._reason is not None:
            return
        self._reason = "disconnected" if self._leaving else reason
        me = asyncio.current_task()
        for task in (self._reader, self._writer, self._pinger):
            if task is not None and task is not me:
                task.cancel()
        self._reader = self._writer = self._pinger = None
        self.sock.close()
        self._changed.set()
        self._over.set()

    async def _stay_alive(self):
        while True:
            self.sock.heard = False
            self.ping()
            if self._reason is not None:
                return
            await asyncio.sleep(self.keepalive / 2)
            if not self.sock.heard:
                await asyncio.sleep_ms(200)  # perhaps this program was busy, and the answer waits to be read
                if not self.sock.heard:
                    self._finish("no answer from the broker within {} s".format(self.keepalive))
                    return

    def ping(self):
        """Ask the broker for a sign of life."""
        super().ping()
        self._send()

    @property
    def ready(self):
        """Whether more may be published now."""
        return self._reason is None and not self.sock.spill and len(self._inflight) < self.max_inflight

    async def drain(self):
        """Return when `ready`; raises ConnectError when the connection has ended."""
        await asyncio.sleep_ms(0)  # a loop of drain and publish must let others run
        while not self.ready:
            await self._change()

    def publish(self, topic, payload, retain=False, qos=0):
        """Send a packet, at once or as soon as the socket takes it; `payload` is bytes, `qos` 0 or 1.

        Raises ConnectError when there is no connection and ConfigError for a topic that MQTT does not allow.
        """
        if self._reason is not None:
            raise self._no_connection()
        name = _encoded(check_topic(topic))
        payload = _encoded(payload)
        size = 2 + len(name) + len(payload)
        pid = 0
        if qos:
            pid = self._packet_id()
            self._inflight.append((pid, topic, payload, retain))
            size += 2
        try:
            self._write_head(_PUBLISH | qos << 1 | bool(retain), size)
            self._send_str(name)
            if qos:
                self.sock.write(pid.to_bytes(2, "big"))
            self.sock.write(payload)
        except MemoryError:  # half a packet may be in the buffer
            self._finish("no memory while sending to {!r}".format(topic))
        self._send()

    def unacknowledged(self):
        """List the QoS 1 packets that the broker has not confirmed, oldest first: (topic, payload, qos, retain)."""
        return [(topic, payload, 1, retain) for _, topic, payload, retain in self._inflight]

    async def subscribe(self, topics):
        """Subscribe to a list of (filter, qos) and wait for the answer; SubscribeError names the refused.

        MemoryError ends the connection.
        """
        for topic, _ in topics:
            check_filter(topic)
        codes = await self._request(_SUBSCRIBE, topics)
        refused = [topics[i][0] for i, code in enumerate(codes) if code & 0x80]
        if refused:
            raise SubscribeError(refused, self.broker)

    async def unsubscribe(self, topics):
        """Unsubscribe from a list of filters and wait for the answer."""
        await self._request(_UNSUBSCRIBE, [(topic, None) for topic in topics])

    async def _request(self, kind, topics):
        if self._reason is not None:
            raise self._no_connection()
        answer = b""
        for i in range(0, len(topics), 8):  # so few that the question usually fits into the wire's buffer
            part = topics[i : i + 8]
            pid = self._packet_id()
            self._answers[pid] = None
            try:
                self._write_head(kind, 2 + sum(len(_encoded(t)) + (2 if qos is None else 3) for t, qos in part))
                self.sock.write(pid.to_bytes(2, "big"))
                for topic, qos in part:
                    self._send_str(topic)
                    if qos is not None:
                        self.sock.write(bytes((qos,)))
                self._send()
            except MemoryError:  # half a packet may be in the buffer
                self._finish("no memory to subscribe")
                raise
            while self._answers[pid] is None:
                await self._change()
            answer += self._answers.pop(pid)
        return answer

    def _packet_id(self):
        self.pid = self.pid % 65535 + 1  # so few are unanswered at a time that none is given twice
        return self.pid

    def _write_head(self, kind, size):
        head = bytearray((kind,))
        while size > 0x7F:
            head.append(size & 0x7F | 0x80)
            size >>= 7
        head.append(size)
        self.sock.write(head)

    def _send_str(self, s):
        super()._send_str(_encoded(s))

    def _send(self):
        if self._reason is None and self._writer is None:
            try:
                if not self.sock.flush():
                    self._writer = asyncio.create_task(self._write_rest())
            except OSError as e:
                self._finish(reason(e))

    async def _write_rest(self):
        try:
            await self.sock.flushed()
        except (OSError, MemoryError) as e:
            self._finish(reason(e))
        self._writer = None
        self._changed.set()

    async def _receive(self):
        try:
            while self._reason is None:
                await self.sock.head()
                await self.sock.rest(self.max_packet)
                self._handle(self.sock.body)
        except OSError as e:
            self._finish(reason(e))
        except (IndexError, ValueError):  # shorter than its kind must be, or a topic that is not UTF-8
            self._finish("malformed packet from the broker")
        except MemoryError as e:
            self._finish(str(e))

    def _handle(self, body):
        what = self.sock.kind >> 4
        if what == 3:
            self._deliver(body)
        elif what == 4:
            pid = body[0] << 8 | body[1]
            for i, packet in enumerate(self._inflight):
                if packet[0] == pid:
                    del self._inflight[i]
                    break
            self._changed.set()
        elif what == 9 or what == 11:
            pid = body[0] << 8 | body[1]
            if pid in self._answers:
                self._answers[pid] = bytes(body[2:])
                self._changed.set()
        elif what != 13:
            raise ValueError

    def _deliver(self, body):
        wire = self.sock
        start = 2 + (body[0] << 8 | body[1])
        topic = str(body[2:start], "utf-8")
        pid = b""
        if wire.kind & 6:
            pid = bytes(body[start : start + 2])
            start += 2
        if start > len(body):
            raise IndexError
        if self.holds and pid:
            self.has_left = True
            return
        payload, wire.payload = wire.payload, None
        if len(body) == wire.size:
            payload = bytes(body[start:])
        if payload is None:
            why = "too large:" if wire.size - start > self.max_packet else "no memory for"
            self.log("msgflo: {} a packet of {} bytes on {!r}; skipped".format(why, wire.size, topic))
        else:
            try:
                self.cb(topic, payload, bool(wire.kind & 1))
            except Exception as e:  # the receiver's fault; the connection is sound
                sys.print_exception(e)
        if pid:
            self.handled(topic, pid)

    def handled(self, topic, pid):
        """Acknowledge a packet."""
        self.sock.write(b"\x40\x02" + pid)
        self._send()


def _encoded(text):
    return text.encode() if isinstance(text, str) else text
