"""A device participant in a session, with a broker of its own; and what it says."""

import json
import sys

import devices
from parts import contains, run

# The module alone: its package is a whole board.
sys.path.append(devices.__file__.rsplit("/", 2)[0] + "/board")
from hardware import Hardware

BUS = {"id": 0, "sda": 4, "scl": 5, "freq": 100000}


class Running:
    """A device in the role `d`."""

    def __init__(self, host, hardware):
        self.host, self.hardware = host, hardware
        self._said = []

    async def start(self, device):
        """Run it, and record what it says."""
        self.device = device
        url = await self.host.ask("broker")
        await self.host.ask("record", topics=["d/#"])
        self._session, self.logged = await run(url, device)

    async def reported(self, port, seconds=10):
        """Take the next packet of an outport; what others said meanwhile stays. A long one is its digest, a text."""
        while True:
            for i, packet in enumerate(self._said):
                if packet[0] == "d/" + port:
                    del self._said[i]
                    try:
                        return json.loads(packet[1])
                    except ValueError:
                        return packet[1]
            self._said += await self.host.ask("recorded", count=1, seconds=seconds)

    async def error(self, *parts):
        """Wait for an error; what was logged last has all these parts."""
        await self.reported("error")
        contains(self.logged[-1], *parts)

    async def unsaid(self, *ports):
        """Check that these outports have said nothing that was not taken."""
        await self.tell("settled", "")
        while "d/settled" not in [packet[0] for packet in self._said]:
            self._said += await self.host.ask("recorded", count=1)
        self._said = [packet for packet in self._said if packet[0] != "d/settled"]
        for packet in self._said:
            assert packet[0][2:] not in ports, packet

    async def tell(self, port, value):
        """Send something to an inport."""
        await self.host.ask("publish", topic="d/" + port, payload=json.dumps(value), qos=1)

    async def stop(self):
        await self._session.stop()


async def start(host, module, options, chips=(), prepare=None):
    """Make a device by its module's `create`, with chips (address, model) on bus 0, and run it."""
    running = Running(host, Hardware([dict(BUS)]))
    for address, chip in chips:
        running.hardware.i2c(0).devices[address] = chip
    device = module.create("d", {}, options, running.hardware)
    if prepare:
        prepare(device)
    await running.start(device)
    return running
