"""What happens among editors; told as the other events are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client_list import ClientHandle

__all__ = ["ClientIntroduced", "ClientLeft", "ClientSees", "RecordingChanged", "Told"]


@dataclass(frozen=True, slots=True)
class ClientSees:
    """An editor has come, or has shown a secret and sees other things than before."""

    client: ClientHandle


@dataclass(frozen=True, slots=True)
class ClientIntroduced:
    """An editor has been told who we are: what else it should know comes after that."""

    client: ClientHandle


@dataclass(frozen=True, slots=True)
class ClientLeft:
    """An editor has gone."""

    client: ClientHandle


@dataclass(frozen=True, slots=True)
class Told:
    """What all editors are told that may see it."""

    protocol: str
    command: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RecordingChanged:
    """The packets of other graphs are recorded."""
