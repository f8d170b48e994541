"""The suite of each built-in component holds, as fbp-spec judges it; in no time, for the clock is turned by hand."""

from __future__ import annotations

import asyncio
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

import pytest

from event_loop import run_simulated
from manual_loop import ManualLoop
from msgflo_host.builtin import library
from msgflo_host.builtin.engine import Engine
from msgflo_host.graph.model import Graph
from msgflo_host.spec import format
from msgflo_host.spec.format import Case, Step, Suite

FOLDER = Path(str(resources.files("msgflo_host.builtin"))) / "specs"
SUITES = [suite for file in sorted(FOLDER.glob("*.yaml")) for suite in format.load(file)]
TIMEOUT_S = 2.0  # fbp-spec's own


class FrozenDict(dict[str, Any]):
    """Nobody may change it."""

    def _refuse(self, *arguments: object, **named: object) -> NoReturn:
        raise TypeError("a component changes what it was given")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]


class FrozenList(list[Any]):
    """Nobody may change it."""

    _refuse = FrozenDict._refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = append = clear = extend = insert = pop = remove = _refuse  # type: ignore[assignment]
    reverse = sort = _refuse  # type: ignore[assignment]


def frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return FrozenDict((key, frozen(part)) for key, part in value.items())
    return FrozenList(map(frozen, value)) if isinstance(value, list) else value


class Fixture:
    """The graph of a suite, running in an engine; packets are shared, so those that it gets are frozen."""

    def __init__(self, suite: Suite) -> None:
        graph = suite.fixture or self._default(suite.topic)
        self.loop = ManualLoop()
        self.engine = Engine(loop=self.loop)
        self.errors: list[str] = []
        self.engine.on_error.append(lambda role, text: self.errors.append(f"{role}: {text}"))
        self.engine.on_packet.append(self._left)
        self.engine.want({node.id: node.component for node in graph.nodes.values()})
        links: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for edge in graph.edges:
            links.setdefault((edge.src.node, edge.src.port.lower()), []).append((edge.tgt.node, edge.tgt.port.lower()))
        self.engine.connect(links)
        self.inports = {export.public.lower(): (export.node, export.port.lower()) for export in graph.inports.values()}
        self.outports = {
            (export.node, export.port.lower()): export.public.lower() for export in graph.outports.values()
        }
        self.packets: list[tuple[str, Any]] = []
        for initial in graph.initials:
            self.engine.deliver(initial.tgt.node, initial.tgt.port.lower(), initial.data)
        self.loop.settle()

    @staticmethod
    def _default(topic: str) -> Graph:
        graph = Graph()
        graph.add_node("testee", topic)
        component = library.components()[topic]
        for port in component.inports:
            graph.add_inport(port.id, "testee", port.id)
        for port in component.outports:
            graph.add_outport(port.id, "testee", port.id)
        return graph

    def _left(self, role: str, port: str, data: object) -> None:
        if (role, port) in self.outports:
            self.packets.append((self.outports[role, port], data))

    def run(self, step: Step, timeout: float) -> dict[str, Any]:
        """Return what came until as many outports had sent as are expected to."""
        self.packets.clear()
        for public, data in step.inputs.items():
            self.engine.deliver(*self.inports[public], frozen(data))
        until = self.loop.time() + timeout
        self.loop.settle()
        while len(dict(self.packets)) < len(step.expect):
            at = self.loop.next()
            assert at is not None, f"only {self.packets} came"
            assert at <= until, f"only {self.packets} came in time"
            self.loop.advance(at - self.loop.time())
        received: dict[str, Any] = {}
        for public, data in self.packets:
            received[public] = data
            if len(received) == len(step.expect):
                break
        return received


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_suite_passes(suite: Suite) -> None:
    assert not suite.warnings
    fixture = Fixture(suite)
    for case in suite.cases:
        _judge(fixture, case, suite.timeout or TIMEOUT_S)
    assert not fixture.errors, "an error of a node makes a case fail"


def _judge(fixture: Fixture, case: Case, timeout: float) -> None:
    assert case.problem is None
    assert not case.skip, "a suite that is skipped shows nothing"
    for step in case.steps:
        received = fixture.run(step, timeout)
        assert received.keys() == step.expect.keys(), case.name
        for port, expectations in step.expect.items():
            for expectation in expectations:
                expectation.check(received[port])


def test_every_component_has_a_suite_and_every_suite_a_component() -> None:
    assert {suite.topic for suite in SUITES} == set(library.components())
    for suite in SUITES:
        assert Path(suite.file).stem == suite.topic.partition("/")[2]


@pytest.mark.parametrize("name", sorted(library.MODULES))
def test_suite_uses_every_port(name: str) -> None:
    component = library.components()[name]
    used: set[str] = set()
    for suite in SUITES:
        if suite.topic == name:
            used |= _used(suite)
    assert {port.id for port in (*component.inports, *component.outports)} <= used


def _used(suite: Suite) -> set[str]:
    """The ports of the component that get packets, or whose packets are looked at."""
    steps = [step for case in suite.cases for step in case.steps]
    if suite.fixture is None:
        return {port for step in steps for port in (*step.inputs, *step.expect)}
    graph = suite.fixture
    ends = [end for edge in graph.edges for end in (edge.src, edge.tgt)]
    ends += [initial.tgt for initial in graph.initials]
    ports = [(end.node, end.port) for end in ends]
    ports += [(export.node, export.port) for export in (*graph.inports.values(), *graph.outports.values())]
    return {port.lower() for node, port in ports if graph.nodes[node].component == suite.topic}


def test_components_with_times_work_in_an_event_loop() -> None:
    async def run() -> None:
        engine = Engine()
        came: asyncio.Queue[object] = asyncio.Queue()
        engine.on_packet.append(lambda role, port, data: came.put_nowait(data))
        engine.want({"timer": "core/Timer", "delay": "core/Delay"})
        for port, data in (("seconds", 10), ("in", "late")):
            engine.deliver("delay", port, data)
        engine.deliver("timer", "interval", 20)
        async with asyncio.timeout(100):
            found = [await came.get() for _ in range(3)]
        engine.stop()
        assert found == ["late", True, True]

    run_simulated(run)
