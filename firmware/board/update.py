"""Takes a new version over MQTT, puts it into the folder that is not in use, and starts it on trial.

docs/updating.md has the protocol. Nothing of the folder in use is touched; the other one is only once the list of files
has proved to be signed with this board's key.
"""

import asyncio
import hashlib
import os
from binascii import hexlify, unhexlify

from micropython import const

import machine

from .starts import on_trial, reached, read, write

__all__ = ("Update",)

_LIST = "update.tmp"  # the signature (32 bytes), then the signed list of files
_LIST_LIMIT = const(16384)  # bytes
_CHUNK = const(1024)  # bytes of a file in one packet
_WINDOW = const(2)  # packets that may be on their way
_SUFFIXES = ("mpy", "py", "json", "der")
_SPARE = const(4)  # blocks of the flash for folders


class Update:
    """`folder` is the one in use, `board` the participant that has the port `update-status`."""

    def __init__(self, folder, board):
        self._folder = folder
        self._other = "b" if folder == "a" else "a"
        self._board = board
        self._file = None  # being received
        self._nonce = None  # known to the sender only since this update began: an old one cannot be played back

    async def take(self, payload):
        """Take a packet; an error in it is reported on `update-status`, and ends the update."""
        try:
            if payload[:1] == b"\0":
                await self._chunk(payload)
            elif payload[:6] == b"begin ":
                self._begin(int(payload[6:]))
            else:
                self._report()
        except (OSError, ValueError, MemoryError) as e:
            self._end()
            self._send({"state": "refused", "why": str(e) or type(e).__name__})

    def _send(self, status):
        self._board.send("update-status", status)

    def _report(self):
        if self._file:
            status = {"state": "receiving", "nonce": self._nonce, "file": self._index, "at": self._at}
        else:
            reached()  # whoever asks is at the broker
            status = {"state": "idle", "version": self._board.version}
            slot = read("slot.json")
            failed = slot.get("failed") if isinstance(slot, dict) else None
            if failed:
                status["failed"] = failed
        self._send(status)

    def _end(self):
        if self._file:
            self._file.close()
            self._file = None

    def _begin(self, size):
        self._end()
        if not 32 < size <= _LIST_LIMIT:
            raise ValueError("a list of {} bytes".format(size))
        _key()  # without one there is no need to send anything
        nonce = os.urandom(16)
        self._tag = nonce[:4]
        self._nonce = hexlify(nonce).decode()
        self._place = self._index = 0  # in the list
        self._receive(_LIST, size, None)
        status = {"state": "receiving", "nonce": self._nonce, "file": 0, "at": 0}
        status["chunk"] = _CHUNK
        status["window"] = _WINDOW
        self._send(status)

    def _receive(self, path, size, digest):
        self._path = path
        self._size = size
        self._digest = digest
        self._hash = hashlib.sha256()
        self._at = 0
        self._file = open(path, "wb")  # noqa: SIM115 - for the next packets, too

    async def _chunk(self, payload):
        # 0, the nonce's first 4 bytes, number of the file (2 bytes), offset (4 bytes), data
        file = self._file
        if file and payload[1:11] == self._tag + self._index.to_bytes(2, "big") + self._at.to_bytes(4, "big"):
            data = memoryview(payload)[11:]
            if self._at + len(data) > self._size:
                raise ValueError("{}: more than {} bytes".format(self._path, self._size))
            file.write(data)
            self._hash.update(data)
            self._at += len(data)
            if self._at == self._size:
                self._end()
                if self._digest is None:
                    self._send({"state": "checking"})
                    await self._check()
                elif self._hash.digest() != self._digest:
                    raise ValueError("{}: damaged".format(self._path))
                await self._go_on()
                return
        self._report()

    async def _check(self):
        """Verify the list, and make room."""
        with open(_LIST, "rb") as file:
            signature = file.read(32)
            key = _key() + bytes(32)  # one block
            # HMAC (RFC 2104)
            inner = hashlib.sha256(bytes([each ^ 0x36 for each in key]))
            await _copy(file, inner, None)
            outer = hashlib.sha256(bytes([each ^ 0x5C for each in key]))
            outer.update(inner.digest())
            wrong = 0
            for a, b in zip(outer.digest(), signature):  # noqa: B905 - MicroPython has no `strict`
                wrong |= a ^ b
            if wrong:
                raise ValueError("the signature is wrong: it is not made with this board's key")
            file.seek(32)
            head = file.readline().decode().split()
            if head[:4] != ["msgflo-update", "1", self._board.role, self._nonce] or len(head) < 5:
                raise ValueError("the list is not for this board and this update: " + " ".join(head))
            self._version = head[4]
            self._place = file.tell()
            reached()  # so the version before is not needed any more
            if on_trial():
                raise OSError("no room to note that this version is a good one")
            _remove(self._other)
            volume = os.statvfs(".")
            blocks = _SPARE
            while True:
                line = file.readline()
                if not line:
                    break
                _, size, path = line.decode().split()
                _check_path(path)
                blocks += int(size) // volume[1] + 1
            if blocks > volume[3]:
                text = "no room: {} KB are free, {} KB are needed"
                raise OSError(text.format(volume[3] * volume[1] // 1024, blocks * volume[1] // 1024))

    async def _go_on(self):
        """Copy what is here already, until there is a file that is not; or start the new version."""
        while True:
            with open(_LIST, "rb") as file:
                file.seek(self._place)
                line = file.readline()
                self._place = file.tell()
            self._index += 1
            if not line:
                break
            digest, size, path = line.decode().split()
            digest = unhexlify(digest)
            target = self._other + "/" + path
            _make_folders(target)
            try:
                with open(self._folder + "/" + path, "rb") as old, open(target, "wb") as new:
                    copied = hashlib.sha256()
                    await _copy(old, copied, new)
            except OSError:
                copied = None  # there is no such file
            if copied is None or copied.digest() != digest:
                self._receive(target, int(size), digest)
                self._report()
                return
        os.remove(_LIST)
        if not write("slot.json", {"slot": self._other, "trial": {"left": 3, "back": self._folder}}):
            raise OSError("no room to note that the new version is to run")
        self._send({"state": "restarting", "version": self._version})
        await self._board._engine.stop()
        machine.reset()


def _key():
    # Outside of both folders: no update brings it, and none changes it.
    try:
        with open("key") as file:
            key = unhexlify(file.read())
    except (OSError, ValueError):
        key = b""
    if len(key) != 32:
        raise ValueError("the board has no key: flash it once by cable, with make flash")
    return key


async def _copy(file, hash, target):
    """Put the rest of a file into a hash, and into another file."""
    block = memoryview(bytearray(512))
    while True:
        size = file.readinto(block)
        if not size:
            return
        hash.update(block[:size])
        if target:
            target.write(block[:size])
        await asyncio.sleep(0)


def _check_path(path):
    parts = path.split("/")
    # Neither out of the folder, nor what no version has.
    if "" in parts or "." in parts or ".." in parts or "\\" in path or path.split(".")[-1] not in _SUFFIXES:
        raise ValueError("{!r} is no path for a version".format(path))


def _remove(path):
    try:
        for name in os.listdir(path):
            try:
                os.remove(path + "/" + name)
            except OSError:
                _remove(path + "/" + name)
        os.rmdir(path)
    except OSError as e:
        if e.errno != 2:
            raise


def _make_folders(path):
    at = path.find("/")
    while at > 0:
        try:
            os.mkdir(path[:at])
        except OSError:
            pass  # it is there
        at = path.find("/", at + 1)
