"""Certificates for brokers under test: one that is right, and one for each way to be wrong."""

from __future__ import annotations

import functools
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

KIND = trustme.KeyType.RSA  # as docs/broker.md makes them; a board has less to do for it than for the other one
LONG_AGO = datetime.now(UTC) - timedelta(days=1)


@functools.cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="certificates-"))


@functools.cache
def _authority() -> trustme.CA:
    return trustme.CA(key_type=KIND)


@functools.cache
def authority(form: str = "pem") -> Path:
    """The file of the authority that signs: `pem` or `der`; `other` (PEM): one that does not."""
    pem = (trustme.CA(key_type=KIND) if form == "other" else _authority()).cert_pem.bytes()
    path = _folder() / f"{form}.crt"
    path.write_bytes(ssl.PEM_cert_to_DER_cert(pem.decode()) if form == "der" else pem)
    return path


@functools.cache
def server(which: str = "right") -> tuple[Path, Path]:
    """Certificate and key, PEM, for `localhost`: `right` or `expired`; `wrong-name`: for another host."""
    names = ["elsewhere.example"] if which == "wrong-name" else ["localhost", "127.0.0.1"]
    until = LONG_AGO if which == "expired" else None
    made = _authority().issue_cert(*names, not_after=until, key_type=KIND)
    certificate, key = _folder() / f"{which}.crt", _folder() / f"{which}.key"
    certificate.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
    key.write_bytes(made.private_key_pem.bytes())
    return certificate, key
