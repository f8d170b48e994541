"""The sending participant. Usage: source.py BROKER [shared], with the sink's dots as standard input.

It sends on all of its edges until all of them are bound and writes `{}`. Then it sends packets of 64 bytes, each load
timed until its last packet has arrived, and writes a line of JSON for each: `{"name", "count", "seconds", "lost"}`.
"""

import asyncio
import json
import os
import sys
import time

import msgflo

__all__ = ("Source",)

COUNT = 20_000
SIZE = 200  # of window and groups
TIMED, TIMED_RATE = 1000, 500  # packets, packets a second
FANNED, FANS, FAN_BURSTS = 2000, 10, 10
STALL, LIMIT = 3.0, 10.0  # seconds without a packet, and for a load, after which the rest counts as lost
HUNDRED = tuple(f"o{i}" for i in range(100))
TEXT = "x" * 62  # 64 bytes of JSON


class Source(msgflo.Participant):
    """Sends as fast as it is allowed to."""

    component = "bench/Source"
    outports = tuple(msgflo.Port(port) for port in ("out", "timed", "fan", *HUNDRED))

    arrived = 0

    async def run(self):
        """Measure, once there is a connection."""
        self._something = asyncio.Event()
        asyncio.get_running_loop().add_reader(0, self._read_dots)
        await self._wait_until_bound()
        print("{}", flush=True)
        await self._measure("burst", COUNT, lambda sent: COUNT)
        await self._measure("window", COUNT, lambda sent: self.arrived + SIZE)
        await self._measure("groups", COUNT, lambda sent: sent + SIZE if self.arrived == sent else sent)
        await self._measure("100 edges", COUNT, lambda sent: COUNT, ports=HUNDRED)
        await self._send_evenly()
        for _ in range(FAN_BURSTS):
            await self._measure("fan-out", FANNED, lambda sent: FANNED, ports=("fan",), copies=FANS)
        print('{"name": "end"}', flush=True)

    async def _wait_until_bound(self):
        while self.arrived != 1 + FANS + len(HUNDRED):
            self.arrived = 0
            for port in ("out", "fan", *HUNDRED):
                self.send(port, 0)
            while await self._wait(0.3):
                pass

    async def _measure(self, name, count, allowed, *, ports=("out",), copies=1):
        """Send `count` packets, the ports in turn; `allowed(sent)` says how many may have been sent by now."""
        await asyncio.sleep(0.2)
        self.arrived = sent = 0
        started = time.perf_counter()
        while self.arrived < count * copies and time.perf_counter() - started < LIMIT:
            limit = min(count, allowed(sent))
            for i in range(sent, limit):
                self.send(ports[i % len(ports)], TEXT)
            sent = limit
            if not await self._wait(STALL):
                break
        self._report(name, count * copies, time.perf_counter() - started)

    async def _send_evenly(self):
        self.arrived = 0
        started = due = time.perf_counter()
        for _ in range(TIMED):
            due += 1 / TIMED_RATE
            await asyncio.sleep(max(0, due - time.perf_counter()))
            self.send("timed", f"{time.monotonic_ns():062}")
        while self.arrived < TIMED and await self._wait(STALL):
            pass
        self.send("timed", None)
        self._report("latency", TIMED, time.perf_counter() - started)

    def _report(self, name, count, seconds):
        result = {"name": name, "count": count, "seconds": seconds, "lost": count - self.arrived}
        print(json.dumps(result), flush=True)

    async def _wait(self, timeout):
        """Wait for a dot and say whether one came."""
        self._something.clear()
        try:
            await asyncio.wait_for(self._something.wait(), timeout)
        except TimeoutError:
            return False
        return True

    def _read_dots(self):
        dots = os.read(0, 1 << 16)
        self.arrived += len(dots)
        self._something.set()
        if not dots:
            asyncio.get_running_loop().remove_reader(0)


def _shared_topics():
    names = {"out": "in"} | {port: port.replace("o", "i") for port in HUNDRED}
    return {port.id: f"bench/{names.get(port.id, port.id)}" for port in Source.outports}


if __name__ == "__main__":
    msgflo.serve(Source("source", topics=_shared_topics() if "shared" in sys.argv else None), broker=sys.argv[1])
