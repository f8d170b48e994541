"""The contact of a button, which does not close once but some times."""

from __future__ import annotations

__all__ = ["BOUNCE", "edges"]

BOUNCE = (0.0, 0.00025, 0.0007, 0.0016, 0.0021, 0.0043, 0.0050)
"""Seconds after the first touch at which a contact changes: within 5 ms, as of usual tactile switches."""


def edges(closed: bool) -> list[tuple[float, bool]]:
    """Return when a contact that is closed or opened changes, in s from now on, and whether it is closed then."""
    return [(after, closed if number % 2 == 0 else not closed) for number, after in enumerate(BOUNCE)]
