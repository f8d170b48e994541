"""The nodes that an .fbp text declares: with a component, or anonymous and named by us."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from lark import Token

from ..errors import GraphError
from .elements import Node
from .fbp_statements import Chain, Export, Statement, fail, spaced
from .model import Graph

__all__ = ["Nodes"]

_COMPONENT = re.compile(r"[A-Za-z0-9_/-]*")
_METADATA = re.compile(r"[A-Za-z/=_,0-9]+")


@dataclass(slots=True)
class _Declared:
    """The component and metadata of a node in the text, and the word that declares it first."""

    token: Token
    component: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


class Nodes:
    """Puts the declared nodes into the graph, and knows afterwards which node a token means."""

    def __init__(self, found: list[Statement], graph: Graph, file: str | None) -> None:
        self._graph = graph
        self._file = file
        self._found = found
        self._declared: dict[str, _Declared] = {}
        self._anonymous: dict[int, str] = {}  # by offset in the text
        tokens = [word for each in found if isinstance(each, Chain) for place in each.places for word in place.words]
        tokens += [each.node for each in found if isinstance(each, Export) and each.node is not None]
        tokens.sort(key=_offset)
        for token in tokens:
            if token.type == "NODE":
                name, inside = token[:-1].split("(", 1)
                self._declare_node(name, inside, token)
        counts: dict[str, int] = {}
        for token in tokens:
            if token.type == "ANONYMOUS":
                self._declare_node(self._anonymous_name(token, counts), token[1:-1], token)
        for name, declared in self._declared.items():
            if declared.component:
                self._graph.put_node(Node(name, declared.component, declared.metadata))

    def _declare_node(self, name: str, inside: str, token: Token) -> None:
        component, colon, metadata = inside.partition(":")
        if not _COMPONENT.fullmatch(component):
            fail(f"component {component!r} may hold only letters, digits, '_', '-' and '/'", token, self._file)
        declared = self._declared.setdefault(name, _Declared(token))
        if component and declared.component and component != declared.component:
            message = f"node {name!r} has the component {declared.component!r} since line {declared.token.line}"
            fail(f"{message}, so it cannot be {component!r}", token, self._file)
        declared.component = declared.component or component
        if colon:
            declared.metadata |= self._metadata(metadata, token)

    def _metadata(self, text: str, token: Token) -> dict[str, Any]:
        if not _METADATA.fullmatch(text):
            fail(f"metadata {text!r} may hold only letters, digits, '_', '/', '=' and ','", token, self._file)
        found: dict[str, Any] = {}
        for item in filter(None, text.split(",")):
            key, equals, value = item.partition("=")
            key, value = (key, value.split("=")[0]) if equals else ("routes", key)
            if not key:
                fail(f"metadata {item!r} has no key", token, self._file)
            if key in ("x", "y") and not re.fullmatch("[0-9]{1,15}", value):
                fail(f"metadata {key} must be a number, not {value!r}", token, self._file)
            found[key] = int(value) if key in ("x", "y") else value
        return found

    def _anonymous_name(self, token: Token, counts: dict[str, int]) -> str:
        component = token[1:-1].partition(":")[0]
        if not component:
            fail("'()' without a name needs a component, as in (project/Name)", token, self._file)
        stem = re.sub("[^a-zA-Z0-9]+", "_", component, count=1)  # only the first, as the npm package does
        counts[stem] = counts.get(stem, 0) + 1
        while f"_{stem}_{counts[stem]}" in self._declared:
            counts[stem] += 1
        return self._anonymous.setdefault(_offset(token), f"_{stem}_{counts[stem]}")

    def check(self) -> None:
        """Raise GraphError if a node has no component."""
        for name, declared in self._declared.items():
            if name not in self._graph.nodes:
                fail(f"node {name!r} has no component; write {name}(project/Name) once", declared.token, self._file)

    def name(self, token: Token) -> str:
        """Return the name of the node that `token` means; GraphError if it means none."""
        if token.type == "ANONYMOUS":
            return self._anonymous[_offset(token)]
        name = token.split("(")[0]
        try:
            return self._graph.node(name).id
        except GraphError as wrong:
            hint = self._hint(token) if "." in name else ""
            fail(f"no node {name!r} in the graph; {hint}" if hint else wrong.message, token, self._file)

    def _hint(self, token: Token) -> str:
        """Return how the chain with this word is written."""
        for chain in self._found:
            if isinstance(chain, Chain) and any(word is token for place in chain.places for word in place.words):
                packet = ["…"] if chain.packet else []
                return spaced([*packet, *(" ".join(place.words) for place in chain.places)])
        return ""


def _offset(token: Token) -> int:
    return token.start_pos or 0
