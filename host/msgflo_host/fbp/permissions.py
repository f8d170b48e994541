"""The rights of clients of the FBP protocol: its capabilities, granted by secrets.

The capabilities are those of https://flowbased.github.io/fbp-protocol/#capabilities. A request may do
what its own secret allows. A client receives what the last good secret on its connection allows, and until then what is
allowed without a secret; a wrong secret takes nothing away.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "ALL",
    "CAPABILITIES",
    "DEFAULT_LOCAL",
    "READY_MADE",
    "Capability",
    "Permissions",
    "may",
    "may_see",
    "sees_secure",
]


@dataclass(frozen=True, slots=True)
class Capability:
    """The commands of `protocol` that clients may send, and those that they receive."""

    protocol: str
    inputs: frozenset[str]
    outputs: frozenset[str]


def _capability(protocol: str, inputs: str, outputs: str) -> Capability:
    return Capability(protocol, frozenset(inputs.split()), frozenset(outputs.split()))


_GRAPH = (
    "clear addnode removenode renamenode changenode addedge removeedge changeedge addinitial removeinitial "
    "addinport removeinport renameinport addoutport removeoutport renameoutport addgroup removegroup renamegroup changegroup"
)
_EVENTS = "output data begingroup endgroup connect disconnect icon processerror error"

CAPABILITIES: dict[str, Capability] = {
    "protocol:runtime": _capability("runtime", "packet", "ports packetsent packet error"),
    "protocol:graph": _capability("graph", _GRAPH, f"{_GRAPH} error"),
    "graph:readonly": _capability("graph", "", _GRAPH),
    "protocol:component": _capability("component", "list", "component componentsready error"),
    "component:getsource": _capability("component", "getsource", "source error"),
    "component:setsource": _capability("component", "source", "component error"),
    "network:status": _capability("network", "getstatus", "status started stopped error"),
    "network:control": _capability("network", "start stop getstatus debug", "started stopped status debug error"),
    "network:data": _capability("network", "edges", f"edges {_EVENTS}"),
    "network:persist": _capability("network", "persist", "persist error"),
    # Deprecated, yet older clients ask for it by name.
    "protocol:network": _capability(
        "network", "start stop getstatus debug edges", f"started stopped status debug edges {_EVENTS}"
    ),
    "protocol:trace": _capability("trace", "start stop clear dump", "start stop clear dump error"),
}
ALL = frozenset(CAPABILITIES)
DEFAULT_LOCAL = ALL - {"component:setsource"}
"""The rights of a client on this machine without a secret: everything but sending code that is then run."""

_VIEWER = frozenset({"graph:readonly", "protocol:component", "component:getsource", "network:status", "network:data"})
READY_MADE: dict[str, frozenset[str]] = {
    "viewer": _VIEWER,
    "operator": _VIEWER | {"protocol:runtime", "protocol:network", "network:control", "protocol:trace"},
    "programmer": ALL,
}
"""Names for sets of capabilities: a viewer sees all, an operator starts, stops and sends packets, a programmer changes."""


def _pairs(side: str) -> dict[tuple[str, str], frozenset[str]]:
    """Return the capabilities that allow each command."""
    found: dict[tuple[str, str], set[str]] = {}
    for name, capability in CAPABILITIES.items():
        for command in getattr(capability, side):
            found.setdefault((capability.protocol, command), set()).add(name)
    return {pair: frozenset(names) for pair, names in found.items()}


_MAY = _pairs("inputs")
_MAY_SEE = _pairs("outputs")


def may(capabilities: frozenset[str], protocol: str, command: str) -> bool:
    """Return whether a client with these capabilities may send a command; never for one that no capability names."""
    return (protocol, command) == ("runtime", "getruntime") or not capabilities.isdisjoint(
        _MAY.get((protocol, command), frozenset())
    )


def may_see(capabilities: frozenset[str], protocol: str, command: str) -> bool:
    """Return whether a client with these capabilities is sent what goes to all; an answer goes to whoever has asked."""
    return not capabilities.isdisjoint(_MAY_SEE.get((protocol, command), frozenset()))


def sees_secure(capabilities: frozenset[str]) -> bool:
    """Return whether a client with these capabilities sees secure initial packets: to change a graph it has to see them."""
    return "protocol:graph" in capabilities


class Permissions:
    """The capabilities of each secret, and of clients without one: `local` ones on this machine, `remote` ones elsewhere."""

    def __init__(
        self,
        secrets: Mapping[str, frozenset[str]],
        *,
        local: frozenset[str] = DEFAULT_LOCAL,
        remote: frozenset[str] = frozenset(),
    ) -> None:
        self._secrets = [(_digest(secret), capabilities) for secret, capabilities in secrets.items()]
        self._local = local
        self._remote = remote

    @property
    def offered(self) -> frozenset[str]:
        """All capabilities that some client may have."""
        return frozenset().union(self._local, self._remote, *(capabilities for _, capabilities in self._secrets))

    def of(self, secret: str | None, *, local: bool) -> frozenset[str]:
        """Return the capabilities of a secret, or of a client without one; a wrong secret has none.

        The time of the comparison reveals nothing about the secrets.
        """
        if secret is None:
            return self._local if local else self._remote
        given = _digest(secret)
        found: frozenset[str] = frozenset()
        for known, capabilities in self._secrets:
            if hmac.compare_digest(known, given):
                found = capabilities
        return found


def _digest(secret: str) -> bytes:
    """Return a hash: all have one length, so that a comparison does not reveal the length of secrets."""
    # Halves of surrogate pairs, which no client has, are compared like everything else.
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
