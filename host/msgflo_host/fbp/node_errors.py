"""What is wrong with nodes that are there, by role, for as long as it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..model.plan import Plan, refusal

__all__ = ["PRINTED_S", "REPORTED_S", "NodeErrors"]

REPORTED_S = 600.0
"""For so long a report holds that is not made again."""
PRINTED_S = 30.0
"""For so long a process is taken to fail after it has printed an exception."""

_EXCEPTION = re.compile(r"(?:\w+\.)*[A-Z]\w*(?:Error|Exception): .")


@dataclass(frozen=True)
class _NodeError:
    text: str
    until: float
    printed: bool = False


class NodeErrors:
    """What was reported, what processes print of exceptions, and edges that are refused; time comes in as an argument."""

    def __init__(self) -> None:
        self._known: dict[str, _NodeError] = {}
        self._refused: dict[str, str] = {}
        self._plan: Plan | None = None

    def text(self, role: str) -> str:
        """Return what is wrong with a role, or an empty text."""
        known = self._known.get(role)
        return known.text if known is not None else self._refused.get(role, "")

    @property
    def until(self) -> float | None:
        """When the first of them is over (`now` of these methods, in seconds); None where nothing is wrong."""
        return min((each.until for each in self._known.values()), default=None)

    def report(self, role: str, text: str, now: float) -> None:
        """Note what somebody reports."""
        self._known[role] = _NodeError(text, now + REPORTED_S)

    def printed(self, role: str, line: str, now: float) -> bool:
        """Note a line of a process; True where it begins to fail with it. Of what it prints then, the first line is kept."""
        if _EXCEPTION.match(line) is None:
            return False
        before = self._known.get(role)
        if before is not None and not before.printed:
            return False
        self._known[role] = _NodeError(line if before is None else before.text, now + PRINTED_S, printed=True)
        return before is None

    def end(self, role: str) -> None:
        """What was wrong is over: it begins anew, or has got something else to begin with."""
        self._known.pop(role, None)

    def rename(self, old: str, new: str) -> None:
        """What was wrong with a node is so under its new name."""
        if old in self._known:
            self._known[new] = self._known.pop(old)

    def look(self, plan: Plan, now: float) -> None:
        """Forget what is over."""
        self._known = {role: each for role, each in self._known.items() if each.until > now}
        if plan is self._plan:
            return
        before, self._plan = self._refused, plan
        self._refused = {edge.tgt.node: refusal(edge, state) for edge, state in plan.edges if state.kind == "refused"}
        for role, text in before.items():
            known = self._known.get(role)
            if known is not None and known.text == text and self._refused.get(role) != text:
                del self._known[role]
