"""The debounced contact."""

import sys

from stage import Clock

import machine
from check import equal
from devices.drivers import debounce

# µs between the edges that follow the first one, as contacts of buttons bounce: an even number.
BOUNCES = (
    (),
    (50, 50),
    (80, 140, 60, 220),
    (310, 95, 1200, 70, 55, 900),
    (900, 400, 2100, 150, 3600, 480),
    (7900, 60),
    (50, 7800, 130, 8000),
    (50, 60, 70, 80, 90) * 8,
    (1000, 1000) * 15,
)
CLOSED, OPEN = 0, 1


class Bench:
    """A contact, and what is seen of it: by somebody who looks every ms, or only at the end."""

    def __init__(self, often=True, level=OPEN):
        self.clock = Clock(debounce)
        self.pin = machine.Pin(4, machine.Pin.IN)
        self.pin.level = level
        self.contact = debounce.Contact(self.pin)
        self.often = often
        self.seen = []

    def poll(self):
        while True:
            time = self.contact.take()
            if time is None:
                return
            self.seen.append((time, self.contact.closed))

    def wait(self, us):
        while us > 0:
            step = min(us, 1000)
            self.clock.us += step
            us -= step
            if self.often:
                self.poll()

    def edge(self):
        self.pin.drive(1 - self.pin.level)

    def change(self, bounces):
        """Change with bounces; returns the time of the last edge in ms."""
        self.edge()
        for us in bounces:
            self.wait(us)
            self.edge()
        return self.clock.ms()


def test_each_change_is_one_however_it_bounces():
    for often in (True, False):
        for closing in BOUNCES:
            for opening in BOUNCES:
                bench = Bench(often)
                expected = []
                for bounces, closed in ((closing, True), (opening, False)):
                    expected.append((bench.change(bounces), closed))
                    bench.wait(35000)
                bench.poll()
                equal(bench.seen, expected)


def test_a_change_counts_after_the_debounce_time_and_not_before():
    for still in (5, 20, 100):
        bench = Bench()
        bench.contact.still = still
        bench.edge()
        bench.wait(still * 1000 - 1)
        equal(bench.seen, [])
        bench.wait(1)
        bench.poll()
        equal(bench.seen, [(1000, True)])


def test_a_glitch_is_nothing():
    for level in (OPEN, CLOSED):
        for us in (1, 50, 1000, 8000, 19000):
            for often in (True, False):
                bench = Bench(often, level)
                for _ in range(30):
                    bench.wait(50000)
                    bench.edge()
                    bench.wait(us)
                    bench.edge()
                bench.wait(50000)
                bench.poll()
                equal(bench.seen, [])
                equal(bench.contact.closed, level == CLOSED)


def test_noise_without_end_is_nothing_until_it_ends():
    bench = Bench()
    for _ in range(501):
        bench.edge()
        bench.wait(3000)
    equal(bench.seen, [])
    bench.wait(17000)
    bench.poll()
    equal([closed for _, closed in bench.seen], [True])


def test_two_quick_presses_are_two():
    for often in (True, False):
        bench = Bench(often)
        for _ in range(4):
            bench.change((50, 300))
            bench.wait(25000)
        bench.poll()
        equal([closed for _, closed in bench.seen], [True, False] * 2)


def test_what_is_held_from_the_start_is_closed_and_no_change():
    bench = Bench(level=CLOSED)
    bench.wait(100000)
    equal((bench.contact.closed, bench.seen), (True, []))
    bench.change((60, 60))
    bench.wait(30000)
    equal([closed for _, closed in bench.seen], [False])


def test_an_edge_that_caused_no_interrupt_is_found():
    bench = Bench()
    bench.edge()
    bench.pin.level = OPEN  # so soon after the other edge that there was no interrupt
    bench.wait(50000)
    equal((bench.contact.closed, bench.seen), (False, []))


def test_the_interrupt_handler_takes_no_memory():
    if sys.implementation.name != "micropython":
        return
    import micropython

    pin = machine.Pin(4, machine.Pin.IN)
    contact = debounce.Contact(pin)
    edge = contact._edge
    for still in (20, 0):
        contact.still = still
        micropython.heap_lock()
        try:
            for _ in range(40):
                edge(pin)
        finally:
            micropython.heap_unlock()
    assert contact._last > 20
