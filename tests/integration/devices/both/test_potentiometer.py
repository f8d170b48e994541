"""The participant of a potentiometer."""

from stage import Hardware, Stage  # the participant library first

from check import equal
from devices import potentiometer


class Bench(Stage):
    def __init__(self, **options):
        options["pin"] = 34
        super().__init__(potentiometer.create("p", {}, options, Hardware()))
        self.adc = self.participant._knob._adc

    def turn(self, share):
        """Turn it, and return the values that are sent then."""
        self.take()
        self.adc.source = round((0.02 + share * 0.96) * 65535)
        for _ in range(3):
            self.participant.poll()
        return [value for port, value in self.take() if port == "value"]


def test_a_value_is_sent_when_it_changed():
    bench = Bench()
    equal(bench.turn(0.5), [50.0])
    equal(bench.turn(0.5), [])
    equal(bench.turn(0.509), [])
    equal(bench.turn(0.5123), [51.2])
    equal(bench.turn(0.502), [50.2])


def test_the_ends_are_exactly_what_was_set():
    for low, high in ((0, 100), (-10, 40), (1, 0), (16, 0.1), (5, 5.00001)):
        bench = Bench(low=low, high=high)
        equal(bench.turn(-0.01), [low])
        equal(bench.turn(1.01), [high])


def test_a_range_has_about_a_thousand_steps():
    for low, high, expected in ((0, 100, 33.3), (0, 1, 0.333), (0, 1023, 341), (1, 0, 0.667), (-1000, 1000, -334)):
        equal(Bench(low=low, high=high).turn(0.333), [expected])


def test_a_new_range_is_active_at_once():
    bench = Bench()
    bench.turn(0.25)
    bench.give("high", 1000)
    equal(bench.last("value"), 250)
    bench.give("low", 600)
    equal(bench.last("value"), 700)
    equal(bench.last("settings"), {"low": 600, "high": 1000, "hysteresis": 1})
    bench.give("hysteresis", 10)
    bench.give("low", 0)
    equal(bench.turn(0.34), [])
    equal(bench.turn(0.36), [360])


def test_a_range_that_is_too_narrow_is_an_error_and_the_old_one_stays():
    for setting, value in (("low", 100), ("low", 100.0), ("high", 0), ("high", 1e-30), ("high", -5e-7)):
        bench = Bench()
        bench.turn(0.5)
        bench.give(setting, value)
        equal(bench.last("error"), {"message": "low and high must be at least 1e-6 apart", "port": setting})
        equal(bench.last("settings"), {"low": 0, "high": 100, "hysteresis": 1})
        equal(bench.turn(0.75), [75.0])


def test_what_cannot_be_is_an_error():
    equal(Bench().error("low", "up"), "low 'up': a number from -1000000000 to 1000000000 is needed")


def test_it_polls_by_itself_twenty_times_a_second():
    timer = Bench().participant._runner._timers[0]
    equal(timer._period, 50)
