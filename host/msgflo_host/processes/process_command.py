"""Commands of component processes, and their environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgflo
from msgflo import Broker

from ..util.readable_files import Signature

__all__ = ["Command", "broker_url", "environment", "executable", "search_path"]


@dataclass(frozen=True)
class Command:
    """The words of a command, and the folder in which it runs.

    `source` is the file that is run, where that is one of a library's folder; `version` changes when the file does.
    """

    words: tuple[str, ...]
    folder: Path
    source: Path | None = None
    version: Signature | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        source = None if self.source is None else str(self.source)
        return {"words": self.words, "folder": str(self.folder), "source": source, "version": self.version}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Command:
        """Return what `to_json` was given."""
        source, version = found["source"], found["version"]
        return cls(
            tuple(found["words"]),
            Path(found["folder"]),
            None if source is None else Path(source),
            None if version is None else tuple(version),
        )


def executable(words: tuple[str, ...]) -> list[str]:
    """Return the words of a command, with our own programs where they are installed.

    A file in the folder where the command runs, such as a component `click.py`, hides no module that ours need.
    """
    own = {"msgflo": [sys.executable, "-P", "-m", "msgflo_host"], "python": [sys.executable]}
    return [*own.get(words[0], [words[0]]), *words[1:]]


def search_path() -> str:
    """Return the PATH on which the programs of commands are searched."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def environment(broker: Broker) -> dict[str, str]:
    """Return the environment of components: the broker, unbuffered output, the library's path for MicroPython.

    It lacks the editors' secret: editors see whatever a component prints.
    """
    firmware = Path(msgflo.__file__).parent.parent
    packages = Path(sys.prefix) / "micropython"
    return {name: value for name, value in os.environ.items() if name != "MSGFLO_SECRET"} | {
        "MSGFLO_BROKER": broker_url(broker),
        "PYTHONUNBUFFERED": "1",
        "MICROPYPATH": f"{packages}:{firmware}:.frozen",
        "PATH": search_path(),
    }


def broker_url(broker: Broker) -> str:
    """Return the whole URL of a broker, its password included: only for our own processes."""
    account = quote(broker.user, safe="") if broker.user is not None else ""
    if broker.password is not None:
        account += ":" + quote(broker.password, safe="")
    host = f"[{broker.host}]" if ":" in broker.host else broker.host
    query = f"?cafile={quote(broker.cafile)}" if broker.cafile else ""
    return f"{'mqtts' if broker.tls else 'mqtt'}://{account}{'@' if account else ''}{host}:{broker.port}{query}"
