"""Hands each request to the part of the runtime that serves its protocol, if its client may ask for that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ..errors import MsgfloError
from .client_list import ClientHandle, ClientList
from .envelope import Request, message, refusal
from .permissions import Permissions, may

__all__ = ["Dispatcher", "Part", "Replies"]


class Replies:
    """What a part of the runtime says: to all, to one, or in answer to the request that is being served."""

    def __init__(self, clients: ClientList) -> None:
        self._clients = clients
        self._asking: tuple[ClientHandle, Request] | None = None

    def serve(self, client: ClientHandle, request: Request, part: Part) -> None:
        """Let a part carry out a request; what `tell` says meanwhile answers it."""
        self._asking = client, request
        try:
            part.handle(client, request)
        finally:
            self._asking = None

    def answer(self, client: ClientHandle, request: Request, command: str, payload: object) -> None:
        """Send something to the client that has asked."""
        client.send(message(request.protocol, command, payload, request.id))

    def tell(self, protocol: str, command: str, payload: object) -> None:
        """Send something to all who may see it, and to the client that has asked for it as its answer."""
        if self._asking is None:
            self._clients.broadcast(protocol, command, payload)
            return
        client, request = self._asking
        answers = protocol == request.protocol
        if answers or client.may_see(protocol, command):
            client.send(message(protocol, command, payload, request.id if answers else None))
        self._clients.broadcast(protocol, command, payload, but=client)


class Part(Protocol):
    """One of the protocol's parts: runtime, graph, component, network, trace."""

    def handle(self, client: ClientHandle, request: Request) -> None:
        """Carry out a request that is permitted; raises MsgfloError, whose text is the answer then."""


class Dispatcher:
    """Serves requests by the `parts`, by protocol. What is a fault of ours is raised."""

    def __init__(self, replies: Replies, permissions: Permissions, parts: Mapping[str, Part]) -> None:
        self._replies = replies
        self._permissions = permissions
        self._parts = parts

    def handle(self, client: ClientHandle, request: Request) -> None:
        """Serve a request; every one is answered, and none ends anything but itself."""
        capabilities = self._permissions.of(request.secret, local=client.local)
        part = self._parts.get(request.protocol)
        if part is None:
            client.send(refusal(request, f"{request.protocol}:{request.command} is no command of this runtime"))
        elif not may(capabilities, request.protocol, request.command):
            client.send(refusal(request, f"{request.protocol}:{request.command} is not permitted"))
        else:
            self._serve(client, request, part)

    def _serve(self, client: ClientHandle, request: Request, part: Part) -> None:
        try:
            self._replies.serve(client, request, part)
        except MsgfloError as error:
            client.send(refusal(request, str(error)))
