"""Where things are in the repository, for tests in any folder."""

from __future__ import annotations

from pathlib import Path

__all__ = ["ROOT", "TESTS"]

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
