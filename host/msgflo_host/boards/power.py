"""The life of a battery, estimated from a board's port map and the figures of data sheets.

estimate_life(load(find("battery"))).days()
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import PortMapError
from . import power_currents as figures
from .port_map import Battery, Device, PortMap, Sleep
from .power_currents import CHIPS, DEVICES, Current, Duration

__all__ = ["Estimate", "Item", "estimate_life"]

HOURS_A_MONTH = 365.25 * 24 / 12


@dataclass(frozen=True, slots=True)
class Item:
    """Something that takes current for `seconds` of each period; `times` (at most 1): how often in a period it does."""

    what: str
    current: Current
    seconds: float
    times: float = 1.0
    time_source: str = ""  # who says that it takes so long

    def charge(self) -> float:
        """Return what it takes in one period, in mAs."""
        return self.current.milliamps * self.seconds * self.times


@dataclass(frozen=True, slots=True)
class Estimate:
    """All that takes current; a period is `every` seconds long. `unknown` are devices of which no figures are there.

    `dev_board` is what a development board takes besides; None where the figures are those of the whole board.
    """

    every: float
    items: tuple[Item, ...]
    battery: Battery
    unknown: tuple[Device, ...] = ()
    dev_board: Current | None = None

    @property
    def milliamps(self) -> float:
        """The mean current, in mA, without what the battery loses by itself."""
        return sum(item.charge() for item in self.items) / self.every

    @property
    def lost(self) -> float:
        """The self-discharge of the battery, as a current in mA."""
        return self.battery.capacity * self.battery.self_discharge / HOURS_A_MONTH

    def days(self, milliamps: float = 0) -> float:
        """Return the days that the battery lasts, with so much more current all the time."""
        return self.battery.capacity * self.battery.usable / (self.milliamps + self.lost + milliamps) / 24


def estimate_life(port_map: PortMap) -> Estimate:
    """Estimate a board's life on its battery; raises PortMapError where it does not sleep or has no battery."""
    sleep, battery, file = port_map.sleep, port_map.battery, str(port_map.file)
    if sleep is None:
        raise PortMapError(
            "this board never sleeps, so no battery lasts; it sleeps with  sleep: {every: 5 min}", file=file
        )
    if battery is None:
        raise PortMapError("which battery? say it with  battery: {capacity: 2000 mAh}", file=file)
    if port_map.chip.name not in CHIPS:
        known = ", ".join(CHIPS)
        text = f"nothing is known of what the {port_map.chip.title} takes; there are figures of the {known}"
        raise PortMapError(text, file=file)
    items = (*_awake(port_map, sleep), *_reading(port_map, sleep), *_asleep(port_map, battery, sleep))
    unknown = tuple(device for device in port_map.devices if device.kind.name not in DEVICES)
    return Estimate(sleep.every, items, battery, unknown, None if port_map.chip.rp2 else figures.DEV_BOARD)


def _awake(port_map: PortMap, sleep: Sleep) -> Iterator[Item]:
    chip = CHIPS[port_map.chip.name]
    share = 1 / sleep.batch  # only then it is in touch
    if port_map.chip.rtc_memory:
        yield _timed("start", chip.running, figures.START_S)
    else:
        yield _timed("start the Wi-Fi chip", chip.listening, figures.RADIO_S, share)
    for what, duration in _joining(port_map):
        yield _timed(what, chip.listening, duration, share)
    yield _timed("MQTT", chip.listening, figures.MQTT_S, share)
    extra = Current(chip.sending.milliamps - chip.listening.milliamps, f"{chip.sending.source}, less receiving")
    yield _timed("send", extra, figures.SEND_S, share)


def _timed(what: str, current: Current, duration: Duration, times: float = 1.0) -> Item:
    return Item(what, current, duration.seconds, times, duration.source)


def _joining(port_map: PortMap) -> Iterator[tuple[str, Duration]]:
    """Yield the steps before anything can be sent."""
    yield "join the Wi-Fi", figures.JOIN_S
    if port_map.wifi is None or port_map.wifi.address is None:
        yield "ask for an address", figures.ADDRESS_S
    if port_map.broker.tls:
        yield "TLS", figures.TLS_S


def _reading(port_map: PortMap, sleep: Sleep) -> Iterator[Item]:
    longest = 0.0
    for device in port_map.devices:
        found = DEVICES.get(device.kind.name)
        if found is not None and found.seconds:
            seconds = found.seconds + (found.first if port_map.chip.rtc_memory else 0)  # other chips do not start anew
            yield Item(f"{device.role} measures", found.measuring, seconds, time_source=found.time_source)
            longest = max(longest, seconds)
    if not longest:
        return
    chip, share = CHIPS[port_map.chip.name], 1 / sleep.batch
    if share < 1:
        yield Item("wait for readings", chip.running, longest, 1 - share)
    # While it joins a network it measures at the same time.
    more = longest - sum(duration.seconds for _, duration in _joining(port_map))
    if more > 0:
        yield Item("wait for readings in the network", chip.listening, more, share)


def _asleep(port_map: PortMap, battery: Battery, sleep: Sleep) -> Iterator[Item]:
    if battery.asleep is not None:
        yield Item("asleep", Current(battery.asleep / 1000, "battery.asleep in the port map"), sleep.every)
        return
    yield Item("asleep", CHIPS[port_map.chip.name].asleep, sleep.every)
    for device in port_map.devices:
        found = DEVICES.get(device.kind.name)
        if found is not None:
            yield Item(f"{device.role} in between", found.idle, sleep.every)
