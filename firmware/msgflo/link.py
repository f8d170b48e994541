"""One MQTT connection, made anew whenever it is lost."""

import asyncio
import random

from ._platform import MICROPYTHON, Transport, ticks_diff, ticks_ms, traceback
from .errors import ConnectError
from .topics import connection_topic

__all__ = ("Link",)

_FIRST_DELAY = 0.1  # seconds, before reconnecting: a broker that restarts is back after about 0.2
_LAST_DELAY = 6  # so that after a broker's restart all is well again within 10 s
_SHORT = 5  # seconds: a connection that ends sooner was no success


class Link:
    """Keeps a connection to the broker, and logs once why there is none."""

    def __init__(self, broker, client_id, keepalive, on_message, log, info):
        self.transport = Transport(broker, client_id, keepalive=keepalive, on_message=on_message)
        if MICROPYTHON:
            self.transport.log = log  # of packets that do not fit into memory
        self._broker = broker
        self._client_id = client_id
        self._log = log
        self._info = info
        self._logged = None  # the last trouble
        self._failed = False  # whether it was us who failed, not the broker or the way to it
        self.closing = False  # whether the connection's end is intended
        self.attempts = 0  # to connect, since the start, without those that failed by us

    async def keep(self, serve, lost):
        """Connect and reconnect until `closing`, after delays that grow and vary; raises ConfigError.

        With each connection the async function `serve` is run; at its end that is cancelled, and
        `lost(unacknowledged packets)` is called.
        """
        self.closing = False
        delay = _FIRST_DELAY
        short = 0
        while not self.closing:
            try:
                lasted = await self._connection(serve, lost)
            except MemoryError:  # on a board; perhaps there is more next time
                self._trouble("no memory for a connection")
                self._failed = True
                lasted = 0
            if not self._failed:
                self.attempts += 1
            if lasted > _SHORT:
                delay = _FIRST_DELAY
                short = 0
            elif lasted > 0 and not self._failed:
                short += 1
                if short == 3:
                    what = "another client probably uses the client id {!r}, or the broker forbids what is sent"
                    self._log(what.format(self._client_id))
            else:
                short = 0
            # Varied, so that after a broker's restart not all come at once.
            await asyncio.sleep(delay * (0.75 + random.random() / 2))
            delay = min(delay * 2, _LAST_DELAY)

    async def _connection(self, serve, lost):
        """Connect, and return when that connection has ended, with the seconds that it lasted (0: there was none)."""
        transport = self.transport
        try:
            await transport.connect((connection_topic(self._client_id), b"lost"))
        except ConnectError as e:
            self._failed = False
            self._trouble("{}; trying again".format(e))
            return 0
        if self._logged:
            self._info("connected to {}".format(self._broker))
            self._logged = None
        self._failed = False
        began = ticks_ms()
        task = asyncio.create_task(self._do(serve))
        try:
            reason = await transport.closed()
        finally:
            task.cancel()
            lost(transport.unacknowledged())
            await transport.disconnect()
        if reason != "disconnected":
            if "memory" in (reason or ""):
                self._failed = True
            self._trouble("lost the connection to {}: {}".format(self._broker, reason))
        return max(ticks_diff(ticks_ms(), began), 1) / 1000

    async def _do(self, serve):
        try:
            await serve()
        except ConnectError:
            pass  # `closed` returns why
        except Exception as e:
            self._failed = True
            try:
                self._log(traceback(e))
            except Exception as e2:  # `log` may fail, memory be short
                print(self._client_id, type(e2).__name__, "while reporting", type(e).__name__)
        await self.transport.disconnect()  # it may last: memory was short, and there is less to do now

    def _trouble(self, text):
        if text != self._logged:
            self._logged = text
            try:
                self._log(text)
            except MemoryError:
                pass  # to connect again is more important
