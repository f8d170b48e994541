"""The participant of an RGB LED, down to the duties."""

from stage import Clock, Hardware, Stage, soon  # the participant library first

from check import equal
from devices import lamp, rgb


class Bench(Stage):
    def __init__(self, common=None, **options):
        self.clock = Clock(lamp)
        options["red"], options["green"], options["blue"] = 15, 16, 17
        if common:
            options["common"] = common
        super().__init__(rgb.create("rgb", {}, options, Hardware()))
        self.pwms = self.participant._light._pwms

    @property
    def duties(self):
        return [pwm.duty for pwm in self.pwms]

    async def wait(self, ms):
        self.clock.us += ms * 1000
        await soon()


def test_it_is_dark_from_the_first_moment_on():
    for common, expected in ((None, 0), ("cathode", 0), ("anode", 65535)):
        bench = Bench(common)
        equal([set(pwm.log) for pwm in bench.pwms], [{expected}] * 3)
        equal([pwm.frequency for pwm in bench.pwms], [1000] * 3)
        equal([pwm.pin.id for pwm in bench.pwms], [15, 16, 17])
        equal(bench.last("state"), {"on": False, "color": "#ffffff", "brightness": 100, "fade": 0})


def test_duties_are_in_proportion():
    for value, expected in (
        ("#ff0000", [65535, 0, 0]),
        ([0, 255, 0], [0, 65535, 0]),
        ("#00f", [0, 0, 65535]),
        ("#800140", [32896, 257, 16448]),
    ):
        bench = Bench()
        bench.give("color", value)
        equal(bench.duties, expected)
        bench = Bench("anode")
        bench.give("color", value)
        equal(bench.duties, [65535 - duty for duty in expected])


def test_brightness_is_finer_than_a_step_of_the_colour():
    bench = Bench()
    bench.give("color", "#ff0001")
    bench.give("brightness", 1)
    assert 654 <= bench.duties[0] <= 656, bench.duties
    assert 2 <= bench.duties[2] <= 3, bench.duties
    bench.give("on", False)
    equal(bench.duties, [0, 0, 0])


async def test_a_fade_ends_exactly():
    bench = Bench("anode", fade=1)
    bench.give("color", "#ff0040")
    await bench.wait(500)
    equal(bench.duties, [65535 - 32767, 65535, 65535 - 8224])
    await bench.wait(500)
    equal(bench.duties, [0, 65535, 65535 - 16448])
    bench.give("toggle", None)
    await bench.wait(2000)
    equal(bench.duties, [65535] * 3)


def test_a_list_of_colours_is_for_strips():
    bench = Bench()
    for value in (["red", "blue"], ["red", "blue", "green"], [[1, 2, 3], [1, 2, 3]]):
        equal(bench.error("color", value), "color: {} colours: allowed: up to 1".format(len(value)))
    equal(bench.duties, [0, 0, 0])
