"""The control socket answers as docs/virtual-boards.md says, and survives what is no request."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from msgflo_host.boards.board_json import compile_map, encode
from msgflo_host.boards.virtual.program import find_micropython
from msgflo_host.boards.virtual.thing import ControlError
from msgflo_host.boards.virtual.thread import BoardThread
from msgflo_host.boards.virtual.virtual_board import load_virtual, read_config
from msgflo_host.errors import MsgfloError
from paths import ROOT

DOCUMENT = (ROOT / "docs/virtual-boards.md").read_text()
PORT_MAP = re.search(r"^```yaml\n(.*?)^```$", DOCUMENT, re.M | re.S)
EXAMPLES = re.findall(r"^```jsonl\n(.*?)^```$", DOCUMENT, re.M | re.S)


class Client:
    """A connection to the control socket."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._file = self._socket.makefile("rwb")

    def send(self, line: bytes) -> None:
        self._file.write(line + b"\n")
        self._file.flush()

    def receive(self) -> Any:
        """The next line; None at the end."""
        line = self._file.readline()
        return json.loads(line) if line else None

    def ask(self, **request: Any) -> Any:
        self.send(json.dumps(request).encode())
        return self.receive()

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def flash(tmp_path: Path) -> Path:
    """The board of the document, with a program that does nothing."""
    assert PORT_MAP is not None
    (tmp_path / "kitchen.yaml").write_text(PORT_MAP[1])
    config = compile_map(load_virtual(tmp_path / "kitchen.yaml"), built=0)
    folder = tmp_path / "flash"
    (folder / "a").mkdir(parents=True)
    (folder / "a/board.json").write_bytes(encode(config))
    (folder / "main.py").write_text("import time\nwhile True:\n    time.sleep(1)\n")
    return folder


@pytest.fixture
def board(flash: Path) -> Iterator[BoardThread]:
    try:
        find_micropython()
    except MsgfloError as error:
        pytest.skip(str(error))
    with BoardThread(flash) as running:
        running.wait_for(lambda: running.control({"get": True})["state"] == "running")
        yield running


@pytest.fixture
def client(board: BoardThread) -> Iterator[Client]:
    client = Client(board.board.port)
    yield client
    client.close()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.split("\n")[0][2:40])
def test_document_reports_what_is_answered(client: Client, board: BoardThread, example: str) -> None:
    board.board.hardware.noise = 0.0
    for line in example.splitlines():
        direction, text = line[:2], line[2:]
        if direction == "> ":
            client.send(text.encode())
        else:
            expected, found = json.loads(text), client.receive()
            assert {**found, "time": 0} == {**expected, "time": 0}


def test_several_clients_watch_and_each_hears_all(client: Client, board: BoardThread) -> None:
    other = Client(board.board.port)
    assert client.ask(watch=True)["ok"]
    assert other.ask(watch=True)["ok"]
    assert client.ask(device="button", pressed=True)["event"] == "device"
    assert client.receive()["ok"]
    assert other.receive()["values"] == {"pressed": True}
    assert other.ask(watch=False)["ok"]
    client.ask(device="button", pressed=False)
    other.send(b'{"get": true}')
    assert "event" not in other.receive()
    other.close()


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({}, "one of these keys is needed: device, describe, get, pin, adc, wifi, power, reset, wake, watch; there are: none"),
        ({"pin": 5, "level": 1}, "unknown key 'level' beside 'pin'; allowed: value"),
        ({"pin": 5, "value": 2}, "value 2: 0, 1 or null (let go) is needed"),
        ({"adc": 34, "volts": 5}, "volts 5: a number from 0 to 3.3 is needed"),
        ({"wifi": "gone"}, "wifi 'gone'; allowed: true, false, \"wrong password\""),
        ({"device": "lamp", "lit": True}, "no input 'lit'; it has no inputs"),
        ({"device": "button", "pressed": 1}, "pressed 1: true or false is needed"),
        ({"device": "kitchen-climate", "fault": "on fire"}, "fault 'on fire'; allowed: none, absent, damaged"),
        ({"device": "kitchen-climate", "temperature": "hot"}, "temperature 'hot': a number from -40 to 85 is needed"),
        ({"device": "radio", "pulses": [100]}, "pulses: whole µs from 1 to 1000000 are needed, an even number of them"),
        ({"get": False}, '{"get": true} is needed'),
        ({"watch": "all"}, '{"watch": true} or {"watch": false} is needed'),
    ],
)  # fmt: skip
def test_mistakes_are_answered_in_one_line(client: Client, request_: dict[str, Any], error: str) -> None:
    assert client.ask(**request_)["error"].startswith(error)
    assert client.ask(get=True)["ok"]


def test_of_several_values_none_is_set_where_one_is_wrong(board: BoardThread) -> None:
    with pytest.raises(ControlError):
        board.control({"device": "kitchen-climate", "temperature": 5, "humidity": 200})
    assert board.control({"device": "kitchen-climate"})["values"]["temperature"] == 21


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b'{"a":' * 100_000, "it is nested too deeply"),
        (b"\xff\xfe", "'utf-8' codec can't decode byte 0xff"),
        (b'{"id": NaN, "get": true}', "NaN is no JSON"),
        (b"[1]", "that is no object"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)
def test_what_cannot_be_answered_is_logged_also_in_the_first_line(client: Client, line: bytes, error: str) -> None:
    client.send(line)
    said = client.receive()["error"]
    assert said.startswith(f"not understood: {error}")
    assert said.endswith("; one JSON object a line is needed")
    assert client.ask(get=True)["ok"]


def test_a_web_page_gets_nowhere(board: BoardThread) -> None:
    client = Client(board.board.port)
    client.send(b'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n{"device": "button", "pressed": true}')
    assert "error" in client.receive()
    assert client.receive() is None
    assert board.control({"device": "button"})["values"]["pressed"] is False
    client.close()


def test_port_that_is_taken_is_one_clear_error(board: BoardThread, flash: Path) -> None:
    with pytest.raises(MsgfloError, match=rf"control port {board.board.port}: Address already in use"):
        BoardThread(flash, port=board.board.port).__enter__()


def test_the_slot_active_is_the_one_that_counts(flash: Path) -> None:
    config = json.loads((flash / "a/board.json").read_text())
    (flash / "b").mkdir()
    (flash / "b/board.json").write_text(json.dumps(config | {"name": "newer"}))
    assert read_config(flash)["name"] == "kitchen"
    (flash / "slot.json").write_text('{"slot": "b"}')
    assert read_config(flash)["name"] == "newer"
