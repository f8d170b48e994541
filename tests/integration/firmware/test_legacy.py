"""Programs written for MsgFlo's own Python library, run as they are, and observed from outside."""

from __future__ import annotations

import json
import signal
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

import outside
from brokers import Broker
from interpreters import CPYTHON
from outside import Outside

PROGRAMS = Path(__file__).parent / "legacy"


def program(name: str, *arguments: str, broker: str | None = None) -> AbstractContextManager[subprocess.Popen[str]]:
    """Start a program."""
    return outside.program(CPYTHON, PROGRAMS / name, *arguments, broker=broker)


def discovery(client: Outside) -> dict[str, Any]:
    """The payload of the next discovery message."""
    payload: dict[str, Any] = json.loads(client.next("fbp"))["payload"]
    return payload


def test_a_component_with_the_default_ports_repeats_its_input(broker: Broker) -> None:
    with (
        Outside(broker, "fbp", "fbp/connection/#", "rep/out") as client,
        program("repeat.py", "rep", broker=broker.url) as p,
    ):
        payload = discovery(client)
        assert payload["id"].startswith("rep")
        assert payload["id"] != "rep"
        assert payload["role"] == "rep"
        assert payload["component"] == "PythonRepeat"
        assert payload["inports"] == [{"id": "in", "type": "any", "queue": "rep/in"}]
        assert payload["outports"] == [{"id": "out", "type": "any", "queue": "rep/out"}]
        for data in ('{"a": [1, null]}', "0", "false", "null", '"text"'):
            client.send("rep/in", data)
            assert json.loads(client.next("rep/out")) == json.loads(data)
        client.send("rep/in", "no JSON")
        assert json.loads(client.next("rep/out")) == ["in", "b'no JSON'", "<class 'json.decoder.JSONDecodeError'>"]
        p.send_signal(signal.SIGTERM)
        client.until("fbp/connection/" + payload["id"], b"offline")
        assert p.wait(30) == 0
        assert p.stdout is not None
        assert p.stdout.read() == "rep(PythonRepeat) running on mqtt://127.0.0.1\n"


def test_initial_packets_are_delivered(broker: Broker) -> None:
    with Outside(broker, "rep/out") as client, program("repeat.py", "rep", "-i", '{"in": 0}', broker=broker.url):
        assert client.next("rep/out") == b"0"


def test_run_returns_and_several_participants_share_a_connection(broker: Broker) -> None:
    with Outside(broker, "fbp", "ticks/#") as client, program("several.py", broker.url) as p:
        assert p.stdout is not None
        assert p.stdout.readline() == f"{broker.url} {broker.port} 2\n"
        found = [discovery(client) for _ in range(2)]
        assert [payload["id"] for payload in found] == ["a-fixed", "b-fixed"]
        assert {payload["connection"] for payload in found} == {"a-fixed"}
        assert {payload["label"] for payload in found} == {"set afterwards"}
        assert {payload["period"] for payload in found} == {60}
        assert not any("bind" in payload for payload in found)
        for role in ("a", "b"):
            first = json.loads(client.next("ticks/" + role))
            assert json.loads(client.next("ticks/" + role)) == [role, first[1] + 1]


@pytest.mark.parametrize("patch", [[], ["patch"]], ids=["plain", "monkey-patched"])
def test_greenlets_run_while_the_program_waits_for_a_gevent_event(broker: Broker, patch: list[str]) -> None:
    pytest.importorskip("gevent")
    with Outside(broker, "fbp", "delay/#") as client, program("greenlets.py", broker.url, *patch) as p:
        discovery(client)
        client.until("delay/tick", b"3")
        for i in range(3):
            client.send("delay/in", str(i))
        assert [client.next("delay/out") for _ in range(3)] == [b"0", b"1", b"2"]
        client.send("delay/end", '"over"')
        assert p.wait(30) == 0
        assert p.stdout is not None
        assert p.stdout.read() == "over\n"


def test_done_cb_is_called_when_all_is_over() -> None:
    with program("failing.py") as p:
        assert p.wait(30) == 0
        assert p.stdout is not None
        printed = p.stdout.read()
        assert "True" in printed
        assert "/no/such/file" in printed
        assert "Traceback" not in printed


def test_main_runs_our_own_classes_too(broker: Broker) -> None:
    packets = '{"on": false, "raw": "x"}'
    with Outside(broker, "lamp/is-on") as client, program("ours.py", "lamp", "-i", packets, broker=broker.url):
        assert client.next("lamp/is-on") == b"false"
        assert client.next("lamp/is-on") == b"\"b'x'\""


@pytest.mark.parametrize(
    ("arguments", "broker_url", "words"),
    [
        ([], None, ["a role is needed"]),
        (["lamp", "-i", "[1]"], None, ["--iips", "[1]"]),
        (["lamp", "-i", "{"], None, ["--iips", "{"]),
        (["lamp", "-i", '{"off": 1}'], None, ["lamp", "'off'", "on, raw"]),
        (["lamp"], "amqp://localhost", ["amqp", "mqtt://"]),
    ],
)
def test_mistakes_on_the_command_line_are_reported(
    arguments: list[str], broker_url: str | None, words: list[str]
) -> None:
    with program("ours.py", *arguments, broker=broker_url) as p:
        assert p.wait(30) == 2
        assert p.stdout is not None
        printed = p.stdout.read()
        assert "Traceback" not in printed
        for word in words:
            assert word in printed
