"""Whichever process is killed at whichever moment, no packet of QoS 1 is lost, and their order stays."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
import pytest

from brokers import Broker as Mosquitto
from interpreters import MICROPYTHON
from msgflo import Broker, Participant, Port
from outside import program
from paths import ROOT
from systems import Coordinator, Participants, discovery_message, until

GRAPH = """\
source(test/Numbers) OUT -> IN direct(home/Notes)
source OUT -> IN pass(core/Repeat) OUT -> IN behind(home/Notes)
source OUT -> ON lamp(x/Lamp)
source OUT -> IN board(tests/Waiting) OUT -> IN passed(home/Notes)
button(x/Button) PRESSED -> IN presses(home/Notes)
"""
NOTES = """
from pathlib import Path

from msgflo import Participant, Port

class Notes(Participant):
    inports = (Port("in"),)

    def on_in(self, value):
        with Path(self.role).open("a") as file:
            file.write(f"{value}\\n")
"""
BOARD = ROOT / "tests/integration/firmware/programs/waiting.py"
MOST = {"coordinator": 8, "forward": 8, "participant": 4}
"""How often each process is killed in quick succession: it is started again after a longer pause each time."""
PAUSE_S = 0.01  # between packets


class Numbers(Participant):
    """Sends numbers."""

    component = "test/Numbers"
    outports = (Port("out", "number", qos=1),)


class Board:
    """A program on MicroPython that is there again at once when it has died, as a board with power is; a context manager."""

    def __init__(self, broker: str) -> None:
        self._broker = broker
        self._stops = False
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stops:
            with program(MICROPYTHON, BOARD, self._broker) as self._process:
                self._process.wait()

    def __enter__(self) -> Board:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stops = True
        self.kill()
        self._thread.join(10)

    def kill(self) -> None:
        """Take its power."""
        if self._process is not None:
            self._process.kill()


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    """One that is not ours, and is stopped and started."""
    with Mosquitto() as broker:
        yield broker


@pytest.fixture
def system(tmp_path: Path) -> Coordinator:
    (tmp_path / "graph.fbp").write_text(GRAPH)
    (tmp_path / "msgflo.yaml").write_text("namespace: home\n")
    (tmp_path / "Notes.py").write_text(NOTES)
    return Coordinator(tmp_path, "--plain", "--data", tmp_path / "data", broker=None, cwd=tmp_path)


def noted(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def victims(
    system: Coordinator, board: Board, killed: Counter[str], slower: int
) -> list[tuple[psutil.Process | Board, str]]:
    """What runs and may be killed once more, with what tells one from the other."""
    found: list[tuple[psutil.Process | Board, str]] = [(board, "board")]
    for kind, most in MOST.items():
        for each in system.parts(kind):
            with suppress(psutil.NoSuchProcess):
                name = " ".join([each.name(), *each.cmdline()])
                if name and killed[name] < most * slower:
                    found.append((each, name))
    return found


def lamp(broker: Broker, received: list[int]) -> mqtt.Client:
    """A foreign device with a session of its own."""
    device = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "lamp", clean_session=False)
    device.reconnect_delay_set(1, 2)  # else two minutes after a long absence
    device.on_connect = lambda *_: device.subscribe("lamp/on", 1)
    device.on_message = lambda *args: received.append(int(args[2].payload))
    subscribed = threading.Event()
    device.on_subscribe = lambda *_: subscribed.set()
    device.connect(broker.host, broker.port)
    device.loop_start()
    assert subscribed.wait(10)
    on = {"id": "on", "queue": "lamp/on", "options": {"qos": 1}}
    device.publish("fbp/participant/lamp", discovery_message("lamp", id="lamp", inports=[on]), retain=True)
    return device


@pytest.mark.skipif(bool(MICROPYTHON.missing), reason=MICROPYTHON.missing or "")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kills", "slower"), [(16, 1), pytest.param(300, 10, marks=pytest.mark.soak)])
def test_whichever_process_is_killed_no_packet_of_qos_1_is_lost(
    system: Coordinator, tmp_path: Path, kills: int, slower: int
) -> None:
    chance = random.Random(seed := random.randrange(10**6))
    lit: list[int] = []
    numbers = Numbers("source")
    with system:
        broker = Broker.parse(system.wait(lambda status: status["connected"])["broker"])
        device = lamp(broker, lit)
        pressed = {"id": "pressed", "queue": "button/pressed"}  # of one that knows no more than `fbp`
        device.publish("fbp", discovery_message("button", id="button", outports=[pressed]))
        with Participants(numbers, broker=str(broker)), Board(str(broker)) as board:
            system.wait(
                lambda status: len(status["edges"]) == 7 and all(e["kind"] != "pending" for e in status["edges"])
            )
            count, killed = 0, Counter[str]()
            for turn in range(kills):
                for _ in range(chance.randrange(30, 120) * slower):
                    numbers.send("out", count)
                    count += 1
                    time.sleep(PAUSE_S)
                if turn % 10 == 5:
                    until(lambda: system.parts("mosquitto"))
                    system.part("mosquitto").terminate()
                    continue
                victim, name = chance.choice(victims(system, board, killed, slower))
                killed[name] += 1
                victim.kill()
            numbers.send("out", count)
            found = {}
            for name, packets in (
                ("direct", lambda: noted(tmp_path / "direct")),
                ("behind", lambda: noted(tmp_path / "behind")),
                ("lamp", lambda: lit),
                ("passed", lambda: noted(tmp_path / "passed")),
            ):
                until(lambda packets=packets: count in packets(), seconds=60)
                found[name] = packets()
            until(
                lambda: device.publish("button/pressed", count) and count in noted(tmp_path / "presses"),
                seconds=60,
                what=f"a press to arrive, seed {seed}:\n{system.output}",
            )
        device.disconnect()
        device.loop_stop()
    for name, packets in found.items():
        assert in_order(packets, count + 1), (
            f"{name}, seed {seed}: {sorted({*range(count + 1)} - {*packets})} are missing"
        )


def in_order(packets: list[int], count: int) -> bool:
    """Whether all numbers below a count have come, in order; some may have come twice."""
    return [*dict.fromkeys(packets)] == [*range(count)]


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_what_is_sent_while_the_broker_is_away_arrives_when_it_is_back(mosquitto: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "graph.fbp").write_text("""\
source(test/Numbers) OUT -> IN direct(home/Notes)
source OUT -> IN pass(core/Repeat) OUT -> IN behind(home/Notes)
source OUT -> ON lamp(x/Lamp)
""")
    (tmp_path / "msgflo.yaml").write_text("namespace: home\n")
    (tmp_path / "Notes.py").write_text(NOTES)
    numbers, lit = Numbers("source"), list[int]()
    with Coordinator(tmp_path, "--plain", broker=mosquitto.url, cwd=tmp_path) as system:
        device = lamp(Broker.parse(mosquitto.url), lit)
        with Participants(numbers, broker=mosquitto.url):
            system.wait(
                lambda status: len(status["edges"]) == 4 and all(e["kind"] != "pending" for e in status["edges"])
            )
            mosquitto.stop()
            for number in range(300):
                numbers.send("out", number)
                time.sleep(1)
            mosquitto.start()
            places = {
                "direct": lambda: noted(tmp_path / "direct"),
                "behind": lambda: noted(tmp_path / "behind"),
                "lamp": lambda: lit,
            }
            for place, packets in places.items():
                until(lambda packets=packets: 299 in packets(), seconds=60, what=place)
                assert in_order(packets(), 300), place
        device.disconnect()
        device.loop_stop()
