"""One MQTT connection on CPython: `paho-mqtt` on the running asyncio (or uvloop) event loop, without threads.

asyncio opens the connection (names, TCP, TLS) and moves the bytes; paho sees it as a socket that never blocks. Incoming
frames are cut once, here. paho gets all of them but QoS 0 packets, which go straight to the listener, as outgoing ones
go straight to the connection: through paho each would cost three times as much CPU time.
"""

import asyncio
import errno
import os
import ssl

import paho.mqtt.client as paho

from .errors import ConfigError, ConnectError, Refused, SubscribeError
from .topics import check_filter, check_topic

__all__ = ("Transport",)

_CONNECT_SECONDS = 10  # for each of: name, TCP and TLS together; the broker's first answer
_CLOSE_SECONDS = 5  # for sending what is left when disconnecting
_FRAMES_A_TURN = 400  # then other tasks get the event loop: about 4 ms
_BYTES_A_TURN = 65536  # `ready` turns false here until the event loop has written them
_UNACKNOWLEDGED = 1000  # `ready` turns false here; the packet id allows 65535
_FILTERS_A_PACKET = 200
_TOPICS_KNOWN = 4096

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

    async def connect(self, will=None):
        """Connect with a clean session; `will` is `(topic, payload)`, published with QoS 1 and retained if we vanish.

        Raises Refused with the broker's code, or ConnectError.
        """
        if self._connected():
            raise ConfigError("{} is already connected to {}".format(self.client_id, self.broker))
        loop = asyncio.get_running_loop()
        self._headers.clear()
        self._unacknowledged.clear()
        self._ended = loop.create_future()
        self._connack = loop.create_future()
        self._pipe = _Pipe(self)
        try:
            await _open(self.broker, self._pipe)
            self._client = self._make_client(will)
            self._client.connect(self.broker.host, self.broker.port, self.keepalive)
            self._misc()
            await self._answer(self._connack)
        except BaseException as e:
            if not self._pipe.abort():
                self.lost(str(e) or "connecting was cancelled")
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
        """Subscribe to a list of `(filter, qos)` and wait for the broker's answers; SubscribeError lists the refused."""
        for topic_filter, _ in topics:
            check_filter(topic_filter)
        answers = [(part, self._request("subscribe", list(part))) for part in _parts(topics)]
        refused = []
        for part, answer in answers:
            codes = await self._answer(answer)
            refused += [asked[0] for asked, code in zip(part, codes) if code.is_failure]
        if refused:
            raise SubscribeError(refused, self.broker)

    async def unsubscribe(self, topics):
        """Unsubscribe from a list of filters and wait for the broker's answers."""
        for answer in [self._request("unsubscribe", list(part)) for part in _parts(topics)]:
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
            await asyncio.wait_for(self.closed(), _CLOSE_SECONDS)
        except asyncio.TimeoutError:
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

    def writable(self):
        """Wake those who wait in `drain`."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def lost(self, reason):
        """Clean up after the end of the connection."""
        client, self._client = self._client, None
        if client is not None:
            client.loop_read()  # reads the end of the stream, whereupon paho lets go
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
        client = _Client(
            paho.CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            clean_session=True,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        client.pipe = self._pipe
        client.max_inflight_messages_set(0)  # no limit: `ready` has ours, and paho's makes it search a list at each PUBACK
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
            self._pipe.reason = self._pipe.reason or {
                "Keep alive timeout": "no answer from the broker within the keep-alive time",
                "Protocol error": "malformed packet from the broker",
            }.get(str(reason))
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
        if info.rc == paho.MQTT_ERR_QUEUE_SIZE:
            raise ConnectError("{}: 65535 packets are unacknowledged; await drain() between them".format(self.broker))
        self._unacknowledged[info.mid] = (topic, payload, 1, retain)

    def _request(self, what, argument):
        if not self._connected():
            raise self._no_connection()
        code, mid = getattr(self._client, what)(argument)
        if code != paho.MQTT_ERR_SUCCESS:
            raise self._no_connection()
        future = self._answers[mid] = asyncio.get_running_loop().create_future()
        return future

    async def _answer(self, future):
        try:
            return await asyncio.wait_for(future, _CONNECT_SECONDS)
        except asyncio.TimeoutError:
            raise ConnectError("{}: no answer within {} s".format(self.broker, _CONNECT_SECONDS)) from None


class _Client(paho.Client):
    """paho, except that the connection is already there.

    `_create_socket` is the one private name of paho 2.2 that is relied on; the tests fail at once if it is gone.
    """

    pipe = None

    def _create_socket(self):
        return self.pipe


class _Pipe(asyncio.Protocol):
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
        self._backlog = False  # reading is paused until what was read has been delivered

    # The side of asyncio.

    def connection_made(self, connection):
        self._connection = connection
        self._loop = asyncio.get_running_loop()

    def data_received(self, data):
        self._chunks.append(data)
        self._have += len(data)
        if self._have >= self._need:
            self._cut()

    def pause_writing(self):
        self._paused = True

    def resume_writing(self):
        self._paused = False
        self.owner.writable()

    def connection_lost(self, error):
        self.closing = True
        if self.reason is None:
            orderly = error is None or isinstance(error, ConnectionError)
            self.reason = "the broker closed the connection" if orderly else _network_trouble(error)
        self.owner.lost(self.reason)

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
            self._connection.close()

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
        """Cut whole frames off what was received, and pass them on, a bounded number at a time."""
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
        self._keep(data, at, need, frames)

    def _pass_on(self, frame):
        self.owner.received(frame)
        message, self.acknowledged = self.acknowledged, None
        if message is not None:  # delivered outside paho's callback, where publishing and raising are safe
            try:
                topic = message.topic
            except UnicodeDecodeError:
                self.fail("malformed packet: a topic that is not UTF-8")
                return
            self.owner.deliver(topic, message.payload, bool(message.retain))

    def _keep(self, data, at, need, frames):
        rest = data[at:] if at else data
        self._chunks = [rest] if rest else []
        self._have = len(rest)
        self._need = need
        if self.closing:
            return
        if frames >= _FRAMES_A_TURN:
            if not self._backlog:
                self._backlog = True
                self._connection.pause_reading()
            self._loop.call_soon(self._continue)
        elif self._backlog:
            self._backlog = False
            self._connection.resume_reading()

    def _continue(self):
        if not self.closing:
            self._cut()


async def _open(broker, pipe):
    """Open the connection, TLS included; raises ConnectError that says what is wrong."""
    loop = asyncio.get_running_loop()
    options = {}
    if broker.tls:
        # Reading the system's authorities takes some 20 ms.
        options = {"ssl": await asyncio.to_thread(_tls_context, broker.cafile), "server_hostname": broker.host}
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            await loop.create_connection(lambda: pipe, broker.host, broker.port, **options)
    except TimeoutError:
        raise ConnectError("{}: no answer within {} s".format(broker, _CONNECT_SECONDS)) from None
    except ssl.SSLCertVerificationError as e:
        raise ConnectError("{}: {}".format(broker, _certificate_trouble(e, broker))) from None
    except ssl.SSLError as e:
        what = (e.reason or str(e)).replace("_", " ").lower()
        raise ConnectError("{}: TLS failed: {} (does this port speak TLS?)".format(broker, what)) from None
    except UnicodeError:
        raise ConnectError("{}: {!r} cannot be a host name".format(broker, broker.host)) from None
    except OSError as e:
        raise ConnectError("{}: {}".format(broker, _network_trouble(e))) from None


def _tls_context(cafile):
    if not cafile:
        return ssl.create_default_context()
    try:
        with open(cafile, "rb") as file:
            data = file.read()
        # A board needs DER, so the same file may be used here.
        return ssl.create_default_context(cadata=data.decode("ascii") if b"-----BEGIN" in data else data)
    except OSError as e:
        raise ConfigError("CA file {!r}: {}".format(cafile, e.strerror)) from None
    except (ssl.SSLError, ValueError) as e:
        raise ConfigError("CA file {!r} holds no certificate in PEM or DER form: {}".format(cafile, e)) from None


def _certificate_trouble(error, broker):
    """Say what is wrong with a certificate, by the codes of OpenSSL's x509_vfy.h."""
    code = error.verify_code
    if code == 10:
        return "the broker's certificate has expired"
    if code == 9:
        return "the broker's certificate is not valid yet (is this machine's clock right?)"
    if code in (62, 64):
        return "the broker's certificate is not for the name {!r}".format(broker.host)
    if code in (2, 18, 19, 20, 21):
        known = "CA file {!r}".format(broker.cafile) if broker.cafile else "system's list (?cafile=FILE names another)"
        return "the broker's certificate is signed by an unknown CA: none in the {}".format(known)
    return "the broker's certificate was refused: {}".format(error.verify_message)


def _network_trouble(error):
    text = str(error)
    if error.errno == errno.ECONNREFUSED or "[Errno {}]".format(errno.ECONNREFUSED) in text:
        return "connection refused (does a broker run there?)"
    if isinstance(error, ConnectionError):
        return "the connection was closed before it was complete"
    if error.errno and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or text  # a name that cannot be resolved


def _parts(topics):
    topics = list(topics)
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
