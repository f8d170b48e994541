"""Pulses on a pin of an RP2040 or RP2350: a PIO state machine measures or makes them, DMA takes or brings them.

RP2040 data sheet: 2.5 (DMA), 3 (PIO). Receiving takes the first free state machine that has an even number, sending one
with an odd number: I2S microphones and the Wi-Fi of a Pico W have some too.
"""

# The instructions are names that only asm_pio knows, and the stubs know no attributes of DMA.
# ruff: noqa: F821
# pyright: reportUndefinedVariable=false, reportCallIssue=false, reportAttributeAccessIssue=false
# pyright: reportMissingImports=false, reportArgumentType=false

import asyncio
from array import array

import rp2
import uctypes

__all__ = ("Receiver", "Transmitter")

_RING = 511  # durations that can wait, less one
_BITS = 10  # of the length of the ring in bytes
_LEFT = 0x7FFF  # the counter of a duration counts down from here, one in 2 µs
# Transfers: an RP2350 has a mode in the four bits above (its data sheet, §12.6.10, TRANS_COUNT), an RP2040 has all 32.
_MANY = 0x0FFFFFFF


@rp2.asm_pio()
def _measure():
    # Each word is what is left of the counter; the bit above it is set after a low. 1 MHz: a turn of a loop takes 2 µs.
    # The FIFOs are not joined: there would be none left for the counter's beginning.
    pull(block)  # the counter's beginning stays in OSR
    wrap_target()
    mov(x, osr)
    label("high")
    jmp(pin, "still")
    jmp("fell")
    label("still")
    jmp(x_dec, "high")
    set(x, 0)
    wait(0, pin, 0)
    label("fell")
    mov(isr, x)
    push(noblock)
    mov(x, osr)
    label("low")
    jmp(pin, "rose")
    jmp(x_dec, "low")
    set(x, 0)
    wait(1, pin, 0)
    label("rose")
    set(y, 1)
    in_(y, 1)
    in_(x, 15)
    push(noblock)
    wrap()


@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW, autopull=True)
def _make():
    # 1 MHz; while there is nothing to send it waits with the pin low.
    out(x, 32)
    set(pins, 1)
    label("high")
    jmp(x_dec, "high")
    out(x, 32)
    set(pins, 0)
    label("low")
    jmp(x_dec, "low")


def _free(number, program, **options):
    """Return a state machine, the given one or a later one, and the number of its request to DMA to be filled."""
    while True:
        try:
            found = rp2.StateMachine(number, program, freq=1000000, **options)
            return found, number >> 2 << 3 | number & 3  # RP2040 data sheet, 2.5.3.1
        except (OSError, ValueError):  # no room for the program in this PIO; somebody else has it
            number += 2
            if number > 7:
                raise


class Receiver:
    """Captures the edges of a pin; the processor has nothing to do while it does."""

    def __init__(self, pin):
        self.lost = 0  # edges that came while the ring was full
        self._ring = array("H", bytes(2 << _BITS))
        self._taken = array("H", bytes(2 * _RING + 2))
        # DMA needs the ring at a multiple of its length; where that begins within the array.
        address = uctypes.addressof(self._ring)
        self._start = (address + (1 << _BITS) - 1) >> _BITS << _BITS
        self._first = (self._start - address) // 2
        self._tail = 0
        self._high = -1  # a high whose low has not ended
        self._machine, self._request = _free(0, _measure, in_base=pin, jmp_pin=pin)
        self._machine.put(_LEFT)
        self._dma = rp2.DMA()
        self._begin(0)
        self._machine.active(1)

    def take(self):
        """Return alternating high and low durations in µs since the last call, in a buffer that is used again."""
        count = self._dma.count
        new = self._left - count
        self._left = count
        head = (self._dma.write - self._start) >> 1 & _RING
        if not self._dma.active():  # after days
            self._begin(head)
        if new > _RING:
            self.lost += new
            self._tail = head
            self._high = -1
            return ()
        taken = self._taken
        high = self._high
        at = 0
        if new == 0 and high >= 0:  # no need to wait for the end of the silence
            taken[0] = high
            taken[1] = 65535
            at = 2
            high = -1
        tail = self._tail
        while tail != head:
            word = self._ring[self._first + tail]
            tail = (tail + 1) & _RING
            length = word & _LEFT  # 0: the counter has ended; some instructions are not in its loops
            length = ((_LEFT - length) << 1) + 5 if length > 2 else 65535
            if word <= _LEFT:
                high = length
            elif high >= 0:
                taken[at] = high
                taken[at + 1] = length
                at += 2
                high = -1
        self._tail = tail
        self._high = high
        return memoryview(taken)[:at] if at else ()

    def stop(self):
        """Stop to listen."""
        self._machine.active(0)
        self._dma.active(0)  # closing does not end a transfer
        self._dma.close()

    def _begin(self, place):
        request = self._request + 4  # to be emptied
        control = self._dma.pack_ctrl(size=1, inc_read=False, ring_size=_BITS, ring_sel=True, treq_sel=request)
        write = self._start + 2 * place
        self._dma.config(read=self._machine, write=write, count=_MANY, ctrl=control, trigger=True)
        self._left = _MANY


class Transmitter:
    """Sends pulses on a pin."""

    def __init__(self, pin):
        self._machine, self._request = _free(1, _make, set_base=pin)
        self._machine.active(1)

    async def send(self, durations, repeat):
        """Send alternating high and low durations, in µs, so many times."""
        # Besides the loop, which takes one turn more than it counts, two instructions are a part of each.
        words = bytes(array("I", [max(length, 4) - 3 for length in durations])) * repeat
        dma = rp2.DMA()
        try:
            control = dma.pack_ctrl(inc_write=False, treq_sel=self._request)
            dma.config(read=words, write=self._machine, count=len(words) // 4, ctrl=control, trigger=True)
            await asyncio.sleep_ms(sum(durations) * repeat // 1000 + 1)
        finally:
            dma.close()
