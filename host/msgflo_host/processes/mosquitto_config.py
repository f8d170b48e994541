"""The configuration file of the embedded Mosquitto, and its accounts."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from ..errors import BrokerError
from ..util.private_files import read_or_create, write_private

__all__ = [
    "ACCOUNT",
    "configuration",
    "is_loopback",
    "secret",
    "write_accounts",
]

ACCOUNT = "msgflo"
"""The user name of the coordinator's own account."""
_ITERATIONS = 101  # what mosquitto_passwd 2.0 uses

_GLOBAL = """\
# Written by `msgflo run` at each start: what you change here is lost. The options are explained by `man mosquitto.conf`.

# Without this a packet can wait 40 ms for the next.
set_tcp_nodelay true

# Retained packets and sessions survive a restart. They are saved after this many changes, at the end, every five
# minutes, and when there are other participants or bindings: an SD card is not written to at each packet.
persistence true
persistence_location {folder}/
autosave_on_changes true
autosave_interval 1000

# What waits for a client that is slower than its sender: so much that a burst gets through, but not all memory. Packets
# beyond that are dropped, counted in $SYS/broker/publish/messages/dropped and reported by the coordinator.
max_queued_messages 300000
max_queued_bytes 67108864
# Fewer than a board can hold while it handles them.
max_inflight_messages 20

# A larger payload is not passed on; with a larger packet the sender is disconnected.
message_size_limit 16777216
max_packet_size 20971520

# Sessions of clients that never come back.
persistent_client_expiration 14d

# To mosquitto.log beside this file; `msgflo run` keeps it small.
log_dest stderr
log_type error
log_type warning
log_type notice
log_timestamp_format %Y-%m-%dT%H:%M:%S
"""
_ROOT = """
# Started by root: it stays root, for another user could not write this folder.
user root
"""
_LISTENER = """
# Accounts: mosquitto_passwd {folder}/passwords NAME. Programs on this machine need none, unless others get in, too.
listener {port} {host}
allow_anonymous {anonymous}
password_file {folder}/passwords
"""


def configuration(folder: Path, *, host: str, port: int) -> str:
    """Return the text of the configuration file; beyond loopback every client needs an account."""
    anonymous = "true" if is_loopback(host) else "false"
    text = _GLOBAL + (_ROOT if os.geteuid() == 0 else "") + _LISTENER
    return text.format(folder=folder, host=host, port=port, anonymous=anonymous)


def is_loopback(host: str) -> bool:
    """Return True for an address that only this machine can reach; raises BrokerError where it is no IP address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise BrokerError(
            f"Mosquitto cannot listen on {host!r}: give an IP address of this machine, such as 127.0.0.1, or 0.0.0.0 for all"
        ) from None


def secret(folder: Path) -> str:
    """Return the password of the coordinator's account, made at the first call and stored in the folder."""
    return read_or_create(folder / "secret", lambda: secrets.token_urlsafe(24))


def write_accounts(folder: Path, passwords: Mapping[str, str]) -> None:
    """Put accounts of ours, names with their passwords, into the password file; what others have added stays there."""
    path = folder / "passwords"
    others = path.read_text().splitlines() if path.exists() else []
    others = [line for line in others if line.partition(":")[0] not in passwords]
    ours = [f"{name}:{_hashed(password)}" for name, password in passwords.items()]
    write_private(path, "\n".join([*others, *ours, ""]))


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(12)
    hashed = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(hashed).decode()}"
