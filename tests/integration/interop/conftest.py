"""Fixtures of the tests with MsgFlo's own programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from brokers import Broker
from programs import Programs, missing


@pytest.fixture
def programs(broker: Broker) -> Iterator[Programs]:
    """A way to start participants and coordinators on the test's broker."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    with Programs(broker.url) as running:
        yield running
