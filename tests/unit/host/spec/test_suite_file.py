"""Suites as they are read: every form that the format allows, and one clear error for what it does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from msgflo_host.errors import SpecError
from msgflo_host.spec.expectations import Expectation
from msgflo_host.spec.suite_file import Step, Suite, find, load

CASE = "cases:\n- {name: n, assertion: a, inputs: {in: 1}, expect: {out: {equals: 1}}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "suite.yaml"


def read(file: Path, text: str) -> list[Suite]:
    file.write_text(text)
    return load(file)


def refusal(file: Path, text: str) -> str:
    with pytest.raises(SpecError) as caught:
        read(file, text)
    return str(caught.value).removeprefix(f"{file}:")


def test_a_whole_suite(file: Path) -> None:
    (suite,) = read(
        file,
        """
        topic: core/Count
        name: counting
        timeout: 500
        cases:
        - name: steps
          assertion: should count
          timeout: 1500
          skip: not now
          inputs: [{in: 1.0}, {in: {a: 2.5}}]
          expect:
          - out: {equals: 1}
          - out: [{above: 1}, {path: $.a, type: number}]
            rest: {contains: x}
        """,
    )
    (case,) = suite.cases
    assert (suite.topic, suite.name, suite.timeout, suite.skip) == ("core/Count", "counting", 0.5, None)
    assert (case.name, case.assertion, case.timeout, case.skip, case.line) == (
        "steps", "should count", 1.5, "not now", 6,
    )  # fmt: skip
    assert case.steps == (
        Step({"in": 1}, {"out": (Expectation("equals", 1),)}),
        Step(
            {"in": {"a": 2.5}},
            {
                "out": (Expectation("above", 1), Expectation("type", "number", "$.a")),
                "rest": (Expectation("contains", "x"),),
            },
        ),
    )
    assert isinstance(case.steps[0].inputs["in"], int), "as JavaScript sends it"


@pytest.mark.parametrize(
    "text",
    [
        "topic: a\n---\ntopic: b\n",
        "- topic: a\n- topic: b\n",
        "---\ntopic: a\n---\n---\ntopic: b\n---\n",
        "topic: a\n---\n- topic: b\n",
    ],
)
def test_several_suites_are_documents_or_in_a_list(file: Path, text: str) -> None:
    assert [(suite.topic, suite.name, suite.cases) for suite in read(file, text)] == [("a", "a", ()), ("b", "b", ())]


@pytest.mark.parametrize(
    ("skip", "why"), [("skip: false", None), ("skip: later", "later"), ("skip: true", "no reason")]
)
def test_a_suite_that_is_left_out(file: Path, skip: str, why: str | None) -> None:
    found = read(file, f"topic: a\n{skip}")[0].skip
    assert (found or "").startswith(why or "")
    assert bool(found) == bool(why)


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("fbp", "'INPORT=a.IN:IN\n\n    OUTPORT=a.OUT:OUT\n\n    a(core/Repeat)'"),
        (
            "json",
            '\'{"properties": {}, "processes": {"a": {"component": "core/Repeat"}}, "connections": [], '
            '"inports": {"in": {"process": "a", "port": "in"}}, "outports": {"out": {"process": "a", "port": "out"}}}\'',
        ),
    ],
)
def test_a_fixture(file: Path, type_: str, data: str) -> None:
    (suite,) = read(file, f"topic: a\nfixture:\n  type: {type_}\n  data: {data}\n")
    assert suite.fixture is not None
    assert suite.fixture.nodes["a"].component == "core/Repeat"
    assert (list(suite.fixture.inports), list(suite.fixture.outports)) == (["in"], ["out"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: is empty; it needs topic and cases"),
        ("5", "1:1: a suite must be a map with topic, name, fixture, cases, timeout, skip, not a number"),
        ("name: x", "1:1: a suite has no 'topic'"),
        ("topic: [a]", "1:8: 'topic' of a suite must be a text, not a list"),
        ("topic: a\ncases: {}", "2:8: 'cases' must be a list of cases, not a map"),
        ("topic: a\ncases: [{}]", "2:9: a case has no 'inputs'"),
        ("topic: a\ncases: [{inputs: 5, expect: {}}]", "2:18: 'inputs' must be a map of ports, or a list of such"),
        ("topic: a\ncases: [{inputs: {}, expect: {}}]", "2:30: expects no port, which nothing can fulfil"),
        ("topic: a\ncases: [{name: n, inputs: {}, expect: {o: {equals: 1}}}]", "2:9: a case has no 'assertion'"),
        ("topic: a\ntimeout: 0", "2:10: 'timeout' must be a number of milliseconds, above 0"),
        ("topic: a\nskip: [x]", "2:7: 'skip' must be a text that says why, not a list"),
        ("topic: a\ntimout: 5", "2:1: unknown key 'timout'; did you mean 'timeout'?"),
        ("topic: a\n" + CASE + ", expects: 1}", "3:72: unknown key 'expects'; did you mean 'expect'?"),
        ("topic: a\nfixture: x", "2:10: 'fixture' must be a map {type: fbp, data: text}, not a text"),
        ("topic: a\nfixture: {type: dot, data: x}", "2:17: 'dot' is not a type of fixtures; allowed are fbp and json"),
        (
            "topic: a\nfixture:\n  type: fbp\n  data: |\n    a(b) ->\n",
            "4:9: the fixture's graph cannot be read: line 1",
        ),
        (
            "topic: a\n" + CASE.replace("equals: 1", "path: '$.a[', equals: 1") + "}",
            '3:65: "$.a[" is not a JSONPath: unexpected end of query',
        ),
    ],
)
def test_what_is_no_suite_is_refused_with_its_place(file: Path, text: str, message: str) -> None:
    assert refusal(file, text).startswith(message)


@pytest.mark.parametrize(
    ("expectation", "problem"),
    [
        ("{equal: 1}", "an expectation needs one of equals, .*, noterror, as in .*; did you mean 'equals'?"),
        ("5", "an expectation needs one of"),
        ("{path: 5, equals: 1}", "path must be a text, a JSONPath"),
    ],
)
def test_an_expectation_that_nothing_fulfils_is_reported_with_its_place(
    file: Path, expectation: str, problem: str
) -> None:
    (suite,) = read(file, f"topic: a\ncases: [{{name: n, assertion: a, inputs: {{}}, expect: {{o: {expectation}}}}}]")
    told = suite.cases[0].steps[0].expect["o"][0].problem
    assert told is not None
    assert re.match(f"{file}:2:\\d+: {problem}", told)


def test_what_has_no_effect_is_warned_of(file: Path) -> None:
    (suite,) = read(
        file, "topic: a\ncases: [{name: n, assertion: a, inputs: {}, expect: {o: {type: number, above: 1, why: so}}}]"
    )
    assert suite.warnings == (
        f"{file}:2:72: 'above' is not looked at, only 'type' is; put several in a list",
        f"{file}:2:82: 'why' is not looked at, only 'type' is",
    )


def test_in_a_folder_those_that_are_called_spec_are_the_suites(tmp_path: Path) -> None:
    for name in ("b.spec.yml", "a.spec.yaml", "c.yaml", "msgflo.yaml", ".hidden.spec.yaml", "d.spec.txt"):
        (tmp_path / name).write_text("topic: a")
    (tmp_path / "deeper.spec.yaml").mkdir()
    other = tmp_path / "c.yaml"
    assert find([other, tmp_path]) == [other, tmp_path / "a.spec.yaml", tmp_path / "b.spec.yml"]


def test_in_a_folder_without_such_names_those_that_look_alike_are_the_suites(tmp_path: Path) -> None:
    foreign = "component: home/Fan\ninports:\n- {id: on, type: boolean, queue: fan/on}\n"
    texts = {
        "fan.yaml": foreign, "empty.yml": "", "text.yaml": "only a text", "list.yaml": "- a\n- 1\n", ".hidden.yaml": "topic: a",
        "msgflo.yaml": "topic: a", "none.txt": "topic: a",
    }  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(SpecError, match=r"has no suite in it, a \.spec\.yaml file"):
        find([tmp_path])
    suites = {
        "a.yaml": "topic: a", "b.yml": "cases: []", "c.yaml": "---\n- topic: a\n", "d.yaml": "topic: [",
        "e.yaml": f"{foreign}---\ntopic: a",
    }  # fmt: skip
    for name, text in suites.items():
        (tmp_path / name).write_text(text)
    assert find([tmp_path]) == [tmp_path / name for name in suites]
