"""How tests are judged: what may be skipped, and what a unit test may not do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from paths import ROOT

CANNOT_RUN = {
    "test_mark": "import pytest\n@pytest.mark.skipif(True, reason='no such program')\ndef test(): pass\n",
    "test_call": "import pytest\ndef test(): pytest.skip('no such program')\n",
    "test_fixture": (
        "import pytest\n@pytest.fixture\ndef board(): pytest.skip('no such program')\ndef test(board): pass\n"
    ),
    "test_module": "import pytest\npytest.importorskip('no_such_module')\n",
    "test_file": "import pytest\npytestmark = pytest.mark.skipif(True, reason='no such program')\ndef test(): pass\n",
}
CAN_RUN = {
    "test_good": "def test(): pass\n",
    "test_known": "import pytest\n@pytest.mark.xfail\ndef test(): assert False\n",
}


def run(folder: Path, strict: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment |= {"MSGFLO_NO_SKIPS": strict, "PYTHONPATH": str(ROOT / "tests/support")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-ra",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
        *options,
    ]
    return subprocess.run([*command, str(folder)], capture_output=True, text=True, env=environment, timeout=50)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (CANNOT_RUN | CAN_RUN).items():
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


def test_tests_that_cannot_run_fail_where_none_may_be_skipped(folder: Path) -> None:
    done = run(folder, "1", "--continue-on-collection-errors", "-n", "1")  # in a worker, as `make test` runs all
    assert done.returncode == 1
    assert "1 failed, 1 passed, 1 xfailed, 4 errors" in done.stdout
    assert done.stdout.count("no such program; with MSGFLO_NO_SKIPS a test that cannot run fails") >= 4
    assert "'no_such_module'; with MSGFLO_NO_SKIPS a test that cannot run fails" in done.stdout


def test_ci_lets_no_test_be_skipped() -> None:
    text = (ROOT / ".ci" / "run").read_text()
    assert "MSGFLO_NO_SKIPS=1" in text


GUILTY = {
    "sleeps": "import time\ndef test(): time.sleep(0)\n",
    "connects": "import socket\ndef test(): socket.socket().bind(('127.0.0.1', 0))\n",
    "starts": "import subprocess\ndef test(): subprocess.run(['true'])\n",
    "waits": "import asyncio\ndef test(): asyncio.run(asyncio.sleep(0.001))\n",
}
INNOCENT = "import asyncio, threading, time\ndef test():\n    asyncio.run(asyncio.sleep(0))\n    {}\n"


def test_a_unit_test_that_does_what_only_others_may_fails_and_nobody_elses_deed_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "unit").mkdir()
    (tmp_path / "unit" / "conftest.py").write_text((ROOT / "tests" / "unit" / "conftest.py").read_text())
    for name, text in GUILTY.items():
        (tmp_path / "unit" / f"test_{name}.py").write_text(text)
    thread = "thread = threading.Thread(target=time.sleep, args=(0,)); thread.start(); thread.join()"
    (tmp_path / "unit" / "test_innocent.py").write_text(INNOCENT.format(thread))
    done = run(tmp_path, "")
    assert "5 passed, 4 errors" in done.stdout, done.stdout
    for name in GUILTY:
        assert f"unit/test_{name}.py::test" in done.stdout
