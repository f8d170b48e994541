"""What the host tells its user when something is wrong.

MsgfloError
├── DiscoveryError   a participant described itself wrongly
├── GraphError       a graph file, or a command on a graph
├── ForeignError     the YAML file of a foreign device
├── BrokerError      the MQTT broker cannot be started or reached
├── LibraryError     a component or the process that runs it
├── PortMapError     the port map of a board
├── FlashError       a board cannot be built, found or written to
├── ClientError      another runtime cannot be reached, or refuses
├── SpecError        a suite of tests that cannot be read
├── TraceError       a trace that cannot be read, written or replayed
├── RequestError     a client of the FBP protocol asks for what cannot be done
└── ServerError      the HTTP port cannot be opened
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

__all__ = [
    "BrokerError",
    "ClientError",
    "DiscoveryError",
    "FlashError",
    "ForeignError",
    "GraphError",
    "LibraryError",
    "MsgfloError",
    "PortMapError",
    "RequestError",
    "ServerError",
    "SpecError",
    "TraceError",
    "printable",
    "system_reason",
]


class MsgfloError(Exception):
    """A mistake that its user can mend; the text says what, where, and what is allowed.

    With a `file`, the text reads `FILE:LINE:COLUMN: message`; `line` and `column` count from 1 and may be unknown.
    """

    def __init__(
        self, message: str, *, file: str | None = None, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = [str(part) for part in (self.file, self.line, self.column) if part is not None]
        return f"{':'.join(place)}: {self.message}" if self.file is not None else self.message


class DiscoveryError(MsgfloError):
    """A discovery message that cannot be used."""


class GraphError(MsgfloError):
    """A graph file that cannot be read, or a graph command that makes no sense."""


class ForeignError(MsgfloError):
    """The YAML file of a foreign device that cannot be used."""


class BrokerError(MsgfloError):
    """The MQTT broker cannot be started or reached."""


class LibraryError(MsgfloError):
    """A component that is unknown, or whose process cannot be started."""


class PortMapError(MsgfloError):
    """A port map that is wrong: `problems` are all that were found, and the text has a line for each."""

    def __init__(
        self,
        message: str = "",
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        problems: Sequence[PortMapError] = (),
    ) -> None:
        super().__init__(message, file=file, line=line, column=column)
        self.problems: tuple[PortMapError, ...] = tuple(problems) or (self,)

    def __str__(self) -> str:
        return super().__str__() if self.problems == (self,) else "\n".join(map(str, self.problems))


class FlashError(MsgfloError):
    """A board cannot be built, found, written to or followed; the text says what to try."""


class ClientError(MsgfloError):
    """Another runtime cannot be reached, refuses a request, or is gone."""


class SpecError(MsgfloError):
    """A suite of tests that cannot be read."""


class TraceError(MsgfloError):
    """A recorded trace that cannot be read, written or replayed."""


class RequestError(MsgfloError):
    """A client of the FBP protocol asks for something that cannot be done."""


class ServerError(MsgfloError):
    """The port of the page cannot be opened."""


def system_reason(error: OSError) -> str:
    """Return what the system calls an error, without the addresses and names that libraries add."""
    code = error.errno or 0
    return os.strerror(code) if code in errno.errorcode else error.strerror or str(error)


def printable(text: str) -> str:
    """Text from a device as one harmless line: control characters are written as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
