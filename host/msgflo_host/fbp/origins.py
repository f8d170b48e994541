"""The web pages that may open a connection: a browser sends the page's origin, and any page in it could try.

Other programs send no origin; they may connect, and need a secret like all others.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Container, Iterable

from ..errors import ServerError
from ..util.quoting import quoted

__all__ = ["Origins", "is_local_name", "is_loopback"]

# RFC 6454, §6.2. Nothing but scheme, host and port is in an origin; "null" stands for a page that has none.
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]\\]+)(?::([0-9]{1,5}))?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Origins:
    """The pages that may connect: our own, those on the browser's machine, and the `configured` ones.

    `own_names` are the names of this machine and no other: a page whose name was made to point here (DNS rebinding) would
    otherwise pass for our own. Raises ServerError for a text that is no origin.
    """

    def __init__(self, configured: Iterable[str], own_names: Container[str]) -> None:
        self._own_names = own_names
        self._configured = frozenset(map(_configured, configured))

    def allows(self, origin: str | None, host: str | None) -> bool:
        """Return whether a request with these headers ``Origin`` and ``Host`` is allowed."""
        if origin is None:
            return True
        parts = _split(origin)
        if parts is None:
            return False
        scheme, name, authority = parts
        if parts in self._configured:
            return True
        if scheme not in _DEFAULT_PORTS:
            return False
        return is_local_name(name) or (host is not None and authority == host.lower() and name in self._own_names)


def is_loopback(address: str | None) -> bool:
    """Return whether an IP address is this machine's own."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def _configured(text: str) -> tuple[str, str, str]:
    parts = _split(text.rstrip("/"))
    if parts is None:
        raise ServerError(
            f"{quoted(text)} is not the origin of a page, as in https://example.org or http://host.local:8080"
        )
    return parts


def _split(origin: str) -> tuple[str, str, str] | None:
    """Return scheme, host name, and host with its port unless that is the scheme's own."""
    match = _ORIGIN.fullmatch(origin)
    if match is None:
        return None
    scheme, host, port = match[1].lower(), match[2].lower(), match[3]
    return scheme, host.strip("[]"), host if port in (None, _DEFAULT_PORTS.get(scheme)) else f"{host}:{port}"


def is_local_name(name: str) -> bool:
    """Return whether the host of a URL, without brackets, is this machine's own to browsers (RFC 6761, §6.3)."""
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name)
