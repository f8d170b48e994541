"""Two editors on the demo, as people use them: each sees what the other does, and the data that follows.

two_editors.jsonl holds a recorded session of theirs, a line for each frame and event in the order in which they came. What
is sent and what happens is replayed from it; with MSGFLO_RECORD=1 in the environment, what is told is written down anew.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from brokers import Broker
from editors import Editor, Frame, editor, run
from paths import ROOT
from systems import Coordinator, Participants, Source

RECORDING = Path(__file__).with_name("two_editors.jsonl")
MAIN = "default/main"
SENDS, TOLD = "sends", "is told"
FLOWS = {("network", kind) for kind in ("data", "output", "icon")}  # may come at any time, with others between
VARIES = {("runtime", "runtime"): {"id", "label"}, ("network", "data"): {"data"}}  # by machine, folder and load
SETTLED_S = 1.5  # for how long a recording listens after each step

Line = tuple[str, str, Any]  # who, what, the frame


class Session:
    """The demo, its editors and a board that comes and goes; `heard` counts the frames of each editor that were looked at."""

    def __init__(self, editors: dict[str, Editor], broker: Broker) -> None:
        self.editors = editors
        self._broker = broker
        self._board = ExitStack()
        self.heard = dict.fromkeys(editors, 0)

    async def do(self, who: str, what: str, frame: Frame | None) -> None:
        """Take one step of the recording."""
        if what == SENDS:
            await self.editors[who].socket.send_json(frame)
        elif what == "joins":
            self._board.enter_context(Participants(Source(who), broker=self._broker.url))
        else:
            assert what == "leaves"
            await asyncio.to_thread(self._board.close)

    async def next(self, who: str) -> Frame:
        """Return the next frame that has its place among the others."""
        client = self.editors[who]
        async with asyncio.timeout(20):
            while True:
                while self.heard[who] < len(client.frames):
                    frame = client.frames[self.heard[who]]
                    self.heard[who] += 1
                    if not flows(frame):
                        return frame
                await asyncio.sleep(0.01)

    async def flowing(self, who: str, like: Frame, since: int) -> None:
        """Wait for what may come at any time and any number of times."""
        async with asyncio.timeout(20):
            while not any(alike(like, frame) for frame in self.editors[who].frames[since:]):
                await asyncio.sleep(0.01)


def flows(frame: Frame) -> bool:
    return (frame["protocol"], frame["command"]) in FLOWS


def alike(recorded: Frame, told: Frame) -> bool:
    return steady(recorded) == steady(told)


def steady(frame: Frame) -> Frame:
    """A frame without what is not the same in any two sessions."""
    varies = VARIES.get((frame["protocol"], frame["command"]), set())
    payload = {key: type(value).__name__ if key in varies else value for key, value in frame["payload"].items()}
    return {**frame, "payload": payload}


def recording() -> list[Line]:
    return [tuple([*json.loads(line), None][:3]) for line in RECORDING.read_text().splitlines()]


async def hold(session: Session, lines: list[Line]) -> None:
    """Replay the session; AssertionError where an editor is told something else, or more, or it is told in another order."""
    since = dict(session.heard)
    for number, (who, what, frame) in enumerate(lines, start=1):
        if what != TOLD:
            since = dict(session.heard)
            await session.do(who, what, frame)
        elif flows(frame):
            await session.flowing(who, frame, since[who])
        else:
            told = await session.next(who)
            assert steady(told) == steady(frame), f"line {number} of {RECORDING.name}"
    for who, client in session.editors.items():
        await client.ask("component", "getsource", name=MAIN)
        more = [frame for frame in client.frames[session.heard[who] :] if not flows(frame)]
        assert [frame["command"] for frame in more] == ["source"]


async def record(session: Session, lines: list[Line]) -> None:
    """Take the steps of a session and write down what is told, of the data on an edge the first after each step."""
    out = []
    for who, what, frame in lines:
        if what == TOLD:
            continue
        out.append([who, what] if frame is None else [who, what, frame])
        await session.do(who, what, frame)
        await asyncio.sleep(SETTLED_S)
        for name, client in session.editors.items():
            edges = {None}
            for told in client.frames[session.heard[name] :]:
                edge = told["payload"].get("id")
                if not flows(told) or told["command"] == "icon":
                    out.append([name, TOLD, steady(told)])
                elif edge not in edges and "fast" in edge:
                    out.append([name, TOLD, told])
                edges.add(edge)
            session.heard[name] = len(client.frames)
    RECORDING.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in out))


@pytest.fixture
def demo(broker: Broker, tmp_path: Path) -> Iterator[Coordinator]:
    with Coordinator(ROOT / "examples/demo", "--plain", broker=broker.url, cwd=tmp_path) as running:
        running.wait(
            lambda status: status["edges"] and all(edge["kind"] in ("direct", "forwarded") for edge in status["edges"])
        )
        yield running


def test_a_recorded_session_of_two_editors_and_a_board_is_told_as_it_was(demo: Coordinator, broker: Broker) -> None:
    lines = recording()
    assert {what for _, what, _ in lines} == {SENDS, TOLD, "joins", "leaves"}

    async def main() -> None:
        async with editor(demo.port) as one, editor(demo.port) as two:
            session = Session({"one": one, "two": two}, broker)
            await (record if os.environ.get("MSGFLO_RECORD") else hold)(session, lines)

    run(main)
