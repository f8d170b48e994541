"""Hands each request that is permitted to its command, and sends answers and news to clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ..errors import MsgfloError
from ..model.events import Events
from .client_list import Broadcast, ClientHandle, ClientList
from .envelope import Request, answer_to, message, refusal
from .permissions import Permissions, may

__all__ = ["Command", "Dispatcher", "Replies"]

Command: TypeAlias = Callable[[ClientHandle, Request], None]
"""Carries out a request that is permitted; raises MsgfloError, whose text is the answer then."""


class Replies:
    """Sends messages: to all clients, or to the one that has asked."""

    def __init__(self, clients: ClientList, events: Events) -> None:
        self._clients = clients
        self._events = events

    def answer(self, client: ClientHandle, request: Request, command: str, payload: object) -> None:
        """Send an answer to the client that has asked."""
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
        """Send a message to all clients that may see it; to the client `by` whose request it came, as its answer.

        `masked` is the payload for clients that may not see secure data.
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
    """Serves requests by the `commands`, by protocol and name. Raises only faults of this program."""

    def __init__(self, permissions: Permissions, commands: Mapping[tuple[str, str], Command]) -> None:
        self._permissions = permissions
        self._commands = commands

    def handle(self, client: ClientHandle, request: Request) -> None:
        """Carry out a request, or refuse it."""
        name = f"{request.protocol}:{request.command}"
        command = self._commands.get((request.protocol, request.command))
        if command is None:
            client.send(refusal(request, f"{name} is no command of this runtime"))
        elif not may(self._permissions.of(request.secret, local=client.local), request.protocol, request.command):
            client.send(refusal(request, f"{name} is not permitted"))
        else:
            try:
                command(client, request)
            except MsgfloError as error:
                client.send(refusal(request, str(error)))
