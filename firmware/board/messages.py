"""Keeps discovery messages in files: of a board's flash there is more than of its memory, unless it is full."""

import os

__all__ = ("Messages",)

_FOLDER = "said"


class Messages:
    """A dictionary from the id of a participant to its discovery message."""

    def __init__(self):
        self._ids = []
        self._files = []  # the number of each's file
        self._messages = {}  # those that the flash had no space for
        try:
            os.mkdir(_FOLDER)
        except OSError:
            pass  # it is there

    def __setitem__(self, id, message):
        if id not in self._ids:
            # By the id, in whatever order they come: else each start would write them anew. At most 64 by the hash, for a
            # receiver hears the neighbours' sensors come and go, and a file may take 4 KB.
            number = hash(id) & 63
            while number in self._files:
                number += 1
            self._ids.append(id)
            self._files.append(number)
        try:
            if self[id] == message:  # as after nearly each start: so the flash is not worn
                return
        except OSError:
            pass  # there is none
        try:
            with open(self._path(id), "wb") as file:
                file.write(message)
            self._messages.pop(id, None)
        except OSError:
            self._messages[id] = message

    def __getitem__(self, id):
        if id in self._messages:
            return self._messages[id]
        path = self._path(id)
        message = bytearray(os.stat(path)[6])
        with open(path, "rb") as file:
            file.readinto(message)
        return message

    def _path(self, id):
        return "{}/{}".format(_FOLDER, self._files[self._ids.index(id)])
