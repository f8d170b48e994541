"""Keeps discovery messages in files: of a board's flash there is more than of its memory."""

import os

__all__ = ("Shelf",)

_FOLDER = "said"


class Shelf:
    """A dictionary from the id of a participant to its discovery message."""

    def __init__(self):
        self._ids = []  # their indices are the names of the files
        try:
            os.mkdir(_FOLDER)
        except OSError:
            pass  # it is there

    def __iter__(self):
        return iter(self._ids)

    def __setitem__(self, id, message):
        if id not in self._ids:
            self._ids.append(id)
        try:
            if self[id] == message:  # as after nearly each start: so the flash is not worn
                return
        except OSError:
            pass  # there is none
        with open(self._path(id), "wb") as file:
            file.write(message)

    def __getitem__(self, id):
        path = self._path(id)
        message = bytearray(os.stat(path)[6])
        with open(path, "rb") as file:
            file.readinto(message)
        return message

    def _path(self, id):
        return "{}/{}".format(_FOLDER, self._ids.index(id))
