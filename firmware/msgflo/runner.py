"""Runs a participant's handlers, timers and task, and sees to it that no exception gets further than here."""

import asyncio

from ._platform import ticks_add, ticks_diff, ticks_ms, traceback
from .errors import ConfigError
from .packets import Message, decode

__all__ = ("Runner", "Timer")


async def _nothing():
    pass


_coroutine = _nothing()
_Coroutine = type(_coroutine)
_coroutine.close()


class Runner:
    """Runs one participant: its queue, its handlers, its hooks."""

    def __init__(self, participant, id, ins, outs, period):
        self.id = id
        self.ins = ins  # inport id -> (topic, raw)
        self.outs = outs  # outport id -> (topic, qos, retain, state, raw)
        self.period = period
        self._timers = ()  # tuples rather than lists: an empty one takes no memory
        self._participant = participant
        self._tasks = ()
        self._worker = None  # handles packets while an async handler is busy
        self._waiting = None  # packets that came meanwhile
        self._missed = 0

    def join(self, session):
        """Belong to a session from now on."""
        self._participant._engine = session

    def begin(self, has_task):
        """The session starts: start the timers, and the participant's own task if it has one."""
        for timer in self._timers:
            self._spawn(timer.run(self.call))
        if has_task:
            self._spawn(self.call(self._participant.run))

    def meet(self):
        """The session is connected for the first time."""
        coroutine = self._start(self._participant.start)
        if coroutine is not None:
            self._spawn(self._settle(coroutine, None))

    async def finish(self):
        """The session is about to end."""
        await self.call(self._participant.stop)

    def end(self):
        """The session ends: cancel timers, and what else is async and not done."""
        for task in self._tasks:
            task.cancel()
        self._tasks = ()
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None

    def every(self, timer):
        """Start a timer with the session, or now if that is running."""
        self._timers = tuple([t for t in self._timers if t.function is not None] + [timer])
        session = self._participant._engine
        if session is not None and session.running:
            self._spawn(timer.run(self.call))

    def _spawn(self, coroutine):
        self._tasks = tuple([task for task in self._tasks if not task.done()] + [asyncio.create_task(coroutine)])

    async def call(self, function):
        """Call a function and, if it is async, wait for it."""
        coroutine = self._start(function)
        if coroutine is not None:
            await self._settle(coroutine, None)

    def receive(self, port, topic, payload, retained):
        """Handle a packet now, or in its turn where an async handler is busy."""
        if self._worker is None:
            coroutine = self._handle(port, topic, payload, retained)
            if coroutine is not None:
                self._waiting = []
                try:
                    self._worker = asyncio.create_task(self._work(port, coroutine))
                except MemoryError as e:
                    self._failed(e, port)
            return
        self._waiting.append((port, topic, payload, retained))
        # A list by now.
        if len(self._waiting) > self._participant._engine.backlog:  # pyright: ignore[reportArgumentType]
            del self._waiting[0]
            self._missed += 1

    def message(self, port, topic, payload, retained):
        """Make a packet ready for the handler."""
        return Message(payload, payload if self.ins[port][1] else decode(payload), topic, retained)

    def _handle(self, port, topic, payload, retained):
        try:
            result = self._participant.process(port, self.message(port, topic, payload, retained))
        except Exception as e:
            self._failed(e, port)
            return None
        return result if type(result) is _Coroutine else None

    def _start(self, function):
        try:
            result = function()
        except Exception as e:
            self._failed(e, None)
            return None
        return result if type(result) is _Coroutine else None

    async def _work(self, port, coroutine):
        await self._settle(coroutine, port)
        while self._waiting:
            packets = self._waiting
            self._waiting = []
            for packet in packets:
                coroutine = self._handle(*packet)
                if coroutine is not None:
                    await self._settle(coroutine, packet[0])
        self._worker = None
        self._participant._engine._wake.set()  # what was handled is to be acknowledged
        if self._missed:
            what = "{}: {} packets were dropped: its async handler is too slow"
            self._participant._engine.log(what.format(self.id, self._missed))
            self._missed = 0

    async def _settle(self, coroutine, port):
        try:
            await coroutine
        except asyncio.CancelledError as e:
            if not self._participant._engine.running:  # it is us who cancel
                raise
            self._failed(e, port)
        except Exception as e:
            self._failed(e, port)

    def _failed(self, error, port):
        """Log an exception and send it to the outport `error`, if there is one."""
        log = self._participant._engine.log
        try:
            log("{}{}: {}".format(self.id, "" if port is None else "." + port, traceback(error)))
            if "error" in self.outs:
                message = "{}: {}".format(type(error).__name__, error)
                self._participant.send("error", {"message": message, "port": port})
        except Exception as e:  # `log` may fail, `send` be overridden, memory be short
            # Without making a text, which takes memory.
            print(self.id, type(e).__name__, e, "while reporting", type(error).__name__, error)


class Timer:
    """Calls a function every so many seconds (at least 0.001) until cancelled; made by `Participant.every`."""

    def __init__(self, seconds, function):
        if not seconds >= 0.001:
            raise ConfigError("every({!r}, …): at least 0.001 s is needed".format(seconds))
        self._period = round(seconds * 1000)
        self.function = function  # None: cancelled

    def cancel(self):
        """Call the function no more; the call that runs now, if any, ends as usual."""
        self.function = None

    async def run(self, call):
        """Run; `await call(function)` makes each call and deals with its exceptions."""
        due = ticks_add(ticks_ms(), self._period)
        while True:
            try:
                await asyncio.sleep(max(ticks_diff(due, ticks_ms()), 0) / 1000)
                if self.function is None:
                    return
                await call(self.function)
            except MemoryError:
                pass  # there was none for the call; the next one may find some
            # By the schedule, so that calls do not drift; but those that were missed are not made up for.
            due = ticks_add(due, self._period)
            if ticks_diff(due, ticks_ms()) < 0:
                due = ticks_ms()
