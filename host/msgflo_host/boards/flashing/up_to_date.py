"""Finds a board that needs nothing: it runs the version that is to be flashed, and is the one at the port.

Its program goes on meanwhile: the board identifies itself over the broker, and answers on its serial port.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from hashlib import sha256
from pathlib import Path

import platformdirs

from msgflo import Broker, Error
from msgflo.paho_transport import Transport

from ...errors import MsgfloError
from ...wire.discovery import parse, participant_of
from ..build import Image
from ..port_map import PortMap
from .serial_log import SerialLog

__all__ = ["micropython_of", "present", "remember"]

_ANSWER = "board: it is me"
_ANSWER_S = 2.0
_RETAINED_S = 0.3  # retained packets come at once
_STEP_S = 0.02


def micropython_of(image: Image) -> str | None:
    """Return on which MicroPython an image was last flashed from this machine, as its banner says it.

    None if it never was, or with another key: no board tells which one it has.
    """
    try:
        key, _, micropython = _file(image.version).read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeError):
        return None
    return micropython if key == _digest(image) else None


def remember(image: Image, micropython: str) -> None:
    """Save the MicroPython for micropython_of; where that fails, the next run takes longer."""
    file = _file(image.version)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{_digest(image)}\n{micropython}", encoding="utf-8")


async def present(port_map: PortMap, version: str, device: str, broker: Broker) -> list[str]:
    """Return the ids of the participants of a board that needs nothing; none where that is not sure."""
    seen: dict[str, bytes] = {}
    transport = Transport(
        broker,
        f"msgflo-flash-{uuid.uuid4().hex[:8]}",
        on_message=lambda topic, payload, _: seen.update({topic: payload}),
    )
    role = port_map.board_role
    try:
        await transport.connect()
        topics = [f"fbp/connection/{port_map.name}", f"{role}/version", f"{role}/mode", "fbp/participant/+"]
        await transport.subscribe([(topic, 1) for topic in topics])
        await asyncio.sleep(_RETAINED_S)
        expected = [b"online", json.dumps(version).encode(), b'"normal"']
        if [seen.get(topic) for topic in topics[:3]] != expected:
            return []
        with SerialLog(device) as log:
            transport.publish(f"{role}/identify", b"true", qos=1)
            if not await _answered(log):
                return []
        return sorted(_participants(seen, port_map.name))
    except (Error, MsgfloError):
        return []
    finally:
        await transport.disconnect()


async def _answered(log: SerialLog) -> bool:
    deadline = time.monotonic() + _ANSWER_S
    while time.monotonic() < deadline:
        if any(line.endswith(_ANSWER) for line in log.lines()):
            return True
        await asyncio.sleep(_STEP_S)
    return False


def _participants(seen: dict[str, bytes], connection: str) -> set[str]:
    found = set()
    for topic, payload in seen.items():
        if participant_of(topic) is not None and payload:
            with contextlib.suppress(MsgfloError):
                participant = parse(payload, topic=topic)
                if participant.connection == connection:
                    found.add(participant.id)
    return found


def _digest(image: Image) -> str:
    return sha256(image.key.encode()).hexdigest()


def _file(version: str) -> Path:
    return Path(platformdirs.user_cache_path("msgflo") / "flashed" / version)
