"""The names and URLs under which page and runtime are reached, on this machine and from others."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import quote, urlsplit

__all__ = ["is_own_name", "live_url", "local_url", "origin", "outward_url"]

_AS_LOCALHOST = ("127.0.0.1", "0.0.0.0", "::1", "::")


def local_url(host: str, port: int) -> str:
    """The page's URL on this machine, for a server that listens on an IP address."""
    return _url("localhost" if host in _AS_LOCALHOST else host, port)


def outward_url(host: str, port: int) -> str | None:
    """The page's URL for other machines; None where they cannot reach it."""
    address = ipaddress.ip_address(host)
    if address.is_loopback:
        return None
    if address.is_unspecified:
        host = _own_address(host) or socket.gethostname()
    return _url(host, port)


def live_url(ide: str, page: str, runtime_id: str, secret: str | None = None) -> str:
    """The URL that opens the runtime behind a page in an editor, Flowhub or noflo-ui.

    These split it at each & and = and only then decode it, so none of them may stand in the secret.
    """
    endpoint = f"protocol=websocket&address=ws://{urlsplit(page).netloc}&id={runtime_id}"
    if secret is not None:
        endpoint += f"&secret={secret}"
    return f"{ide}#runtime/endpoint?{quote(endpoint, safe='')}"


def origin(page: str) -> str:
    """The origin of a page, which may stand in a folder of its server; what has none is returned as it is."""
    try:
        parts = urlsplit(page)
    except ValueError:
        return page
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else page


def is_own_name(host: str) -> bool:
    """Whether a host name can only mean this machine or one in its own network."""
    if "." not in host or host.endswith((".local", ".lan", ".home.arpa", ".internal")):
        return True  # localhost, a bare or a link-local name: no public DNS server answers for these
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _own_address(wildcard: str) -> str | None:
    """The address under which most others see this machine, of the kind of 0.0.0.0 or ::; nothing is sent."""
    six = ":" in wildcard
    with socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("2001:db8::1" if six else "192.0.2.1", 9))  # of documentation: RFC 3849, RFC 5737
        except OSError:
            return None
        return str(probe.getsockname()[0])
