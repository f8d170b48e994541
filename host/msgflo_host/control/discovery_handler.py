"""Reads discovery messages and connection states, and enters them into the registry."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from ..errors import DiscoveryError
from ..model.participants import Event, Registry
from ..util.log_filter import LogFilter
from ..wire import discovery
from ..wire.discovery import NotDiscovery, Participant

__all__ = ["SUBSCRIPTIONS", "DiscoveryHandler"]

log = logging.getLogger("msgflo")

# Connections first: who is lost must not be taken for alive for a moment.
SUBSCRIPTIONS = ("fbp/connection/+", "fbp/participant/+", "fbp")


class DiscoveryHandler:
    """Enters participants into the registry.

    `started(id)` is called when a participant has started or woken up, `changed` when anything is different.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        started: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self._registry = registry
        self._started = started
        self._changed = changed
        self._log_filter = LogFilter()

    def received(self, topic: str, payload: bytes, retained: bool) -> None:
        """Take a packet on one of the SUBSCRIPTIONS; an error in it is logged, and changes nothing."""
        try:
            self._handle(self._events(topic, payload, retained))
        except NotDiscovery as error:
            log.debug("%s", error)
        except DiscoveryError as error:
            if self._log_filter.is_new(str(error), time.monotonic()):
                log.warning("%s", error)

    def recorded(self, participant: Participant) -> None:
        """Add a participant that was recorded before this program started, unless it is known already."""
        if self._registry.get(participant.id) is None:
            try:
                self._handle(self._registry.discovered(participant, time.monotonic(), retained=True))
            except DiscoveryError as error:
                log.warning("%s", error)

    def removed(self, identity: str) -> None:
        """Remove one that is ended, before its own message comes."""
        self._handle(self._registry.remove(identity, time.monotonic()))

    def tick(self, *, connected: bool) -> None:
        """Check the deadlines of participants unless the broker is away, and log the sums of the log filter."""
        now = time.monotonic()
        for text in self._log_filter.due(now):
            log.warning("%s", text)
        if connected:
            self._handle(self._registry.tick(now))

    def _events(self, topic: str, payload: bytes, retained: bool) -> list[Event]:
        now = time.monotonic()
        client_id = discovery.connection_of(topic)
        if client_id is not None:
            status = discovery.parse_status(payload, topic=topic)
            return self._registry.connection(client_id, status, now, retained=retained)
        identity = discovery.participant_of(topic)
        if identity is not None and not payload:
            return self._registry.remove(identity, now)
        # Only a message on `fbp` proves that its participant is there now; one in its own topic may be old.
        stale = retained or topic != "fbp"
        participant = discovery.parse(payload, topic=topic)
        return self._registry.discovered(participant, now, retained=stale)

    def _handle(self, events: Iterable[Event]) -> None:
        """Log the events of the registry, and call `started` and `changed`."""
        for event in events:
            if event.kind in ("started", "woke"):  # boards lose their memory in deep sleep
                self._started(event.entry.participant.id)
            if event.kind not in ("appeared", "changed"):
                _note(event)
            self._changed()


def _note(event: Event) -> None:
    participant = event.entry.participant
    who = participant.role if participant.id == participant.role else f"{participant.role} ({participant.id})"
    level = logging.WARNING if event.kind in ("lost", "warning") else logging.INFO
    log.log(level, "%s: %s%s", who, event.kind, f" ({event.text})" if event.text not in ("", event.kind) else "")
