"""Suites with the verdicts that their assertions name; in the soak, npm's fbp-spec gives the same ones on the same runtime.

npm's runner gives up after three seconds, sometimes after one, whatever the machine has to do: it is no part of `make test`.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

import msgflo_host
from brokers import free_port
from checking_proxy import checked
from msgflo_host.cli.main import cli
from paths import ROOT, TESTS
from systems import Coordinator

MODULES = TESTS / "reference/spec" / "node_modules"
SUITES = Path(__file__).parent / "suites"
FAKE = Path(__file__).parent / "fake"
BUILT_IN = Path(msgflo_host.__file__).parent / "builtin" / "specs"
EXAMPLES = ROOT / "examples"
FOLDERS = [BUILT_IN, *sorted({file.parent for file in EXAMPLES.glob("*/*.spec.yaml")})]
DOCUMENT = ROOT / "docs" / "testing.md"
PATIENCE_S = 50

Verdicts = list[tuple[str, str]]


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `msgflo run` with components that send errors, too many packets, and what they remember."""
    with running(tmp_path_factory.mktemp("fake"), "--componentdir", FAKE) as address:
        yield address


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `msgflo run`, with a Mosquitto of its own."""
    with running(tmp_path_factory.mktemp("runtime")) as address:
        yield address


@contextmanager
def running(folder: Path, *options: str | Path) -> Iterator[str]:
    ports = ["--mqtt-port", str(free_port())]
    with Coordinator("--plain", "--data", folder / "data", *ports, *options, broker=None, cwd=folder) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        with checked(f"ws://127.0.0.1:{coordinator.port}/") as address:
            yield address


def theirs(address: str, suite: Path) -> Verdicts:
    """Each case's assertion, with the verdict of npm's runner."""
    program = MODULES / "fbp-spec" / "bin" / "fbp-spec"
    assert program.is_file(), "npm's fbp-spec is missing: make setup-tests"
    done = subprocess.run(
        ["node", program, "--address", address, suite],
        capture_output=True, text=True, timeout=PATIENCE_S, cwd=suite.parent,
    )  # fmt: skip
    words = {"✓": "passed", "✗": "failed", "S": "skipped"}
    found = re.findall(r"^    (.+?): (✓|✗ Error|SKIP)", done.stdout, re.MULTILINE)
    verdicts = [(assertion, words[mark[0]]) for assertion, mark in found]
    assert verdicts, done.stdout + done.stderr
    assert done.returncode == _status(verdicts), done.stderr
    return verdicts


def ours(address: str, suite: Path) -> Verdicts:
    done = CliRunner().invoke(cli, ["test", str(suite), "--address", address, "--timeout", "30"])
    words = {"✓": "passed", "✗": "failed", "-": "skipped"}
    found = re.findall(r"^  (✓|✗|-) .+?: (.+?)(?: \(skipped: .*)?$", done.output, re.MULTILINE)
    verdicts = [(assertion, words[mark]) for mark, assertion in found]
    assert verdicts, done.output
    assert done.exit_code == _status(verdicts), done.output
    return verdicts


def _status(verdicts: Verdicts) -> int:
    return 2 if any(verdict == "failed" for _, verdict in verdicts) else 0


FILES = pytest.mark.parametrize("suite", sorted(SUITES.glob("*.yaml")), ids=lambda path: path.stem)


def patient(suite: Path, folder: Path) -> Path:
    """A copy of a file of suites that gives each case 20 s."""
    suites = [{"timeout": 20_000, **each} for each in YAML(typ="safe", pure=True).load_all(suite)]
    copy = folder / suite.name
    copy.write_text("\n---\n".join(map(json.dumps, suites)))
    return copy


@FILES
def test_verdicts_are_those_that_the_assertions_name(suite: Path, fake: str, tmp_path: Path) -> None:
    for assertion, verdict in ours(fake, patient(suite, tmp_path)):
        if assertion.startswith("should"):
            assert verdict == {"pass": "passed", "fail": "failed", "skip": "skipped"}[assertion.split()[1]], assertion


@pytest.mark.soak
@FILES
def test_npm_gives_the_same_verdicts(suite: Path, fake: str, tmp_path: Path) -> None:
    copy = patient(suite, tmp_path)
    assert theirs(fake, copy) == ours(fake, copy)


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def judged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path, Verdicts]]:
    """For each folder of suites: `msgflo run` with its components, all of its suites and once more spoilt, our verdicts."""
    folder: Path = request.param
    scratch = tmp_path_factory.mktemp(folder.name)
    files = sorted(folder.glob("*.spec.yaml" if folder.is_relative_to(EXAMPLES) else "*.yaml"))
    good = [suite for file in files for suite in YAML(typ="safe", pure=True).load_all(file)]
    suites = scratch / "suites.yaml"
    suites.write_text("\n---\n".join(map(json.dumps, [*good, *map(spoilt, good)])))
    options = ["--componentdir", folder] if folder.is_relative_to(EXAMPLES) else []
    with running(scratch, *options) as address:
        verdicts = ours(address, suites)
        half = len(verdicts) // 2
        assert [assertion for assertion, verdict in verdicts[:half] if verdict != "passed"] == []
        assert [assertion for assertion, _ in verdicts[half:]] == [assertion for assertion, _ in verdicts[:half]]
        assert {verdict for _, verdict in verdicts[half:]} >= {"failed"}
        yield address, suites, verdicts


@pytest.mark.soak
def test_npm_gives_suites_of_components_the_same_verdicts_and_also_spoilt_ones(
    judged: tuple[str, Path, Verdicts],
) -> None:
    address, suites, verdicts = judged
    assert theirs(address, suites) == verdicts


def test_the_suites_of_the_documentation_pass(fake: str, tmp_path: Path) -> None:
    suites = tmp_path / "suites.yaml"
    blocks = re.findall(r"^```yaml\n(topic:.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    suites.write_text("---\n".join(blocks))
    assert [verdict for _, verdict in ours(fake, suites)] == ["passed", "passed", "skipped", "passed"]


def spoilt(suite: dict[str, Any]) -> dict[str, Any]:
    """A suite of which every second case expects what never comes."""
    suite = deepcopy(suite)
    for case in suite["cases"][::2]:
        step = case["expect"][-1] if isinstance(case["expect"], list) else case["expect"]
        step[next(iter(step))] = {"equals": "what never comes"}
    return suite
