"""Test functions in plain files, without pytest: each is run, in a process of its own, on each interpreter.

They are functions `test_…(host)` (or `soak_…(host)`, which only `make soak` runs), async or not; `host` may be left away
where the folder's runner allows it. A function passes when its interpreter ends with
status 0; anything else is a failure with all that was printed. A folder's `conftest.py` makes them of its files.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from control import Control
from interpreters import HEAP, SUITE, Interpreter

SECONDS = 50
SOAK_SECONDS = 1200

__all__ = ("PlainFile", "PlainTest")


class PlainFile(pytest.File):
    """A file of test functions that is never imported here; each runs on `interpreters`, with `folders` on its path.

    The first of the folders holds `runner.py`. MicroPython gets a heap of that size.
    """

    def __init__(
        self,
        *,
        interpreters: tuple[Interpreter, ...],
        folders: tuple[Path, ...] = (SUITE,),
        heap: str = HEAP,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.interpreters, self.folders, self.heap = interpreters, folders, heap

    def collect(self) -> Iterator[pytest.Item]:
        for node in ast.parse(self.path.read_text(), str(self.path)).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(("test_", "soak_")):
                for interpreter in self.interpreters:
                    yield PlainTest.from_parent(
                        self,
                        name=f"{node.name}[{interpreter.name}]",
                        function=node.name,
                        line=node.lineno - 1,
                        takes_host=bool(node.args.args),
                        folders=self.folders,
                        heap=self.heap,
                        interpreter=interpreter,
                    )


class PlainTest(pytest.Item):
    """One function on one interpreter."""

    def __init__(
        self,
        *,
        function: str,
        line: int,
        takes_host: bool,
        interpreter: Interpreter,
        folders: tuple[Path, ...],
        heap: str,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.function_name, self.line, self.interpreter = function, line, interpreter
        self.takes_host, self.folders, self.heap = takes_host, folders, heap
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
            port = [str(control.port)] if self.takes_host else []
            runner = self.folders[0] / "runner.py"
            arguments = (runner, self.path, self.function_name, *port)
            process = self.interpreter.start(*arguments, folders=self.folders, heap=self.heap)
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
