"""An update as the sender sees it: what to send after each status of the board. No I/O; time comes in as an argument.

    transfer = Transfer(image, role="kitchen-board", version="3f2a1b…", key=key)
    packets = transfer.tick(now)             # again and again, every half second or so
    packets = transfer.back(now)             # when the board has connected
    packets = transfer.status(status, now)   # for each packet on the board's update-status
    transfer.phase                           # waiting, sending, checking, restarting, done, failed

The board may vanish at any time and be back later: the transfer goes on where it was, or begins anew if the board was
restarted.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

__all__ = ["Transfer", "listing", "sign"]

ASK_AFTER = 2.0
"""Seconds of silence after which the board is asked where it is."""
ASK_AFTER_CHECKING = 10.0
"""The same while it copies files, when it has no time to answer."""


class Transfer:
    """One update of one board; `image` maps paths to contents, `key` is the board's."""

    def __init__(self, image: Mapping[str, bytes], *, role: str, version: str, key: bytes) -> None:
        self.phase = "waiting"
        self.why = ""  # it failed
        self.version = version
        self.running: str | None = None  # the version that the board runs
        self.sent = 0  # bytes of the list and the files that were sent, repetitions included
        self.taken = 0  # bytes of what the board asked for that it has
        self.progress = 0.0  # 0 to 1, what it has already counted in
        self.present = False  # whether the board has ever answered
        self.tried = False  # whether it has started the new version
        self._image, self._role, self._key = image, role, key
        self._paths = sorted(image)
        self._nonce: str | None = None
        self._contents: list[bytes] = []  # the list, then each file
        self._chunk, self._window = 1024, 1
        self.file = 0  # that is being sent; 0 is the list
        self._asked: dict[int, int] = {}  # for which files, and their sizes
        self._sent_to = 0
        self._heard = float("-inf")  # or when it was asked
        self._began = self._beginning = False  # whether ever, whether the board has not answered yet

    @property
    def ended(self) -> bool:
        return self.phase in ("done", "failed")

    def tick(self, now: float) -> list[bytes]:
        """Return the packets to send after silence."""
        patience = ASK_AFTER_CHECKING if self.phase == "checking" else ASK_AFTER
        if self.ended or now - self._heard < patience:
            return []
        self._heard = now
        self._sent_to, self._beginning = -1, False  # what was on its way may be lost
        return [b"status"]

    def back(self, now: float) -> list[bytes]:
        """Note that the board is there again; returns the packets to send."""
        self._heard = float("-inf")
        return self.tick(now)

    def status(self, status: Mapping[str, Any], now: float) -> list[bytes]:
        """Take a status of the board; returns the packets to send it."""
        if self.ended:
            return []
        self._heard = now
        self.present = True
        state = status.get("state")
        if state == "idle":
            return self._idle(status)
        if state == "receiving":
            return self._receiving(status)
        if state == "checking" and self.phase == "sending":
            self.phase = "checking"
        elif state == "restarting":
            self.phase, self.progress, self.tried = "restarting", 1.0, True
        elif state == "refused" and self._began:
            self._fail(str(status.get("why")))
        return []

    def _idle(self, status: Mapping[str, Any]) -> list[bytes]:
        self.running = str(status.get("version"))
        if self.running == self.version:
            self.phase, self.progress = "done", 1.0
        elif self.phase == "restarting" or (self._began and "failed" in status and self.phase == "checking"):
            why = status.get("failed", "it started the version before")
            self._fail(f"the board went back to version {self.running}: {why}")
        else:
            return self._begin()
        return []

    def _begin(self) -> list[bytes]:
        if self._beginning:
            return []
        self.phase, self._began, self._beginning, self._nonce = "sending", True, True, None
        # The board wants to know the size of the list before it gives the nonce, which is as long as this one.
        text = listing(self._image, role=self._role, nonce="0" * 32, version=self.version)
        return [b"begin %d" % len(sign(self._key, text))]

    def _receiving(self, status: Mapping[str, Any]) -> list[bytes]:
        file, at, nonce = int(status["file"]), int(status["at"]), str(status["nonce"])
        if "chunk" in status and self._beginning:
            self._chunk, self._window = int(status["chunk"]), int(status["window"])
            self._nonce, self._beginning = nonce, False
            text = listing(self._image, role=self._role, nonce=nonce, version=self.version)
            self._contents = [sign(self._key, text), *(self._image[path] for path in self._paths)]
            self.file, self._sent_to = 0, 0
            self._asked.clear()
        if nonce != self._nonce:
            return self._begin()  # another's, or one that was given up
        if file != self.file or self._sent_to < at:
            self.file, self._sent_to = file, at
        self.phase = "sending"
        self.taken = sum(self._asked.values()) + at - self._asked.get(file, 0)
        self._asked[file] = len(self._contents[file])
        self.progress = (sum(map(len, self._contents[:file])) + at) / sum(map(len, self._contents))
        return self._chunks(at)

    def _chunks(self, at: int) -> list[bytes]:
        """Return the chunks that may be on their way beyond those that the board has."""
        content, packets = self._contents[self.file], []
        end = min(len(content), at + self._chunk * self._window)
        while self._sent_to < end:
            begin, self._sent_to = self._sent_to, min(self._sent_to + self._chunk, end)
            head = b"\0" + bytes.fromhex(str(self._nonce))[:4] + self.file.to_bytes(2, "big") + begin.to_bytes(4, "big")
            packets.append(head + content[begin : self._sent_to])
            self.sent += self._sent_to - begin
        return packets

    def _fail(self, why: str) -> None:
        self.phase, self.why = "failed", why


def listing(image: Mapping[str, bytes], *, role: str, nonce: str, version: str) -> bytes:
    """Return the list of an image's files (path below the folder of a version → content), in the order of their paths.

    `role` is the board participant's, `nonce` what the board gave for this update. Raises ValueError for a path with a
    space or line break in it, which the list cannot say.
    """
    lines = [f"msgflo-update 1 {role} {nonce} {version}"]
    for path in sorted(image):
        if len(path.split()) != 1:
            raise ValueError(f"{path!r}: no spaces are allowed in the name of a file on a board")
        lines.append(f"{hashlib.sha256(image[path]).hexdigest()} {len(image[path])} {path}")
    return "".join(line + "\n" for line in lines).encode()


def sign(key: bytes, text: bytes) -> bytes:
    """Return the HMAC-SHA256 of a list, followed by the list."""
    return hmac.digest(key, text, "sha256") + text
