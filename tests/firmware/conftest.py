"""Collects the test functions of `both/` and `micropython/` and runs each, in a process of its own, on each interpreter.

Those files are plain: functions `test_…(host)` (or `soak_…`, which only `make soak` runs), async or not, without
pytest. MicroPython gets a heap of 100 KB. The last line that a function's interpreter prints before it ends
with status 0 is not looked at; anything else is a failure with all that was printed.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from control import Control
from interpreters import EVERY, MICROPYTHONS, SUITE, Interpreter

HERE = Path(__file__).parent
RUNNERS = {HERE / "both": EVERY, HERE / "micropython": MICROPYTHONS}
SECONDS = 50
SOAK_SECONDS = 1200


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if module_path.parent in RUNNERS:
        return PlainFile.from_parent(parent, path=module_path)
    return None


class PlainFile(pytest.File):
    """A file of test functions that is never imported here."""

    def collect(self) -> Iterator[pytest.Item]:
        for node in ast.parse(self.path.read_text(), str(self.path)).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(("test_", "soak_")):
                for interpreter in RUNNERS[self.path.parent]:
                    yield PlainTest.from_parent(
                        self,
                        name=f"{node.name}[{interpreter.name}]",
                        function=node.name,
                        line=node.lineno - 1,
                        interpreter=interpreter,
                    )


class PlainTest(pytest.Item):
    """One function on one interpreter."""

    def __init__(self, *, function: str, line: int, interpreter: Interpreter, **options: Any) -> None:
        super().__init__(**options)
        self.function_name, self.line, self.interpreter = function, line, interpreter
        self.seconds = SECONDS
        if function.startswith("soak_"):
            self.seconds = SOAK_SECONDS
            self.add_marker(pytest.mark.soak)
            self.add_marker(pytest.mark.timeout(SOAK_SECONDS + 30))

    def setup(self) -> None:
        if self.interpreter.missing:
            pytest.skip(self.interpreter.missing)

    def runtest(self) -> None:
        with Control() as control:
            process = self.interpreter.start(SUITE / "runner.py", self.path, self.function_name, str(control.port))
            try:
                printed, _ = process.communicate(timeout=self.seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                printed = process.communicate()[0] + f"\nnot finished after {self.seconds} s"
            except BaseException:  # pytest-timeout, Ctrl-C
                process.kill()
                raise
        if control.skip:
            pytest.skip(control.skip)
        if printed:
            self.add_report_section("call", "stdout", printed)
        if process.returncode:
            raise Failed(printed)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Failed):
            return f"{self.interpreter.name}:\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line, self.name


class Failed(Exception):
    """The interpreter ended with an error; the message is what it printed."""
