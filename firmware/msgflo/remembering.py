"""Participants whose memory outlives them: it is retained by the broker."""

import asyncio

from .errors import Error
from .packets import decode, encode
from .participant import Participant
from .persistent import memory_topic
from .runner import Runner

__all__ = ("Remembering",)

_MEMORY = "fbp/memory"  # among the ports: no port's id, for those of an editor have no `/`
_MUCH = 5  # times, after which something is wrong
_PATIENCE = 2  # seconds; the connection may end before the broker has answered


class Remembering(Participant):
    """A participant whose attributes named in `remembers` are there again after a restart, of whatever.

        class Meter(Remembering):
            inports = (Port("pulse", "bang"),)
            outports = (Port("count", "number", state=True),)
            remembers = ("count",)
            count = 0

    They hold what JSON can say. They are saved, retained, on `fbp/memory/<id>` after each handler that has changed them.
    At the start they are read before `start()` is called and before any packet is handled.
    """

    remembers = ()

    def __init__(self, *arguments, **options):
        """As Participant."""
        super().__init__(*arguments, **options)
        self._runner = _Runner(self, self._runner)

    def memory(self):
        """Return what is to be saved: a dictionary of what JSON can say."""
        return {name: getattr(self, name) for name in self.remembers}

    def recall(self, memory):
        """Take what was saved; may raise Error, and then the rest is left as it is."""
        for name in self.remembers:
            if name in memory:
                setattr(self, name, memory[name])

    def failed(self, error, inport):
        """Report what a handler has raised: to the log, and to the outport `error` if there is one."""
        self._runner.report(error, inport)


class _Runner(Runner):
    """Holds packets back until what was saved has been read, and saves after each handler."""

    def __init__(self, participant, plain):
        topic = memory_topic(plain.id)
        ins = {_MEMORY: (topic, False)}  # the first to be subscribed to
        ins.update(plain.ins)
        super().__init__(participant, plain.id, ins, plain.outs, plain.period)
        self._memory = (topic, 1, True, True, False)  # as an outport that is a state
        self._saved = None
        self._held = []  # packets; None: what was saved has been read
        self._has_met = False

    def begin(self, has_task):
        self._saved = None
        if self._held is not None:  # else it was told to begin with something else, which is not saved yet
            try:
                self._saved = encode(self._participant.memory())  # as good as saved: it begins with this
            except Exception:
                pass  # said when it is to be saved
        super().begin(has_task)

    def meet(self):
        self._has_met = True
        if self._held is None:
            super().meet()
        else:
            self._spawn(self._ask())

    async def _ask(self):
        """Have the broker send something: what it retains was subscribed to before, so that comes before this."""
        session = self._participant._engine
        asked = 0
        while self._held is not None:
            if session.connected:
                session.post((self._memory[0], 1, False, False, False), b"null")
                asked += 1
                if asked == _MUCH:
                    what = "{}: waits, for the broker sends nothing on {!r}: may it be written and read?"
                    session.log(what.format(self.id, self._memory[0]))
            await asyncio.sleep(_PATIENCE)

    def receive(self, port, topic, payload, retained):
        if port == _MEMORY:
            if self._held is not None:
                memory = decode(payload)
                if memory is not None:
                    self._saved = bytes(payload)  # a change back to what it would begin with is one, too
                    if isinstance(memory, dict):  # sent again if the broker forgets it
                        self._participant._engine._outbox._states[topic] = [self._memory, self._saved, False]
                    else:
                        self._failed(Error("{:.80} was saved; an object is needed".format(repr(memory))), None)
                self.recall(memory)
        elif self._held is None:
            super().receive(port, topic, payload, retained)
        else:
            self._held.append((port, topic, payload, retained))
            if len(self._held) > self._participant._engine.backlog:
                del self._held[0]
                self._missed += 1

    def recall(self, memory):
        """Begin with what was saved; None where nothing was."""
        held = self._held
        self._held = None
        if isinstance(memory, dict):
            try:
                self._participant.recall(memory)
            except Exception as e:
                self._failed(e, None)
        if self._has_met:
            super().meet()
        if self._missed:
            what = "{}: {} packets were dropped: too many came before what it remembers"
            self._participant._engine.log(what.format(self.id, self._missed))
            self._missed = 0
        for packet in held or ():
            self.receive(*packet)

    def report(self, error, port):
        super()._failed(error, port)

    def _failed(self, error, port):
        try:
            self._participant.failed(error, port)
        except Exception as e:  # it may be overridden
            super()._failed(e, port)

    def _handle(self, port, topic, payload, retained):
        coroutine = super()._handle(port, topic, payload, retained)
        if coroutine is None:
            self._save()
        return coroutine

    def _start(self, function):
        coroutine = super()._start(function)
        if coroutine is None:
            self._save()
        return coroutine

    async def _settle(self, coroutine, port):
        await super()._settle(coroutine, port)
        self._save()

    def _save(self):
        if self._held is not None:
            return
        try:
            payload = encode(self._participant.memory())
            if payload != self._saved:
                if not isinstance(decode(payload), dict):  # MicroPython writes what is no JSON, such as nan
                    raise Error("{:.80} is no object of what JSON can say".format(repr(payload)))
                self._participant._engine.post(self._memory, payload)
                self._saved = payload
        except Exception as e:  # `memory` may be overridden, memory be short
            self._failed(Error("what it remembers is not saved: {}".format(e)), None)
