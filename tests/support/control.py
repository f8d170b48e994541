"""What a test that runs in another interpreter can ask of the machine: brokers, certificates, packets from outside."""

from __future__ import annotations

import binascii
import contextlib
import itertools
import json
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho

import certificates
from brokers import Broker, free_port
from outside import RECONNECT_S


def digest(payload: bytes) -> str:
    """A payload as text; a long or binary one as its length and CRC-32."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        text = ""
    return text if len(payload) < 100 and (text or not payload) else f"{len(payload)}:{binascii.crc32(payload):08x}"


class Control:
    """Serves one test; a context manager. Each request is a line of JSON on a loopback socket, so is each answer."""

    def __init__(self) -> None:
        self.skip: str | None = None  # why the test cannot run here
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._broker: Broker | None = None
        self._recorder: paho.Client | None = None
        self._recorded: list[tuple[str, str, bool]] = []
        self._arrived = threading.Condition()
        self._fake: socket.socket | None = None
        self._faked: socket.socket | None = None
        self._may_go_on = threading.Semaphore(0)

    def __enter__(self) -> Control:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        for sock in (self._listener, self._fake, self._faked):
            if sock is not None:
                with contextlib.suppress(OSError):  # of a listener, it ends an accept(), which would outlive a close()
                    sock.shutdown(socket.SHUT_RDWR)
                sock.close()
        if self._recorder is not None:
            self._recorder.disconnect()
            self._recorder.loop_stop()
        if self._broker is not None:
            self.do_thaw()
            self._broker.__exit__()

    def _serve(self) -> None:
        try:
            connection = self._listener.accept()[0]
        except OSError:
            return
        with contextlib.suppress(ConnectionError), connection, connection.makefile("rw", encoding="utf-8") as lines:
            for line in lines:
                request = json.loads(line)
                try:
                    answer = {"result": getattr(self, "do_" + request.pop("do"))(**request)}
                except Exception as e:
                    answer = {"error": f"{type(e).__name__}: {e}"}
                lines.write(json.dumps(answer, ensure_ascii=False) + "\n")
                lines.flush()

    @property
    def _running(self) -> Broker:
        if self._broker is None:
            raise LookupError("the test has not asked for a broker yet")
        return self._broker

    def do_broker(
        self,
        users: dict[str, str] | None = None,
        certificate: str | None = None,
        subscribable: str | None = None,
        extra: str = "",
    ) -> str:
        """Start the test's broker; returns its URL. Subscriptions other than to `subscribable`, if given, are refused."""
        tls = certificates.server(certificate) if certificate else None
        self._broker = Broker(users=users, tls=tls, extra=extra)
        if subscribable:
            self._refuse_others(subscribable)
        self._broker.start()
        return self._broker.url

    def _refuse_others(self, subscribable: str) -> None:
        plugins = [*Path("/usr/lib").glob("*/mosquitto_dynamic_security.so")]
        if not plugins:
            self.skip = "this Mosquitto has no dynamic security plugin"
            raise FileNotFoundError(self.skip)
        rules = self._running.folder / "rules.json"
        allowed = {"acltype": "subscribePattern", "topic": subscribable, "allow": True}
        access = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}
        rules.write_text(
            json.dumps(
                {
                    "defaultACLAccess": access,
                    "roles": [{"rolename": "role", "acls": [allowed]}],
                    "groups": [{"groupname": "anyone", "roles": [{"rolename": "role"}]}],
                    "anonymousGroup": "anyone",
                    "clients": [],
                }
            )
        )
        with (self._running.folder / "mosquitto.conf").open("a") as configuration:
            configuration.write(f"plugin {plugins[0]}\nplugin_opt_config_file {rules}\n")

    def do_stop(self) -> None:
        """Stop the broker as an administrator would."""
        self._running.stop()

    def do_kill(self) -> None:
        """End the broker as a power cut would."""
        self._running.kill()

    def do_start(self) -> None:
        """Start the broker again, on the same port with what it had stored."""
        self._running.start()

    def do_restart(self, pause: float = 0) -> None:
        """Stop the broker, wait, and start it again."""
        self._running.stop()
        time.sleep(pause)
        self._running.start()

    def do_freeze(self) -> None:
        """Let the broker fall silent without closing its connections."""
        self._signal(signal.SIGSTOP)

    def do_thaw(self) -> None:
        """Let a silent broker go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._running.process is not None:
            os.kill(self._running.process.pid, number)

    def do_fake(self, steps: list[list[Any]]) -> int:
        """Listen, and do these steps with the first connection: returns the port.

        A step is `["receive"]` (something), `["send", hex digits]`, `["sleep", seconds]`, `["wait"]` (for `go_on`) or
        `["end"]` (of what is sent). `[["deaf"]]`: accepts nothing.
        """
        self._fake = socket.create_server(("127.0.0.1", 0), backlog=0)
        port: int = self._fake.getsockname()[1]
        if steps == [["deaf"]]:
            # Now the queue is full, and who comes later gets no answer at all.
            self._faked = socket.create_connection(("127.0.0.1", port))
        else:
            threading.Thread(target=self._act, args=(self._fake, steps), daemon=True).start()
        return port

    def _act(self, listener: socket.socket, steps: list[list[Any]]) -> None:
        try:
            connection = self._faked = listener.accept()[0]
        except OSError:
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for step, *arguments in steps:
            if step == "receive":
                connection.recv(65536)
            elif step == "wait":
                self._may_go_on.acquire()
            elif step == "sleep":
                time.sleep(arguments[0])
            else:
                with contextlib.suppress(OSError):  # it may be gone already
                    if step == "send":
                        connection.sendall(bytes.fromhex(arguments[0]))
                    else:
                        connection.shutdown(socket.SHUT_WR)

    def do_go_on(self) -> None:
        """Let the steps of `fake` go on that wait."""
        self._may_go_on.release()

    def do_port(self) -> int:
        """Find a free port."""
        return free_port()

    def do_authority(self, form: str) -> str:
        """Name the file of an authority: `pem`, `der` or `other`."""
        return str(certificates.authority(form))

    def do_publish(self, topic: str, payload: str = "", size: int = 0, qos: int = 0, retain: bool = False) -> str:
        """Publish from outside, with `size` that many bytes of a pattern; returns the payload's digest."""
        data = payload.encode() if not size else (bytes(range(256)) * (size // 256 + 1))[:size]
        client = self._connected(f"publisher-{time.monotonic_ns()}")
        client.publish(topic, data, qos=qos, retain=retain).wait_for_publish(20)
        client.disconnect()
        client.loop_stop()
        return digest(data)

    def do_record(self, topics: list[str]) -> None:
        """Record what arrives on these topics from now on, with a session that survives restarts of the broker."""
        subscribed = threading.Event()
        client = self._connected("recorder", clean_session=False)
        client.on_message = self._record
        client.on_subscribe = lambda *_: subscribed.set()
        client.subscribe([(topic, 1) for topic in topics])
        if not subscribed.wait(20):
            raise TimeoutError("the broker did not answer the subscription")
        self._recorder = client

    def _record(self, client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        with self._arrived:
            self._recorded.append((message.topic, digest(message.payload), message.retain))
            self._arrived.notify_all()

    def do_recorded(self, count: int, seconds: float = 25) -> list[tuple[str, str, bool]]:
        """Take what was recorded, once it is so many: (topic, digest, retained)."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._recorded) >= count, seconds):
                raise TimeoutError(f"of {count} packets came {len(self._recorded)}: {self._recorded[-5:]}")
            taken, self._recorded = self._recorded, []
            return taken

    def do_arrived(self, count: int, seconds: float = 25) -> int:
        """As `recorded`, but returns only how many there are: for much."""
        return len(self.do_recorded(count, seconds))

    def do_sequence(self, topics: list[str], last: int, seconds: float = 25) -> dict[str, list[list[int]]]:
        """Wait until the number `last` was recorded on each topic; returns per topic its gaps, each as [before, after].

        Numbers that came more than once are no gap; one that came after a larger one is an error.
        """
        with self._arrived:
            done = self._arrived.wait_for(
                lambda: all((topic, str(last)) in {r[:2] for r in self._recorded[-500:]} for topic in topics), seconds
            )
            numbers = {t: [int(d) for topic, d, _ in self._recorded if topic == t] for t in topics}
        if not done:
            raise TimeoutError(f"{last} has not come everywhere; last: { {t: n[-1:] for t, n in numbers.items()} }")
        gaps: dict[str, list[list[int]]] = {}
        for topic, series in numbers.items():
            gaps[topic] = []
            for before, after in itertools.pairwise(series):
                if after < before:
                    raise ValueError(f"{topic}: {after} came after {before}")
                if after > before + 1:
                    gaps[topic].append([before, after])
        return gaps

    def _connected(self, client_id: str, clean_session: bool = True) -> paho.Client:
        if self._running.tls:
            raise NotImplementedError("packets from outside are for brokers without TLS")
        connected = threading.Event()
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean_session)
        for name, password in list(self._running.users.items())[:1]:
            client.username_pw_set(name, password)
        client.on_connect = lambda *_: connected.set()
        client.reconnect_delay_set(RECONNECT_S, RECONNECT_S)
        client.connect("127.0.0.1", self._running.port)
        client.loop_start()
        if not connected.wait(20):
            raise TimeoutError("the broker did not answer")
        return client
