"""Ports and descriptions of components, whether they run or not.

A component in Python is asked in a process of its own, for importing it runs its code.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ..errors import DiscoveryError, ForeignError
from ..processes import children
from ..processes.process_command import Command
from ..wire import discovery
from ..wire.discovery import Participant, Port
from ..wire.port import port_object
from .component_folder import beginning, is_component
from .foreign.foreign_file import load

__all__ = ["ComponentInfo", "as_yaml", "ask", "can_be_asked", "class_option", "of_foreign"]

TIMEOUT_S = 10.0
"""Seconds in which a component must describe itself."""
END_GRACE_S = 0.5
MAX_ANSWER = 256 * 1024


@dataclass(frozen=True)
class ComponentInfo:
    """A component, whether it runs or not; `trouble` is the reason why nothing more is known."""

    name: str
    description: str = ""
    icon: str | None = None
    inports: tuple[Port, ...] = ()
    outports: tuple[Port, ...] = ()
    subgraph: bool = False
    trouble: str = ""

    @property
    def about(self) -> str:
        """The description for people, with the trouble."""
        return (
            f"{self.description} ({self.trouble})"
            if self.description and self.trouble
            else self.description or self.trouble
        )

    @staticmethod
    def of(name: str, participant: Participant) -> ComponentInfo:
        """Return the description of a participant, without the topics of its role."""
        ins, outs = (
            tuple(msgspec.structs.replace(port, queue=None) for port in ports)
            for ports in (participant.inports, participant.outports)
        )
        return ComponentInfo(name, participant.label, participant.icon, ins, outs)


def of_foreign(name: str, file: Path) -> ComponentInfo:
    """Read a component from the file of a foreign device."""
    try:
        return ComponentInfo.of(name, load(file, "node").participant)
    except ForeignError as error:
        return ComponentInfo(name, trouble=str(error))


def can_be_asked(command: Command) -> bool:
    """Return True where a command runs a participant of ours in a file that can be imported without other effects.

    That is expected of a program with a main part, `if __name__ == "__main__":`.
    """
    source = command.source
    if source is None or source.suffix.lower() != ".py":
        return False
    if command.words[:2] == ("msgflo", "participant"):
        return True
    if command.words[0] not in ("python", "micropython"):
        return False
    text = beginning(source)
    return is_component(text, ".py") and "__main__" in text


async def ask(name: str, command: Command) -> ComponentInfo:
    """Import a component in another process, with low priority, and return how it describes itself."""
    source = command.source
    assert source is not None
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MSGFLO_")}
    argv = [
        sys.executable,
        "-P",  # or a component click.py would stand for what we import ourselves
        "-m",
        "msgflo_host.components.describe_program",
        str(source.absolute()),
        *filter(None, [class_option(command.words)]),
    ]
    try:
        process = await children.spawn(argv, cwd=command.folder, env=environment, stdout=PIPE, stderr=DEVNULL)
    except OSError as error:
        return ComponentInfo(name, trouble=f"cannot be asked for its ports: {error.strerror or error}")
    assert process.stdout is not None
    answer = b""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while (chunk := await process.stdout.read(65536)) and len(answer) <= MAX_ANSWER:
                answer += chunk
    except TimeoutError:
        return ComponentInfo(name, trouble=f"{source.name}: has not described itself within {TIMEOUT_S:g} s")
    finally:
        await children.end(process, END_GRACE_S)
    return _parse(name, source, answer)


def class_option(words: tuple[str, ...]) -> str | None:
    """Return the class that a command names with `--class`."""
    for word, value in zip(words, [*words[1:], None], strict=True):
        if word == "--class":
            return value
        if word.startswith("--class="):
            return word.removeprefix("--class=")
    return None


def _parse(name: str, source: Path, answer: bytes) -> ComponentInfo:
    try:
        found = json.loads(answer)
        if "trouble" in found:
            return ComponentInfo(name, trouble=str(found["trouble"])[:1000])
        return ComponentInfo.of(name, discovery.parse(found["discovery"].encode()))
    except DiscoveryError as error:
        return ComponentInfo(name, trouble=str(error))
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return ComponentInfo(name, trouble=f"{source.name}: ended without describing itself")


def as_yaml(info: ComponentInfo) -> str:
    """Return a component as the file of a foreign device would declare it: the source of those that have no file."""
    from io import StringIO

    from ruamel.yaml import YAML  # 2 MB, only for sources

    document: dict[str, Any] = {"component": info.name}
    if info.about:
        document["label"] = info.about
    if info.icon:
        document["icon"] = info.icon
    for key, ports in (("inports", info.inports), ("outports", info.outports)):
        document[key] = {port.id: {k: v for k, v in port_object(port).items() if k != "id"} for port in ports}
    text = StringIO()
    writer = YAML()
    writer.width = 4096
    writer.dump(document, text)
    return text.getvalue()
