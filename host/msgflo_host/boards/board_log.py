"""What a board prints on its serial port: which lines tell of trouble, and what to do about each."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Reader", "Trouble"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong on a board, and what to try. A `fatal` one will not mend itself."""

    what: str
    advice: str
    fatal: bool = False

    def __str__(self) -> str:
        return f"{self.what}; {self.advice}"


_OWN_LINE = re.compile(r"^(?:\d+\.\d )?board: (?P<text>.*)$")

# The first that is found in a line of the board's counts.
_KNOWN = (
    ("the password is wrong", "look at the password in the port map or its secrets.yaml, then flash again", False),
    (
        "there is no such network here",
        "look at the network's name, capitals count; a board needs 2.4 GHz, and is it near enough?",
        False,
    ),
    ("no Wi-Fi", "is the board near enough to the router, and is there room for one more device in it?", False),
    (
        "not authorised|not authorized|bad user name or password|refused",
        "look at the broker's account in the port map",
        False,
    ),
    (
        "certificate|X509|x509|verification|cafile|CERT",
        "the broker's certificate must be for the host name in the port map and signed by its cafile; and the board needs "
        "the time: see `time:` in docs/boards.md",
        False,
    ),
    (
        "ECONNREFUSED|connection refused|ECONNABORTED|ECONNRESET",
        "does a broker listen there on the network? The own Mosquitto is on this machine only, unless `msgflo run "
        "--mqtt-host 0.0.0.0`",
        False,
    ),
    (
        "EHOSTUNREACH|ETIMEDOUT|ENETUNREACH|not within|timed out|host is unreachable|no answer",
        "can the board's network reach the broker's address? A guest network often cannot, a firewall may be in the way",
        False,
    ),
    (
        "name or service|getaddrinfo|unknown host|-2\\b|no such host|cannot be found",
        "a board may not know that name; use the broker's address, such as 192.168.1.10",
        False,
    ),
    ("no time from", "start the coordinator, or another web server at `time:` of the port map", False),
    ("safe mode: without devices", "five starts in a row have failed; what it said before tells why", False),
    ("the new version did not reach the broker", "the version before runs again; what it said before tells why", True),
)


class Reader:
    """Takes a board's lines one after another, and keeps what they tell."""

    def __init__(self) -> None:
        self.trouble: Trouble | None = None
        self.devices: list[str] = []
        """Devices that failed at their start, in the board's words."""
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
        for pattern, advice, fatal in _KNOWN:
            if re.search(pattern, text):
                self.trouble = Trouble(f"the board says {text!r}", advice, fatal)
                return
        if re.match(r"\S+ \(\w+\): ", text):
            self.devices.append(text)

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
