"""The participant for 433 MHz: pulses in, packets and new participants out."""

import asyncio
import sys

from stage import Clock, Stage  # the participant library first

from check import equal
from devices import rf433
from host import until
from machine import Pin
from msgflo import ConfigError, Message

NEXUS = (36, (500, 1000), (500, 2000), (500, 4000))
EV1527 = (24, (400, 1200), (1200, 400), (400, 12400))


class Receiver:
    """Stands for the receiver: gives what `hear` was told."""

    lost = 0

    def __init__(self):
        self.pulses = []

    def hear(self, code, kind=NEXUS, times=12):
        bits, zero, one, sync = kind
        frame = []
        for i in range(bits - 1, -1, -1):
            frame.extend(one if code >> i & 1 else zero)
        frame.extend(sync)
        self.pulses = frame * times + [100, 30000]

    def take(self):
        pulses = self.pulses
        self.pulses = []
        return pulses


class Transmitter:
    """Stands for the transmitter: `sent` are the durations; what is sent is heard by the own receiver."""

    def __init__(self, receiver):
        self.sent = None
        self.transmissions = []
        self._receiver = receiver

    async def send(self, durations, repeat):
        self.sent = list(durations) * repeat
        self.transmissions.append(self.sent)
        await asyncio.sleep(0.03)
        self._receiver.pulses = self.sent
        await asyncio.sleep(0.03)


class Hardware:
    def __init__(self):
        self.air = Receiver()

    def pin(self, number, mode):
        equal((number, mode), (26, Pin.OUT) if number == 26 else (27, Pin.IN))
        return Transmitter(self.air) if number == 26 else self.air


class Bench(Stage):
    """A Radio that listens; `added` are the participants that it made, `sent` is all that was sent: topic, value."""

    def __init__(self, **options):
        self.added = []
        hardware = Hardware()
        self.air = hardware.air
        options["receive"] = 27
        options["transmit"] = 26
        super().__init__(rf433.create("radio", {}, options, hardware))
        self.task = asyncio.create_task(self.participant.run())

    def add(self, participant):
        self.added.append(participant)
        participant._runner.join(self)

    def post(self, out, payload):
        super().post((out[0].replace("/", " "),), payload)

    async def heard(self, code, kind=NEXUS, times=12):
        """Return what was sent because of this code, without settings."""
        self.take()
        self.air.hear(code, kind, times)
        await until(lambda: not self.air.pulses)
        await asyncio.sleep(0.01)
        return self.take()

    def end(self):
        self.task.cancel()


def nexus(id=90, channel=2, tenths=214, humidity=57, battery=1):
    return id << 28 | battery << 27 | (channel - 1) << 24 | (tenths & 0xFFF) << 12 | 0xF << 8 | humidity


async def test_a_sensor_becomes_a_participant_with_the_ports_that_it_has():
    bench = Bench()
    sent = await bench.heard(nexus())
    packet = {"model": "Nexus-TH", "id": 90, "channel": 2, "battery": True, "temperature": 21.4, "humidity": 57}
    equal(sent[0], ("radio received", packet))
    values = [("temperature", 21.4), ("humidity", 57), ("battery", True)]
    equal(sent[1:], [("nexus-th-2 " + port, value) for port, value in values])
    equal(
        [(each.role, each.id, each.component) for each in bench.added],
        [("nexus-th-2", "nexus-th-2", "devices/Nexus-TH")],
    )
    equal([(port.id, port.type, port.state) for port in bench.added[0].outports][2], ("battery", "boolean", True))
    equal(list(bench.added[0].inports), [])
    sent = await bench.heard(nexus(channel=1, tenths=-32, humidity=0, battery=0))
    equal(sent[1:], [("nexus-t-1 temperature", -3.2), ("nexus-t-1 battery", False)])
    equal(len(bench.added), 2)
    equal([name for name in ("oregon", "ook_send") if "devices.drivers." + name in sys.modules], [])
    bench.end()


UNCHECKED = ("LaCrosse-TX141B", "LaCrosse-TX141Bv2", "LaCrosse-TX141Bv3")


def frame_of(model):
    return {"model": model, "id": 90, "channel": 1, "battery": True, "temperature": 21.4}


async def test_a_model_without_a_checksum_becomes_a_participant_only_where_the_port_map_names_it():
    bench = Bench(unchecked=[UNCHECKED[2]])
    for model in UNCHECKED:
        bench.participant._take(frame_of(model))
    equal([each.role for each in bench.added], ["lacrosse-tx141bv3-1"])
    sent = bench.take()
    equal([value["model"] for port, value in sent if port == "radio received"], list(UNCHECKED))
    equal([value for port, value in sent if port == "lacrosse-tx141bv3-1 temperature"], [21.4])
    bench.participant._take(frame_of("LaCrosse-TX141THBv2"))
    equal([each.role for each in bench.added][1:], ["lacrosse-tx141thbv2-1"])
    bench.end()


async def test_unknown_codes_are_shown_once_a_second_at_most():
    bench = Bench(remotes={"gate": {"protocol": "unknown", "code": "1"}})
    clock = Clock(rf433)
    shown = []
    bench.take()
    for ms in range(0, 3000, 250):
        clock.us = ms * 1000
        bench.participant._take({"protocol": "unknown", "code": "%x" % (16 + ms)})
        bench.participant._take({"protocol": "unknown", "code": "1"})
        sent = bench.take()
        equal([port for port, _ in sent if port != "radio unknown"], ["gate pressed", "radio received"])
        shown += [ms for port, _ in sent if port == "radio unknown"]
    equal(shown, [0, 1000, 2000])
    bench.end()


async def test_a_new_battery_keeps_the_role():
    bench = Bench()
    await bench.heard(nexus(id=90))
    sent = await bench.heard(nexus(id=17))
    equal(sent[1], ("nexus-th-2 temperature", 21.4))
    equal(len(bench.added), 1)
    equal(bench.logged, [])
    bench.end()


async def test_no_more_sensors_than_the_setting_allows():
    bench = Bench(sensors=1)
    await bench.heard(nexus(channel=1))
    for tenths in (1, 2):
        sent = await bench.heard(nexus(channel=2, tenths=tenths))
        equal(sent[0][1]["channel"], 2)
        equal([port for port, _ in sent[1:]], ["radio error"] if tenths == 1 else [])
    equal(len(bench.added), 1)
    equal(bench.logged, ["radio: nexus-th-2: one more sensor than `sensors` allows"])
    bench.end()


async def test_a_sensor_that_is_not_heard_for_long_is_lost_until_it_is_heard_again():
    bench = Bench(silence=120, remotes={"bell": {"protocol": "ev1527", "code": 7}})
    await bench.heard(nexus(channel=1))
    await bench.heard(nexus(channel=2))
    lost = []
    for tenths in (1, 2, 3):
        bench.participant._miss()  # a minute later
        await bench.heard(nexus(channel=2, tenths=tenths))
        lost.append([each.role for each in bench.added if each.lost])
    equal(lost, [[], [], ["nexus-th-1"]])
    await bench.heard(nexus(channel=1, tenths=5))
    equal([each.role for each in bench.added if each.lost], [])
    bench.end()


async def test_a_role_that_is_taken_is_reported():
    bench = Bench()

    def add(participant):
        raise ConfigError("two participants of a session have the same id: " + participant.id)

    bench.add = add
    sent = await bench.heard(nexus())
    equal(sent[1][0], "radio error")
    bench.end()


async def test_remotes_and_unknown_codes_are_shown():
    bench = Bench()
    remote = {"protocol": "ev1527", "code": 0x5A0F3C, "base": 400}
    (port, packet) = (await bench.heard(0x5A0F3C, EV1527))[0]
    remote["pt2262"] = packet.get("pt2262")
    equal((port, remote["pt2262"] is None), ("radio received", True))
    del remote["pt2262"]
    equal(packet, remote)
    ((port, packet),) = await bench.heard(0x9F3, (12, (300, 700), (300, 1600), (300, 6000)))
    equal(port, "radio unknown")
    equal((packet["code"], packet["bits"], packet["long"], packet["sync"]), ("9f3", 12, 1600, 6000))
    equal(bench.added, [])
    bench.end()


async def test_adopted_remotes_are_participants():
    unknown = {"protocol": "unknown", "code": "9f3", "bits": 12}
    lamp = {"protocol": "nexa", "house": 12345, "unit": 1}
    bell = {"protocol": "pt2262", "code": 0x5A0F3C, "base": 350}
    bench = Bench(remotes={"bell": bell, "gate": unknown, "lamp": lamp})
    roles = [(each.role, each.component, each.outports[0].id) for each in bench.added]
    roles.sort()
    equal(
        roles,
        [
            ("bell", "devices/Remote", "pressed"),
            ("gate", "devices/Remote", "pressed"),
            ("lamp", "devices/Remote", "on"),
        ],
    )
    equal(
        [each for each in await bench.heard(0x5A0F3C, EV1527) if each[0] != "radio received"], [("bell pressed", True)]
    )
    equal([port for port, _ in await bench.heard(0x5A0F3D, EV1527)], ["radio received"])
    sent = await bench.heard(0x9F3, (12, (300, 700), (300, 1600), (300, 6000)))
    equal([port for port, _ in sent], ["gate pressed", "radio received"])
    for on in (True, False):
        code = 12345 << 6 | on << 4 | 1
        kind = (32, (270, 270, 270, 1300), (270, 1300, 270, 270), (270, 10000, 270, 2700))
        sent = await bench.heard(code, kind, times=4)
        packet = {"protocol": "nexa", "house": 12345, "unit": 1, "on": on, "group": False}
        equal(sent, [("lamp on", on), ("radio received", packet)])
    bench.end()


async def test_what_an_adopted_remote_switches_is_switched_too():
    from devices.drivers.ook_send import transmission

    lamp = {"protocol": "nexa", "house": 12345, "unit": 1}
    bell = {"protocol": "pt2262", "code": 0x5A0F3C, "base": 350}
    others = {"gate": {"protocol": "unknown", "code": "9f3", "bits": 12}, "any": {"protocol": "nexa", "house": 12345}}
    bench = Bench(remotes=dict(others, bell=bell, lamp=lamp))
    added = {each.role: each for each in bench.added}
    inports = [[port.id for port in added[role].inports] for role in ("bell", "lamp", "gate", "any")]
    equal(inports, [["press"], ["switch"], [], []])
    air = bench.participant._transmitter
    sent = []
    for role, port, value in (
        ("lamp", "switch", True), ("lamp", "switch", False), ("bell", "press", False), ("bell", "press", 1)
    ):  # fmt: skip
        air.sent = None
        work = added[role].process(port, Message(b"", value))
        if work:
            await work
        sent.append(air.sent and air.sent[: len(air.sent) // 8])
    nexa = [list(transmission(dict(lamp, on=on))) for on in (True, False)]
    equal(sent, nexa + [None, list(transmission(bell))])
    bench.take()
    await added["lamp"].process("switch", Message(b"", "on"))
    equal([(port, value["port"]) for port, value in bench.take()], [("radio error", "send")])
    # One after the other, whoever asks.
    both = [asyncio.create_task(added[role].process(port, Message(b"", True))) for role, port in
            (("lamp", "switch"), ("bell", "press"))]  # fmt: skip
    del air.transmissions[:]
    for work in both:
        await work
    first, second = air.transmissions
    equal(first[: len(nexa[0])], nexa[0])
    equal(second[: len(sent[-1])], sent[-1])
    await asyncio.sleep(0.05)
    bench.end()


async def test_a_remote_of_a_board_without_a_transmitter_has_no_inport():
    bench = Bench()
    bench.participant._transmitter = None
    bench.participant._adopted = {"lamp": {"protocol": "nexa", "house": 12345, "unit": 1}}
    bench.participant.start()
    equal([list(each.inports) for each in bench.added], [[]])
    bench.end()


async def test_the_own_transmission_is_no_packet():
    bench = Bench()
    bench.take()
    value = {"protocol": "nexa", "house": 12345, "unit": 1, "on": True}
    await bench.participant.on_send(value)
    equal(len(bench.participant._transmitter.sent), 8 * 132)
    await asyncio.sleep(0.05)
    equal(bench.take(), [])
    equal((await bench.heard(nexus()))[0][0], "radio received")
    bench.end()


async def test_what_cannot_be_sent_is_reported():
    bench = Bench()
    for value in (None, {"protocol": "nexa", "house": -1}):
        bench.take()
        await bench.participant.on_send(value)
        equal([(port, error["port"]) for port, error in bench.take()], [("radio error", "send")])
    equal(bench.participant._transmitter.sent, None)
    bench.end()
    only = Stage(rf433.Radio("radio", {}, {}))
    await only.participant.on_send({"protocol": "ev1527", "code": 5})
    equal(only.logged, ["radio: send: this board has no transmitter"])
    await only.participant.run()  # has nothing to do
