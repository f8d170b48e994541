"""All components that an editor may use: built in, of the library, and those that discovery has shown."""

from __future__ import annotations

from collections.abc import Iterable

import msgflo
from msgflo.component import Component

from ..builtin import collection as builtin
from ..components.library import ComponentInfo, Library, Source, source_of
from ..errors import LibraryError
from ..model.participants import Entry, Registry
from ..util.text_checks import is_uri
from ..wire.discovery import Participant, Port

__all__ = ["Catalogue", "Definition"]

Definition = dict[str, object]
"""A component as the FBP protocol describes it: the payload of `component:component`."""


class Catalogue:
    """The known components, and the source of each."""

    def __init__(self, library: Library, registry: Registry) -> None:
        self._library = library
        self._registry = registry
        self._builtin = builtin.components()
        self._discovered: dict[str, Entry] = {}
        self._version = -1

    @property
    def namespace(self) -> str:
        """The library's own namespace, or that of the main graph."""
        return self._library.namespace or "default"

    @property
    def repository(self) -> str | None:
        """The URL of the repository of the library's sources."""
        return self._library.repository

    def names(self) -> list[str]:
        """The names of all components, sorted."""
        return sorted({*self._builtin, *self._library.names(), *self._seen()})

    def has(self, name: str) -> bool:
        """Return whether there is a component of that name."""
        return name in self._builtin or name in self._seen() or self._library.info(name) is not None

    def is_own(self, name: str) -> bool:
        """Return whether a component is built in or of the library, and not only announced by a participant."""
        return name in self._builtin or name in self._library.commands or name in self._library.foreign

    def definition(self, name: str) -> Definition | None:
        """Return the definition of a component, or None if there is none of that name.

        The announcement of a participant counts more than the outline of its file, while it is not lost.
        """
        if name in self._builtin:
            return _of_builtin(self._builtin[name])
        info, seen = self._library.info(name), self._seen().get(name)
        if info is not None and (seen is None or (seen.state == "lost" and self._library.knows(name))):
            return _of_info(info)
        if seen is None:
            return None
        found = _of_participant(seen.participant)
        if info is not None:  # whose source is the library's, whatever a participant announces
            found["subgraph"] = False
            found |= {"description": info.about} if info.about else {}
        return found

    def source(self, name: str) -> Source | None:
        """Return the source of a component, or None if there is none of that name.

        In place of a file that cannot be read stands the reason: editors open no graph of which one source is refused.
        """
        if name in self._builtin:
            code, language, tests = builtin.source(name)
            return Source(name, language, code, tests)
        try:
            found = self._library.source(name)
        except LibraryError as error:
            found = Source(name, "text", f"{error}\n")
        if found is None and name in self._seen():
            found = source_of(self._seen()[name].participant)
        return found

    def _seen(self) -> dict[str, Entry]:
        """Of each discovered component, a participant, and one that is not lost if possible."""
        if self._registry.version != self._version:
            self._version = self._registry.version
            entries = sorted(self._registry.all(), key=lambda entry: entry.state == "lost")
            self._discovered = {}
            for entry in entries:
                self._discovered.setdefault(entry.participant.component, entry)
        return self._discovered


def _of_builtin(component: type[Component]) -> Definition:
    return _definition(
        str(component.component),
        component.label,
        component.icon,
        [_builtin_port(port) for port in component.inports],
        [_builtin_port(port) for port in component.outports],
    )


def _of_participant(participant: Participant) -> Definition:
    inports, outports = _ports(participant.inports), _ports(participant.outports)
    found = _definition(participant.component, participant.label, participant.icon, inports, outports)
    return {**found, "subgraph": participant.runtime is not None}


def _of_info(info: ComponentInfo) -> Definition:
    return _definition(info.name, info.about, info.icon, _ports(info.inports), _ports(info.outports))


def _definition(
    name: str, description: str, icon: str | None, inports: list[Definition], outports: list[Definition]
) -> Definition:
    found: Definition = {"name": name, "subgraph": False, "inPorts": inports, "outPorts": outports}
    if description:
        found["description"] = description
    if icon:
        found["icon"] = icon.removeprefix("fa-")
    return found


def _ports(ports: Iterable[Port]) -> list[Definition]:
    """The protocol's schema is closed: topics, options and whatever else a device says of its ports are left out."""
    found: list[Definition] = []
    for port in ports:
        definition: Definition = {"id": port.id, "type": port.type, "required": False, "addressable": False}
        if port.description:
            definition["description"] = port.description
        if isinstance(port.schema, str) and is_uri(port.schema):
            definition["schema"] = port.schema
        if isinstance(values := port.extra.get("values"), list):
            definition["values"] = values
        if "default" in port.extra:
            definition["default"] = port.extra["default"]
        found.append(definition)
    return found


def _builtin_port(port: msgflo.Port) -> Definition:
    definition: Definition = {"id": port.id, "type": port.type, "description": port.description}
    definition |= {"required": False, "addressable": False}
    schema = port.schema or {}
    if "default" in schema:
        definition["default"] = schema["default"]
    if "enum" in schema:
        definition["values"] = list(schema["enum"])
    return definition
