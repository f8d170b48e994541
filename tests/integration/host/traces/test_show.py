"""What `msgflo trace show` prints: the same bytes as npm's flowtrace-show."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from msgflo_host.cli.main import cli
from msgflo_host.errors import MsgfloError
from msgflo_host.traces import flowtrace
from msgflo_host.traces.trace_text import lines
from paths import TESTS

REFERENCE = TESTS / "reference/trace/node_modules/.bin/flowtrace-show"


def reference(file: Path) -> bytes:
    """What npm's flowtrace-show prints into a pipe."""
    assert REFERENCE.exists(), "npm's flowtrace is missing: make setup-tests"
    return subprocess.run([REFERENCE, file], capture_output=True, timeout=50, check=True).stdout


def ours(file: Path) -> bytes:
    done = CliRunner().invoke(cli, ["trace", "show", str(file)])
    assert done.exit_code == 0, done.output
    return done.stdout_bytes


def packet(command: str = "data", **payload: Any) -> dict[str, Any]:
    src, tgt = {"node": "a", "port": "out"}, {"node": "b", "port": "in"}
    content = {"src": src, "tgt": tgt, **payload}
    time = "2026-01-31T12:00:00.000Z"
    return {"protocol": "network", "command": command, "payload": content, "graph": "default/main", "time": time}


def stored(folder: Path, events: list[dict[str, Any]]) -> Path:
    file = folder / "some.flowtrace.json"
    file.write_text(json.dumps({"header": {"graphs": {}}, "events": events}))
    return file


def test_every_command_and_number_is_printed_as_by_flowtrace_show(tmp_path: Path) -> None:
    events = [
        packet("connect"),
        packet("begingroup", group="g"),
        packet(data={"b": [1, 2.5, None, True], "a": "x"}),
        packet("endgroup", group=7),
        packet("begingroup"),
        packet("disconnect"),
        packet(src=None, data="initial"),
        packet(tgt=None, data="exported"),
        packet(src=None, tgt=None),
        packet(subgraph=["outer", "inner"], data=0),
        packet(subgraph=[], data=0),
        packet(src={"node": "größe", "port": "straße", "index": 2}, data="ü\x07\ud800"),
        {"protocol": "network", "command": "icon", "payload": {"node": "a", "icon": "cog"}},
        {"protocol": "network", "command": "started"},
        {"protocol": "network", "command": "data", "error": "broken", "payload": {}},
        {"protocol": "graph", "command": "data", "payload": None},
        packet(src={"node": "a\x1b[31mred\x1b[0m", "port": "out"}, data="\x1b[1m"),
        packet(src={"node": "half \ud800", "port": "out"}, data=1),
    ]
    events += [packet(data=number) for number in (0, 1.0, -1.5, 21.25, 1e21, 1.5e300)]
    file = stored(tmp_path, events)
    assert ours(file) == reference(file)


def test_terminal_gets_colours_and_no_sequences_of_the_trace() -> None:
    events = [
        packet(src={"node": "a\x1b[2J", "port": "out"}, data="\x9b2J"),
        {"protocol": "network", "command": "started"},
    ]
    trace = flowtrace.parse(json.dumps({"events": events}))
    edge = "\x1b[34m\x1b[3ma\\x1b[2J OUT -> IN b\x1b[23m\x1b[39m"
    green = "\x1b[32mDATA\x1b[39m"
    assert list(lines(trace, terminal=True)) == [f'{edge} {green} "\\x9b2J"']


@pytest.mark.parametrize("argument", ["missing.json", "."])
def test_file_that_cannot_be_read_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argument: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["trace", "show", argument])
    assert isinstance(done.exception, MsgfloError)
    assert str(done.exception).startswith(f"{argument}: cannot be read: ")
    assert "\n" not in str(done.exception)
