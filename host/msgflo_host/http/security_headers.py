"""The headers of every answer: the content policy, and caching."""

from __future__ import annotations

import re

from aiohttp import web

from ..fbp.origins import is_local_name

__all__ = ["add_headers"]

# Everything comes from here; what is not named is refused. Styles are files, or set by scripts (which needs no leave).
_FIXED = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Browsers heed it on this machine and with TLS, which a proxy has; elsewhere it is a complaint on every page's console.
_WHERE_SECURE = {"Cross-Origin-Opener-Policy": "same-origin"}
# Files that people's own pages import, from any origin: they are public, and hold nothing of this system.
_LIBRARY = re.compile(r"/(msgflo\.js|msgflo/[a-z]+\.js|vendor/mqtt\.js)")
_AUTHORITY = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.IGNORECASE)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers; call it before each answer."""
    headers = response.headers
    headers["Content-Security-Policy"] = f"{_FIXED}; connect-src {_connections(request.headers.get('Host', ''))}"
    headers.update(_HEADERS)
    if _is_secure(request):
        headers.update(_WHERE_SECURE)
    if _LIBRARY.fullmatch(request.path):
        headers["Access-Control-Allow-Origin"] = "*"
    headers.setdefault("Cache-Control", "no-store")


def _connections(authority: str) -> str:
    """Return the sources for connections: the page's own server. Older Safari does not count a WebSocket as 'self'."""
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        return "'self'"
    place = _place(found[1], found[2])
    return f"'self' ws://{place} wss://{place}"


def _is_secure(request: web.Request) -> bool:
    """Return whether the page is a secure context to browsers, as far as headers show."""
    found = _AUTHORITY.fullmatch(request.headers.get("Host", ""))
    is_local = found is not None and is_local_name(found[1].lower().strip("[]"))
    return is_local or request.headers.get("X-Forwarded-Proto", "").lower() == "https"


def _place(host: str, port: str | None) -> str:
    """Return a host and its port, as a policy names them.

    No policy can name an IPv6 address (CSP3, §2.3.1); then it allows this port on any host.
    """
    name = "*" if ":" in host else host
    return name if port is None else f"{name}:{port}"
