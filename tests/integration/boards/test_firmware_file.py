"""A file of real MicroPython is taken."""

from __future__ import annotations

import pytest

from emulation import build as emulated
from emulation.pico import missing
from msgflo_host.boards.chips import CHIPS
from msgflo_host.boards.flashing import firmware_file


def test_real_micropython_is_taken() -> None:
    reason = missing()
    if reason:
        pytest.skip(reason)
    read = firmware_file.read(emulated.firmware(), CHIPS["picow"])
    assert read.holds("v1.25.0 on ")
