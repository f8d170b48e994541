"""MsgFlo's own programs in the commands of a folder, for machines on which they are not installed.

The commands are those of its default handlers, https://github.com/msgflo/msgflo/blob/master/src/library.coffee, now and
before. Ours replace those that run Python or announce a foreign device; nothing replaces the others.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from ..processes.process_command import search_path

__all__ = ["OWN_PYTHON", "NotInstalled", "in_place_of"]

OWN_PYTHON = ("msgflo", "participant", "#FILENAME", "#ROLE", "--component", "#COMPONENT")
"""The command for a component in Python."""

_PYTHON = re.compile(r"msgflo-python (\S+) #ROLE(?: --iips[ =]#IIPS)?")
_FOREIGN = re.compile(
    r"msgflo-register --role[ =]#ROLE:(\S+)|msgflo-register-foreign(?: --forever(?:=true)?)? --role[ =]#ROLE (\S+)"
)
_INSTEAD = {
    "msgflo-python": '"msgflo participant #FILENAME #ROLE" is the same of ours, which .py files have without a handler',
    "msgflo-register": "a foreign device is a .yml file here, which needs no command",
    "msgflo-register-foreign": "a foreign device is a .yml file here, which needs no command",
    "msgflo-nodejs": 'install it, or write what runs such a file, as in "node #FILENAME #ROLE"',
    "noflo-runtime-msgflo": 'install it, or write what runs such a graph, as in "node run.js #ROLE #FILENAME"',
}


class NotInstalled(Exception):
    """A program of MsgFlo is not installed, and nothing of ours replaces it; the text names what to write instead."""


def in_place_of(words: tuple[str, ...], folder: Path) -> tuple[str, ...] | Path:
    """Return the command to run in place of one in a folder, with its markers, or the file of a foreign device.

    A command that names no program of MsgFlo, or an installed one, stays as it is. Raises NotInstalled.
    """
    if words[0] not in _INSTEAD or _is_installed(words[0], folder):
        return words
    command = " ".join(words)
    if found := _PYTHON.fullmatch(command):
        return tuple(found[1] if word == "#FILENAME" else word for word in OWN_PYTHON)
    if found := _FOREIGN.fullmatch(command):
        return Path(found[1] or found[2])
    raise NotInstalled(f"{words[0]} is not installed; {_INSTEAD[words[0]]}")


def _is_installed(program: str, folder: Path) -> bool:
    """Return True where a process in the folder finds a program; the PATH may be relative, as node_modules/.bin is."""
    places = [str(folder / place) for place in search_path().split(os.pathsep) if place]
    return shutil.which(program, path=os.pathsep.join(places)) is not None
