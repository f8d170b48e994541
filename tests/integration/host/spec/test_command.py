"""`msgflo test` as its user meets it: lines, JUnit file, exit codes, and the coordinator that it starts for itself."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest
from click.testing import CliRunner, Result

from brokers import free_port
from fake_runtime import FakeRuntime
from msgflo_host.cli.main import cli
from msgflo_host.errors import ClientError, MsgfloError
from msgflo_host.spec import temporary_runtime
from systems import until

SUITE = """\
topic: core/Repeat
name: "repeating\\u0007"
cases:
- {name: good, assertion: should pass, inputs: {in: 1}, expect: {out: {equals: 1}}}
- {name: bad, assertion: should fail, inputs: {in: "a\\u0007<&"}, expect: {out: {equals: 2}}}
- {name: later, assertion: should wait, skip: not now, inputs: {in: 1}, expect: {out: {equals: 1}}}
"""


@pytest.fixture
def runtime() -> Iterator[str]:
    with FakeRuntime() as fake:
        yield fake.address


@pytest.fixture
def started(runtime: str, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """With which options temporary coordinators were started; `runtime` stands for each."""
    found: list[dict[str, object]] = []

    @asynccontextmanager
    async def start(**options: object) -> AsyncIterator[str]:
        found.append(options)
        yield runtime

    monkeypatch.setattr(temporary_runtime, "runtime", start)
    return found


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["test", *map(str, arguments)])


def test_each_case_is_a_line_and_failures_have_a_reason(tmp_path: Path, runtime: str) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE)
    done = run(tmp_path, "--address", runtime)
    assert done.output.splitlines() == [
        r"repeating\x07",
        "  ✓ good: should pass",
        "  ✗ bad: should fail",
        rf'      {tmp_path}/suite.yaml:5: out: expected a value equal to 2, got "a\u0007<&"',
        "  - later: should wait (skipped: not now)",
        "1 passed, 1 failed, 1 skipped",
    ]
    assert done.exit_code == 2


def test_the_program_ends_with_the_exit_code(tmp_path: Path, runtime: str) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE)
    command = [sys.executable, "-m", "msgflo_host", "test", tmp_path / "suite.yaml", "--address", runtime]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr) == (2, ""), done.stdout


def test_a_junit_file(tmp_path: Path, runtime: str) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE)
    assert run(tmp_path / "suite.yaml", "--address", runtime, "--junit", tmp_path / "results.xml").exit_code == 2
    (suite,) = ElementTree.parse(tmp_path / "results.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert suite.get("name") == "repeating�", "XML has no place for a bell"
    good, bad, later = suite
    assert (good.get("name"), good.get("line"), len(good)) == ("good: should pass", "4", 0)
    assert "expected a value equal to 2" in str(bad[0].get("message"))
    assert [child.tag for case in (bad, later) for child in case] == ["failure", "skipped"]


def test_warnings_go_to_stderr(tmp_path: Path, runtime: str) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE.replace("{equals: 1}}}", "{equals: 1, above: 5}}}", 1))
    done = run(tmp_path / "suite.yaml", "--address", runtime)
    assert "warning: " in done.stderr
    assert "'above' is not looked at" in done.stderr
    assert "is not looked at" not in done.stdout


@pytest.mark.parametrize(
    ("suite", "options", "message"),
    [
        ("topic: [", [], r"suite.yaml:1:\d+: "),
        (SUITE, ["--address", "ws://127.0.0.1:{free}"], "no runtime answers at"),
        (SUITE, ["--address", "{runtime}", "--junit", "{folder}/none/x.xml"], "x.xml: cannot be written"),
        (SUITE, ["--graph", "{folder}/none.fbp"], "coordinator has ended with status 1:\n.*none.fbp"),
    ],
)
def test_what_cannot_be_run_is_one_error(
    tmp_path: Path, runtime: str, suite: str, options: list[str], message: str
) -> None:
    (tmp_path / "suite.yaml").write_text(suite)
    filled = [option.format(free=free_port(), folder=tmp_path, runtime=runtime) for option in options]
    done = run(tmp_path / "suite.yaml", *filled)
    assert isinstance(done.exception, MsgfloError)
    assert re.search(message, str(done.exception))


def test_an_address_and_a_temporary_coordinator_exclude_each_other(tmp_path: Path, runtime: str) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE)
    done = run(tmp_path / "suite.yaml", "--address", runtime, "--graph", tmp_path / "g.fbp")
    assert done.exit_code == 2
    assert "--graph and --componentdir are for the temporary coordinator" in done.output


@pytest.mark.parametrize("suite", ["{project}/suite.yaml", "{project}", "{plain}/suite.yaml"])
def test_a_project_s_components_are_found_where_its_suites_or_its_user_are(
    tmp_path: Path, started: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch, suite: str
) -> None:
    project, plain, other = (tmp_path / name for name in ("project", "plain", "other"))
    for folder in (project, plain, other):
        folder.mkdir()
        (folder / "suite.yaml").write_text(SUITE)
    for folder in (project, other):
        (folder / "msgflo.yaml").write_text("components: {}\n")
    monkeypatch.chdir(project if "plain" in suite else other)
    path = suite.format(project=project, plain=plain)
    run(path)
    run(path, "--componentdir", plain)
    run(path, "--graph", plain / "g.fbp")
    found = started[0]["componentdir"]
    assert isinstance(found, Path)
    assert found.resolve() == project
    assert [each["componentdir"] for each in started[1:]] == [plain, None]
    assert "name one by --componentdir" in run(project, other).output


def test_a_temporary_coordinator_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("MSGFLO_BROKER", "mqtt://127.0.0.1:1")  # not for it
    started: list[psutil.Process] = []

    async def look() -> None:
        async with temporary_runtime.runtime() as address:
            assert re.fullmatch(r"ws://127\.0\.0\.1:\d+/", address)
            status = address.replace("ws://", "http://") + "status.json"
            answer = await asyncio.to_thread(lambda: urllib.request.urlopen(status, timeout=30).read())
            assert b'"nodes"' in answer
            started.extend(process for process in psutil.Process().children(recursive=True) if _ours(process, tmp_path))
            assert len(started) == 4, "the supervisor, the coordinator, the data plane and Mosquitto"
            raise KeyError("a test fails")

    with pytest.raises(KeyError, match="a test fails"):
        asyncio.run(look())
    until(lambda: not any(process.is_running() for process in started), what=f"{started} to end")
    assert list(tmp_path.iterdir()) == []


def _ours(process: psutil.Process, folder: Path) -> bool:
    with suppress(psutil.NoSuchProcess):
        return any(str(folder) in part or "msgflo_host" in part for part in process.cmdline())
    return False


def test_a_coordinator_that_does_not_start_in_time_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def start() -> None:
        async with temporary_runtime.runtime(timeout=0.01):
            raise AssertionError("it cannot have started")

    with pytest.raises(ClientError, match=r"has not started within 0\.01 s"):
        asyncio.run(start())
    assert list(tmp_path.iterdir()) == []
