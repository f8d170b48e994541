"""What tests of the runtime share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from brokers import Broker
from systems import Coordinator


@pytest.fixture
def coordinator(broker: Broker, tmp_path: Path) -> Iterator[Coordinator]:
    """A running system with two built-in nodes, for tests that need no other graph."""
    (tmp_path / "graph.fbp").write_text("first(core/Repeat) OUT -> IN second(core/Drop)\n")
    with Coordinator("graph.fbp", "--plain", broker=broker.url, cwd=tmp_path) as running:
        running.wait(lambda status: status["nodes"])
        yield running
