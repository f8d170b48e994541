"""Writes what stands in `e759e21/`, by running that version: `.venv/bin/python tests/integration/versions/record.py`.

It needs the history of this repository, Mosquitto and MicroPython. The tests beside need the files alone.

- ``code.tar.xz``: its coordinator (``host``, without page, suites, flashing and virtual boards), its library (``firmware``),
  and the files of a board as ``msgflo board build`` made them (``board``).
- ``home/``: a project as it saved it: the graph in both formats, with positions; and ``data``, its folder ``.msgflo``.
- ``retained.json``: all retained messages of its broker, by topic, while the participants of that project were there: a
  CPython program, a MicroPython program, and a foreign device.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT)]

from brokers import Broker  # noqa: E402
from interpreters import CPYTHON, MICROPYTHON  # noqa: E402
from listening import retained  # noqa: E402
from systems import Coordinator  # noqa: E402

VERSION = "e759e21"
TO = HERE / VERSION
LEFT_OUT = tuple(f"host/msgflo_host/{each}" for each in ("web", "boards/flashing", "boards/virtual", "spec"))
STATE = ("fbp-secret", "runtime-id", "secret", "mosquitto.db")
"""The files of the data folder that count; the others are written anew at each start, or tell of this machine."""

GRAPH = """\
# A comment that stays.
py_source(test/Source:x=72,y=72) OUT -> IN py_sink(test/Sink:x=360,y=72)
micro_source(test/Source:x=72,y=216) OUT -> IN micro_sink(test/Sink:x=360,y=216)
py_source OUT -> IN micro_sink
micro_source OUT -> IN py_sink
py_source OUT -> POWER plug(test/Plug:x=360,y=360)
micro_source OUT -> POWER plug
plug STATE -> IN py_sink
plug STATE -> IN micro_sink
0 -> COUNT py_source
{"limit": 21.5} -> IN micro_sink
OUTPORT=plug.STATE:PLUGGED
"""
PLUG = """\
component: test/Plug
inports:
  power: {queue: plug/set, options: {qos: 1}}
outports:
  state: {queue: plug/state}
"""
PORT_MAP = """\
chip: esp32
wifi: {ssid: home, password: not a real one}
broker: mqtt://192.168.1.10
devices:
  lamp: {kind: led, pin: 13}
"""
SAVE = """\
from msgflo_host.graph.files import load, save
graph = load("graph.fbp")
save("graph.fbp", graph)
save("graph.json", graph)
"""


def main() -> None:
    """Write all of it anew."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        old, home = folder / "old", folder / "home"
        old.mkdir()
        archive = subprocess.run(["git", "archive", VERSION], cwd=ROOT, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(old, filter="data")
        environment = {"PYTHONPATH": f"{old / 'host'}:{old / 'firmware'}", "PYTHONDONTWRITEBYTECODE": "1"}

        def run(*command: str, cwd: Path) -> None:
            subprocess.run([sys.executable, *command], cwd=cwd, env=os.environ | environment, check=True)

        shutil.rmtree(TO, ignore_errors=True)
        TO.mkdir()
        write(folder / "boards/shed.yaml", PORT_MAP)
        run("-m", "msgflo_host", "board", "build", "shed", "--output", str(old / "board"), cwd=folder)
        pack(old, TO / "code.tar.xz")

        write(home / "graph.fbp", GRAPH)
        write(home / "foreign/plug.yml", PLUG)
        broker = Broker()  # not started: the coordinator has its own there
        own = ("--data", "data", "--mqtt-port", str(broker.port))
        coordinator = Coordinator("graph.fbp", "--foreign", "foreign", "--auto-save", *own, broker=None, cwd=home)
        coordinator.environment = environment
        with coordinator, ExitStack() as programs:
            coordinator.wait(lambda status: status["edges"])
            for name, interpreter in (("py", CPYTHON), ("micro", MICROPYTHON)):
                program = interpreter.start(HERE / "participants.py", name, broker.url, folders=(old / "firmware",))
                programs.callback(program.wait)
                programs.callback(program.kill)
            coordinator.wait(lambda status: all(each["kind"] in ("direct", "forwarded") for each in status["edges"]))
            found = dict(sorted(retained(broker, "#").items()))
            del found["fbp/coordinator"]  # cleared at its end
            write(TO / "retained.json", json.dumps(found, indent=1) + "\n")
        run("-c", SAVE, cwd=home)
        for path in ("graph.fbp", "graph.json", "foreign/plug.yml", *(f"data/{each}" for each in STATE)):
            (TO / "home" / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(home / path, TO / "home" / path)


def write(path: Path, text: str) -> None:
    """Write a file, and the folder that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def pack(folder: Path, to: Path) -> None:
    """Put code into an archive; the same code is the same bytes."""

    def anonymous(each: tarfile.TarInfo) -> tarfile.TarInfo | None:
        each.mtime = each.uid = each.gid = 0
        each.uname = each.gname = ""
        return None if each.name in LEFT_OUT or "__pycache__" in each.name else each

    with tarfile.open(to, "w:xz", preset=9) as tar:
        for part in ("host/msgflo_host", "firmware/msgflo", "board"):
            tar.add(folder / part, part, filter=anonymous)


if __name__ == "__main__":
    main()
