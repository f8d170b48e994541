"""The built-in components of the graph as participants: kept running, announced, and joined to the rest over MQTT.

Between themselves packets go from memory to memory. Towards everybody else a built-in component is a participant like any
other: it takes what comes on the topics of its inports and on the topics that are bound to them, and publishes what leaves
its outports, except where every edge of an outport ends here as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import msgspec

from msgflo import Broker, Error
from msgflo.topics import DISCOVERY, bind_topic, connection_topic, participant_topic

from .. import discovery
from ..bindings.following import Following
from ..bindings.memory import End, links
from ..bindings.plan import Lists, Plan
from ..discovery import Participant
from ..graph.elements import Edge
from ..payloads import decode
from .engine import Engine
from .library import components

__all__ = ["CLIENT_ID", "Host"]

log = logging.getLogger("msgflo")

CLIENT_ID = "msgflo-coordinator-builtin"
PERIOD_S = 60.0
REPEAT_S = PERIOD_S / 2.2


class Host:
    """Runs what `want` names.

    `announced(participant, moved)` is called when one has started, or has `moved` to another role, and again and again;
    `gone(id)` when one has ended, or there is none of that role any more. Both are for the registry of this process; the
    broker is told of the `public` ones. It connects while `when` is set.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        announced: Callable[[Participant, bool], None],
        gone: Callable[[str], None],
        when: asyncio.Event,
    ) -> None:
        self.engine = Engine()
        self.engine.on_packet.append(self._publish)
        self.engine.on_log.append(lambda role, text: log.info("%s: %s", role, text))
        self.engine.on_error.append(lambda role, text: log.error("%s: %s", role, text))
        self._announced, self._gone = announced, gone
        self._library = components()
        self._roles: dict[str, Participant] = {}
        self._moves: list[tuple[str, str]] = []
        self._public: frozenset[str] = frozenset()
        self.outports: dict[End, str] = {}
        """The topic of each outport."""
        self._inports: dict[str, End] = {}  # topic -> where it goes
        self._bound: dict[str, list[End]] = {}  # topic or filter of others -> where it goes
        self._published: dict[End, str] = {}
        self._ends: dict[str, End] = {}  # what is followed for whom
        self._following = Following(
            broker,
            CLIENT_ID,
            on_packet=self._received,
            on_connected=self._connected,
            when=when,
            will=(connection_topic(CLIENT_ID), b"lost"),
        )
        self._connection = self._following.first

    def is_own(self, component: str) -> bool:
        """Whether a component is built in."""
        return component in self._library

    def __contains__(self, role: object) -> bool:
        """Whether a role is played here."""
        return role in self._roles

    @property
    def roles(self) -> Collection[str]:
        """The roles that are played here."""
        return self._roles.keys()

    # -- what is wanted --

    def want(self, nodes: Mapping[str, str], public: Iterable[str]) -> None:
        """Run exactly these nodes, role → component; those that are not `public` are unknown outside of this process."""
        self._carry_out_moves()
        nodes = {role: component for role, component in nodes.items() if component in self._library}
        old, self._public = self._public, frozenset(role for role in public if role in nodes)
        unchanged = {role for role, participant in self._roles.items() if nodes.get(role) == participant.component}
        self.engine.want(nodes)
        for role in self._roles.keys() - unchanged:
            self._drop(role, public=role in old)
        for role in nodes.keys() - unchanged:
            self._take(role, moved=False)
        for role in (self._public - old) | (self._public - unchanged):
            self._announce(role)
        for role in (old - self._public) & unchanged:
            self._send(participant_topic(role), b"", retain=True)
        self.outports = {
            (role, port.id): port.queue
            for role, participant in self._roles.items()
            for port in participant.outports
            if port.queue
        }
        self._inports = {
            port.queue: (role, port.id) for role in self._public for port in self._roles[role].inports if port.queue
        }
        self._follow()

    def move(self, old: str, new: str) -> None:
        """From the next `want` on, let what plays one role play another, without a loss of what it remembers.

        What it sends to others goes on its old topics until `bind`; they may miss what it sends while they subscribe anew.
        """
        self._moves.append((old, new))

    def _carry_out_moves(self) -> None:
        moves, self._moves = self._moves, []
        for old, new in moves:
            if old not in self._roles or old == new:
                continue
            if new in self._roles:
                self._drop(new, public=new in self._public)
            self.engine.move(old, new)
            self._drop(old, public=old in self._public)
            self._public -= {old, new}
            self._take(new, moved=True)
            self._bound = {topic: [_moved(end, old, new) for end in ends] for topic, ends in self._bound.items()}
            self._published = {_moved(end, old, new): topic for end, topic in self._published.items()}

    def _take(self, role: str, *, moved: bool) -> None:
        # Bound by `bind`, at a call of the coordinator of this process; others are told of no topic for bindings.
        self._roles[role] = msgspec.structs.replace(
            self.engine.participant(role), period=PERIOD_S, bind=bind_topic(role)
        )
        self._announced(self._roles[role], moved)

    def _drop(self, role: str, *, public: bool) -> None:
        del self._roles[role]
        if public:
            self._send(participant_topic(role), b"", retain=True)
        self._gone(role)

    def link(self, edges: Iterable[Edge], *, case_sensitive: bool) -> None:
        """Join the edges, of those given, whose two ends are here."""
        self.engine.connect(links(edges, self._roles, case_sensitive=case_sensitive))

    def bind(self, plan: Plan) -> dict[str, Lists]:
        """Bring what the plan says of our roles in force, and return the lists of all others."""
        own = {topic: end for end, topic in self.outports.items()}
        bound: dict[str, list[End]] = {}
        others: dict[str, Lists] = {}
        leaving: set[str] = {forward.source for forward in plan.forwards}
        for id, lists in plan.direct.items():
            if id not in self._roles:
                others[id] = lists
                leaving.update(source for sources in lists.values() for source in sources)
                continue
            for port, sources in lists.items():
                for source in sources:
                    if source not in own:
                        bound.setdefault(source, []).append((id, port))
        inside = {source for _, state in plan.edges for source, _ in state.pairs} - leaving
        self._bound = bound
        self._published = {
            end: topic
            for topic, end in own.items()
            if topic in leaving or (end[0] in self._public and topic not in inside)
        }
        self._follow()
        return others

    def deliver(self, role: str, topic: str, data: Any) -> None:
        """Hand a packet to the inport that has this topic."""
        port = next(port.id for port in self._roles[role].inports if port.queue == topic)
        self.engine.deliver(role, port, data)

    # -- MQTT --

    async def run(self) -> None:
        """Keep the connection, and say again who is here, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repeat())
            try:
                await self._following.run()
            finally:
                self.engine.stop()

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(REPEAT_S)
            for role, participant in self._roles.items():
                self._announced(participant, False)
                if role in self._public:
                    self._announce(role)

    def _connected(self) -> None:
        self._send(connection_topic(CLIENT_ID), b"online", retain=True)
        for role in self._public:
            self._announce(role)

    def _announce(self, role: str) -> None:
        message = discovery.encode(msgspec.structs.replace(self._roles[role], connection=CLIENT_ID, bind=None))
        self._send(participant_topic(role), message, retain=True)
        self._send(DISCOVERY, message, retain=False)

    def leave(self) -> None:
        """Take back what was announced; call it while there still is a connection."""
        for role in self._public:
            self._send(participant_topic(role), b"", retain=True)
        self._send(connection_topic(CLIENT_ID), b"", retain=True)

    async def come(self, seconds: float) -> None:
        """Return when there is a connection, or after so many seconds."""
        await self._connection.come(seconds)

    async def settled(self) -> None:
        """Return when what others send is heard, as far as there is a connection."""
        await self._following.settled()

    def _follow(self) -> None:
        takers = [(topic, end) for topic, end in self._inports.items()]
        takers += [(topic, end) for topic, ends in self._bound.items() for end in ends]
        self._ends = {"\0".join(end): end for _, end in takers}
        self._following.want((topic, "\0".join(end)) for topic, end in takers)

    def _received(self, takers: list[str], topic: str, payload: bytes, retained: bool) -> None:
        if retained and not payload:
            return
        data = decode(payload)
        for taker in takers:
            self.engine.deliver(*self._ends[taker], data)

    def _publish(self, role: str, port: str, data: Any) -> None:
        topic = self._published.get((role, port))
        if topic is not None:
            try:
                payload = data if isinstance(data, bytes) else msgspec.json.encode(data)
            except (TypeError, UnicodeEncodeError, RecursionError) as error:
                self.engine.report(role, f"what leaves the outport {port!r} cannot be written as JSON: {error}")
            else:
                self._send(topic, payload, retain=False, qos=0)

    def _send(self, topic: str, payload: bytes, *, retain: bool, qos: int = 1) -> None:
        try:
            self._connection.publish(topic, payload, qos=qos, retain=retain)
        except Error as error:  # the connection has just ended: everybody is announced again on the next one
            log.debug("%s", error)


def _moved(end: End, old: str, new: str) -> End:
    return (new, end[1]) if end[0] == old else end
