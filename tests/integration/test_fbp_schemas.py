"""Frames that clients of ours get are checked, too."""

from __future__ import annotations

import pytest

from fake_runtime import FakeRuntime
from fbp_schemas import Watched
from msgflo_host.fbp.client import Client

pytestmark = pytest.mark.made_up


async def test_a_frame_that_a_client_of_ours_gets_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"protocol": "network", "command": "status", "payload": {"graph": 1}}
    kept_to = pytest.raises(AssertionError, match="network:status: payload")
    with FakeRuntime(answers={"getstatus": lambda asked: [answer]}) as runtime, kept_to, Watched(monkeypatch):
        async with Client.connect(runtime.address) as client:
            await client.request("network", "getstatus", {"graph": "g"})
