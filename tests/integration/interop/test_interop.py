"""Participants of our library, npm msgflo-nodejs and PyPI msgflo, joined by our coordinator and by MsgFlo's own."""

from __future__ import annotations

import asyncio
import itertools
import json
import queue
import re
import time

import aiohttp
import pytest

from brokers import Broker, free_port
from probe import Probe
from programs import Programs

VALUES = [
    None,
    True,
    False,
    0,
    -17,
    2.5,
    "",
    "grün 🌡",
    'with "quotes" and \\',
    [],
    [1, [None, "two"], {}],
    {},
    {"a": {"b": [False, 0]}},
]

THERE = ("ours", "npm", "pypi", "ours_for_msgflo")
BACK = THERE[::-1]


def test_packets_of_all_types_pass_between_all_libraries_through_our_coordinator(
    broker: Broker, programs: Programs
) -> None:
    programs.our_coordinator(graph_of(THERE), free_port())
    wait_until_it_listens(broker)
    start(programs, THERE)
    assert_values_pass(broker, programs, THERE)


def test_packets_of_all_types_pass_between_all_libraries_through_the_npm_coordinator(
    broker: Broker, programs: Programs
) -> None:
    programs.npm_coordinator(graph_of(BACK), free_port())
    wait_until_it_listens(broker)
    start(programs, BACK)
    assert_values_pass(broker, programs, BACK)


def test_ours_are_found_by_the_npm_coordinator_and_joined_by_its_editor(broker: Broker, programs: Programs) -> None:
    port = free_port()
    programs.npm_coordinator(None, port)
    wait_until_it_listens(broker)
    start(programs, ("ours", "npm"))
    asyncio.run(edit(port, [("ours", "npm"), ("npm", "ours")]))
    with Probe(broker.port, "npm.OUT", "ours/in") as probe:
        probe.wait_until_joined()
    with Probe(broker.port, "ours/out", "npm.IN") as probe:
        probe.wait_until_joined()


def start(programs: Programs, chain: tuple[str, ...]) -> None:
    """Start one participant of each kind, with its kind as role."""
    for kind in chain:
        getattr(programs, kind)(kind)


def wait_until_it_listens(broker: Broker) -> None:
    """Return when the coordinator takes note of discovery messages: MsgFlo's libraries repeat them every 27 s only."""
    deadline = time.monotonic() + 40
    while not re.search(r" fbp$", broker.log, re.MULTILINE):
        assert time.monotonic() < deadline, f"the coordinator did not subscribe within 40 s\n{broker.log}"
        time.sleep(0.02)


def graph_of(chain: tuple[str, ...]) -> dict[str, object]:
    """Joins each to the next."""
    return {
        "properties": {"name": "main", "environment": {"type": "msgflo"}},
        "processes": {role: {"component": "interop/Repeat", "metadata": {}} for role in chain},
        "connections": [
            {"src": {"process": a, "port": "out"}, "tgt": {"process": b, "port": "in"}}
            for a, b in itertools.pairwise(chain)
        ],
    }


def assert_values_pass(broker: Broker, programs: Programs, chain: tuple[str, ...]) -> None:
    """What goes into the first comes out of the last: everything, in order, once."""
    with Probe(broker.port, f"{chain[0]}/in", f"{chain[-1]}/out") as probe:
        try:
            probe.wait_until_joined()
            for value in VALUES:
                probe.send(value)
            received = [probe.receive() for _ in VALUES]
        except (TimeoutError, queue.Empty) as error:
            pytest.fail(f"{error!r}\n{programs.log()}")
        assert [json.dumps(value) for value in received] == [json.dumps(value) for value in VALUES]
        with pytest.raises(queue.Empty):
            probe.receive(0.5)


async def edit(port: int, edges: list[tuple[str, str]]) -> None:
    """Add edges as an editor does, by the FBP network protocol, and wait until each has been confirmed."""
    async with aiohttp.ClientSession() as session, await connect(session, port) as socket:
        for source, target in edges:
            edge = {"src": {"node": source, "port": "out"}, "tgt": {"node": target, "port": "in"}}
            await socket.send_json({"protocol": "graph", "command": "addedge", "payload": edge | {"graph": "main"}})
            async with asyncio.timeout(40):
                while (await socket.receive_json())["command"] != "addedge":
                    pass  # a component that it has just heard of


async def connect(session: aiohttp.ClientSession, port: int) -> aiohttp.ClientWebSocketResponse:
    """The coordinator's WebSocket, once it serves it."""
    for _ in range(300):
        try:
            return await session.ws_connect(f"http://127.0.0.1:{port}/", protocols=("noflo",))
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.1)
    raise TimeoutError(f"nothing serves port {port}")
