"""Fixtures for tests of the runtime."""

from __future__ import annotations

import pytest

from local_system import LocalSystem


@pytest.fixture
def system() -> LocalSystem:
    """Two built-in nodes, for tests that need no other graph."""
    return LocalSystem("first(core/Repeat) OUT -> IN second(core/Drop)\n")
