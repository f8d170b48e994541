"""The names and URLs under which page and runtime are reached, on this machine and from others."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from ..errors import ServerError
from ..util.quoting import quoted

__all__ = ["OwnNames", "live_url", "local_url", "origin", "outward_url"]

_AS_LOCALHOST = ("127.0.0.1", "0.0.0.0", "::1", "::")
# Under these a network at home knows its machines by their own names.
_PRIVATE = ("local", "lan", "home", "home.arpa", "internal", "intranet", "localdomain", "fritz.box", "speedport.ip")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")


class OwnNames:
    """The host names of this machine: its own, and the `allowed` ones.

    Its own are localhost, any IP address, its host name alone or with a suffix of private networks, and its full name, once
    that is known. The owner of any other name could point it here, also by multicast DNS. Raises ServerError for a text
    that is no host name.
    """

    def __init__(self, allowed: Iterable[str] = (), *, host_name: str | None = None) -> None:
        self._host_name = _plain(socket.gethostname() if host_name is None else host_name)
        first = self._host_name.partition(".")[0]
        self._names = {"localhost", self._host_name, first, *(f"{first}.{suffix}" for suffix in _PRIVATE)}
        self._names |= {_checked(name) for name in allowed}

    def __contains__(self, host: object) -> bool:
        name = _plain(str(host))
        return name in self._names or name.endswith(".localhost") or _is_address(name)

    def learn_full_name(self) -> None:
        """Ask for the full name of this machine, in a thread: without a network it takes long."""
        threading.Thread(target=self._learn_full_name, daemon=True).start()

    def _learn_full_name(self) -> None:
        try:
            found = socket.getaddrinfo(self._host_name, None, flags=socket.AI_CANONNAME)
        except (OSError, UnicodeError):
            return
        full = _plain(found[0][3])
        if full.startswith(f"{self._host_name}."):
            self._names.add(full)


def local_url(host: str, port: int) -> str:
    """Return the page's URL on this machine, for a server that listens on an IP address."""
    return _url("localhost" if host in _AS_LOCALHOST else host, port)


def outward_url(host: str, port: int) -> str | None:
    """Return the page's URL for other machines; None where they cannot reach it."""
    address = ipaddress.ip_address(host)
    if address.is_loopback:
        return None
    if address.is_unspecified:
        host = _own_address(host) or socket.gethostname()
    return _url(host, port)


def live_url(ide: str, page: str, runtime_id: str, secret: str | None = None) -> str:
    """Return the URL that opens the runtime behind a page in an editor, Flowhub or noflo-ui.

    These split it at each & and = and only then decode it, so none of them may stand in the secret.
    """
    endpoint = f"protocol=websocket&address=ws://{urlsplit(page).netloc}&id={runtime_id}"
    if secret is not None:
        endpoint += f"&secret={secret}"
    return f"{ide}#runtime/endpoint?{quote(endpoint, safe='')}"


def origin(page: str) -> str:
    """Return the origin of a page's URL; a text without one is returned unchanged."""
    try:
        parts = urlsplit(page)
    except ValueError:
        return page
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else page


def _plain(name: str) -> str:
    return name.lower().removesuffix(".")


def _checked(name: str) -> str:
    plain = _plain(name)
    if not _NAME.fullmatch(plain):
        raise ServerError(f"{quoted(name)} is no host name, as in home.example.org, without scheme and port")
    return plain


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _own_address(wildcard: str) -> str | None:
    """Return the address under which most others see this machine, of the kind of the wildcard; nothing is sent."""
    six = ":" in wildcard
    with socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("2001:db8::1" if six else "192.0.2.1", 9))  # of documentation: RFC 3849, RFC 5737
        except OSError:
            return None
        return str(probe.getsockname()[0])
