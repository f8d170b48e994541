"""Progress of an update in lines: one when its phase changes, and one every 15 s."""

from __future__ import annotations

from msgflo import Broker

from .update_transfer import Transfer

__all__ = ["Story"]

_EVERY_S = 15.0
# Of the firmware (board/starts.py, main.py): so long a start on trial may take until it is at the broker, and so many there are.
_START_S = 60.0
_STARTS = 3


class Story:
    """The progress of one update; `broker` is the one that the new version is to reach."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._phase = ""
        self._since = self._shown = 0.0

    def lines(self, transfer: Transfer, now: float) -> list[str]:
        """Return the lines that are due now, in seconds of any clock: mostly none."""
        if transfer.phase != self._phase:
            self._phase, self._since, self._shown = transfer.phase, now, now
            begins = {
                "sending": "sending",
                "checking": "the board copies what it has already",
                "restarting": f"restarting, on trial: it has {_STARTS} starts of {_START_S:g} s to reach {self._broker}",
            }
            return [begins[transfer.phase]] if transfer.phase in begins else []
        if transfer.ended or now - self._shown < _EVERY_S:
            return []
        self._shown = now
        return [f"{self._waiting(transfer, now)} ({now - self._since:.0f} s)"]

    def _waiting(self, transfer: Transfer, now: float) -> str:
        if transfer.phase == "restarting":
            # The board cannot tell: a start that fails is one that is not at the broker.
            start = int((now - self._since) / _START_S) + 1
            if start <= _STARTS:
                return f"waiting for it at the broker, start {start} of {_STARTS}"
            return "waiting for it to be back with the version before"
        if transfer.phase == "sending":
            return f"sending, {transfer.progress:.0%}"
        return "waiting for the board" if transfer.phase == "waiting" else "the board is still copying"
