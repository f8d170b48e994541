"""Ours and npm's fbp-spec, old and new, on the same runtime: the same verdict on each case, good or bad."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from fake_runtime import FakeRuntime
from msgflo_host.cli import cli

MODULES = Path(__file__).parents[2] / "spec_reference" / "node_modules"
SUITES = Path(__file__).parent / "suites"
VERSIONS = ("0.5.2", "0.8.0")
PATIENCE_S = 50

Verdicts = list[tuple[str, str]]


@pytest.fixture(scope="module")
def runtime() -> Iterator[str]:
    """The address of a runtime with core/Repeat and the fake's components."""
    with FakeRuntime() as fake:
        yield fake.address


def theirs(version: str, address: str, suite: Path) -> Verdicts:
    """Each case's assertion, with the verdict of npm's runner."""
    program = MODULES / f"fbp-spec-{version}" / "bin" / "fbp-spec"
    assert program.is_file(), "npm's fbp-spec is missing: make setup-tests"
    done = subprocess.run(
        ["node", program, "--address", address, suite],
        capture_output=True, text=True, timeout=PATIENCE_S, cwd=suite.parent,
    )  # fmt: skip
    words = {"✓": "passed", "✗": "failed", "S": "skipped"}
    found = re.findall(r"^    (.+?): (✓|✗ Error|SKIP)", done.stdout, re.MULTILINE)
    verdicts = [(assertion, words[mark[0]]) for assertion, mark in found]
    assert verdicts, done.stdout + done.stderr
    assert done.returncode == (2 if "failed" in dict(map(reversed, verdicts)) else 0), done.stderr
    return verdicts


def ours(address: str, suite: Path) -> Verdicts:
    done = CliRunner().invoke(cli, ["test", str(suite), "--address", address, "--timeout", "30"])
    words = {"✓": "passed", "✗": "failed", "-": "skipped"}
    found = re.findall(r"^  (✓|✗|-) .+?: (.+?)(?: \(skipped: .*)?$", done.output, re.MULTILINE)
    verdicts = [(assertion, words[mark]) for mark, assertion in found]
    assert verdicts, done.output
    assert done.exit_code == (2 if "failed" in dict(map(reversed, verdicts)) else 0), done.output
    return verdicts


# 0.5.2 waits for ever where a packet is refused, and looks into lists that a path finds.
PAIRS = [
    pytest.param(version, suite, id=f"{suite.stem}-{version}")
    for suite in sorted(SUITES.glob("*.yaml"))
    for version in VERSIONS
    if version != "0.5.2" or not suite.stem.endswith("-new")
]


@pytest.mark.parametrize(("version", "suite"), PAIRS)
def test_the_verdicts_are_the_same(version: str, suite: Path, runtime: str) -> None:
    verdicts = ours(runtime, suite)
    assert verdicts == theirs(version, runtime, suite)
    for assertion, verdict in verdicts:
        if assertion.startswith("should"):
            assert verdict == {"pass": "passed", "fail": "failed", "skip": "skipped"}[assertion.split()[1]], assertion


@pytest.mark.parametrize(
    "suite", sorted((MODULES / "fbp-spec-0.8.0" / "examples").glob("*.yaml")), ids=lambda path: path.stem
)
def test_their_own_examples_have_the_same_verdicts(suite: Path, runtime: str, tmp_path: Path) -> None:
    copy = tmp_path / "suite.yaml"
    copy.write_text(suite.read_text().replace("DummyComponent", "core/Repeat"))
    assert ours(runtime, copy) == theirs("0.8.0", runtime, copy)
