"""The signed list of files that begins an update: what it says and how it is signed; docs/updating.md has its form."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

__all__ = ["listing", "listing_size", "sign"]

_NONCE = 32  # characters


def listing(image: Mapping[str, bytes], *, role: str, nonce: str, version: str) -> bytes:
    """Return the list of an image's files (path below the folder of a version → content), in the order of their paths.

    `role` is the board participant's, `nonce` what the board gave for this update. Raises ValueError for a path with a
    space or line break in it, which the list cannot say.
    """
    lines = [f"msgflo-update 1 {role} {nonce} {version}"]
    for path in sorted(image):
        if len(path.split()) != 1:
            raise ValueError(f"{path!r}: no spaces are allowed in the name of a file on a board")
        lines.append(f"{hashlib.sha256(image[path]).hexdigest()} {len(image[path])} {path}")
    return "".join(line + "\n" for line in lines).encode()


def listing_size(image: Mapping[str, bytes], *, role: str, version: str) -> int:
    """Return the size of the signed list in bytes: the board wants to know it before it gives the nonce."""
    return len(sign(b"", listing(image, role=role, nonce="0" * _NONCE, version=version)))


def sign(key: bytes, text: bytes) -> bytes:
    """Return the HMAC-SHA256 of a list, followed by the list."""
    return hmac.digest(key, text, "sha256") + text
