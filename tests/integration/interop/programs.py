"""Starts the programs that are tested with each other, each as its users start it, and ends them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PARTICIPANTS = HERE / "participants"
NODE_MODULES = HERE / "node_modules"
PYPI = HERE.parents[2] / ".venv" / "interop" / "bin"
OURS = Path(sys.executable).parent / "msgflo"


def missing() -> str | None:
    """Why these tests cannot run here, or None if they can."""
    if not shutil.which("node"):
        return "node is not installed (Debian: apt install nodejs npm)"
    if not (NODE_MODULES / "msgflo").exists() or not PYPI.exists():
        return "MsgFlo's own packages are not installed: run tests/integration/interop/setup.sh"
    return None


class Programs:
    """Processes on one broker; a context manager that ends all that it started."""

    def __init__(self, broker_url: str) -> None:
        self.broker_url = broker_url
        self.folder = Path(tempfile.mkdtemp(prefix="interop-"))
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Programs:
        return self

    def __exit__(self, *exc: object) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        shutil.rmtree(self.folder, ignore_errors=True)

    def ours(self, role: str) -> None:
        """A participant of our library."""
        self._start(role, sys.executable, PARTICIPANTS / "repeat_ours.py", self.broker_url, role)

    def ours_for_msgflo(self, role: str) -> None:
        """A component written for MsgFlo's Python library, run by ours."""
        self._start(role, OURS, "participant", PARTICIPANTS / "repeat.py", role)

    def npm(self, role: str) -> None:
        """A participant of msgflo-nodejs."""
        program = NODE_MODULES / ".bin" / "msgflo-nodejs"
        self._start(role, "node", program, "--name", role, "--broker", self.broker_url, PARTICIPANTS / "repeat.js")

    def pypi(self, role: str) -> None:
        """A participant of MsgFlo's Python library."""
        self._start(role, PYPI / "python", PYPI / "msgflo-python", PARTICIPANTS / "repeat.py", role)

    def our_coordinator(self, graph: dict[str, object], port: int) -> None:
        """`msgflo run` with a graph file."""
        self._start("coordinator", OURS, "run", self._graph(graph), "--broker", self.broker_url, "--port", str(port))

    def npm_coordinator(self, graph: dict[str, object] | None, port: int) -> None:
        """MsgFlo's own coordinator, with a graph file or without one."""
        (self.folder / "library.json").write_text('{"components": {}}')
        options = ["--broker", self.broker_url, "--port", str(port), "--library", "library.json"]
        if graph is not None:
            options += ["--graph", str(self._graph(graph))]
        self._start("coordinator", "node", NODE_MODULES / ".bin" / "msgflo", *options)

    def log(self) -> str:
        """What all of them have written."""
        return "\n".join(f"{file.stem}: {file.read_text(errors='replace')}" for file in self.folder.glob("*.log"))

    def _graph(self, graph: dict[str, object]) -> Path:
        path = self.folder / "graph.json"
        path.write_text(json.dumps(graph))
        return path

    def _start(self, name: str, *command: str | Path) -> None:
        environment = os.environ | {"MSGFLO_BROKER": self.broker_url}
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [str(part) for part in command],
                    cwd=self.folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            )
