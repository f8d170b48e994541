"""Reads suites of fbp-spec: YAML files with the inputs of a component and the expected outputs.

The format: https://github.com/flowbased/fbp-spec. A file has one or more suites, divided by `---` or in a list.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..errors import GraphError, SpecError
from ..graph import json_format
from ..graph.model import Graph
from ..util.javascript import whole_numbers
from ..util.quoting import quoted
from ..util.yaml_reader import Located, Reader
from . import jsonpath
from .expectations import OPERATORS, Expectation

__all__ = ["Case", "Step", "Suite", "find", "load"]

_OF_SUITE = ("topic", "name", "fixture", "cases", "timeout", "skip")
_OF_CASE = ("name", "assertion", "inputs", "expect", "timeout", "skip")
_SUFFIXES = (".yaml", ".yml")
_NO_SUITES = ("msgflo.yaml", "msgflo.yml")
_EXAMPLE = "{equals: 3}"


@dataclass(frozen=True, slots=True)
class Step:
    """Packets to inports, all at once, and the expectations of the next packet of each outport that is named."""

    inputs: dict[str, Any]
    expect: dict[str, tuple[Expectation, ...]]


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a suite. `timeout` is in seconds; `skip` is the reason why it is left out; a `problem` makes it fail."""

    name: str
    assertion: str
    steps: tuple[Step, ...]
    line: int
    timeout: float | None = None
    skip: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases for one component, run in order in one `fixture`, a graph with exported ports.

    Without a fixture that graph is the component alone. `timeout`, in seconds, is for each case that has none itself.
    `warnings` are about keys without effect.
    """

    file: str
    topic: str
    name: str
    cases: tuple[Case, ...]
    fixture: Graph | None = None
    timeout: float | None = None
    skip: str | None = None
    warnings: tuple[str, ...] = ()


def find(paths: list[Path]) -> list[Path]:
    """Return the files among paths, and for a folder the suites in it; SpecError if it has none.

    These are its .spec.yaml and .spec.yml files, or where there are none, the .yaml and .yml files that have a topic or
    cases, or cannot be read: folders of components hold foreign devices, too.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(
            file
            for file in path.iterdir()
            if file.suffix in _SUFFIXES
            and file.name not in _NO_SUITES
            and not file.name.startswith(".")
            and file.is_file()
        )
        named = [file for file in inside if file.stem.endswith(".spec")]
        suites = named or [file for file in inside if _is_suite(file)]
        if not suites:
            raise SpecError("has no suite in it, a .spec.yaml file", file=str(path))
        found += suites
    return found


def _is_suite(file: Path) -> bool:
    try:
        documents = Reader(file, SpecError).read_all()
    except SpecError:
        return True  # the error is raised when it is loaded
    parts = [part for each in documents for part in (each.value if isinstance(each.value, list) else [each])]
    return any(isinstance(part.value, dict) and not part.value.keys().isdisjoint(("topic", "cases")) for part in parts)


def load(path: str | os.PathLike[str]) -> list[Suite]:
    """Read the suites of a file; SpecError with file, line and column if it has another form.

        topic: core/Not
        cases:
        - name: true                  # must, as have the three below
          assertion: becomes false
          inputs: {in: true}          # or a list, for one step after the other
          expect: {out: {equals: false}}

    A mistake in one case, such as an operator that does not exist, makes only this case fail.
    """
    return list(_File(path).suites())


class _File:
    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._reader = Reader(path, SpecError)
        self._warnings: list[str] = []

    def suites(self) -> Iterator[Suite]:
        documents = [document for document in self._reader.read_all() if document.value is not None]
        if not documents:
            self._reader.fail("is empty; it needs topic and cases", 1, 1)
        for document in documents:
            for place in document.value if isinstance(document.value, list) else [document]:
                yield self._suite(place)

    def _suite(self, place: Located) -> Suite:
        self._need_map(place, "a suite", _OF_SUITE)
        self._refuse_near_misses(place, _OF_SUITE)
        self._warnings = []
        topic = self._text(place, "topic", "a suite")
        cases = self._optional(place, "cases", list, "a list of cases")
        return Suite(
            self._reader.file,
            topic,
            self._text(place, "name", "a suite", default=topic),
            tuple(self._case(case) for case in (cases.value if cases else ())),
            self._fixture(place),
            self._timeout(place),
            self._skip(place),
            tuple(self._warnings),
        )

    def _fixture(self, suite: Located) -> Graph | None:
        place = self._optional(suite, "fixture", dict, "a map {type: fbp, data: text}")
        if place is None:
            return None
        kind = self._text(place, "type", "a fixture")
        text = self._text(place, "data", "a fixture")
        if kind not in ("fbp", "json"):
            self._reader.fail_at(place.value["type"], f"{kind!r} is not a type of fixtures; allowed are fbp and json")
        try:
            return json_format.load(text) if kind == "json" else _parse_fbp(text)
        except GraphError as wrong:
            where = f"line {wrong.line}: " if wrong.line else ""
            self._reader.fail_at(place.value["data"], f"the fixture's graph cannot be read: {where}{wrong.message}")

    def _case(self, place: Located) -> Case:
        self._need_map(place, "a case", _OF_CASE)
        self._refuse_near_misses(place, _OF_CASE)
        inputs, expects = (self._steps(place, key) for key in ("inputs", "expect"))
        problem = None
        if len(inputs) != len(expects):
            problem = (
                f"{self._at(place)}: inputs has {len(inputs)} steps, expect has {len(expects)}; they must be as many"
            )
        return Case(
            self._text(place, "name", "a case"),
            self._text(place, "assertion", "a case"),
            tuple(
                Step(
                    {port: whole_numbers(value.plain()) for port, value in inputs_.value.items()},
                    self._expected(expect),
                )
                for inputs_, expect in zip(inputs, expects, strict=False)
            ),
            place.line,
            self._timeout(place),
            self._skip(place),
            problem,
        )

    def _steps(self, case: Located, key: str) -> list[Located]:
        """Return the maps of ports at a key: one, or those of a list."""
        place = case.value.get(key)
        if place is None:
            self._reader.fail_at(case, f"a case has no {key!r}")
        steps: list[Located] = place.value if isinstance(place.value, list) else [place]
        for step in steps:
            if not isinstance(step.value, dict):
                self._reader.fail_at(step, f"{key!r} must be a map of ports, or a list of such, not {step.kind}")
            if key == "expect" and not step.value:
                self._reader.fail_at(step, "expects no port, which nothing can fulfil; name at least one")
        if not steps:
            self._reader.fail_at(place, f"{key!r} has no step in it")
        return steps

    def _expected(self, step: Located) -> dict[str, tuple[Expectation, ...]]:
        return {
            port: tuple(self._expectation(each) for each in (place.value if isinstance(place.value, list) else [place]))
            for port, place in step.value.items()
        }

    def _expectation(self, place: Located) -> Expectation:
        found = place.value if isinstance(place.value, dict) else {}
        operators = [key for key in found if key in OPERATORS]
        if not operators:
            allowed = f"needs one of {', '.join(OPERATORS)}, as in {_EXAMPLE}"
            near = [match for key in found for match in get_close_matches(key, OPERATORS, 1)]
            hint = f"; did you mean {near[0]!r}?" if near else ""
            return Expectation("", None, problem=f"{self._at(place)}: an expectation {allowed}{hint}")
        first, path = operators[0], found.get("path")
        if path is not None and not isinstance(path.value, (str, type(None))):
            return Expectation(first, None, problem=f"{self._at(path)}: path must be a text, a JSONPath")
        if path is not None and path.value:
            self._check_path(path)
        for key in found:
            if key not in (first, "path"):
                hint = "; put several in a list" if key in operators else ""
                self._warnings.append(f"{self._at(place, key)}: {key!r} is not looked at, only {first!r} is{hint}")
        return Expectation(first, found[first].plain(), path.value if path else None)

    def _check_path(self, path: Located) -> None:
        try:
            jsonpath.check(path.value)
        except jsonpath.NotAPath as wrong:
            self._reader.fail_at(path, f"{quoted(path.value)} is not a JSONPath: {wrong}")

    def _text(self, place: Located, key: str, of: str, default: str | None = None) -> str:
        found = place.value.get(key)
        if found is None or found.value in (None, ""):
            if default is None:
                self._reader.fail_at(place, f"{of} has no {key!r}")
            return default
        if isinstance(found.value, (dict, list)):
            self._reader.fail_at(found, f"{key!r} of {of} must be a text, not {found.kind}")
        return found.value if isinstance(found.value, str) else json_format.compact(found.value)

    def _optional(self, place: Located, key: str, type_: type, what: str) -> Located | None:
        found: Located | None = place.value.get(key)
        if found is None or found.value is None:
            return None
        if not isinstance(found.value, type_):
            self._reader.fail_at(found, f"{key!r} must be {what}, not {found.kind}")
        return found

    def _timeout(self, place: Located) -> float | None:
        """Return the seconds of a `timeout` in milliseconds."""
        found = self._optional(place, "timeout", object, "")
        if found is None:
            return None
        number = found.value
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 < number <= 86_400_000:
            self._reader.fail_at(found, "'timeout' must be a number of milliseconds, above 0 and at most a day")
        return number / 1000

    def _skip(self, place: Located) -> str | None:
        found = self._optional(place, "skip", object, "")
        if found is None or found.value is False or found.value == "":
            return None
        if found.value is not True and not isinstance(found.value, str):
            self._reader.fail_at(found, f"'skip' must be a text that says why, not {found.kind}")
        return "no reason is given" if found.value is True else str(found.value)

    def _need_map(self, place: Located, what: str, keys: tuple[str, ...]) -> None:
        if not isinstance(place.value, dict):
            self._reader.fail_at(place, f"{what} must be a map with {', '.join(keys)}, not {place.kind}")

    def _refuse_near_misses(self, place: Located, known: tuple[str, ...]) -> None:
        """Other keys are left to other programs, but one that is nearly a known one is a slip."""
        for key in place.value:
            if key not in known:
                for near in get_close_matches(key.lower(), known, 1, 0.75):
                    self._reader.fail_at(place, f"unknown key {key!r}; did you mean {near!r}?", key)

    def _at(self, place: Located, key: str | None = None) -> str:
        line, column = place.keys[key] if key is not None else (place.line, place.column)
        return f"{self._reader.file}:{line}:{column}"


def _parse_fbp(text: str) -> Graph:
    from ..graph.fbp_reader import parse  # with lark, which most suites do not need

    return parse(text)
