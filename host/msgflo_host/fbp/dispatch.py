"""Hands each request to the part of the runtime that serves its protocol, if its client may ask for that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from ..errors import MsgfloError
from .answers import answer_to
from .client_list import ClientHandle, ClientList
from .envelope import Request, message, refusal
from .permissions import Permissions, may

__all__ = ["Command", "Dispatcher", "Part", "Replies"]

Command: TypeAlias = Callable[[ClientHandle, Request], None]
"""Carries out a request that is permitted; raises MsgfloError, whose text is the answer then."""


class Part(Protocol):
    """One of the protocol's parts: runtime, graph, component, network, trace."""

    @property
    def commands(self) -> Mapping[str, Command]:
        """What it can be asked, by name."""


class Replies:
    """What a part of the runtime says: to all, to one, or in answer to the request that is being served."""

    def __init__(self, clients: ClientList) -> None:
        self.on_tell: list[Callable[[str, str, Any], None]] = []
        """Called with protocol, command and payload of what all are told."""
        self._clients = clients
        self._asking: tuple[ClientHandle, Request] | None = None

    def serve(self, client: ClientHandle, request: Request, command: Command) -> None:
        """Carry out a request; what `tell` says meanwhile reaches its client as the answer, or before or after it."""
        self._asking = client, request
        try:
            command(client, request)
        finally:
            self._asking = None

    def answer(self, client: ClientHandle, request: Request, command: str, payload: object) -> None:
        """Send something to the client that has asked."""
        client.send(message(request.protocol, command, payload, request.id))

    def tell(self, protocol: str, command: str, payload: object, masked: object | None = None) -> None:
        """Send something to all who may see it, and to the client that has asked for it as its answer.

        `masked` is what those get who see nothing secure.
        """
        for listener in self.on_tell:
            listener(protocol, command, payload)
        if self._asking is None:
            self._clients.broadcast(protocol, command, payload, masked=masked)
            return
        client, request = self._asking
        if (protocol, command) == (request.protocol, answer_to(protocol, request.command)):
            self.answer(client, request, command, payload)
        elif client.may_see(protocol, command):
            client.send(message(protocol, command, payload if masked is None or client.sees_secure else masked))
        self._clients.broadcast(protocol, command, payload, masked=masked, but=client)


class Dispatcher:
    """Serves requests by the `parts`, by protocol. What is a fault of ours is raised."""

    def __init__(self, replies: Replies, permissions: Permissions, parts: Mapping[str, Part]) -> None:
        self._replies = replies
        self._permissions = permissions
        self._parts = parts

    def handle(self, client: ClientHandle, request: Request) -> None:
        """Serve a request; every one is answered, and none ends anything but itself."""
        name = f"{request.protocol}:{request.command}"
        part = self._parts.get(request.protocol)
        command = part.commands.get(request.command) if part is not None else None
        if command is None:
            client.send(refusal(request, f"{name} is no command of this runtime"))
        elif not may(self._permissions.of(request.secret, local=client.local), request.protocol, request.command):
            client.send(refusal(request, f"{name} is not permitted"))
        else:
            try:
                self._replies.serve(client, request, command)
            except MsgfloError as error:
                client.send(refusal(request, str(error)))
