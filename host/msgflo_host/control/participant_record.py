"""A file of the known participants: after a restart they are bound before they announce themselves again.

Programs that know MsgFlo's discovery alone publish nothing retained, and some brokers (RabbitMQ) do not send retained
messages to wildcard subscriptions.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ..errors import DiscoveryError, system_reason
from ..util.private_files import write_private
from ..wire import discovery
from ..wire.discovery import Participant

__all__ = ["Record"]

log = logging.getLogger("msgflo")


class Record:
    """The file; it is about one `broker`, and the content for another one is ignored."""

    def __init__(self, path: Path, broker: str) -> None:
        self._path = path
        self._broker = broker
        self._written = b""
        self._trouble = ""

    def read(self) -> list[Participant]:
        """Return the recorded participants; none where the file is damaged, which is logged."""
        try:
            found = json.loads(self._path.read_bytes())
            if found["broker"] != self._broker:
                return []
            return [discovery.parse(json.dumps(each).encode(), topic="fbp") for each in found["participants"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError, DiscoveryError) as error:
            why = system_reason(error) if isinstance(error, OSError) else str(error)
            log.warning(
                "%s cannot be used, so that some are bound only when they announce themselves: %s", self._path, why
            )
            return []

    def write(self, participants: Iterable[Participant]) -> None:
        """Record these, and nobody else; a failure is logged once."""
        messages = [msgspec.Raw(discovery.encode(each)) for each in participants]
        text = msgspec.json.encode({"broker": self._broker, "participants": messages})
        if text == self._written:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_private(self._path, text.decode())
            self._written, self._trouble = text, ""
        except OSError as error:
            if (trouble := system_reason(error)) != self._trouble:
                log.error("the known participants cannot be saved in %s: %s", self._path, trouble)
            self._trouble = trouble
