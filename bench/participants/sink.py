"""The receiving participants. Usage: sink.py BROKER.

`sink` has the inports `in`, `timed` and `i0` to `i99`; `fan0` to `fan9`, on connections of their own, have `in`. Each has all
of them a second time, `same-` before their names, on the topics that the source's outports have. Each packet is a dot on
standard output. A packet on `timed` holds the time in nanoseconds at which it was sent; null there asks for the delays so
far, in milliseconds, as a JSON list on standard error.
"""

import asyncio
import json
import os
import sys
import time

import msgflo

__all__ = ("Fan", "Sink")


def ports(*names):
    """Ports whose topics are the participant's own, and the same on topics shared with the source."""
    return tuple(msgflo.Port(name) for name in names) + tuple(
        msgflo.Port(f"same-{name}", topic=f"bench/{name}") for name in names
    )


class Dots:
    """Writes the dots of all packets that came at once together: a system call each would be what is measured."""

    packets = 0

    def add(self):
        """Count one."""
        self.packets += 1
        if self.packets == 1:
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self):
        os.write(1, b"." * self.packets)
        self.packets = 0


dots = Dots()


class Sink(msgflo.Participant):
    """Receives one edge, timed packets, and a hundred edges."""

    component = "bench/Sink"
    inports = ports("in", "timed", *(f"i{i}" for i in range(100)))

    def start(self):
        """Begin without delays."""
        self.delays = []

    def process(self, inport, msg):
        """Take a packet of any inport."""
        if inport.endswith("timed"):
            if msg.data is None:
                print(json.dumps(self.delays), file=sys.stderr, flush=True)
                self.delays = []
                return
            self.delays.append((time.monotonic_ns() - int(msg.data)) / 1e6)
        dots.add()


class Fan(msgflo.Participant):
    """One of ten that receive the same."""

    component = "bench/Fan"
    inports = (msgflo.Port("in"), msgflo.Port("same-in", topic="bench/fan"))

    def process(self, inport, msg):
        """Take a packet."""
        dots.add()


async def _main(broker):
    participants = [Sink("sink"), *(Fan(f"fan{i}") for i in range(10))]
    await asyncio.gather(*(msgflo.Session([participant], broker).run() for participant in participants))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
