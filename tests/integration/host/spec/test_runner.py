"""What the runner does with a runtime: order, waits, errors, timeouts; and what it says of failures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fake_runtime import FakeRuntime
from msgflo_host.errors import ClientError
from msgflo_host.fbp.client import Client
from msgflo_host.spec import suite_runner
from msgflo_host.spec.suite_file import load
from msgflo_host.spec.suite_runner import Result, run

pytestmark = pytest.mark.made_up


@pytest.fixture
def results(tmp_path: Path) -> Callable[..., list[Result]]:
    """A way to run a suite, with a runtime of its own if none is given."""

    def run_suite(text: str, *, timeout: float = 30, runtime: FakeRuntime | None = None) -> list[Result]:
        file = tmp_path / "suite.yaml"
        file.write_text(text)

        async def collect(address: str) -> list[Result]:
            async with Client.connect(address) as client:
                return [result async for result in run(client, load(file), timeout=timeout)]

        with runtime or FakeRuntime() as serving:
            return asyncio.run(collect(serving.address))

    return run_suite


def case(inputs: str, expect: str, more: str = "") -> str:
    return f"- {{name: n, assertion: a, inputs: {inputs}, expect: {expect}{more}}}\n"


def test_a_suite_is_set_up_once_run_and_stopped(results: Callable[..., list[Result]]) -> None:
    runtime = FakeRuntime()
    text = "topic: fake/Divide\ncases:\n"
    text += case("{number: 7, by: 2}", "{out: {equals: 3.5}, rest: {equals: 1}}")
    text += case("{number: 8}", "{out: {equals: 4}, rest: {equals: 0}}")
    assert [result.status for result in results(text, runtime=runtime)] == ["passed", "passed"]
    asked = [f"{frame['protocol']}:{frame['command']}" for frame in runtime.requests]
    assert asked == [
        "runtime:getruntime",
        "component:list",
        "graph:clear",
        "graph:addnode",
        *["graph:addinport"] * 2,
        *["graph:addoutport"] * 3,
        "network:start",
        *["runtime:packet"] * 3,
        "network:stop",
    ]
    cleared = runtime.requests[2]["payload"]
    assert cleared["id"].startswith("fixture.")
    assert cleared["main"] is False
    assert {frame["payload"]["graph"] for frame in runtime.requests[3:]} == {cleared["id"]}
    assert [frame["payload"]["port"] for frame in runtime.requests[-4:-1]] == ["number", "by", "number"]


def test_a_suite_of_which_all_is_skipped_is_not_set_up(results: Callable[..., list[Result]]) -> None:
    runtime = FakeRuntime()
    text = "topic: none\nskip: whole\ncases:\n" + case("{}", "{out: {equals: 1}}")
    text += "---\ntopic: none\ncases:\n" + case("{}", "{out: {equals: 1}}", ", skip: alone")
    found = results(text, runtime=runtime)
    assert [(result.status, result.text) for result in found] == [("skipped", "whole"), ("skipped", "alone")]
    assert [frame["command"] for frame in runtime.requests] == ["getruntime"]


@pytest.mark.parametrize(
    ("topic", "inputs", "expect", "text"),
    [
        ("core/Repeat", "{in: 1}", "{out: {equals: 2}}", "out: expected a value equal to 2, got 1"),
        ("core/Repeat", "{in: 1}", "{out: {above: x}}", 'expected a number above "x" (which must be a number), got 1'),
        ("core/Repeat", "{in: {a: 1}}", "{out: {path: $.a, equals: 2}}", "expected a value equal to 2 at $.a, got 1"),
        (
            "core/Repeat",
            "{in: {a: 1}}",
            "{out: {path: $.b, equals: 2}}",
            'expected $.b to find something, got {"a": 1}',
        ),
        ("core/Repeat", "{in: 1}", "{other: {equals: 1}}", "other: no packet came from it; came: 1 from out"),
        ("core/Repeat", "{in: 1}", "{out: {equal: 1}}", "suite.yaml:3:58: an expectation needs one of equals"),
        ("core/Repeat", "[{in: 1}, {in: 1}]", "[{out: {equals: 1}}, {out: {equals: 2}}]", "step 2: out: expected"),
        ("fake/Broken", "{in: break}", "{out: {equals: 1}}", "testee fails: it broke"),
        ("fake/Divide", "{number: 1, by: 0}", "{out: {equals: 1}}", 'an error came: {"message": "cannot divide by 0"}'),
        (
            "core/None",
            "{in: 1}",
            "{out: {equals: 1}}",
            "cannot be set up: the runtime has no component core/None; --componentdir names a folder of them",
        ),
    ],
)
def test_a_failure_says_what_is_wrong(
    results: Callable[..., list[Result]], topic: str, inputs: str, expect: str, text: str
) -> None:
    good = "---\ntopic: core/Repeat\ncases:\n" + case("{in: 1}", "{out: {equals: 1}}")
    failed, after = results(f"topic: {topic}\ncases:\n{case(inputs, expect)}{good}")
    assert failed.status == "failed"
    assert text in failed.text
    assert after.status == "passed", after.text


@pytest.mark.parametrize("frame", ["error", "processerror"])
def test_an_error_of_the_network_fails_the_case_that_runs(results: Callable[..., list[Result]], frame: str) -> None:
    payloads = {"error": {"message": "it is out of order"}, "processerror": {"id": "x", "error": "it is out of order"}}
    trouble = {"protocol": "network", "command": frame, "payload": payloads[frame], "event": True}
    elsewhere = {**trouble, "payload": {**payloads[frame], "graph": "another/graph"}}
    sent = {"protocol": "runtime", "command": "packetsent", "payload": {}}
    answers: list[list[Any]] = [[elsewhere, sent, trouble], [elsewhere, sent]]
    runtime = FakeRuntime(answers={"packet": lambda asked: answers.pop(0)})
    text = "topic: fake/Silent\ncases:\n" + case("{in: 1}", "{out: {equals: 1}}", ", timeout: 20000")
    text += case("{in: 1}", "{out: {equals: 1}}")
    first, second = results(text, runtime=runtime, timeout=0.2)
    assert "it is out of order" in first.text
    assert "not finished" in second.text, "what happens in another graph is no failure"


def test_timeouts_are_those_of_the_case_the_suite_or_the_run(results: Callable[..., list[Result]]) -> None:
    text = "topic: fake/Silent\ntimeout: 20\ncases:\n" + case("{in: 1}", "{out: {equals: 1}}", ", timeout: 10")
    text += case("{in: 1}", "{out: {equals: 1}}")
    text += "---\ntopic: fake/Silent\ncases:\n" + case("{in: 1}", "{out: {equals: 1}}")
    found = results(text, timeout=0.03)
    assert [result.text for result in found] == [
        "not finished after 0.01 s; came: nothing",
        "not finished after 0.02 s; came: nothing",
        "not finished after 0.03 s; came: nothing",
    ]
    assert all(result.seconds >= 0.009 for result in found)


def test_what_is_printed_belongs_to_the_case(results: Callable[..., list[Result]]) -> None:
    output = {"protocol": "network", "command": "output", "payload": {"message": "hello"}, "event": True}
    sent = {"protocol": "runtime", "command": "packetsent", "payload": {}}

    def answers(asked: dict[str, Any]) -> list[Any]:
        came = {"port": "out", "event": "data", "graph": asked["payload"]["graph"], "payload": 1}
        packet = {"protocol": "runtime", "command": "packet", "payload": came, "event": True}
        return [sent, output, packet]

    text = "topic: core/Repeat\ncases:\n" + case("{in: 1}", "{out: {equals: 1}}")
    (result,) = results(text, runtime=FakeRuntime(answers={"packet": answers}))
    assert (result.status, result.output) == ("passed", ("hello",))


def test_a_component_whose_ports_are_not_known_yet_is_waited_for(
    results: Callable[..., list[Result]], monkeypatch: pytest.MonkeyPatch
) -> None:
    repeat = {"name": "core/Repeat", "subgraph": False, "inPorts": [{"id": "in"}], "outPorts": [{"id": "out"}]}
    known = [{**repeat, "inPorts": [], "outPorts": []}] * 2 + [repeat] * 2
    runtime = FakeRuntime(answers={"list": lambda asked: listed(known.pop(0))})
    text = "topic: core/Repeat\ncases:\n" + case("{in: 1}", "{out: {equals: 1}}")
    assert [result.status for result in results(text, runtime=runtime)] == ["passed"]
    assert len(known) == 1
    monkeypatch.setattr(suite_runner, "_ASKED_S", 0)
    runtime = FakeRuntime(
        answers={
            "list": lambda asked: listed({**known[0], "description": "it is broken", "outPorts": [], "inPorts": []})
        }
    )
    (result,) = results(text, runtime=runtime)
    assert "the ports of core/Repeat are not known before it runs (it is broken); it needs a fixture" in result.text


def listed(component: dict[str, Any]) -> list[Any]:
    ready = {"protocol": "component", "command": "componentsready", "payload": 1}
    return [{"protocol": "component", "command": "component", "payload": component}, ready]


def test_a_runtime_that_allows_too_little_is_reported_once(results: Callable[..., list[Result]]) -> None:
    text = "topic: core/Repeat\ncases:\n" + case("{in: 1}", "{out: {equals: 1}}")
    with pytest.raises(ClientError, match="does not allow protocol:graph, protocol:network, which tests need"):
        results(text, runtime=FakeRuntime(capabilities=["protocol:runtime"]))


def test_a_runtime_that_goes_ends_the_run(results: Callable[..., list[Result]]) -> None:
    text = "topic: core/Repeat\ncases:\n" + case("{in: 1}", "{out: {equals: 1}}") * 3
    with pytest.raises(ClientError, match="closed the connection in the middle of the tests"):
        results(text, runtime=FakeRuntime(answers={"packet": lambda asked: ["no message"]}))
