"""The errors of nodes that are present, by role, until they expire."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..model.plan import Plan, refusal

__all__ = ["PRINTED_S", "REPORTED_S", "NodeErrors"]

REPORTED_S = 600.0
"""Time until a report expires that is not repeated."""
PRINTED_S = 30.0
"""Time for which a process counts as failing after it has printed an exception."""

_EXCEPTION = re.compile(r"(?:\w+\.)*[A-Z]\w*(?:Error|Exception): .")


@dataclass(frozen=True)
class _NodeError:
    text: str
    until: float
    printed: bool = False


class NodeErrors:
    """Reported errors, printed exceptions, and refused edges. Time is an argument, in seconds."""

    def __init__(self) -> None:
        self._known: dict[str, _NodeError] = {}
        self._refused: dict[str, str] = {}
        self._plan: Plan | None = None

    def text(self, role: str) -> str:
        """Return the error of a role, or an empty text."""
        known = self._known.get(role)
        return known.text if known is not None else self._refused.get(role, "")

    @property
    def until(self) -> float | None:
        """The time at which the first error expires; None where there is none."""
        return min((each.until for each in self._known.values()), default=None)

    def report(self, role: str, text: str, now: float) -> None:
        """Take a reported error."""
        self._known[role] = _NodeError(text, now + REPORTED_S)

    def printed(self, role: str, line: str, now: float) -> bool:
        """Take a line of a process; return True where it is a new exception. The first one is the error."""
        if _EXCEPTION.match(line) is None:
            return False
        before = self._known.get(role)
        if before is not None and not before.printed:
            return False
        self._known[role] = _NodeError(line if before is None else before.text, now + PRINTED_S, printed=True)
        return before is None

    def end(self, role: str) -> None:
        """Forget the error: the program starts again, or gets other initial packets."""
        self._known.pop(role, None)

    def rename(self, old: str, new: str) -> None:
        """Move an error to the new name of its node."""
        if old in self._known:
            self._known[new] = self._known.pop(old)

    def refresh(self, plan: Plan, now: float) -> None:
        """Forget expired errors, and take the refused edges of the plan."""
        self._known = {role: each for role, each in self._known.items() if each.until > now}
        if plan is self._plan:
            return
        before, self._plan = self._refused, plan
        self._refused = {edge.tgt.node: refusal(edge, state) for edge, state in plan.edges if state.kind == "refused"}
        for role, text in before.items():
            known = self._known.get(role)
            if known is not None and known.text == text and self._refused.get(role) != text:
                del self._known[role]
