"""What is said where nothing can be announced."""

from __future__ import annotations

import asyncio
import logging

import pytest

from msgflo_host.fbp import announcing
from msgflo_host.fbp.announcing import announce_broker, announce_runtime


@pytest.mark.parametrize("what", ["runtime", "broker"])
def test_without_zeroconf_it_is_said(
    what: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(announcing, "MDNS", "zeroconf_that_is_not_installed")
    caplog.set_level(logging.INFO, "msgflo")
    if what == "runtime":
        asyncio.run(announce_runtime("192.0.2.1", 1, runtime_id="", label=""))
    else:
        asyncio.run(announce_broker("192.0.2.1", 1, label=""))
    assert "not announced by multicast DNS: No module named 'zeroconf_that_is_not_installed'" in caplog.text
