"""Token bucket: allows a burst, then a rate."""

from __future__ import annotations

__all__ = ["TokenBucket"]


class TokenBucket:
    """Holds at most `burst` tokens and gains `rate` a second. Times are monotonic, in seconds."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self.tokens = burst
        self.filled_at = now

    def fill(self, now: float) -> bool:
        """Add the tokens of the time since the last call; return whether at least one is there."""
        self.tokens = min(self._burst, self.tokens + (now - self.filled_at) * self._rate)
        self.filled_at = now
        return self.tokens >= 1

    def take(self, now: float, cost: float = 1.0) -> bool:
        """Take `cost` tokens if at least one is there; one large cost may leave the bucket in debt."""
        is_allowed = self.fill(now)
        if is_allowed:
            self.tokens -= cost
        return is_allowed
