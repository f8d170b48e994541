"""Hands each request to the part of the runtime that serves its protocol, if its client may ask for that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from ..errors import MsgfloError
from ..model.events import Events
from .answers import answer_to
from .client_list import Broadcast, ClientHandle, ClientList
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
    """What a part of the runtime says: to all, or to one who has asked."""

    def __init__(self, clients: ClientList, events: Events) -> None:
        self._clients = clients
        self._events = events

    def answer(self, client: ClientHandle, request: Request, command: str, payload: object) -> None:
        """Send something to the client that has asked."""
        client.send(message(request.protocol, command, payload, request.id))

    def broadcast(
        self,
        protocol: str,
        command: str,
        payload: Any,
        masked: object | None = None,
        *,
        by: tuple[ClientHandle, Request] | None = None,
    ) -> None:
        """Send something to all who may see it; to the client by whose request that has come, as its answer.

        `masked` is what those get who see nothing secure.
        """
        self._events.emit(Broadcast(protocol, command, payload))
        if by is None:
            self._clients.broadcast(protocol, command, payload, masked=masked)
            return
        client, request = by
        if (protocol, command) == (request.protocol, answer_to(protocol, request.command)):
            self.answer(client, request, command, payload)
        elif client.may_see(protocol, command):
            client.send(message(protocol, command, payload if masked is None or client.sees_secure else masked))
        self._clients.broadcast(protocol, command, payload, masked=masked, but=client)


class Dispatcher:
    """Serves requests by the `parts`, by protocol. What is a fault of ours is raised."""

    def __init__(self, permissions: Permissions, parts: Mapping[str, Part]) -> None:
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
                command(client, request)
            except MsgfloError as error:
                client.send(refusal(request, str(error)))
