"""Updates over MQTT, from the host's own side to a board that runs the real firmware: whatever happens, it comes back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import msgflo
from board_files import port_map
from brokers import Broker
from msgflo.paho_transport import Transport
from msgflo_host.boards.build import build
from msgflo_host.boards.update import update
from msgflo_host.boards.update_keys import board_key
from msgflo_host.boards.update_transfer import Transfer, listing, sign
from msgflo_host.errors import FlashError
from small_board import FIRMWARE, MICROPYTHON, SmallBoard, config, firmware

pytestmark = pytest.mark.skipif(MICROPYTHON.missing is not None, reason=str(MICROPYTHON.missing))

KEY = bytes.fromhex("5e" * 32)
OLD, NEW = "1" * 12, "2" * 12


class Gate:
    """Passes TCP connections on to the broker, and cuts them."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End all connections; new ones are accepted."""
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def close(self) -> None:
        """End all connections; no new ones are accepted."""
        with contextlib.suppress(OSError):  # it ends the accept(), which would outlive a close()
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return  # closed
            far = socket.create_connection(("127.0.0.1", self._target))
            self._ends += [near, far]
            for a, b in ((near, far), (far, near)):
                a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pass, args=(a, b), daemon=True).start()

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def gate(broker: Broker) -> Iterator[Gate]:
    with contextlib.closing(Gate(broker.port)) as gate:
        yield gate


@pytest.fixture
def board(gate: Gate, tmp_path: Path) -> Iterator[SmallBoard]:
    board = SmallBoard(tmp_path)
    board.install(image(gate, OLD))
    with board:
        board.wait_for("here is shed-board")
        yield board


def image(gate: Gate, version: str, **patches: str) -> dict[str, bytes]:
    files = {path.replace("__dot__", ".").replace("__", "/", 1): text for path, text in patches.items()}
    # A board that is cut off again and again waits longer each time; here it shall not.
    link = (FIRMWARE / "msgflo" / "link.py").read_text()
    files["msgflo/link.py"] = re.sub(r"_(FIRST|LAST)_DELAY = [\d.]+", r"_\1_DELAY = 0.05", link)
    return firmware(config(f"mqtt://127.0.0.1:{gate.port}", version=version), patches=files)


def big(gate: Gate) -> dict[str, bytes]:
    """A version of which 40 KB are new, in four files."""
    new = image(gate, NEW)
    for i in range(4):
        new[f"devices/new_{i}.py"] = random.Random(i).randbytes(10_000 + i)
    return new


def send(
    broker: Broker,
    files: dict[str, bytes],
    *,
    key: bytes = KEY,
    version: str = NEW,
    on_progress: Callable[[Transfer], None] = lambda transfer: None,
    reaches: str | None = None,
) -> Transfer:
    address = msgflo.Broker.parse(broker.url)
    to = msgflo.Broker.parse(reaches) if reaches else None
    return asyncio.run(
        update(address, files, name="shed", version=version, key=key, on_progress=on_progress, reaches=to)
    )


def running(board: SmallBoard, *versions: str) -> str:
    """The version that the board runs after a power cut."""
    board.cut_power()
    board.output = ""
    board.power_on()
    board.wait_for("here is shed-board")
    for version in versions or (OLD, NEW):
        if f"shed {version}" in board.output:
            return version
    raise AssertionError(board.output)


def test_a_board_is_updated_and_only_what_is_new_is_sent(broker: Broker, gate: Gate, board: SmallBoard) -> None:
    files: set[int] = set()
    new = image(gate, NEW, devices__new__dot__py="x = 1\n" * 1000)
    transfer = send(broker, new, on_progress=lambda transfer: files.add(transfer.file))
    assert transfer.running == NEW
    assert transfer.sent == 6000 + len(new["board.json"]) + len(
        sign(b"", listing(new, role="shed-board", nonce="0" * 32, version=NEW))
    )
    for path, content in new.items():
        assert (board.flash / "b" / path).read_bytes() == content
    assert json.loads((board.flash / "slot.json").read_text()) == {"slot": "b"}
    assert not list(board.flash.glob("*.tmp"))
    assert running(board) == NEW


def test_the_next_update_goes_into_the_first_folder_and_leaves_nothing_old_there(
    broker: Broker, gate: Gate, board: SmallBoard
) -> None:
    (board.flash / "a" / "board" / "old.py").write_text("")
    send(broker, image(gate, NEW))
    later = firmware(config(f"mqtt://127.0.0.1:{gate.port}", version="3" * 12))
    send(broker, later, version="3" * 12)
    assert json.loads((board.flash / "slot.json").read_text()) == {"slot": "a"}
    there = {str(path.relative_to(board.flash / "a")) for path in (board.flash / "a").rglob("*") if path.is_file()}
    assert there == set(later)


def test_a_version_that_runs_already_is_not_sent(broker: Broker, gate: Gate, board: SmallBoard) -> None:
    transfer = asyncio.run(update(msgflo.Broker.parse(broker.url), image(gate, OLD), name="shed", version=OLD, key=KEY))
    assert (transfer.phase, transfer.sent) == ("done", 0)
    assert not (board.flash / "b").exists()


@pytest.mark.parametrize("what", ["connection", "power"])
def test_it_is_cut_at_every_tenth(broker: Broker, gate: Gate, board: SmallBoard, what: str) -> None:
    new, cuts = big(gate), list[int]()
    total = sum(len(new[path]) for path in new if "new" in path)

    def cut(transfer: Transfer) -> None:
        if len(cuts) < 10 and transfer.phase == "sending" and transfer.taken >= len(cuts) / 10 * total:
            cuts.append(transfer.taken)
            if what == "connection":
                gate.cut()
            else:
                assert running(board) == OLD

    transfer = send(broker, new, on_progress=cut)
    assert len(cuts) == 10
    if what == "connection":
        assert board.starts == 2
        assert transfer.sent < total + 30_000  # it went on where it was
    assert running(board) == NEW


def test_what_a_power_cut_in_the_middle_of_the_change_leaves(gate: Gate, board: SmallBoard) -> None:
    for left, runs in (
        ({"slot.json.tmp": '{"slot": "b", "tr'}, OLD),
        ({"slot.json.tmp": '{"slot": "b", "trial": {"left": 3, "back": "a"}}'}, OLD),
        ({"slot.json": '{"slot": "b", "trial": {"left": 3, "back": "a"}}'}, NEW),
        ({"slot.json": '{"slot": "b", "trial": {"left": 1, "back": "a"}}', "slot.json.tmp": "{"}, NEW),
        ({"slot.json": '{"slot": "b", "trial": {"left": 0, "back": "a"}}'}, OLD),
    ):
        board.cut_power()
        for name in ("slot.json", "slot.json.tmp", "starts"):
            (board.flash / name).unlink(missing_ok=True)
        board.install(image(gate, NEW), "b")
        for name, text in left.items():
            (board.flash / name).write_text(text)
        assert running(board) == runs, left


def test_a_wrong_key_is_refused_and_changes_nothing(broker: Broker, gate: Gate, board: SmallBoard) -> None:
    board.install({"board.json": b"{}"}, "b")
    with pytest.raises(
        FlashError, match=r"^board 'shed' was not updated: the signature is wrong: .* this board's key$"
    ):
        send(broker, image(gate, NEW), key=b"\1" * 32)
    assert (board.flash / "b" / "board.json").read_bytes() == b"{}"
    assert running(board) == OLD


def test_a_path_that_leads_out_of_the_folder_or_is_none_of_a_version_is_refused(
    broker: Broker, gate: Gate, board: SmallBoard
) -> None:
    for path in ("../main.py", "/a/board.json", "board//x.py", "main", "board/../../main.py", "a.sh", "../key", "/key"):
        with pytest.raises(FlashError, match=rf"'{re.escape(path)}' is no path for a version$"):
            send(broker, image(gate, NEW) | {path: b"x"})
    assert (board.flash / "key").read_text() == KEY.hex()
    assert running(board) == OLD


def test_a_recorded_update_cannot_be_played_back(broker: Broker, gate: Gate, board: SmallBoard) -> None:
    new = image(gate, NEW)
    text = sign(KEY, listing(new, role="shed-board", nonce="ab" * 16, version=NEW))
    packets = [b"begin %d" % len(text)]
    packets += [bytes(3) + at.to_bytes(4, "big") + text[at : at + 1024] for at in range(0, len(text), 1024)]
    states = asyncio.run(talk(broker, packets))
    assert states[-1]["state"] == "refused"
    assert "not for this board and this update" in states[-1]["why"]
    assert running(board) == OLD


async def talk(broker: Broker, packets: list[bytes]) -> list[dict[str, Any]]:
    """Send packets to the board, each after its answer; returns what it says until it refuses."""
    states: list[dict[str, Any]] = []
    transport = Transport(
        msgflo.Broker.parse(broker.url),
        "talker",
        on_message=lambda topic, payload, _: states.append(json.loads(payload)),
    )
    await transport.connect()
    await transport.subscribe([("shed-board/update-status", 1)])
    deadline = time.monotonic() + 40
    for count, packet in enumerate(packets):
        if packet[0] == 0:  # a part: with the beginning of the board's nonce
            packet = b"\0" + bytes.fromhex(states[0]["nonce"])[:4] + packet[1:]
        transport.publish("shed-board/update", packet, qos=1)
        while len(states) <= count and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
    while states[-1]["state"] != "refused" and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    await transport.disconnect()
    return states


def test_a_version_that_crashes_is_taken_back(broker: Broker, gate: Gate, board: SmallBoard) -> None:
    for text, why in (
        ("raise ValueError('oops')", "ValueError: oops"),
        ("import nothing_of_that_name", "ImportError: no module named 'nothing_of_that_name'"),
        ("def run(", "SyntaxError: invalid syntax"),
        ("def run(folder, safe):\n    return [][1]", "IndexError: list index out of range"),
    ):
        with pytest.raises(
            FlashError, match=f"^board 'shed' was not updated: the board went back to version {OLD}: {why}"
        ):
            send(broker, image(gate, NEW, board____init____dot__py=text))
    assert running(board) == OLD


@pytest.mark.parametrize("left", [None, "board/__init__.mpy"])
def test_where_a_version_is_gone_or_not_whole_the_other_one_runs(gate: Gate, tmp_path: Path, left: str | None) -> None:
    board = SmallBoard(tmp_path)
    board.hasten()
    board.install(image(gate, NEW), "b")
    if left:
        board.install({left: image(gate, OLD)[left]}, "a")
    with board:
        board.wait_for(f"shed {NEW}")
        board.wait_for("here is shed-board")
    assert board.starts == 2
    assert json.loads((board.flash / "slot.json").read_text()) == {"slot": "b"}


IN_A_TASK = """
import asyncio
import time
from msgflo import Participant

async def stand_still():
    print("standing still")
    while True:
        time.sleep(1)

def create(role, topics, options, hardware):
    asyncio.create_task(stand_still())
    return Participant(role)
"""


def test_a_version_that_stands_still_is_taken_back(broker: Broker, gate: Gate, tmp_path: Path) -> None:
    new = image(gate, NEW, devices__still__dot__py=IN_A_TASK)
    settings = json.loads(new["board.json"])
    settings["devices"] = [{"module": "still", "role": "still"}]
    new["board.json"] = json.dumps(settings).encode()
    board = SmallBoard(tmp_path)
    board.install(image(gate, OLD))
    with board:
        board.wait_for("here is shed-board")
        assert board.bites == 0
        with pytest.raises(
            FlashError, match=f"the board went back to version {OLD}: three starts did not reach the broker"
        ):
            send(broker, new)
        assert board.bites == 3
        assert running(board) == OLD


def test_a_version_that_never_reaches_the_broker_is_taken_back(broker: Broker, gate: Gate, board: SmallBoard) -> None:
    impatient = (FIRMWARE / "board" / "starts.py").read_text().replace("TRIAL = 60", "TRIAL = 0.2")
    new = image(gate, NEW, board__starts__dot__py=impatient)
    settings = json.loads(new["board.json"])
    settings["wifi"]["ssid"] = "nowhere"
    new["board.json"] = json.dumps(settings).encode()
    with pytest.raises(
        FlashError,
        match=f"the board went back to version {OLD}: three starts did not reach the broker; the new version was to reach "
        r"mqtt://192\.168\.1\.99:1883$",
    ):
        send(broker, new, reaches="mqtt://192.168.1.99")
    assert board.starts == 6  # the old one, three of the new one, one that takes it back, the old one
    assert running(board) == OLD


def test_a_board_that_has_just_connected_leaves_the_next_version_on_trial(
    broker: Broker, gate: Gate, tmp_path: Path
) -> None:
    text = (FIRMWARE / "board/__init__.py").read_text()
    soon = "    while not session.connected:\n        await asyncio.sleep_ms(100)\n"
    # Its own start is noted as a good one only when the update has been written.
    late = "    while '\"trial\"' not in _slot():\n        await asyncio.sleep(0)\n"
    assert soon in text
    slot = (
        "\n\ndef _slot():\n    try:\n        return open('slot.json').read()\n    except OSError:\n        return ''\n"
    )
    board = SmallBoard(tmp_path)
    board.install(image(gate, OLD, board____init____dot__py=text.replace(soon, late) + slot))
    with board, pytest.raises(FlashError, match=f"the board went back to version {OLD}: ValueError: oops"):
        send(broker, image(gate, NEW, board____init____dot__py="raise ValueError('oops')"))


def test_a_version_for_whose_start_there_is_no_room_is_refused(broker: Broker, gate: Gate, board: SmallBoard) -> None:
    board.environment["FULL"] = "slot.json"
    assert running(board) == OLD
    with pytest.raises(FlashError, match=r"was not updated: no room to note that the new version is to run$"):
        send(broker, image(gate, NEW))
    assert running(board) == OLD


def test_a_board_that_is_not_there(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msgflo_host.boards.update.PRESENT_WITHIN", 0.5)
    with pytest.raises(
        FlashError, match=r"^shed-board does not answer at mqtt://127.0.0.1:\d+ within \d s \(`msgflo list` shows"
    ):
        send(broker, {"board.json": b"{}"})


def test_the_command_updates_a_board_from_its_port_map(broker: Broker, tmp_path: Path) -> None:
    wanted = port_map(tmp_path, broker=broker.url)
    image = build(wanted, board_key(tmp_path, "kitchen"))
    board = SmallBoard(tmp_path / "board")
    board.install(dict(image.files), key=image.key)
    with board:
        board.wait_for("here is kitchen-board")
        done = run(tmp_path / "kitchen.yaml", "--broker", broker.url)
        assert (done.returncode, done.stderr) == (0, "")
        assert "it runs this version; nothing to do" in done.stdout
        wanted = port_map(tmp_path, "lamp: {kind: led, pin: 14}", broker=broker.url)
        version = build(wanted, board_key(tmp_path, "kitchen")).version
        assert version != image.version
        done = run(tmp_path / "kitchen.yaml", "--broker", broker.url)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"it runs version {version}, after " in done.stdout
        board.wait_for(f"kitchen {version}")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "msgflo_host", "board", "update", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=50)
