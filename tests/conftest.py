"""Fixtures shared by all tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from brokers import Broker


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A real Mosquitto of the test's own."""
    with Broker() as running:
        yield running
