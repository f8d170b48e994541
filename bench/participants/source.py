"""The sending participant. Usage: source.py BROKER, with the sink's dots as standard input.

Its outports are there twice: on topics of its own, which an edge joins with the sink's, and on topics that it shares with
the sink. It sends on all of them until all arrive, and writes `{}`. Then it sends packets of 64 bytes, each load in turn on
either kind of port, timed until its last packet has arrived, and writes a line of JSON for each:
`{"edge", "name", "count", "seconds", "lost"}`.
"""

import asyncio
import json
import os
import sys
import time

import msgflo

__all__ = ("Source",)

REPEATS = 8
COUNT, GROUPED = 20_000, 10_000
SIZE = 200  # of window and groups
TIMED, TIMED_RATE = 1000, 500  # packets, packets a second
FANNED, FANS, FAN_BURSTS = 2000, 10, 10
STALL, LIMIT = 10.0, 30.0  # seconds without a packet, and for a load, after which the rest counts as lost
EDGES = {"direct edge": "", "one topic": "same-"}
HUNDRED = tuple(f"o{i}" for i in range(100))
TOPICS = {"out": "in", "timed": "timed", "fan": "fan", **{port: port.replace("o", "i") for port in HUNDRED}}
TEXT = "x" * 62  # 64 bytes of JSON


class Source(msgflo.Participant):
    """Sends as fast as it is allowed to."""

    component = "bench/Source"
    outports = tuple(msgflo.Port(port) for port in TOPICS) + tuple(
        msgflo.Port(f"same-{port}", topic=f"bench/{topic}") for port, topic in TOPICS.items()
    )

    arrived = 0

    async def run(self):
        """Measure, once there is a connection."""
        self._something = asyncio.Event()
        asyncio.get_running_loop().add_reader(0, self._read_dots)
        await self._wait_until_bound()
        print("{}", flush=True)
        for i in range(REPEATS):
            for edge in reversed(EDGES) if i % 2 else EDGES:  # none always comes first
                await self._measure(edge, "burst", COUNT, lambda sent: COUNT)
                await self._measure(edge, "window", COUNT, lambda sent: self.arrived + SIZE)
                await self._measure(edge, "groups", GROUPED, self._whole_groups)
                await self._measure(edge, "100 edges", COUNT, lambda sent: COUNT, ports=HUNDRED)
        for edge in EDGES:
            await self._send_evenly(edge)
            for _ in range(FAN_BURSTS):
                await self._measure(edge, "fan-out", FANNED, lambda sent: FANNED, ports=("fan",), copies=FANS)
        print('{"name": "end"}', flush=True)

    async def _wait_until_bound(self):
        while self.arrived != len(EDGES) * (1 + FANS + len(HUNDRED)):
            self.arrived = 0
            for kind in EDGES.values():
                for port in ("out", "fan", *HUNDRED):
                    self.send(kind + port, 0)
            while await self._wait(0.3):
                pass

    def _whole_groups(self, sent):
        return sent + SIZE if self.arrived == sent else sent

    async def _measure(self, edge, name, count, allowed, *, ports=("out",), copies=1):
        """Send `count` packets, the ports in turn; `allowed(sent)` says how many may have been sent by now."""
        await asyncio.sleep(0.1)
        ports = [EDGES[edge] + port for port in ports]
        self.arrived = sent = 0
        started = time.perf_counter()
        while self.arrived < count * copies and time.perf_counter() - started < LIMIT:
            limit = min(count, allowed(sent))
            for i in range(sent, limit):
                self.send(ports[i % len(ports)], TEXT)
            sent = limit
            if not await self._wait(STALL):
                break
        self._report(edge, name, count * copies, time.perf_counter() - started)

    async def _send_evenly(self, edge):
        self.arrived = 0
        port = EDGES[edge] + "timed"
        started = due = time.perf_counter()
        for _ in range(TIMED):
            due += 1 / TIMED_RATE
            await asyncio.sleep(max(0, due - time.perf_counter()))
            self.send(port, f"{time.monotonic_ns():062}")
        while self.arrived < TIMED and await self._wait(STALL):
            pass
        self.send(port, None)
        self._report(edge, "latency", TIMED, time.perf_counter() - started)

    def _report(self, edge, name, count, seconds):
        result = {"edge": edge, "name": name, "count": count, "seconds": seconds, "lost": count - self.arrived}
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


if __name__ == "__main__":
    msgflo.serve(Source("source"), broker=sys.argv[1])
