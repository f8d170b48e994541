"""The suite of each built-in component holds, as fbp-spec judges it; in no time, for the clock is simulated."""

from __future__ import annotations

import asyncio
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from msgflo_host.builtin import collection
from msgflo_host.graph.model import Graph
from msgflo_host.spec import suite_file
from msgflo_host.spec.suite_file import Case, Step, Suite
from nodes import Nodes, links_of

FOLDER = Path(str(resources.files("msgflo_host.builtin"))) / "specs"
SUITES = [suite for file in sorted(FOLDER.glob("*.yaml")) for suite in suite_file.load(file)]
TIMEOUT_S = 2.0  # fbp-spec's own


class Fixture:
    """The graph of a suite, running."""

    def __init__(self, suite: Suite) -> None:
        graph = suite.fixture or self._default(suite.topic)
        self.nodes = Nodes({node.id: node.component for node in graph.nodes.values()})
        self.nodes.links = links_of(graph)
        self.nodes.on_sent = self._left
        self.inports = {export.public.lower(): (export.node, export.port.lower()) for export in graph.inports.values()}
        self.outports = {
            (export.node, export.port.lower()): export.public.lower() for export in graph.outports.values()
        }
        self.packets: list[tuple[str, Any]] = []
        self._came = asyncio.Event()
        for initial in graph.initials:
            self.nodes.deliver(initial.tgt.node, initial.tgt.port.lower(), initial.data)

    @staticmethod
    def _default(topic: str) -> Graph:
        graph = Graph()
        graph.add_node("testee", topic)
        component = collection.components()[topic]
        for port in component.inports:
            graph.exports("inport").add(port.id, "testee", port.id)
        for port in component.outports:
            graph.exports("outport").add(port.id, "testee", port.id)
        return graph

    def _left(self, role: str, port: str, data: object) -> None:
        if (role, port) in self.outports:
            self.packets.append((self.outports[role, port], data))
            self._came.set()

    async def run(self, step: Step, timeout: float) -> dict[str, Any]:
        """Return what came until as many outports had sent as are expected to."""
        await self.nodes.settle()
        self.packets.clear()
        for public, data in step.inputs.items():
            self.nodes.deliver(*self.inports[public], data)
        async with asyncio.timeout(timeout):
            while len(dict(self.packets)) < len(step.expect):
                self._came.clear()
                await self._came.wait()
        received: dict[str, Any] = {}
        for public, data in self.packets:
            received[public] = data
            if len(received) == len(step.expect):
                break
        return received


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
async def test_suite_passes(suite: Suite) -> None:
    assert not suite.warnings
    fixture = Fixture(suite)
    for case in suite.cases:
        await _judge(fixture, case, suite.timeout or TIMEOUT_S)
    assert not fixture.nodes.errors, "an error of a node makes a case fail"
    assert not fixture.nodes.mistakes


async def _judge(fixture: Fixture, case: Case, timeout: float) -> None:
    assert case.problem is None
    assert not case.skip, "a suite that is skipped shows nothing"
    for step in case.steps:
        received = await fixture.run(step, timeout)
        assert received.keys() == step.expect.keys(), case.name
        for port, expectations in step.expect.items():
            for expectation in expectations:
                expectation.check(received[port])


def test_every_component_has_a_suite_and_every_suite_a_component() -> None:
    assert {suite.topic for suite in SUITES} == set(collection.components())
    for suite in SUITES:
        assert Path(suite.file).stem == suite.topic.partition("/")[2]
