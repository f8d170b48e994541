"""Diagnostics of nodes: nothing here can start them, or their participant is another component."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from difflib import get_close_matches

from msgflo.topics import is_filter

from ..builtin.collection import MODULES
from ..components.library import Library
from ..util.quoting import quoted
from .coordinator import Coordinator

__all__ = ["Diagnostics", "why_not_started"]

MOST_SHOWN = 3
ALIKE = 0.8
LONGEST = 100  # characters of a name to which similar names are searched
MOST_COMPARED = 50  # new ones for which that is done: each takes some milliseconds, and so many are no slips
MOST_NAMES = 500  # of participants' components, with which they are compared
_OF_PAGES = "web/"
_OURS = ("core/", _OF_PAGES)

_Finding = tuple[str, str, tuple[str, ...], int]
"""A role, its component in the graph, and those of its participants: none where there is none,
only the same one where the library had it; and the version of the known names."""


def why_not_started(role: str) -> str:
    """Return why no process can have a role, or an empty text."""
    if role.startswith("-"):  # it is a word of the command
        return "its name would be read as an option of the command"
    if is_filter(role):  # its topics begin with it
        return "its name has a wildcard; the characters + and # are not allowed"
    if role == "fbp" or role.startswith(("$", "fbp/")):
        return "names that begin with $ or fbp/ are reserved"
    return ""


class Diagnostics:
    """Finds node errors; `report(role, sentence)` is called once for each node and component, as long as one lasts.

    `why_waiting(role)` returns why the process of a node must wait, or is empty. The present sentences are in the
    coordinator's `node_errors`; `mended` is called after some have ended.
    """

    def __init__(
        self,
        coordinator: Coordinator,
        library: Library,
        report: Callable[[str, str], None],
        why_waiting: Callable[[str], str],
        mended: Callable[[], None],
    ) -> None:
        self._coordinator = coordinator
        self._library = library
        self._report = report
        self._why_waiting = why_waiting
        self._mended = mended
        self._names: frozenset[str] = frozenset()  # of components that the library or a participant has
        self._version = 0  # of these
        self._known: frozenset[_Finding] = frozenset()
        self._had: dict[str, str] = {}  # nodes whose component was in the library, whatever their participants call it

    async def update(self) -> None:
        """Check all nodes; other tasks run after each new error."""
        names = frozenset(entry.participant.component for entry in self._coordinator.registry.all())
        names = names.union(MODULES, self._library.names())
        if names != self._names:
            self._names, self._version = names, self._version + 1
        found = list(self._found())
        before, self._known = self._known, frozenset(found)
        errors = self._coordinator.node_errors
        over = errors.keys() - {finding[0] for finding in found}
        for role in over:
            del errors[role]
        new = [finding for finding in found if finding not in before]
        compare = len(new) <= MOST_COMPARED
        for finding in new:
            role, text = finding[0], self._sentence(finding, compare=compare)
            if text and errors.get(role) != text:
                errors[role] = text
                self._report(role, text)
            elif not text and errors.pop(role, ""):
                over.add(role)
            if text or compare:
                await asyncio.sleep(0)
        if over:
            self._mended()

    def _found(self) -> Iterator[_Finding]:
        nodes = self._coordinator.graph.nodes
        self._had = {role: name for role, name in self._had.items() if role in nodes and nodes[role].component == name}
        for node in nodes.values():
            name = node.component
            if name in MODULES:
                if not self._coordinator.has_components and self._coordinator.registry.state(node.id) != "alive":
                    yield node.id, name, (), 0
                continue
            if name in self._library.commands or name in self._library.foreign:
                self._had[node.id] = name
                if name in self._library.commands and self._why_not(node.id):
                    yield node.id, name, (), 0
                continue
            others = {entry.participant.component for entry in self._coordinator.registry.by_role(node.id)}
            if node.id in self._had and name not in others:
                yield node.id, name, (name,), 0
            elif name not in others:
                yield node.id, name, tuple(sorted(others)), self._version

    def _why_not(self, role: str) -> str:
        return why_not_started(role) or self._why_waiting(role)

    def _sentence(self, finding: _Finding, *, compare: bool) -> str:
        role, component, others, _ = finding
        if others == (component,):
            return f"is no longer run: the library has no component {quoted(component)} any more"
        if others:
            text = f"is {quoted(component)} in the graph, but {' and '.join(map(quoted, others))} by its own words"
            return text + (self._question(component) if compare else "")
        if component in MODULES:
            return "is not run: nothing is there that runs built-in components (start `msgflo forward`)"
        if component in self._library.commands:
            return f"is not started: {self._why_not(role)}"
        if component.startswith(_OF_PAGES):
            return f"waits for a page that runs it: Dashboard or Devices, Add, with the role {quoted(role)}"
        question = self._question(component) if compare else ""
        if self._library.names() or component.startswith(_OURS):
            return f"waits for a participant of this role: the library has no component {quoted(component)}{question}"
        if not question:  # nobody is there to compare it with: its participant may come
            return ""
        return f"waits for a participant of this role: none has the component {quoted(component)}{question}"

    def _question(self, component: str) -> str:
        """Ask for the components with names like one that nobody has."""
        if component in self._names or len(component) > LONGEST:
            return ""
        ours = [*MODULES, *self._library.names()]
        names = [*ours, *sorted(self._names.difference(ours))[:MOST_NAMES]]
        near = get_close_matches(component, names, MOST_SHOWN, ALIKE)
        return f"; did you mean {' or '.join(near)}?" if near else ""
