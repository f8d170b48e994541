"""One MQTT connection on CPython: `paho-mqtt` on the running asyncio (or uvloop) event loop, without threads.

asyncio opens the connection (names, TCP, TLS) and moves the bytes; paho sees it as a socket that never blocks. Incoming
frames are cut once, here. paho gets all of them but QoS 0 packets, which go straight to the listener, as outgoing ones
go straight to the connection: through paho each would cost three times as much CPU time.
"""

import asyncio

from .errors import ConfigError, ConnectError, Refused, SubscribeError
from .paho_open import open_connection
from .paho_pipe import CLOSED, Pipe
from .topics import can_be_subscribed, check_filter, check_topic, is_safe

__all__ = ("Transport", "is_login_refused")

_CONNECT_SECONDS = 10  # for each of: name, TCP and TLS together; the broker's first answer
_MOMENT = 0.01  # seconds
_CLOSE_SECONDS = 5  # for sending what is left when disconnecting
_UNACKNOWLEDGED = 1000  # `ready` turns false here; the packet id allows 65535
_FILTERS_A_PACKET = 200
_TOPICS_KNOWN = 4096

# A broker that lacks what the last will needs has no code to say so.
_UNANSWERED = " without an answer (is it full, does it want TLS, or can it not keep a last will with QoS 1?)"

# paho translates the CONNACK codes of MQTT 3.1.1 (table 3.1) to the reason codes of MQTT 5: this is the way back.
_CONNACK = {0x84: 1, 0x85: 2, 0x88: 3, 0x86: 4, 0x87: 5}


class Transport:
    """One connection to a broker at a time; `connect` may be called again after it has ended.

    `on_message(topic, payload, retained)` is called in the event loop for each packet; it must not raise. `keepalive`
    is in seconds: a broker that is silent for about twice that long is taken for dead.
    """

    def __init__(self, broker, client_id, *, keepalive=30, on_message):
        self.broker = broker
        self.client_id = client_id
        self.keepalive = keepalive
        self._on_message = on_message
        self._client = None
        self._pipe = None
        self._headers = {}  # topic -> its bytes with their length before them
        self._unacknowledged = {}  # packet id -> (topic, payload, qos, retain)
        self._answers = {}  # packet id of a SUBSCRIBE or UNSUBSCRIBE -> future
        self._connack = None
        self._ended = None  # future: why the connection has ended
        self._timer = None
        self._waiting = []  # futures of `drain`
        self.clean = True  # whether the broker forgets the session at its end
        self.holds = False  # QoS 1 packets, until `release`
        self._held = []

    async def connect(self, will=None):
        """Connect; `will` is `(topic, payload)`, published with QoS 1 and retained if we vanish.

        Raises Refused with the broker's code, or ConnectError.
        """
        if self._connected():
            raise ConfigError("{} is already connected to {}".format(self.client_id, self.broker))
        loop = asyncio.get_running_loop()
        self._headers.clear()
        self._unacknowledged.clear()
        self._held.clear()
        self._ended = loop.create_future()
        self._connack = loop.create_future()
        if self._pipe is not None:
            self._pipe.abort()  # may still be waiting for its broker to close
        self._pipe = Pipe(self)
        try:
            await open_connection(self.broker, self._pipe, _CONNECT_SECONDS)
            self._client = self._make_client(will)
            self._client.connect(self.broker.host, self.broker.port, self.keepalive)
            self._misc()
            await self._answer(self._connack)
        except BaseException as e:
            if not self._pipe.abort():
                self.lost(self._pipe, str(e) or "connecting was cancelled")
            raise

    def publish(self, topic, payload, *, qos=0, retain=False):
        """Send a packet; `payload` is bytes, `qos` 0 or 1. Never blocks: `ready` says whether more should follow now.

        Raises ConnectError when there is no connection and ConfigError for a topic that MQTT does not allow.
        """
        if self._client is None or self._pipe.closing:
            raise self._no_connection()
        if qos:
            self._publish_acknowledged(topic, payload, retain)
            return
        header = self._headers.get(topic)
        if header is None:
            header = self._header(topic)
        if self._client.want_write():  # what paho was given before goes first
            self._client.loop_write()
        length = len(header) + len(payload)
        first = b"\x31" if retain else b"\x30"
        if length < 128:
            self._pipe.send(b"%c%c%b%b" % (first, length, header, payload))
        else:
            self._pipe.send(b"".join((first, _varint(length), header, payload)))

    @property
    def ready(self):
        """Whether more may be published now without filling memory."""
        return self._connected() and self._pipe.ready and len(self._unacknowledged) < _UNACKNOWLEDGED

    async def drain(self):
        """Return when `ready`; raises ConnectError when the connection ends before."""
        while not self.ready:
            if not self._connected():
                raise self._no_connection()
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future

    async def subscribe(self, topics):
        """Subscribe to a list of `(filter, qos)` and wait for the answers; SubscribeError lists the refused."""
        for topic_filter, _ in topics:
            check_filter(topic_filter)
        refused = [topic_filter for topic_filter, _ in topics if not is_safe(topic_filter)]
        allowed = [each for each in topics if each[0] not in refused] if refused else topics
        requests = [(part, self._request("subscribe", part)) for part in _parts(allowed)]
        for part, request in requests:
            codes = await self._answer(request)
            refused += [each[0] for each, code in zip(part, codes, strict=False) if code.is_failure]
        if refused:
            raise SubscribeError(refused, self.broker)

    async def unsubscribe(self, topics):
        """Unsubscribe from a list of filters and wait for the broker's answers; nobody can have subscribed to an invalid one."""
        topics = list(filter(can_be_subscribed, topics))
        for answer in [self._request("unsubscribe", part) for part in _parts(topics)]:
            await self._answer(answer)

    async def closed(self):
        """Return, with a text that says why, when the connection has ended."""
        if self._ended is None:
            return "never connected"
        return await asyncio.shield(self._ended)

    def unacknowledged(self):
        """List the QoS 1 packets that the broker has not confirmed, oldest first: `(topic, payload, qos, retain)`."""
        return list(self._unacknowledged.values())

    async def disconnect(self):
        """Send what is left, tell the broker that this is on purpose (no will is published), and close."""
        if not self._connected():
            return
        client, pipe = self._client, self._pipe
        client.disconnect()
        client.loop_write()
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.closed()
        except TimeoutError:
            pipe.abort()
            await self.closed()

    # What follows is called by the pipe.

    def received(self, frame):
        """Hand a whole frame to paho."""
        client = self._client
        if client is None:
            return
        self._pipe.incoming = frame
        try:
            client.loop_read()
        except Exception as e:  # paho raises what struct raises on some malformed packets
            self._pipe.fail("malformed packet: {}".format(e))

    def deliver(self, topic, payload, retained):
        """Hand a packet to the listener; an exception there is a fault of the program, but not of the connection."""
        try:
            self._on_message(topic, payload, retained)
        except Exception as e:
            context = {"message": "on_message raised at a packet on {!r}".format(topic), "exception": e}
            asyncio.get_running_loop().call_exception_handler(context)

    def deliver_acknowledged(self, message):
        """Hand a QoS 1 packet to the listener, and acknowledge it."""
        if self.holds:
            self._held.append(message)
            return
        topic = message.topic
        self.deliver(topic, message.payload, bool(message.retain))
        self.handled(topic, message.mid)

    def handled(self, topic, pid):
        """Acknowledge a packet."""
        if self._connected():
            self._client.ack(pid, 1)

    def release(self):
        """Deliver what was held, and hold no more."""
        self.holds = False
        held, self._held = self._held, []
        for message in held:
            self.deliver_acknowledged(message)

    def writable(self):
        """Wake those who wait in `drain`."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def lost(self, pipe, reason):
        """Clean up after the end of the connection."""
        if pipe is not self._pipe:
            return
        client, self._client = self._client, None
        if client is not None:
            client.loop_read()  # reads the end of the stream, whereupon paho lets go
            if not self._connack.done() and reason == CLOSED:
                reason += _UNANSWERED
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._ended.done():
            self._ended.set_result(reason)
        answers, self._answers = self._answers, {}
        for future in [self._connack, *answers.values()]:
            if not future.done():
                future.set_exception(self._no_connection())
                future.exception()  # nobody may be waiting any more
        self.writable()

    # What follows is called by paho.

    def _make_client(self, will):
        from .paho_client import Client

        client = Client(self._pipe, self.client_id, clean=self.clean)
        if self.broker.user is not None:
            client.username_pw_set(self.broker.user, self.broker.password)
        if will is not None:
            client.will_set(will[0], will[1], qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_acknowledged_message
        client.on_publish = self._on_publish
        client.on_subscribe = client.on_unsubscribe = self._on_answer
        client.on_socket_register_write = self._on_register_write
        return client

    def _on_connect(self, client, userdata, flags, reason, properties):
        if self._connack.done():
            return
        if reason.is_failure:
            self._connack.set_exception(Refused(_CONNACK.get(reason.value, reason.value), self.broker))
        else:
            self._connack.set_result(None)

    def _on_disconnect(self, client, userdata, flags, reason, properties):
        if reason.is_failure:  # else: we disconnected
            why = {
                "Keep alive timeout": "no answer from the broker within the keep-alive time",
                "Protocol error": "malformed packet from the broker",
            }.get(str(reason))
            if why:
                self._pipe.fail(why)  # at once: else the broker might still take what will be sent again
        else:
            self._pipe.reason = "disconnected"

    def _on_acknowledged_message(self, client, userdata, message):
        self._pipe.acknowledged = message

    def _on_publish(self, client, userdata, mid, reason, properties):
        if self._unacknowledged.pop(mid, None) and len(self._unacknowledged) == _UNACKNOWLEDGED // 2:
            self.writable()

    def _on_answer(self, client, userdata, mid, reasons, properties):
        future = self._answers.pop(mid, None)
        if future is not None and not future.done():
            future.set_result(reasons)

    def _on_register_write(self, client, userdata, sock):
        # Not at once: paho may be inside a callback, where its writing half is locked.
        asyncio.get_running_loop().call_soon(client.loop_write)

    # What follows serves the methods above.

    def _connected(self):
        return self._client is not None and not self._pipe.closing

    def _no_connection(self):
        reason = "not connected"
        if self._ended is not None and self._ended.done():
            reason = self._ended.result()
        return ConnectError("{}: {}".format(self.broker, reason))

    def _misc(self):
        """Let paho send its pings and notice missing answers."""
        if self._client is not None:
            self._timer = asyncio.get_running_loop().call_later(min(1, self.keepalive / 4 or 1), self._misc)
            self._client.loop_misc()

    def _header(self, topic):
        check_topic(topic)
        encoded = topic.encode()
        if len(self._headers) >= _TOPICS_KNOWN:
            self._headers.clear()
        header = self._headers[topic] = len(encoded).to_bytes(2, "big") + encoded
        return header

    def _publish_acknowledged(self, topic, payload, retain):
        check_topic(topic)
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        if info.rc == self._client.TOO_MANY:
            raise ConnectError("{}: 65535 packets are unacknowledged; await drain() between them".format(self.broker))
        self._unacknowledged[info.mid] = (topic, payload, 1, retain)

    def _request(self, what, argument):
        if not self._connected():
            raise self._no_connection()
        code, mid = getattr(self._client, what)(argument)
        if code:
            raise self._no_connection()
        future = self._answers[mid] = asyncio.get_running_loop().create_future()
        return future

    async def _answer(self, future):
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):  # wait_for can swallow a cancellation before Python 3.12
                return await future
        except TimeoutError:
            raise ConnectError("{}: no answer within {} s".format(self.broker, _CONNECT_SECONDS)) from None


def is_login_refused(error):
    """Tell whether the broker refused this account, which trying again does not change."""
    return isinstance(error, Refused) and error.code in (4, 5)


def _parts(topics):
    return [topics[i : i + _FILTERS_A_PACKET] for i in range(0, len(topics), _FILTERS_A_PACKET)]


def _varint(number):
    """Encode a length (MQTT 3.1.1, §2.2.3)."""
    if number > 268_435_455:
        raise ConfigError("a packet of {} bytes is too large; MQTT allows 268435455".format(number))
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return encoded
