"""The potentiometer's driver, with converters as they are."""

import machine
from check import equal, near
from devices.drivers.knob import Knob


class Noise:
    """Seeded: calling it gives numbers from -1 to 1, the same in each interpreter."""

    def __init__(self, seed):
        self._state = seed

    def __call__(self):
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._state >> 8) / 0x3FFFFF - 1


class Esp32:
    """Deaf below 0.1 V and above 3.1 V, noise of ±1 %, and now and then a peak; `turn` is from 0 to 1."""

    def __init__(self, seed, turn=0.0):
        self.noise = Noise(seed)
        self.turn = turn
        self.reads = 0

    def __call__(self):
        self.reads += 1
        share = (3.3 * self.turn - 0.1) / 3.0 + self.noise() / 100
        if self.reads % 97 == 0:
            share += 0.2
        return min(max(round(share * 4095), 0), 4095) * 65535 // 4095


class Rp2040(Esp32):
    """Offsets at both ends, noise of ±0.5 %."""

    def __call__(self):
        share = 0.006 + 0.988 * self.turn + self.noise() / 200
        return min(max(round(share * 65535), 0), 65535)


def knob(source):
    adc = machine.ADC(machine.Pin(34))
    adc.source = source
    return Knob(adc)


def test_noise_makes_no_chatter_wherever_it_stands():
    for kind in (Esp32, Rp2040):
        for turn in range(41):
            source = kind(turn + 1, turn / 40)
            driver = knob(source)
            driver.moved(0.01)
            moves = sum([driver.moved(0.01) for _ in range(100)])
            assert moves <= 1, (kind, turn, moves)  # one, where the first reading was far off


def test_the_ends_are_reached_exactly():
    for kind in (Esp32, Rp2040):
        for seed in range(20):
            for turn in (0.0, 1.0):
                source = kind(seed, 0.5)
                driver = knob(source)
                equal(driver.moved(0.01), True)
                source.turn = turn
                equal(driver.moved(0.01), True)
                equal(driver.position, turn)
                for _ in range(20):
                    equal(driver.moved(0.01), False)


def test_an_end_is_reached_from_close_by_too():
    for turn, before in ((0.0, 0.03), (1.0, 0.975)):
        source = Rp2040(1, before)
        driver = knob(source)
        driver.moved(0.05)
        source.turn = turn
        equal(driver.moved(0.05), True)
        equal(driver.position, turn)


def test_turned_slowly_it_never_goes_back():
    for kind in (Esp32, Rp2040):
        source = kind(7)
        driver = knob(source)
        driver.moved(0.01)
        positions = [driver.position]
        for step in range(2001):
            source.turn = step / 2000
            if driver.moved(0.01):
                positions.append(driver.position)
        equal(positions, sorted(positions))
        assert 50 < len(positions) <= 101, len(positions)
        equal((positions[0], positions[-1]), (0.0, 1.0))


def test_the_middle_is_the_middle():
    for share in (0.25, 0.5, 0.75):
        driver = knob(round(65535 * share))
        driver.moved(0)
        near(driver.position, 0.5 + (share - 0.5) / 0.96, 0.0001)


def test_it_moved_when_it_did():
    driver = knob(30000)
    equal([driver.moved(0.01) for _ in range(3)], [True, False, False])
    driver._adc.source = 30600
    equal(driver.moved(0.01), False)
    driver._adc.source = 30700
    equal([driver.moved(0.01) for _ in range(2)], [True, False])
    driver._adc.source = 30701
    equal(driver.moved(0), True)
