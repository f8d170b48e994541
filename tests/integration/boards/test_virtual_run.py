"""`msgflo board run` as a user runs it: what it prints, how it ends, and that nothing is left of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from brokers import Broker, free_port
from msgflo_host.boards.virtual.program import find_micropython
from msgflo_host.cli.main import cli
from msgflo_host.errors import MsgfloError
from paths import ROOT

BOARDS = ROOT / "boards"
PATIENCE_S = 40


class Run:
    """`msgflo board run` in a process of its own, in a folder with boards."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MSGFLO_")}
        # No coordinator of the user's may name its broker.
        environment["MSGFLO_COORDINATOR"] = f"http://127.0.0.1:{free_port()}"
        self._output = folder / f"output{len(list(folder.glob('output*')))}"
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "msgflo_host", "board", "run", *arguments],
                cwd=folder,
                env=environment,
                stdout=output,
                stderr=output,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.output:
            assert self.process.poll() is None, f"it has ended:\n{self.output}"
            assert time.monotonic() < deadline, f"no {text!r}:\n{self.output}"
            time.sleep(0.02)

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)


def interpreters(flash: Path) -> list[int]:
    """The processes that run in a board's flash."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == flash:
                found.append(int(entry.name))
        except OSError:
            continue  # it has ended
    return found


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    """A folder with the boards that are shipped."""
    try:
        find_micropython()
    except MsgfloError as error:
        pytest.skip(str(error))
    shutil.copytree(BOARDS, tmp_path / "boards", ignore=shutil.ignore_patterns("keys", "secrets.yaml", "first"))
    return tmp_path


@pytest.fixture
def run(boards: Path) -> Iterator[Callable[..., Run]]:
    running: list[Run] = []

    def start(*arguments: str) -> Run:
        running.append(Run(boards, *arguments))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def test_runs_until_ctrl_c(run: Callable[..., Run], broker: Broker, tmp_path: Path) -> None:
    port = free_port()
    flash = tmp_path / "flash"
    running = run(
        "picow", "--broker", broker.url, "--control", str(port), "--set", "remote-dial.position=0.25",
        "--set", "remote-button.bounce=false", "--flash", str(flash),
    )  # fmt: skip
    running.wait_for("picow | [running, after a power reset]")
    running.wait_for(f"picow: control socket 127.0.0.1:{port}")
    assert f"picow: a virtual Raspberry Pi Pico W on {broker.url}; Ctrl-C ends it" in running.output
    assert ask(port, device="remote-dial") == {"position": 0.25}
    assert ask(port, device="remote-button")["bounce"] is False
    running.wait_for(" board: ")
    assert interpreters(flash)
    assert running.end() == 0
    assert interpreters(flash) == []
    assert "Traceback" not in running.output
    assert (flash / "a/board.json").exists()


def ask(port: int, **request: object) -> dict[str, Any]:
    """Ask a virtual board's control socket for the values of a device, or set some."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client:
        client.sendall(json.dumps(request).encode() + b"\n")
        values: dict[str, Any] = json.loads(client.makefile().readline())["values"]
        return values


def test_of_two_with_one_name_on_one_broker_the_second_is_refused(run: Callable[..., Run], broker: Broker) -> None:
    first = run("esp32", "--broker", broker.url)
    first.wait_for("control socket")
    second = run("esp32", "--broker", broker.url)
    assert second.process.wait(PATIENCE_S) == 1
    assert (
        f"runs already on {broker.url}, on the page (Boards) or by another `msgflo board run`: end that one first"
        in second.output
    )
    first.end(signal.SIGKILL)
    run("esp32", "--broker", broker.url).wait_for("control socket")


def test_too_little_memory_is_logged_with_what_to_do(run: Callable[..., Run], broker: Broker, tmp_path: Path) -> None:
    buttons = "".join(f"  button-{pin}: {{kind: button, pin: {pin}}}\n" for pin in range(23))
    top = f"chip: picow\nwifi: {{ssid: Home}}\nbroker: {broker.url}\ndevices:\n"
    (tmp_path / "boards" / "keys.yaml").write_text(top + buttons)
    running = run("keys", "--broker", broker.url, "--heap", "150K")
    advice = "keys | [that was too little memory: take fewer devices, or give it more, as in --heap 300K]"
    running.wait_for(advice)
    running.wait_for(" joined")  # more of them has failed by then
    assert running.output.count(advice) == 1


def test_an_update_leaves_it_at_its_broker(run: Callable[..., Run], broker: Broker, tmp_path: Path) -> None:
    boards = tmp_path / "boards"
    running = run("esp32", "--broker", broker.url)
    running.wait_for("here is room-light")
    shutil.copy(boards / "secrets.example.yaml", boards / "secrets.yaml")
    text = (boards / "esp32.yaml").read_text()
    (boards / "esp32.yaml").write_text(text.replace("room-light:", "hall-light:"))
    command = [sys.executable, "-m", "msgflo_host", "board", "update", "esp32"]
    environment = {**os.environ, "MSGFLO_BROKER": broker.url}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "restarting, on trial: it has 3 starts of 60 s to reach mqtt://192.168.1.10:1883" in done.stdout
    running.wait_for("here is hall-light")
    assert running.output.count(f"connected to {broker.url}\n") == 2


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_control_socket_by_hand_as_the_docs_say(run: Callable[..., Run]) -> None:
    port = free_port()
    run("picow", "--control", str(port), "--broker", "mqtt://127.0.0.1:1").wait_for("control socket")
    text = (BOARDS.parent / "docs/virtual-boards.md").read_text()
    found = re.search(r"```sh\n(say=.*?)```", text, re.S)
    assert found
    assert "3571" in found[1]
    script = found[1].replace("3571", str(port))
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])["values"]["position"] == 0.5


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="no /proc on this machine")
def test_nothing_is_left_of_one_that_was_killed(run: Callable[..., Run], broker: Broker, tmp_path: Path) -> None:
    flash = tmp_path / "flash"
    running = run("esp32", "--broker", broker.url, "--flash", str(flash))
    running.wait_for(" board: ")
    assert interpreters(flash)
    running.end(signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_S
    while interpreters(flash):
        assert time.monotonic() < deadline, "its MicroPython lives on"
        time.sleep(0.05)


def test_broker_of_a_coordinator_that_needs_a_password_is_asked_for(run: Callable[..., Run]) -> None:
    class Status(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"broker": "mqtt://msgflo:***@127.0.0.1:1883"}')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Status) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running = run("battery", "--coordinator", f"http://127.0.0.1:{server.server_port}")
        assert running.process.wait(PATIENCE_S) == 1
        server.shutdown()
    assert running.output == (
        "msgflo: the coordinator's broker mqtt://msgflo:***@127.0.0.1:1883 needs a password, which is in .msgflo/secret where it "
        "was started (docs/broker.md): give --broker or MSGFLO_BROKER\n"
    )


def test_takes_the_broker_of_the_port_map_where_none_is_named(run: Callable[..., Run]) -> None:
    running = run("battery")
    running.wait_for("battery: a virtual ESP32-S3 on mqtt://192.168.1.10:1883")
    assert running.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("nothing",), 1, "there is no board 'nothing' in boards; there are: battery, esp32, picow, rf433"),
        (("picow", "--set", "dial.position=1"), 1, "no device 'dial'; there are: remote-button, remote-dial, "),
        (("picow", "--set", "remote-dial.position=2"), 1, "position 2: a number from 0 to 1 is needed"),
        (("picow", "--set", "remote-dial"), 2, "'remote-dial': ROLE.INPUT=VALUE is needed"),
        (("picow", "--flash", "boards"), 1, "boards is not empty, and no board's flash: name a new folder"),
        (("picow", "--heap", "much"), 2, "'much': a number of bytes from 16K to 64M is needed, such as 100K"),
        (("picow", "--heap", "20K"), 1, "--heap 20K: the firmware needs "),
    ],
)
def test_mistakes_are_notified(
    boards: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, error: str
) -> None:
    monkeypatch.chdir(boards)
    done = CliRunner().invoke(cli, ["board", "run", *arguments, "--broker", "mqtt://127.0.0.1:1"])
    assert done.exit_code == code
    assert error in (done.stderr if code == 2 else str(done.exception))
