"""Test functions in plain files, without pytest: each is run on each interpreter.

They are functions `test_…(host)` (or `soak_…(host)`, which only `make soak` runs), async or not; `host` may be left away
where the folder's runner allows it. Each has a process of its own, or those of a file share one (`shared`). A function passes
when its process ends with status 0, or says so; anything else is a failure with all that was printed. A folder's
`conftest.py` makes them of its files.
"""

from __future__ import annotations

import ast
import subprocess
import threading
import time
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

    The first of the folders holds `runner.py`. MicroPython gets a heap of that size. On the interpreters that are `shared` the
    functions of the file run one after another in one process, which is ended at a failure.
    """

    def __init__(
        self,
        *,
        interpreters: tuple[Interpreter, ...],
        folders: tuple[Path, ...] = (SUITE,),
        heap: str = HEAP,
        shared: tuple[Interpreter, ...] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.interpreters, self.folders, self.heap, self.shared = interpreters, folders, heap, shared
        self._processes: dict[str, SharedProcess] = {}

    def process(self, interpreter: Interpreter) -> SharedProcess:
        """The process that the functions of this file share."""
        found = self._processes.get(interpreter.name)
        if found is None or found.ended:
            process = interpreter.start(self.folders[0] / "runner.py", self.path, folders=self.folders, heap=self.heap)
            found = self._processes[interpreter.name] = SharedProcess(process)
        return found

    def teardown(self) -> None:
        for process in self._processes.values():
            process.kill()
        self._processes.clear()

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


class SharedProcess:
    """A `runner.py` that runs functions on request; see tests/integration/devices/both/runner.py."""

    DONE = "\x01"

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: list[str] = []
        self._news = threading.Condition()
        self.ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()
        with self._news:
            self.ended = True
            self._news.notify_all()

    def run(self, function: str, port: int, seconds: float) -> tuple[bool, str]:
        """Whether a function passed, and what it printed."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{function} {port}\n")
        self._process.stdin.flush()
        deadline = time.monotonic() + seconds
        with self._news:
            while not (self._lines and self._lines[-1].startswith(self.DONE)):
                if self.ended:
                    return False, "".join(self._lines) + f"\nended with {self._process.wait()}"
                if not self._news.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                    return False, "".join(self._lines) + f"\nnot finished after {seconds} s"
            *printed, verdict = self._lines
            self._lines = []
        return verdict.strip() == f"{self.DONE}passed", "".join(printed)

    def kill(self) -> None:
        """End it; what it runs has failed."""
        self._process.kill()
        self._process.wait()
        self.ended = True


class PlainTest(pytest.Item):
    """One function on one interpreter."""

    parent: PlainFile

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
        if interpreter.soak:
            self.add_marker(pytest.mark.soak)
        if function.startswith("soak_"):
            self.seconds = SOAK_SECONDS
            self.add_marker(pytest.mark.soak)
            self.add_marker(pytest.mark.timeout(SOAK_SECONDS + 30))

    def setup(self) -> None:
        if self.interpreter.missing:
            pytest.skip(self.interpreter.missing)

    def runtest(self) -> None:
        if self.interpreter in self.parent.shared:
            self._run_shared()
            return
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

    def _run_shared(self) -> None:
        process = self.parent.process(self.interpreter)
        with Control() as control:
            try:
                passed, printed = process.run(self.function_name, control.port if self.takes_host else 0, self.seconds)
            except BaseException:  # pytest-timeout, Ctrl-C
                process.kill()
                raise
        if control.skip:
            pytest.skip(control.skip)
        if printed:
            self.add_report_section("call", "stdout", printed)
        if not passed:
            process.kill()
            raise Failed(printed)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Failed):
            return f"{self.interpreter.name}:\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line, self.name


class Failed(Exception):
    """The interpreter ended with an error; the message is what it printed."""
