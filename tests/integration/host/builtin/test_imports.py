"""A new interpreter imports few modules of the built-in components."""

from __future__ import annotations

import subprocess
import sys


def test_only_what_is_asked_for_is_imported() -> None:
    program = """
import sys
from msgflo_host.builtin.collection import components
found = components()
assert "core/Expression" in found
found["core/Not"]
print(*sorted(name for name in sys.modules if name.startswith("msgflo_host.builtin.core.") or name == "lark"))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["msgflo_host.builtin.core.not_"], done.stderr
