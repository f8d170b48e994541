"""Diagnostics roles that no graph in a file can name."""

from __future__ import annotations

import re
from unicodedata import combining, normalize

from ..util import text_checks
from ..util.yaml_reader import Located
from ._check import Findings

__all__ = ["check_role_name"]

_FBP_NODE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ø": "o", "Ø": "O"}
)


def check_role_name(findings: Findings, place: Located | tuple[int, int], role: str) -> None:
    """Doubt a role that no .fbp graph can name."""
    if _FBP_NODE.fullmatch(role):
        return
    like = re.sub(r"[ ./]+", "-", _ascii(role))
    instead = f"; as in  {like}" if _FBP_NODE.fullmatch(like) else ""
    allowed = "a letter or _ comes first, then letters, digits, _ and -"
    findings.warn(place, f"no .fbp graph can name the role {text_checks.quoted(role)}: {allowed}{instead}")


def _ascii(text: str) -> str:
    """Return a text with Latin letters as they are written where there are no others: ü as ue, é as e."""
    written = normalize("NFC", text).translate(_LETTERS)
    return "".join(each for each in normalize("NFD", written) if not combining(each))
