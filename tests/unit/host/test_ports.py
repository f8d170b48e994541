"""Free ports of this machine."""

from __future__ import annotations

from unittest.mock import MagicMock

import pytest

from msgflo_host import ports


def test_a_free_port_is_not_one_that_is_about_to_be_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    given = iter([4000, 4000, 4001])
    probe = MagicMock()
    probe.__enter__.return_value.getsockname.side_effect = lambda: ("127.0.0.1", next(given))
    monkeypatch.setattr(ports, "_socket", lambda host: probe)
    assert ports.free_port(other_than=4000) == 4001
