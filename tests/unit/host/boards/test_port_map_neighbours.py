"""`msgflo board check` looks at the other port maps of a folder, and reads nothing but files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from msgflo_host.cli.main import cli

TOP = "chip: picow\nwifi: {ssid: Home}\nbroker: mqtt://10.0.0.2\n"
FAN = "devices: {fan: {kind: relay, pin: 2}}\n"


def check(file: Path) -> Result:
    return CliRunner().invoke(cli, ["board", "check", "--quiet", str(file)])


@pytest.fixture
def kitchen(tmp_path: Path) -> Path:
    file = tmp_path / "kitchen.yaml"
    file.write_text(TOP + FAN)
    return file


def test_two_boards_of_one_name_are_an_error(kitchen: Path) -> None:
    other = kitchen.with_name("other.yaml")
    other.write_text(f"{TOP}name: kitchen\ndevices: {{}}\n")
    done = check(kitchen)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        f"{kitchen}:1:1: the name 'kitchen' is that of another board, too: {other}, line 4; each board needs another\n"
    )
    done = check(other)
    assert done.exit_code == 1
    assert done.stderr == (
        f"{other}:4:7: the name 'kitchen' is that of another board, too: {kitchen}; each board needs another\n"
    )


def test_roles_that_two_boards_have_are_logged(kitchen: Path) -> None:
    other = kitchen.with_name("other.yaml")
    other.write_text(
        f"{TOP}devices:\n  a: {{kind: relay, pin: 2, role: fan}}\n"
        "  r: {kind: rf433, receive: 3, remotes: {kitchen-board: {protocol: ev1527, code: 1}}}\n"
    )
    done = check(kitchen)
    assert done.exit_code == 0
    summary, notice = done.stdout.splitlines()
    assert "good" in summary
    assert notice == f"{kitchen}: roles fan, kitchen-board also in {other}: both at once would use the same topics"


def test_others_that_are_different_are_no_matter(kitchen: Path) -> None:
    kitchen.with_name("hall.yaml").write_text(f"{TOP}devices: {{lamp: {{kind: led, pin: 2}}}}\n")
    kitchen.with_name("broken.yaml").write_text("chip: [")
    kitchen.with_name("graph.yaml").write_text("name: kitchen\n")
    kitchen.with_name("odd.yaml").write_text("chip: picow\nname: [1]\ndevices: {fan: 3, x: {role: [1]}}\n")
    kitchen.with_name("secrets.yaml").write_text("chip: x\nname: kitchen\n")
    os.mkfifo(kitchen.with_name("pipe.yaml"))
    done = check(kitchen)
    assert done.exit_code == 0
    assert [line for line in done.stdout.splitlines() if "odd" not in line] == done.stdout.splitlines()[:1]


@pytest.mark.parametrize("what", ["secrets.yaml", "ca.pem"])
def test_pipe_holds_no_secrets_and_no_certificate(kitchen: Path, what: str) -> None:
    pipe = kitchen.with_name(what)
    os.mkfifo(pipe)
    broker = "!secret broker" if what == "secrets.yaml" else "{url: mqtts://pi.local, ca: ca.pem}"
    kitchen.write_text(f"chip: picow\nwifi: {{ssid: Home}}\nbroker: {broker}\n{FAN}")
    done = check(kitchen)
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith("cannot be read: it is no regular file")
    assert str(pipe) in line
