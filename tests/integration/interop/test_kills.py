"""Packets of QoS 0 that pass a participant of npm's msgflo-nodejs, whichever process dies."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from programs import Programs, missing
from systems import Coordinator, Participants, Sink, Source, until

GRAPH = "source(test/Source) OUT -> IN npm(interop/Repeat) OUT -> IN sink(test/Sink)\n"
PAUSE_S = 0.01  # between packets
KILLS = 3

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")


class Stream:
    """Sends numbers until it is stopped; `last` is the latest."""

    def __init__(self, source: Source) -> None:
        self.last = -1
        self._source = source
        self._stops = threading.Event()

    def run(self) -> None:
        for number in itertools.count():
            self._source.send("out", number)
            self.last = number
            if self._stops.wait(PAUSE_S):
                return

    def stop(self) -> None:
        self._stops.set()


@contextmanager
def streaming(source: Source) -> Iterator[Stream]:
    stream = Stream(source)
    thread = threading.Thread(target=stream.run)
    thread.start()
    try:
        yield stream
    finally:
        stream.stop()
        thread.join()


def test_all_pass_while_the_coordinator_dies_and_they_pass_again_after_any_other_death(tmp_path: Path) -> None:
    (tmp_path / "graph.fbp").write_text(GRAPH)
    source, sink = Source("source"), Sink("sink")
    with Coordinator(tmp_path, "--plain", "--data", tmp_path / "data", broker=None, cwd=tmp_path) as system:
        url = system.wait(lambda status: status["connected"])["broker"]
        with Programs(url) as programs, Participants(source, sink, broker=url):
            programs.npm("npm")
            system.wait(lambda status: [edge["kind"] for edge in status["edges"]] == ["forwarded", "direct"])
            with streaming(source) as stream:

                def flows() -> None:
                    """Wait for a packet that is sent from now on."""
                    since = stream.last
                    until(lambda: sink.received and sink.received[-1] > since, seconds=60)

                flows()
                first = sink.received[0]
                for _ in range(KILLS):
                    flows()
                    victim = system.part("coordinator")
                    victim.kill()
                    flows()
                    until(lambda: any(each.pid != victim.pid for each in system.parts("coordinator")))  # noqa: B023
                    system.wait(lambda status: status["connected"])
                flows()
                assert sink.received == [*range(first, sink.received[-1] + 1)]
                for part in ("forward", "mosquitto"):
                    system.part(part).kill()
                    flows()
            assert sink.received == sorted(set(sink.received)), "in order, and none twice"
