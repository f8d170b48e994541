"""Processes of components: started, restarted, ended; their output and their environment."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from pathlib import Path

import pytest

from event_loop import run_within, until
from msgflo import Broker
from msgflo_host.processes import process_command
from msgflo_host.processes import runner as processes
from msgflo_host.processes.process_command import Command, broker_url, environment
from msgflo_host.processes.runner import Processes

pytestmark = pytest.mark.asyncio_loop

BROKER = Broker.parse("mqtt://u%40x:p%3Aw@127.0.0.1:1884")
ENVIRONMENT = environment(BROKER)


def python(code: str, folder: Path) -> Command:
    return Command(("python", "-c", code), folder)


async def test_a_process_runs_in_its_folder_with_the_broker(tmp_path: Path) -> None:
    code = "import os; print(os.getcwd(), os.environ['MSGFLO_BROKER']); import time; time.sleep(60)"

    printed: list[str] = []
    running = Processes(ENVIRONMENT, output=lambda name, line: printed.append(line))
    running.set_desired({"reader": python(code, tmp_path)})
    await until(lambda: printed != [])
    await running.stop()
    assert printed == [f"{tmp_path} mqtt://u%40x:p%3Aw@127.0.0.1:1884"]


def test_the_url_for_children_parses_to_the_same_broker() -> None:
    for url in ("mqtt://h", "mqtt://u@h:1", "mqtts://u:p%2F@[::1]:9?cafile=/tmp/a%20b.pem"):
        broker = Broker.parse(url)
        again = Broker.parse(broker_url(broker))
        assert vars(again) == vars(broker)


def test_a_process_does_not_learn_what_lets_editors_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSGFLO_SECRET", "sesame")
    monkeypatch.setenv("MSGFLO_OTHER", "for components")
    found = environment(BROKER)
    assert (found.get("MSGFLO_SECRET"), found["MSGFLO_OTHER"]) == (None, "for components")


async def test_only_a_process_that_still_runs_is_settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "SETTLED_S", 1.0)
    settled: list[str] = []
    running = Processes(ENVIRONMENT, settled=settled.append)
    running.set_desired({"short": Command(("true",), tmp_path), "lasting": Command(("sleep", "60"), tmp_path)})
    await until(lambda: bool(settled))
    await running.stop()
    assert settled == ["lasting"]


async def test_a_crash_is_logged_and_the_process_started_again_after_a_growing_delay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "FIRST_RESTART_S", 0.01)
    running = Processes(ENVIRONMENT)
    running.set_desired({"fragile": python("raise SystemExit(3)", tmp_path)})
    await until(lambda: sum("exit code 3" in message for message in caplog.messages) >= 3)
    await running.stop()
    logged = [message for message in caplog.messages if "exit code 3" in message]
    assert [message.rpartition(" in ")[2] for message in logged[:3]] == ["0.01 s", "0.02 s", "0.04 s"]


async def test_a_process_that_is_no_longer_desired_ends_and_another_command_replaces_it(tmp_path: Path) -> None:
    def lives(mark: str) -> Command:
        code = f"import os, time; open({mark!r}, 'w').write(str(os.getpid())); time.sleep(60)"
        return python(code, tmp_path)

    running = Processes(ENVIRONMENT)
    running.set_desired({"one": lives("a")})
    await until(lambda: (tmp_path / "a").exists() and (tmp_path / "a").read_text() != "")
    first = int((tmp_path / "a").read_text())
    running.set_desired({"one": lives("b")})
    await until(lambda: (tmp_path / "b").exists() and (tmp_path / "b").read_text() != "")
    assert not Path(f"/proc/{first}").exists()
    second = int((tmp_path / "b").read_text())
    await running.stop()
    assert not Path(f"/proc/{second}").exists()


ALONE = """
import os, signal, time
os.mkdir("running")  # fails while another one runs
open("starts", "a").write(".")
def end(*_):
    time.sleep(0.1)
    os.rmdir("running")
    os._exit(0)
signal.signal(signal.SIGTERM, end)
open("ready", "w").write("")
time.sleep(60)
"""


async def test_one_that_is_desired_again_while_it_ends_starts_when_that_is_over(tmp_path: Path) -> None:
    events: list[str] = []
    running = Processes(ENVIRONMENT, ended=events.append, crashed=lambda name, how, delay: events.append(how))
    for _ in range(2):
        running.set_desired({"one": python(ALONE, tmp_path)})
        assert running.is_due("one")
        await until(lambda: (tmp_path / "ready").exists() and running.is_running("one"))
        (tmp_path / "ready").unlink()
        assert not running.is_due("one")
        running.set_desired({})
        assert not running.is_running("one")
        assert not running.is_due("one")
    running.set_desired({"one": python(ALONE, tmp_path)})
    running.set_desired({})
    await running.stop()
    assert (tmp_path / "starts").read_text() == ".."
    assert events == ["one"] * 3


def test_what_a_crashed_process_has_started_does_not_keep_it_from_its_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "FIRST_RESTART_S", 0.01)
    monkeypatch.setattr(processes, "LAST_WORDS_S", 0.01)
    monkeypatch.setattr(processes, "END_GRACE_S", 0.2)
    crashes: list[str] = []

    async def scenario() -> None:
        running = Processes(ENVIRONMENT, crashed=lambda name, how, delay: crashes.append(how))
        running.set_desired({"boom": Command(("sh", "-c", "sleep 1000 & echo $! >> pids; exit 3"), tmp_path)})
        await until(lambda: len(crashes) >= 2)
        await running.stop()

    run_within(60, scenario)  # in the loop of the coordinator
    assert crashes[:2] == ["ended (exit code 3)"] * 2
    for pid in (tmp_path / "pids").read_text().split():
        stat = Path(f"/proc/{pid}/stat")
        assert not stat.exists() or ") Z " in stat.read_text(), "it runs on"


async def test_a_program_that_does_not_exist_is_named_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    running = Processes(ENVIRONMENT)
    running.set_desired({"ghost": Command(("no-such-program",), tmp_path)})
    await until(lambda: bool(caplog.messages))
    await running.stop()
    assert caplog.messages == [
        "ghost: no-such-program cannot be started (No such file or directory); trying again in 0.5 s"
    ]


@pytest.mark.parametrize("argument", ["a\0b", "\ud800", "x" * 10_000_000])
async def test_an_argument_that_no_program_can_have_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, argument: str
) -> None:
    running = Processes(ENVIRONMENT)
    running.set_desired({"odd": Command(("true", argument), tmp_path)})
    await until(lambda: bool(caplog.messages))
    await running.stop()
    assert caplog.messages[0].startswith("odd: true cannot be started (")


async def test_what_a_process_prints_and_how_it_ends_is_reported(tmp_path: Path) -> None:
    events: list[tuple[object, ...]] = []
    running = Processes(
        ENVIRONMENT,
        output=lambda *rest: events.append(("output", *rest)),
        crashed=lambda *rest: events.append(("crashed", *rest)),
    )
    code = "import sys; print('hello'); print('worse', file=sys.stderr); raise RuntimeError('too bad')"
    running.set_desired({"fragile": python(code, tmp_path)})
    await until(lambda: any(event[0] == "crashed" for event in events))
    await running.stop()
    assert events[:2] == [("output", "fragile", "hello"), ("output", "fragile", "worse")]
    assert ("crashed", "fragile", "ended (exit code 1): RuntimeError: too bad", 0.5) in events


def shown(line: str) -> int:
    """For how many lines one stands."""
    counted = re.fullmatch(r"\((\d+) lines? left out\)", line)
    return int(counted[1]) if counted else 1


def test_one_that_prints_without_end_leaves_time_for_others(tmp_path: Path) -> None:
    lines: list[str] = []
    seconds = 0.0

    async def scenario() -> None:
        nonlocal seconds
        running = Processes(ENVIRONMENT, output=lambda name, line: lines.append(line))
        began, turns = time.monotonic(), 0
        running.set_desired({"endless": Command(("yes",), tmp_path)})
        async with asyncio.timeout(60):
            while turns < 50:
                await asyncio.sleep(0.01)
                turns += 1
        await running.stop()
        seconds = time.monotonic() - began

    run_within(60, scenario)  # in the loop of the coordinator: asyncio's waits for the rest of the output
    read = len("y\n") * sum(map(shown, lines))
    assert 0 < read < processes.FLOOD_BYTES_PER_S * seconds  # else it would be some times as much


def test_our_own_interpreter_is_found_without_a_path() -> None:
    assert process_command.executable(("python", "x.py"))[0] == sys.executable
    assert process_command.executable(("msgflo", "list"))[:4] == [sys.executable, "-P", "-m", "msgflo_host"]
    assert process_command.executable(("other", "a")) == ["other", "a"]
