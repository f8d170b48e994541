"""Every message that docs/troubleshooting.md and docs/flashing.md explain is one that the program can say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = "".join((ROOT / "docs" / file).read_text() for file in ("troubleshooting.md", "flashing.md"))
SOURCES = [*(ROOT / "host").rglob("*.py"), *(ROOT / "firmware").rglob("*.py")]
NOT_OURS = {"Name or service not known", "MemoryError", "FILE:LINE:COLUMN: …", "No such file or directory"}
PLACEHOLDER = re.compile(r"\{[^{}]*\}|%[sdg]")


def messages() -> list[str]:
    """What stands in the first column of the tables, in code quotes."""
    rows = [line.split(" | ")[0] for line in TEXT.splitlines() if line.startswith("| ")]
    return [quoted for row in rows for quoted in re.findall(r"`([^`]+)`", row)]


def texts() -> Iterator[str]:
    """Every text in the source, with … for what is put in."""
    for file in SOURCES:
        tree = ast.parse(file.read_text())
        # What stands alone is documentation, which says nothing to a user.
        alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if id(node) in alone:
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield PLACEHOLDER.sub("…", node.value)
            elif isinstance(node, ast.JoinedStr):
                yield "".join(
                    part.value if isinstance(part, ast.Constant) else "…"
                    for part in node.values  # type: ignore[misc]
                )


@pytest.fixture(scope="module")
def known() -> list[str]:
    return sorted(set(texts()))


@pytest.mark.parametrize("message", [each for each in messages() if each not in NOT_OURS])
def test_message_can_be_said(message: str, known: list[str]) -> None:
    pieces = [re.escape(piece.strip()) for piece in re.split("…", message) if piece.strip(" :;.()")]
    pattern = re.compile(".*".join(pieces), re.S)
    assert any(pattern.search(text) for text in known), f"no text of the program has {pattern.pattern!r}"
