"""Runs suites against a runtime, over the FBP protocol, in the order and with the verdicts of npm's fbp-spec.

A suite's fixture becomes a graph of its own, which is started once for all its cases. Each step sends its packets, waits
until as many outports as it names have sent something, and checks the last packet of each. Unlike npm's runner,
timeouts hold, a suite that cannot be set up fails alone, and fixtures never take another graph's name.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import ClientError
from ..fbp.client import Client, Message
from ..graph.difference import changes_of
from ..graph.model import Graph
from .expectations import Expectation, Unfulfilled, shown
from .suite_file import Case, Step, Suite

__all__ = ["Result", "run"]

_NEEDED = ("protocol:graph", "protocol:network", "protocol:runtime")
TIMEOUT_S = 2.0  # fbp-spec's, where a suite has none
_SET_UP_S = 10.0  # at least, for each request: a busy machine is no failed test
_ASKED_S = 15.0  # for the runtime to learn what the ports of a program are
_POLL_S = 0.2
_SPARE_S = 1.0  # so that the case's own timeout is reported


@dataclass(frozen=True, slots=True)
class Result:
    """How a case ended, and in how many seconds; `text` is the reason of a failure or skip, `output` the printed lines."""

    suite: Suite
    case: Case
    status: Literal["passed", "failed", "skipped"]
    text: str = ""
    seconds: float = 0.0
    output: tuple[str, ...] = ()


class _Failed(Exception):
    """A case failed; the text is the reason."""


async def run(client: Client, suites: Iterable[Suite], *, timeout: float = TIMEOUT_S) -> AsyncIterator[Result]:
    """Yield the result of each case as soon as it is there; `timeout` (seconds) is for suites that have none.

    Raises ClientError when the runtime does not allow what tests need, or is gone.
    """
    allowed = client.runtime.get("capabilities") or []
    missing = [capability for capability in _NEEDED if capability not in allowed]
    if missing:
        raise ClientError(
            f"{client.address} does not allow {', '.join(missing)}, which tests need; is there a --secret?"
        )
    library = _Library(client)
    for suite in suites:
        reasons = [suite.skip or case.skip for case in suite.cases]
        if all(reasons):
            for case, reason in zip(suite.cases, reasons, strict=True):
                yield Result(suite, case, "skipped", reason or "")
            continue
        async for result in _run_suite(client, library, suite, timeout):
            yield result


async def _run_suite(client: Client, library: _Library, suite: Suite, timeout: float) -> AsyncIterator[Result]:
    fixture = _Fixture(client, f"fixture.{secrets.token_hex(5)}")
    problem = ""
    try:
        graph = suite.fixture if suite.fixture is not None else await library.alone(suite.topic)
        await fixture.start(graph, max(suite.timeout or timeout, _SET_UP_S))
    except (ClientError, _Failed) as wrong:
        _check_connected(client)
        problem = f"the suite cannot be set up: {wrong}"
    for case in suite.cases:
        if case.skip:
            yield Result(suite, case, "skipped", case.skip)
        elif problem or case.problem:
            yield Result(suite, case, "failed", problem or case.problem or "")
        else:
            yield await fixture.run(suite, case, case.timeout or suite.timeout or timeout)
            _check_connected(client)
    await fixture.stop()


def _check_connected(client: Client) -> None:
    if not client.connected:
        raise ClientError(f"{client.address} has closed the connection in the middle of the tests")


class _Library:
    """The components of the runtime; asked for again when one is missing, for it may have come meanwhile."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._components: dict[str, Mapping[str, Any]] = {}

    async def alone(self, topic: str) -> Graph:
        """Return the graph that is a component alone, all its ports exported."""
        component = await self._find(topic)
        if component is None:
            raise _Failed(f"the runtime has no component {topic}; --componentdir names a folder of them")
        if not component["inPorts"] and not component["outPorts"]:
            why = f" ({about})" if (about := component.get("description")) else ""
            raise _Failed(f"the ports of {topic} are not known before it runs{why}; it needs a fixture")
        graph = Graph(case_sensitive=True)
        graph.add_node("testee", topic)
        for side, add in (("inPorts", graph.exports("inport").add), ("outPorts", graph.exports("outport").add)):
            if not component[side]:
                raise _Failed(f"{topic} has no {side.lower()[:-1]}; it needs a fixture")
            for port in component[side]:
                add(port["id"], "testee", port["id"])
        return graph

    async def _find(self, topic: str) -> Mapping[str, Any] | None:
        """Return a component; one without ports may still be asked for them by the runtime, so it has some time."""
        until = time.monotonic() + _ASKED_S
        while (component := self._components.get(topic)) is None or not (component["inPorts"] or component["outPorts"]):
            listed = await self._client.request("component", "list", {})
            self._components = {each["name"]: each for each in listed}
            if topic not in self._components or time.monotonic() > until:
                return self._components.get(topic)
            await asyncio.sleep(_POLL_S)
        return component


class _Fixture:
    """A graph that runs for the cases of one suite."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._started = False
        self._output: list[str] = []
        self._received: dict[str, Any] = {}

    async def start(self, graph: Graph, timeout: float) -> None:
        await self._ask("graph", "clear", timeout, id=self._name, name=self._name, main=False)
        for change in changes_of(graph):
            await self._ask("graph", change.command, timeout, **change.payload, graph=self._name)
        await self._ask("network", "start", timeout, graph=self._name)
        self._started = True

    async def stop(self) -> None:
        if self._started:
            await self._ask("network", "stop", _SET_UP_S, graph=self._name)

    async def run(self, suite: Suite, case: Case, timeout: float) -> Result:
        """Run all steps of a case, and only then judge what came, so that the next case finds the same state."""
        began = time.monotonic()
        self._output = []
        problem = ""
        try:
            async with asyncio.timeout(timeout) as limit:
                came = [await self._step(step, timeout) for step in case.steps]
            problem = _judge(case.steps, came)
        except (_Failed, ClientError) as wrong:
            problem = str(wrong)
        except TimeoutError:
            if not limit.expired():
                raise
            problem = f"not finished after {timeout:g} s; came: {_packets(self._received)}{self._last_printed()}"
        status: Literal["passed", "failed"] = "failed" if problem else "passed"
        return Result(suite, case, status, problem, time.monotonic() - began, tuple(self._output))

    async def _step(self, step: Step, timeout: float) -> dict[str, Any]:
        """Return the last packet of each outport, as soon as there are as many outports as are expected."""
        self._received = received = {}
        messages = self._client.messages()
        for port, value in step.inputs.items():
            await self._ask("runtime", "packet", timeout, port=port, event="data", payload=value, graph=self._name)
        async for message in messages:
            payload = message.payload if isinstance(message.payload, dict) else {}
            if payload.get("graph") not in (self._name, None, ""):
                continue
            if (message.protocol, message.command) == ("network", "output"):
                self._output.append(str(payload.get("message", "")).removeprefix(f"{self._name}/"))
            self._refuse_errors(message, payload)
            if (message.protocol, message.command) != ("runtime", "packet") or payload.get("event") != "data":
                continue
            if payload["port"] == "error" and "error" not in step.expect:
                raise _Failed(f"an error came: {shown(payload.get('payload'))}")
            received[payload["port"]] = payload.get("payload")
            if len(received) == len(step.expect):
                return received
        raise ClientError(f"{self._client.address} has closed the connection")

    def _last_printed(self) -> str:
        """Return the last line that a component printed: it may explain why no packet came."""
        lines = [line for line in self._output if line.partition(": ")[2].strip()]
        return f"; printed last: {shown(lines[-1])}" if lines else ""

    def _refuse_errors(self, message: Message, payload: Mapping[str, Any]) -> None:
        if (message.protocol, message.command) == ("network", "processerror"):
            raise _Failed(f"{payload.get('id')} fails: {payload.get('error')}")
        if (message.protocol, message.command) == ("network", "error"):
            raise _Failed(f"the network fails: {payload.get('message')}")

    async def _ask(self, protocol: str, command: str, timeout: float, **payload: Any) -> None:
        await self._client.request(protocol, command, payload, timeout=timeout + _SPARE_S)


def _judge(steps: Sequence[Step], came: Sequence[Mapping[str, Any]]) -> str:
    """Return the failed expectations, an empty text if there are none."""
    problems = []
    for number, (step, packets) in enumerate(zip(steps, came, strict=True), 1):
        try:
            for port, expectations in step.expect.items():
                _check_port(port, expectations, packets)
        except Unfulfilled as wrong:
            problems.append(f"step {number}: {wrong}" if len(steps) > 1 else str(wrong))
    return "; ".join(problems)


def _check_port(port: str, expectations: Sequence[Expectation], packets: Mapping[str, Any]) -> None:
    if port not in packets:
        raise Unfulfilled(f"{port}: no packet came from it; came: {_packets(packets)}")
    for expectation in expectations:
        try:
            expectation.check(packets[port])
        except Unfulfilled as wrong:
            raise Unfulfilled(f"{port}: {wrong}") from None


def _packets(packets: Mapping[str, Any]) -> str:
    return ", ".join(f"{shown(value)} from {port}" for port, value in packets.items()) or "nothing"
