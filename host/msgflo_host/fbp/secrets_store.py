"""The secrets of the FBP protocol: our own, made at the first start, and those of a file of the user.

# secrets.yaml
the screen in the hall:
  secret: 5Jx2Wq0fV9dRkT7b
  may: viewer
the workshop:
  secret: Yc81nLq4PzKe6MhA
  may: [protocol:graph, network:data]
"""

from __future__ import annotations

import logging
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ServerError
from ..util.private_files import others_read, read_or_create
from ..util.quoting import quoted, shown
from .permissions import CAPABILITIES, READY_MADE

if TYPE_CHECKING:
    from ..util.yaml_reader import Located, Reader

__all__ = ["FILE_NAME", "check_secret", "load_secrets", "own_secret"]

log = logging.getLogger("msgflo")

FILE_NAME = "fbp-secret"
_BYTES = 24  # 192 bits
_MIN = 12
_MAX = 200
# An editor's live URL carries the secret, and editors split that without decoding it.
_URL_SAFE = re.compile(r"[A-Za-z0-9._~-]+")


def own_secret(folder: Path) -> str:
    """Return the secret that allows everything, made at the first call and saved in a folder, where only we can read it.

    Raises ServerError when the file cannot be written or holds something else.
    """
    path = folder / FILE_NAME
    try:
        secret = read_or_create(path, lambda: secrets.token_urlsafe(_BYTES))
        if others_read(path):
            path.chmod(0o600)
        return check_secret(secret, f"in {path}")
    except (OSError, ValueError) as wrong:
        raise ServerError(f"{path} cannot be used: {getattr(wrong, 'strerror', None) or 'not a text'}") from None


def check_secret(secret: str, where: str) -> str:
    """Return a secret that can stand in a URL; raises ServerError without it."""
    if problem := _problem(secret):
        raise ServerError(f"the secret {where} {problem}")
    return secret


def load_secrets(path: Path) -> dict[str, frozenset[str]]:
    """Read a YAML file of secrets, each with what it allows; raises ServerError with file, line and column."""
    from ..util.yaml_reader import Reader  # 3 MB that are not needed without such a file

    reader = Reader(path, ServerError)
    root = reader.read()
    if root is None or not isinstance(root.value, dict):
        reader.fail("a map is needed, of who has a secret to that secret and what it allows: secret and may", 1, 1)
    if others_read(path):
        log.warning("%s can be read by other users of this machine; chmod 600 keeps its secrets", path)
    found: dict[str, frozenset[str]] = {}
    for holder, entry in root.value.items():
        secret, capabilities = _entry(reader, holder, entry)
        if secret in found:
            reader.fail_at(entry.value["secret"], "somebody above has this secret already")
        found[secret] = capabilities
    return found


def _entry(reader: Reader, holder: str, entry: Located) -> tuple[str, frozenset[str]]:
    if not isinstance(entry.value, dict):
        reader.fail_at(entry, f"{quoted(holder)} needs a map of secret and may")
    for key in entry.value:
        if key not in ("secret", "may"):
            reader.fail_at(entry, f"unknown key {quoted(key)}; known are secret and may", key)
    for key in ("secret", "may"):
        if key not in entry.value:
            reader.fail_at(entry, f"{quoted(holder)} has no {key}")
    secret = entry.value["secret"]
    if not isinstance(secret.value, str):
        reader.fail_at(secret, "the secret is not a text; write it in quotes")
    if problem := _problem(secret.value):
        reader.fail_at(secret, f"the secret {problem}")
    return secret.value, _allowed(reader, entry.value["may"])


def _allowed(reader: Reader, may: Located) -> frozenset[str]:
    """Read the name of a set, or a list of capabilities and sets."""
    found: set[str] = set()
    for part in may.value if isinstance(may.value, list) else [may]:
        name = part.value
        if not isinstance(name, str) or (name not in READY_MADE and name not in CAPABILITIES):
            known = ", ".join([*READY_MADE, *CAPABILITIES])
            reader.fail_at(part, f"{shown(part.plain())} is nothing that can be allowed; there are {known}")
        found |= READY_MADE.get(name, {name})
    if not found:
        reader.fail_at(may, "the list is empty: this secret would allow nothing")
    return frozenset(found)


def _problem(secret: str) -> str | None:
    if not _MIN <= len(secret) <= _MAX:
        return f"has {len(secret)} characters; {_MIN} to {_MAX} are needed, so that nobody guesses it"
    if not _URL_SAFE.fullmatch(secret):
        return "has other characters than letters, digits, and - . _ ~, which the URL of an editor could not carry"
    return None
