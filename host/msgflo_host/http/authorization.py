"""Access to more than the page's files: the capabilities are those of the FBP protocol.

A request shows its secret as `Authorization: Bearer SECRET`. A browser cannot set that for a WebSocket: there the secret is
offered as a sub-protocol, `secret.SECRET`, beside the intended one.
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from ..fbp.origins import Origins
from ..fbp.permissions import Permissions
from ..fbp.websocket import WRONG_SECRET_S, is_local
from ..util.log_filter import LogFilter
from ..util.quoting import quoted

__all__ = ["Gate"]

_SECRET_PROTOCOL = "secret."
_SCHEME = "bearer "


class Gate:
    """Admits requests by the secrets and the origins that hold for editors."""

    def __init__(self, permissions: Permissions, origins: Origins) -> None:
        self._permissions = permissions
        self._origins = origins
        self._log_filter = LogFilter()

    def is_local(self, request: web.Request) -> bool:
        """Return whether a request comes from this machine, as far as headers show."""
        return is_local(request) and bool(self._permissions.of(None, local=True))

    async def require(self, request: web.Request, *capabilities: str) -> None:
        """Raise HTTPForbidden unless the origin of a request is allowed, and its client has one of these capabilities."""
        if foreign := self._foreign_origin(request):
            self._log_filter.log(logging.WARNING, f"a page of {quoted(foreign)} may not ask for {request.path}")
            raise web.HTTPForbidden(text="pages of this origin may not ask for that\n")
        if not await self.admits(request, *capabilities):
            raise web.HTTPForbidden(text=f"this needs a secret that allows {' or '.join(capabilities)}\n")

    async def admits(self, request: web.Request, *capabilities: str) -> bool:
        """Return whether the origin of a request is allowed, and its client has one of these capabilities."""
        if self._foreign_origin(request):
            return False
        secret = _secret(request)
        allowed = self._permissions.of(secret, local=is_local(request))
        if secret is not None and not allowed:
            await asyncio.sleep(WRONG_SECRET_S)
        return not allowed.isdisjoint(capabilities)

    def _foreign_origin(self, request: web.Request) -> str:
        """Return the origin of a request, or an empty text where it is allowed."""
        origins = request.headers.getall("Origin", [])
        site = request.headers.get("Sec-Fetch-Site", "none")
        # The request of a <script> of another page has no origin, but this header.
        if not origins and site not in ("none", "same-origin"):
            return site
        is_allowed = len(origins) <= 1 and self._origins.allows(next(iter(origins), None), request.headers.get("Host"))
        return "" if is_allowed else ", ".join(origins) or site


def _secret(request: web.Request) -> str | None:
    """Return the secret of a request; an empty one where the header holds something else."""
    given = request.headers.get("Authorization")
    if given is not None:
        return given[len(_SCHEME) :].strip() if given.lower().startswith(_SCHEME) else ""
    offered = map(str.strip, request.headers.get("Sec-WebSocket-Protocol", "").split(","))
    return next((each.removeprefix(_SECRET_PROTOCOL) for each in offered if each.startswith(_SECRET_PROTOCOL)), None)
