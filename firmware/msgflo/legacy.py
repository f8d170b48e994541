"""Components and programs written for MsgFlo's own Python library (PyPI `msgflo` 0.4) run unchanged; CPython only.

What differs: no limit of 10 packets a second; `run` returns before there is a connection, and a broker that is absent is
waited for; data that JSON cannot say (nan) is refused. AMQP is not supported.
"""

import argparse
import asyncio
import atexit
import json
import os
import random
import sys
import threading
from collections import deque
from urllib.parse import urlparse

from .errors import ConfigError, Refused
from .host_session import Session, run_until_signal
from .packets import encode
from .runner import Runner
from .topics import check_filter, check_topic

__all__ = ("Engine", "LegacyMessage", "LegacyRunner", "main", "run")

_STOP = 5  # seconds for going offline at the end of the program


def run(participants, broker=None, done_cb=None, iips=None):
    """Run participants in the background; returns an Engine at once.

    `broker` is a URL, by default $MSGFLO_BROKER or mqtt://localhost; `done_cb()` is called when all is over; `iips` maps
    inports to the data of initial packets. Raises ConfigError. In a program that uses gevent, the participants' `process`
    is called in greenlets of the calling thread, otherwise in the background thread.
    """
    engine = Engine(participants, broker, done_cb, iips or {})
    engine.start()
    return engine


def main(participant_class, role=None):
    """Run one participant of a class as a program until it is interrupted (Ctrl-C, SIGTERM).

    The command line holds the role, unless given here, and `-i` with initial packets as a JSON object.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("role", nargs="?", default=role, help="name of the node in the graph")
    parser.add_argument(
        "-i", "--iips", default={}, type=_json_object, metavar='{"inport": data, …}', help="initial packets"
    )
    options = parser.parse_args()
    if role or options.role is None:
        options.role = role or parser.error("a role is needed")
    participant = participant_class(options.role)
    try:
        engine = Engine([participant], None, None, options.iips)
    except ConfigError as e:
        parser.error(str(e))
    name = participant.definition["component"] if participant.definition else participant.component
    address = "{0.scheme}://{0.hostname}".format(engine.broker_info)
    print("{}({}) running on {}".format(options.role, name or participant_class.__name__, address), flush=True)
    try:
        engine.block()
    except Refused as e:
        sys.exit(str(e))


class Engine:
    """Participants that run in a background thread; `broker_url` is where, `broker_info` the same in parts."""

    def __init__(self, participants, broker, done_cb, iips):
        self.participants = list(participants)
        self.broker_url = broker or os.environ.get("MSGFLO_BROKER") or "mqtt://localhost"
        self.broker_info = urlparse(self.broker_url)
        self._done_cb = done_cb
        self._session = _Session(self.participants, self.broker_url, iips)
        self._loop = None
        self._over = threading.Event()
        self._hub = None

    def start(self):
        """Begin, in a thread of its own, where nobody would learn of an exception: a wrong account is tried again."""
        self._session.raises_refused = False
        if "gevent" in sys.modules:
            self._hub = _Hub()
            for participant in self.participants:
                participant._runner.hub = self._hub
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, daemon=True).start()  # where gevent has replaced threads, it is a greenlet
        atexit.register(self.stop)

    def stop(self):
        """Go offline, and wait until that is done (at most 5 s)."""
        atexit.unregister(self.stop)
        try:
            self._loop.call_soon_threadsafe(self._stop)
        except RuntimeError:  # it is over
            return
        self._over.wait(_STOP)

    def block(self):
        """Run in this thread until interrupted."""
        if "gevent" not in sys.modules:
            asyncio.run(run_until_signal(self._session))
            return
        import signal

        import gevent
        import gevent.event

        done = gevent.event.Event()
        self._done_cb = done.set
        gevent.signal_handler(signal.SIGTERM, done.set)
        gevent.signal_handler(signal.SIGINT, done.set)
        self.start()
        done.wait()
        self.stop()

    def _stop(self):
        self._stopping = self._loop.create_task(self._session.stop())

    def _run(self):
        try:
            self._loop.run_until_complete(self._session.run())
        except ConfigError as e:
            self._session.log(str(e))
        finally:
            self._loop.close()
            self._over.set()
            if self._hub is not None:
                self._hub.close(self._done_cb)
            elif self._done_cb is not None:
                self._done_cb()


class _Session(Session):
    """A session that delivers initial packets when it is first connected."""

    def __init__(self, participants, broker, iips):
        super().__init__(participants, broker)
        self._iips = iips
        if any(isinstance(runner, LegacyRunner) for runner in self._runners):  # it has another id each time
            self._transport.clean = True
        for runner in self._runners:
            for port in iips:
                if port not in runner.ins and not isinstance(runner, LegacyRunner):
                    what = "initial packet for {}: there is no inport {!r}; there are: {}"
                    raise ConfigError(what.format(runner.id, port, ", ".join(runner.ins) or "none"))

    def _meet(self, count):
        super()._meet(count)
        for runner in self._runners:
            for port, data in self._iips.items():
                runner.receive(port, None, encode(data, runner.ins.get(port, (None, False))[1]), False)


class LegacyRunner(Runner):
    """Runs a component that declares itself by a dictionary."""

    def __init__(self, participant, role):
        super().__init__(participant, None, {}, {}, 60)
        self.hub = None
        _complete(participant.definition, role, type(participant).__name__)

    def join(self, session):
        """Read the definition only now: components change theirs until they run."""
        definition = self._participant.definition
        _complete(definition, definition["role"], type(self._participant).__name__)
        self.id = definition["id"]
        for port in definition["inports"]:
            self.ins[port["id"]] = (check_filter(port["queue"], "{}.{}".format(self.id, port["id"])), False)
        for port in definition["outports"]:
            options = port.get("options") or {}
            topic = check_topic(port["queue"], "{}.{}".format(self.id, port["id"]))
            self.outs[port["id"]] = (topic, options.get("qos", 0), options.get("retain", False), False, False)
        super().join(session)

    def begin(self, has_task):
        """Do nothing: what is called `run` there is the component's own affair; so are `start` and `stop`."""
        if self.hub is not None:
            self._participant._engine._thread = None  # where threads are greenlets, all look like the loop's

    def meet(self):
        """Do nothing."""

    async def finish(self):
        """Do nothing."""

    def receive(self, port, topic, payload, retained):
        """Handle a packet, in a greenlet if the program uses gevent."""
        if self.hub is None:
            super().receive(port, topic, payload, retained)
        else:
            self.hub.call(self._handle, port, topic, payload, retained)

    def message(self, port, topic, payload, retained):
        """Make a packet ready for `process`."""
        return LegacyMessage(payload)


class LegacyMessage:
    """A packet as those components know it: `buffer` are its bytes, `data` its JSON value or else the same bytes."""

    def __init__(self, raw):
        self.buffer = self.data = raw
        try:
            self.json = self.data = json.loads(raw.decode())
        except ValueError as e:
            self.json = e


class _Hub:
    """Calls functions in greenlets of the thread that made it; until closed, its hub has something to wait for."""

    def __init__(self):
        import gevent

        self._spawn = gevent.spawn
        self._calls = deque()
        self._watcher = gevent.get_hub().loop.async_()
        self._watcher.start(self._run_calls)
        self._closing = False

    def call(self, function, *args):
        """Call a function soon; from any thread."""
        self._calls.append((function, args))
        self._watcher.send()

    def close(self, last):
        """Call `last()` if it is not None, and let the hub end when nothing else keeps it."""
        if last is not None:
            self._calls.append((last, ()))
        self._closing = True
        self._watcher.send()

    def _run_calls(self):
        while self._calls:
            function, args = self._calls.popleft()
            self._spawn(function, *args)
        if self._closing:
            self._watcher.stop()


def _complete(definition, role, component):
    """Fill in what a definition leaves out."""
    definition.setdefault("role", role)
    definition.setdefault("id", "{}{}".format(definition["role"], random.randrange(100000)))
    definition.setdefault("component", component)
    definition.setdefault("label", "")
    definition.setdefault("icon", "file-word-o")
    for kind, default in (("inports", "in"), ("outports", "out")):
        for port in definition.setdefault(kind, [{"id": default, "type": "any"}]):
            port.setdefault("queue", "{}/{}".format(role or definition["role"], port["id"]))


def _json_object(text):
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(text)
    return value
