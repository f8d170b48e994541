"""The lines that a board prints on its serial port: finds trouble in them, and advice for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Reader", "Trouble"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault of a board, with advice. A `fatal` one will not mend itself."""

    what: str
    advice: str
    fatal: bool = False

    def __str__(self) -> str:
        return f"{self.what}; {self.advice}"


_OWN_LINE = re.compile(r"^(?:\d+\.\d )?board: (?P<text>.*)$")

# Of what a board says: the first pattern that is found in a line, and what to try then.
_KNOWN = (
    (
        r"no time from",
        "start the coordinator there with `--host 0.0.0.0`, or name another web server as `time` in the port map",
    ),
    (r"the password is wrong", "look at it in the port map or its secrets.yaml, then flash again"),
    (
        r"there is no such network here",
        "look at the network's name, capitals count; is the board near enough to the router?",
    ),
    (r"no Wi-Fi|Wi-Fi .* lost", "is the board near enough to the router, and is there room for one more device in it?"),
    (
        r"bad user name or password|not authorised",
        "look at the account in the port map's broker; one that was added to the own Mosquitto counts after its restart",
    ),
    (r"another client probably uses", "give the board another name, or stop the other one"),
    (r"refused the", "look at the broker's log"),
    (
        r"certificate|cafile",
        "it must be for the host that the port map names, and signed by the port map's cafile; and the board needs the time: "
        "docs/boards.md",
    ),
    (
        r"connection (refused|reset)",
        "does a broker listen there for other machines? The own Mosquitto does with `msgflo run --mqtt-host 0.0.0.0`",
    ),
    (
        r"no route to host|timed out|no answer within",
        "can the board's network reach that address? A guest network or a firewall may be in the way",
    ),
    (r"//\S+: (\[Errno )?-\d+", "the board cannot find that name; write the broker's address, such as 192.168.1.10"),
    (r"safe mode: without devices", "its last five starts have failed; what it said then tells why"),
    (r"going back to the one before", "what the new version said tells why"),
)


class Reader:
    """Takes a board's lines one after another, and keeps what they tell."""

    def __init__(self) -> None:
        self.trouble: Trouble | None = None
        self._traceback: list[str] | None = None

    def take(self, line: str) -> None:
        """Take one line."""
        text = self._own(line)
        if text is None:
            self._other(line)
            return
        if text.startswith("ended by an error"):
            crash = self._traceback[-1] if self._traceback else "an error"
            self.trouble = Trouble(
                f"the board's program ended with {crash!r}", "what it printed says where", fatal=True
            )
            return
        self._traceback = None
        if text.startswith("connected to "):
            self.trouble = None
            return
        for pattern, advice in _KNOWN:
            if re.search(pattern, text):
                self.trouble = Trouble(f"the board says {text!r}", advice)
                return

    def _own(self, line: str) -> str | None:
        found = _OWN_LINE.match(line)
        return found["text"] if found else None

    def _other(self, line: str) -> None:
        if line.startswith("Traceback (most recent call last)"):
            self._traceback = []
        elif self._traceback is not None and line and not line.startswith(" "):
            self._traceback.append(line)
        elif "MemoryError" in line and self.trouble is None:
            self.trouble = Trouble("the board ran out of memory", "leave some device out of its port map", fatal=True)
        elif "CORRUPT" in line or "filesystem appears to be corrupted" in line:
            self.trouble = Trouble("the board's file system is damaged", "erase it: docs/flashing.md", fatal=True)
