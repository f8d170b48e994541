"""Python's tracebacks in what a process prints: the same one again is only counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["FORGOTTEN_S", "SUM_S", "Tracebacks"]

SUM_S = 1.0
"""Repetitions are told as a number after so long."""
FORGOTTEN_S = 60.0
"""One that has not come for so long is told whole again."""
_MOST = 20  # different ones that are remembered
_LONGEST = 100  # lines of one
_BEGIN = "Traceback (most recent call last):"
_JOINT = re.compile(r"|During handling of the above exception, .*|The above exception was the direct cause .*")


@dataclass
class _Known:
    seen: float
    repeated: int = 0


class Tracebacks:
    """Passes lines on to `say`; of a traceback that was told, only its last line and how often it came again.

    Lines of a traceback are held back until it is whole. Time comes in as an argument.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._held: list[str] = []
        self._known: dict[tuple[str, ...], _Known] = {}
        self._sum_at: float | None = None
        self._is_repeated = False  # what came last, and so what joins it to the next one

    @property
    def pending(self) -> bool:
        """Whether there is something that `release` or `report` would tell, now or later."""
        return bool(self._held) or self._sum_at is not None

    def add(self, line: str, now: float) -> None:
        """Take the next line."""
        if self._held:
            self._held.append(line)
            if line.strip() and not line[0].isspace():
                self._whole(now)
            elif len(self._held) == _LONGEST:
                self.release()
        elif line.endswith(_BEGIN) and not line[0].isspace():
            self._held.append(line)
        elif not (self._is_repeated and _JOINT.fullmatch(line)):
            self._is_repeated = False
            self._say(line)

    def report(self, now: float, *, at_once: bool = False) -> None:
        """Tell the numbers of repetitions, if it is time for them or must be `at_once`."""
        if self._sum_at is None or (now < self._sum_at and not at_once):
            return
        self._sum_at = None
        for lines, known in self._known.items():
            if known.repeated:
                self._say(f"{lines[-1]} ({known.repeated} more time{'s' if known.repeated > 1 else ''})")
                known.repeated = 0

    def release(self) -> None:
        """Tell the lines that are held back: what comes next does not belong to them."""
        held, self._held, self._is_repeated = self._held, [], False
        for line in held:
            self._say(line)

    def _whole(self, now: float) -> None:
        lines = tuple(self._held)
        self._known = {each: known for each, known in self._known.items() if now - known.seen < FORGOTTEN_S}
        known = self._known.get(lines)
        if known is None:
            self.release()
            if len(self._known) < _MOST:
                self._known[lines] = _Known(now)
            return
        known.seen = now
        known.repeated += 1
        self._held, self._is_repeated = [], True
        if self._sum_at is None:
            self._sum_at = now + SUM_S
