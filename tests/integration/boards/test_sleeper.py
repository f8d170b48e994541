"""A board that sleeps: what a wake-up sends and costs, what it keeps, when it stays awake; with the real firmware."""

from __future__ import annotations

import asyncio
import contextlib
import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import msgflo
from brokers import Broker
from listening import Ear
from msgflo_host.boards.update import update
from small_board import FIRMWARE, MICROPYTHON, SmallBoard, config, firmware

pytestmark = pytest.mark.skipif(MICROPYTHON.missing is not None, reason=str(MICROPYTHON.missing))

VERSION = "1" * 12
BOARDS: list[SmallBoard] = []  # the last one, for messages of failures
# A thermometer that shows how often it was read, and is out of order when a file says so.
THERMOMETER = """
import os
from devices.errors import NoAnswer
from devices.sensor import Sensor
from msgflo import Port

class Thermometer(Sensor):
    component = "devices/Thermometer"
    outports = (Port("temperature", "number", state=True), Port("humidity", "number", state=True))

    async def measure(self):
        if "broken" in os.listdir("."):
            raise NoAnswer("no answer")
        with open("count", "a+") as file:
            file.write("x")
            return {"temperature": file.tell(), "humidity": 50}

def create(role, topics, options, hardware):
    return Thermometer(role, topics, options, None)
"""


class Tap:
    """Passes connections on to the broker and notes what goes either way: `connections`, each a list of (from, bytes)."""

    def __init__(self, port: int, *, impatient: bool = False) -> None:
        self._target = port
        self._impatient = impatient
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.connections: list[list[tuple[str, bytes]]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more connections; those that there are end with the board."""
        with contextlib.suppress(OSError):  # it ends the accept(), which would outlive a close()
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return  # closed
            notes: list[tuple[str, bytes]] = []
            self.connections.append(notes)
            threading.Thread(target=self._pass, args=(near, notes), daemon=True).start()

    def _pass(self, near: socket.socket, notes: list[tuple[str, bytes]]) -> None:
        with contextlib.suppress(OSError), near, socket.create_connection(("127.0.0.1", self._target)) as far:
            while True:
                for end in select.select([near, far], [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    notes.append(("board" if end is near else "broker", data))
                    if end is far and self._impatient and any(d.endswith(b"\xe0\0") for _, d in notes):
                        near.sendall(data[:4])  # CONNACK, and then it is gone
                        return
                    (far if end is near else near).sendall(data)


@pytest.fixture
def tap(broker: Broker) -> Iterator[Tap]:
    with contextlib.closing(Tap(broker.port)) as tap:
        yield tap


def sleeper(tap: Tap, folder: Path, *, hurry: int = 200, **sleep: Any) -> SmallBoard:
    board = SmallBoard(folder, hurry=hurry)
    BOARDS[:] = [board]
    board.install(image(tap, **sleep))
    return board


def image(
    tap: Tap,
    version: str = VERSION,
    address: list[str] | None = None,
    watchdog: bool = False,
    roles: tuple[str, ...] = ("shed-climate",),
    **sleep: Any,
) -> dict[str, bytes]:
    compiled = config(
        f"mqtt://127.0.0.1:{tap.port}",
        version=version,
        watchdog=watchdog,
        wifi={"ssid": "home", "password": "secret", **({"address": address} if address else {})},
        sleep={"every": 10, "batch": 1, "awake": 20, **sleep},
        devices=[{"module": "thermometer", "role": role} for role in roles],
    )
    hasty = (FIRMWARE / "board" / "sleeper.py").read_text()
    for slow, fast in (
        ("_INTRODUCTION = const(5)", "_INTRODUCTION = 0.2"),
        ("await asyncio.sleep_ms(200)", "await asyncio.sleep_ms(20)"),
        ("max(ms - awake, 1000)", "max(ms - awake, 50)"),
    ):
        assert slow in hasty
        hasty = hasty.replace(slow, fast)
    return firmware(
        compiled, devices=("sensor",), patches={"devices/thermometer.py": THERMOMETER, "board/sleeper.py": hasty}
    )


class Watcher(Ear):
    """Hears every packet of a broker."""

    def all(self, topic: str) -> list[Any]:
        """Return the values that came on a topic."""
        return [value for each, value in list(self.heard) if each == topic]


@pytest.fixture
def watcher(broker: Broker) -> Iterator[Watcher]:
    watcher = Watcher(broker)
    yield watcher
    watcher.stop()


def until(condition: Callable[[], Any], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "\n".join(board.output for board in BOARDS)
        time.sleep(0.02)


def packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Split a stream of MQTT packets into (kind, body)."""
    while data:
        size = shift = 0
        at = 1
        while True:
            size |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
            if data[at - 1] < 0x80:
                break
        yield data[0] >> 4, data[at : at + size]
        data = data[at + size :]


def test_a_wake_up_takes_two_round_trips_and_few_bytes(tap: Tap, watcher: Watcher, tmp_path: Path) -> None:
    with sleeper(tap, tmp_path) as board:
        until(lambda: len(board.sleeps) >= 3 and len(tap.connections) >= 3)
    wake_up = tap.connections[1]
    # The first round trip is TCP's own; then all goes one way, and all the answers the other.
    assert [each for each, _ in wake_up].index("broker") == 1
    assert {each for each, _ in wake_up[1:]} == {"broker"}
    sent = wake_up[0][1]
    received = b"".join(data for _, data in wake_up[1:])
    assert [kind for kind, _ in packets(sent)] == [1, 8, 3, 3, 3, 14]  # CONNECT SUBSCRIBE 3 PUBLISH DISCONNECT
    assert sorted(kind for kind, _ in packets(received)) == [2, 3, 3, 4, 4, 4, 9]
    assert b"fbp/connection/shed\0\x04lost" in sent
    print(len(sent), len(received))
    assert len(sent) <= 230
    assert len(received) <= 90


def test_what_a_wake_up_sends(tap: Tap, watcher: Watcher, tmp_path: Path) -> None:
    with sleeper(tap, tmp_path) as board:
        until(lambda: len(board.sleeps) >= 3 and len(watcher.all("fbp/connection/shed")) >= 4)
    assert watcher.all("shed-climate/temperature")[:3] == [1, 2, 3]
    assert watcher.all("shed-climate/humidity")[:3] == [50, 50, 50]
    assert watcher.all("fbp/connection/shed")[:4] == ["online", "asleep", "asleep", "asleep"]
    assert len(watcher.all("fbp/participant/shed-climate")) == 1  # announced at the start only
    assert not watcher.all("shed-board/history")
    assert 9_000 < max(board.sleeps[1:]) <= 10_000  # of 10 s, less than one was needed to be awake
    # Each time once, though it begins before all else.
    assert len(board.joins()) in (len(board.sleeps), len(board.sleeps) + 1)


def test_readings_of_several_wake_ups_are_sent_together(tap: Tap, watcher: Watcher, tmp_path: Path) -> None:
    with sleeper(tap, tmp_path, batch=3):
        until(lambda: len(watcher.all("shed-board/history")) >= 2)
        until(lambda: len(watcher.all("shed-climate/temperature")) >= 3)
    sent = len(watcher.all("shed-climate/temperature"))
    assert watcher.all("shed-climate/temperature")[:3] == [1, 4, 7]
    histories = watcher.all("shed-board/history")
    assert set(histories[0]) == {"shed-climate/temperature", "shed-climate/humidity"}
    assert [value for _, value in histories[0]["shed-climate/temperature"]] == [2, 3, 4]
    ages = [age for age, _ in histories[0]["shed-climate/temperature"]]
    assert [round(age / 10) for age in ages] == [2, 1, 0]
    assert [value for _, value in histories[1]["shed-climate/temperature"]] == [5, 6, 7]
    assert len(tap.connections) in (sent, sent + 1)
    assert watcher.all("fbp")[0]["payload"]["period"] == 40


@pytest.mark.parametrize("missing", ["Wi-Fi", "broker"])
def test_without_a_network_it_sleeps_longer_and_keeps_its_readings(
    broker: Broker, tap: Tap, watcher: Watcher, tmp_path: Path, missing: str
) -> None:
    with sleeper(tap, tmp_path, awake=1, hurry=1000) as board:
        until(lambda: board.sleeps)
        if missing == "Wi-Fi":
            board.environment["NO_WIFI"] = "1"
        else:
            tap._target = 1
        until(lambda: any(ms > 70_000 for ms in board.sleeps))
        board.environment.clear()
        tap._target = broker.port
        until(lambda: watcher.all("shed-board/history"))
        until(lambda: board.sleeps[-1] < 11_000)
    slept = [round(ms / 1000) for ms in board.sleeps]
    at = next(i for i, s in enumerate(slept) if s > 14)
    assert [round(s / 10) for s in slept[at : at + 3]] == [2, 4, 8]
    values = [value for _, value in watcher.all("shed-board/history")[0]["shed-climate/temperature"]]
    assert values == list(range(values[0], values[0] + len(values)))
    assert len(values) >= 4


def test_the_longest_sleep_is_an_hour_and_the_oldest_readings_make_room(
    tap: Tap, watcher: Watcher, tmp_path: Path
) -> None:
    roles = tuple(f"shed-climate-{i}" for i in range(5))
    with sleeper(tap, tmp_path, every=900, awake=1, hurry=100_000, roles=roles) as board:
        until(lambda: board.sleeps)
        (board.flash / "count").write_text("x" * 100)
        board.environment["NO_WIFI"] = "1"
        tap._target = 1
        until(lambda: len(board.sleeps) > 15, 150)  # with ten readings each
        board.environment.clear()
    assert 3_590_000 < max(board.sleeps) <= 3_600_000
    assert 1500 < len(board.rtc.read_bytes()) <= 2048


def test_wished_awake_it_stays_until_it_is_not(tap: Tap, watcher: Watcher, tmp_path: Path) -> None:
    with sleeper(tap, tmp_path) as board:
        until(lambda: board.sleeps)
        watcher.say("shed-board/stay-awake", True, retain=True)
        until(lambda: watcher.all("fbp/connection/shed").count("online") == 2)
        sleeps = len(board.sleeps)
        watcher.say("shed-climate/read", True)
        count = len(watcher.all("shed-climate/temperature"))
        until(lambda: len(watcher.all("shed-climate/temperature")) > count)
        assert len(board.sleeps) == sleeps
        watcher.say("shed-board/stay-awake", False, retain=True)
        until(lambda: len(board.sleeps) > sleeps + 1)
    assert watcher.all("fbp/connection/shed")[-1] == "asleep"


ADDRESS = ["127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1"]


def test_from_the_second_wake_up_on_it_asks_for_the_access_point_that_it_knows(
    tap: Tap, watcher: Watcher, tmp_path: Path
) -> None:
    with sleeper(tap, tmp_path, address=ADDRESS) as board:
        until(lambda: len(board.sleeps) >= 3 and len(watcher.all("shed-climate/temperature")) >= 3)
    first, *others = board.joins()
    assert first == {"bssid": None, "address": ADDRESS}
    assert others[:2] == [{"bssid": "020000000001", "address": ADDRESS}] * 2
    assert board.scans() == 1
    assert watcher.all("shed-climate/temperature")[:3] == [1, 2, 3]


def test_an_access_point_that_does_not_answer_is_forgotten_within_the_same_wake_up(
    tap: Tap, watcher: Watcher, tmp_path: Path
) -> None:
    with sleeper(tap, tmp_path, awake=2) as board:
        until(lambda: len(board.sleeps) >= 2)
        board.environment |= {"BSSID": "02000000000a", "LOOKING": "for ever"}
        before = len(board.joins())
        until(lambda: len(board.joins()) >= before + 5)
    asked = [each["bssid"] for each in board.joins()[before:]]
    if asked[0] == "020000000001" and asked[1] == asked[0]:  # it was awake when the other one came
        del asked[0]
    assert asked[:4] == ["020000000001", None, "02000000000a", "02000000000a"]
    assert board.scans() == 2
    assert "no Wi-Fi" not in board.output
    readings = watcher.all("shed-climate/temperature")
    assert readings == list(range(1, len(readings) + 1))  # none was late


def spoilt(memory: bytes, how: str) -> bytes:
    """What the RTC's memory may have, other than what the board has put there."""
    if how == "of before":  # without a checksum, without an access point
        return VERSION.encode() + b" 1 0 0 0 20000\n20000 0 17"
    if how == "a bit":
        return memory[:-2] + bytes([memory[-2] ^ 4]) + memory[-1:]
    if how == "cut off":
        return memory[:-3]
    return {"none": b"", "noise": b"\xff\n\xfe\0 1\n2", "zeros": bytes(2048)}[how]


def test_a_memory_that_is_spoilt_is_as_none(tap: Tap, watcher: Watcher, tmp_path: Path) -> None:
    board = sleeper(tap, tmp_path, batch=100)  # so many wake-ups do not come before its power is cut
    with board:
        until(lambda: len(board.sleeps) >= 2)
    for how in ("of before", "a bit", "cut off", "none", "noise", "zeros"):
        memory = board.rtc.read_bytes()
        assert b"\n" in memory
        board.rtc.write_bytes(spoilt(memory, how))
        announced = board.output.count("here is shed-climate")
        count = len(board.sleeps)
        board.power_on(cause=4)
        until(lambda count=count: len(board.sleeps) > count + 1)
        board.cut_power()
        assert board.output.count("here is shed-climate") == announced + 1, how
    assert "Traceback" not in board.output
    assert not watcher.all("shed-board/history")


def test_a_broker_that_has_forgotten_it_is_reported_who_it_is(tmp_path: Path) -> None:
    with (
        Broker(persistence=False) as broker,
        contextlib.closing(Tap(broker.port)) as tap,
        sleeper(tap, tmp_path) as board,
    ):
        until(lambda: len(board.sleeps) >= 2)
        broker.restart()
        watcher = Watcher(broker)
        until(lambda: watcher.all("fbp/participant/shed-climate"))
        sleeps = len(board.sleeps)
        until(lambda: len(board.sleeps) > sleeps + 2)
        assert len(watcher.all("fbp/participant/shed-climate")) == 1
        watcher.stop()


def test_a_reading_that_fails_is_reported(tap: Tap, watcher: Watcher, tmp_path: Path) -> None:
    with sleeper(tap, tmp_path) as board:
        until(lambda: board.sleeps)
        (board.flash / "broken").touch()
        until(lambda: watcher.all("shed-climate/error"))
        count = len(watcher.all("shed-climate/temperature"))
        sleeps = len(board.sleeps)
        until(lambda: len(board.sleeps) > sleeps + 1)
        assert len(watcher.all("shed-climate/temperature")) == count
    assert watcher.all("shed-climate/error")[0] == {"message": "no answer", "port": None}


def test_where_a_sleep_is_no_reset_the_memory_is_stored(tap: Tap, watcher: Watcher, tmp_path: Path) -> None:
    board = sleeper(tap, tmp_path, every=0.2, batch=2)
    board.environment["NO_RTC"] = "1"
    with board:
        until(lambda: len(watcher.all("shed-board/history")) >= 2)
        assert board.starts == 1
        watcher.say("shed-board/stay-awake", True, retain=True)
        until(lambda: watcher.all("fbp/connection/shed")[-1] == "online")
        watcher.say("shed-board/stay-awake", False, retain=True)
        until(lambda: watcher.all("fbp/connection/shed")[-1] == "asleep")
    assert watcher.all("shed-climate/temperature")[:3] == [1, 3, 5]


def test_a_sleeping_board_is_updated(broker: Broker, tap: Tap, watcher: Watcher, tmp_path: Path) -> None:
    new = image(tap, "2" * 12)
    address = msgflo.Broker.parse(broker.url)
    with sleeper(tap, tmp_path) as board:
        until(lambda: len(board.sleeps) >= 2)
        transfer = asyncio.run(
            update(address, new, name="shed", version="2" * 12, key=bytes.fromhex("5e" * 32), asleep=30)
        )
        assert transfer.phase == "done"
        sleeps = len(board.sleeps)
        until(lambda: len(board.sleeps) > sleeps + 1)
        assert json.loads((board.flash / "slot.json").read_text()) == {"slot": "b"}
    assert watcher.all("shed-board/stay-awake") == [True, False]
