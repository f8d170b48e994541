"""Who is there, what is wanted, and the bindings that follow: applied as a difference, again after each change."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn

from msgflo import Broker
from msgflo.topics import connection_topic, participant_topic

from . import lease, secrecy
from ._turns import Turns
from .bindings.initials import InitialPacket
from .bindings.plan import Plan, plan, refusal, steps
from .bindings.ports import Place, Ports
from .bindings.retained_lists import BIND, BOUND, BindLists, ForwardLists, bound_topic
from .builtin.host import Host
from .connection import Connection
from .dataplane import forward
from .dataplane.forwarder import Forwarder
from .graph.elements import Initial, PortRef
from .graph.model import Graph
from .graphs import Graphs
from .greeter import Greeter
from .intake import SUBSCRIPTIONS, Intake
from .lease import Lease, Taken
from .meter import Meter
from .participants import Registry
from .record import Record
from .wall import Wall, call_all

__all__ = ["Coordinator"]

log = logging.getLogger("msgflo")

CLIENT_ID = "msgflo-coordinator"
RECORD, RECORD_S = "participants.json", 5.0
FORWARDED = (forward.LISTS + "+", forward.CONFIRMED + "+", forward.ASK_LISTS)  # lists before what is said of them
FORWARDER = connection_topic(forward.CLIENT_ID)
BOUND_S = 2.0
"""So long participants are waited for that confirm their bindings."""
SETTLE_S = 0.25
"""So long those are waited for of whom it is not known that they do: their library may be an older one, or another."""
COME_S = 2.0
"""So long the connection of the built-in components is waited for."""
FORWARD_S = 5.0
"""So long the forwarder is waited for: it may be starting."""
NO_FORWARDER = (
    "%s: no forwarder has answered within %g s: forwarded edges carry nothing until there is one (`msgflo forward`)"
)
TICK_S = 0.25
"""How often deadlines of participants are looked at."""


class Coordinator:
    """Brings the wanted graphs into force on one broker.

    What is wanted is changed through `graphs`. Who wants to know calls `on_change.append`: called after each
    reconciliation; those of `on_plan` are awaited between the bindings and the initial packets; those of `on_initial` are
    called with each initial packet that is sent, of `on_trouble` with a role and what cannot be brought in force there, of
    `on_news` with a line that concerns all, of `on_waiting` when something is wanted while the broker is away, and of
    `on_charge` with whether it is in charge now, or another one.
    `bound` is set when the first edge is in force, or where there is none to be; `in_charge` while no other coordinator
    can be on the broker: what has a client id of its own connects only then. The broker may come, go and restart.
    """

    def __init__(
        self,
        broker: Broker,
        graph: Graph,
        *,
        process: int | None = None,
        is_own_broker: bool = False,
        data: Path | None = None,
    ) -> None:
        """`process` is the id of the one to end where this coordinator is in the way; by default this one.

        On its own broker it is in charge, whoever else claims to be. In the folder `data` it records who was there.
        """
        self.broker = broker
        self.is_own_broker = is_own_broker
        self.graphs = Graphs(graph)
        self.wall = Wall(self.tell)
        self.registry = Registry()
        self.plan: Plan = plan(graph, {}, lambda edge: False)
        self.bound = asyncio.Event()
        self.in_charge = asyncio.Event()
        self.on_change: list[Callable[[], None]] = []
        self.on_plan: list[Callable[[], Awaitable[None]]] = []
        self.on_initial: list[Callable[[Initial], None]] = []
        self.on_trouble: list[Callable[[str, str], None]] = []
        self.on_news: list[Callable[[str], None]] = []
        self.on_waiting: list[Callable[[], None]] = []
        self.on_charge: list[Callable[[bool], None]] = []
        self.node_errors: dict[str, str] = {}
        """What is amiss with nodes that cannot be what the graph says, by role; found by those that know the library."""
        self.away = ""
        """What is told while the broker is out of reach."""
        self.has_forwarder = True
        """Whether a forwarder is there, or has not been waited for long enough."""
        self.bindings_version = 0
        """A number that grows when lists in the broker change."""
        self.served: frozenset[str] = frozenset()
        """The roles for which bindings, and what those of `on_plan` prepare, are in force."""
        self.served_at = 0.0
        """What was wanted then (`time.monotonic()`) is in force for them."""
        self._connection = Connection(
            broker,
            f"{CLIENT_ID}-{uuid.uuid4().hex[:8]}",
            subscriptions=[*SUBSCRIPTIONS, BIND + "+", BOUND + "+", *FORWARDED, lease.TOPIC],
            on_message=self._received,
            on_connected=self._connected,
            on_disconnected=self._disconnected,
            will=(lease.TOPIC, b""),
        )
        self._lease = Lease(
            lambda payload, retain: self._connection.publish(lease.TOPIC, payload, retain=retain),
            process=process,
            own=is_own_broker,
        )
        self._was_in_charge = self._lost_meanwhile = self._ending = False
        self._direct = BindLists(self._publish_retained)
        self._forwarded = ForwardLists(self._publish_retained)
        self._knows_forwarder = False
        self._watcher = Forwarder(broker, client_id=CLIENT_ID + "-watch", is_private=True, tells_dropped=False)
        self._record = None if data is None else Record(data / RECORD, "own" if is_own_broker else str(broker))
        self._recorded = (-1, False)  # what was written last
        self._finds_all = False  # the broker sends retained messages to wildcard subscriptions
        self.meter = Meter(self._watcher)
        self.builtin = Host(
            broker,
            announced=lambda participant, moved: self._intake.announced_here(participant, moved),
            gone=lambda identity: self._intake.gone_here(identity),
            when=self.in_charge,
        )
        self.builtin.engine.on_packet.append(self._sent_here)
        self.builtin.engine.is_secure = lambda role: secrecy.holds_secure(self.graphs, role)
        self.graphs.is_own = self.builtin.is_own
        self.graphs.on_wanted.append(self._wants_other)
        self._greeter = Greeter(self._trouble)
        self.graphs.on_rename += [self.builtin.move, self._greeter.renamed]
        self._dirty = asyncio.Event()
        self._intake = Intake(
            self.registry, self.builtin, started=lambda id: self._greeter.greet([id]), changed=self._dirty.set
        )
        self._unsettled = True

    @property
    def graph(self) -> Graph:
        """What all graphs want together; its node ids are roles."""
        return self.graphs.wanted.graph

    @property
    def started(self) -> bool:
        """Whether the main graph is in force."""
        return self.graphs.main.started

    @property
    def connected(self) -> bool:
        """Whether the broker is there and every retained message has been read."""
        return self._connection.connected

    async def run(self) -> None:
        """Serve until cancelled; raises Taken when another coordinator is in charge of the broker at the start.

        Direct bindings stay active afterwards: while the broker runs, their packets flow on without a coordinator.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._connection.run())
                tasks.create_task(self.builtin.run())
                tasks.create_task(self._reconcile_forever())
                tasks.create_task(self._tick_forever())
                tasks.create_task(self._lease.renew())
                tasks.create_task(self._record_forever())
                tasks.create_task(self.meter.run(self._traffic_seen))
                try:
                    await self._give_way_forever()
                finally:
                    self._ending = True
                    self.builtin.leave()  # while there still is a connection
                    self._lease.release()
        finally:
            await self._watcher.stop()
            self._write_record()

    def tell(self, text: str) -> None:
        """Tell all who use this coordinator something that concerns it as a whole."""
        call_all(self.on_news, text)

    def replace_graph(self, graph: Graph) -> None:
        """Take another graph as the main one; only what differs is bound, unbound or sent."""
        self.graphs.replace_main(graph)

    def settle(self) -> None:
        """Bring in force what concerns only the built-in components: that needs no broker, and is done at once."""
        if not self._unsettled:
            return
        self._unsettled = False
        wanted = self.graphs.wanted
        nodes = {node.id: node.component for node in wanted.graph.nodes.values() if node.id not in wanted.resting}
        self.builtin.want(nodes, public=self.graphs.main.graph.nodes)
        edges = filter(wanted.is_started, wanted.graph.edges)
        self.builtin.link(edges, case_sensitive=wanted.graph.case_sensitive)
        due = self._greeter.due
        self._greeter.send(wanted.graph, self.registry, self._publish_initial, due, only=self.builtin.roles)

    def find(self, kind: str, ref: PortRef) -> tuple[Place, ...]:
        """Return a port of each instance of a role that is not lost; `kind` is inport or outport.

        Raises Refused where they have no such port.
        """
        there = [entry.participant for entry in self.registry.by_role(ref.node) if entry.state != "lost"]
        ports = Ports(kind, {ref.node: there} if there else {}, case_sensitive=self.graph.case_sensitive)
        return ports.find(*ref)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Publish a packet; False where the broker is out of reach."""
        return self._connection.publish(topic, payload)

    def _publish_retained(self, topic: str, payload: bytes) -> bool:
        self.bindings_version += 1
        return self._connection.publish(topic, payload, retain=True)

    def forget(self, role: str) -> None:
        """Take back what the instances of a role have announced: whoever ran them has ended them for good."""
        for entry in self.registry.by_role(role):
            participant = entry.participant
            for topic in (participant_topic(participant.id), bound_topic(participant.id)):
                self._connection.publish(topic, b"", retain=True)
            if participant.connection is not None:
                self._connection.publish(connection_topic(participant.connection), b"", retain=True)

    def _wants_other(self, fresh: list[Initial]) -> None:
        self._greeter.fresh(fresh)
        self._unsettled = True
        self._dirty.set()

    def _sent_here(self, role: str, port: str, data: object) -> None:
        self.meter.count(self.builtin.outports[role, port])

    def _received(self, topic: str, payload: bytes, retained: bool) -> None:
        self._finds_all = self._finds_all or (retained and topic != lease.TOPIC)
        if topic == lease.TOPIC:
            self._lease.received(payload, retained=retained)
        elif topic.startswith(BIND):
            self._look_again(self._direct.received(topic, payload))
        elif topic.startswith(BOUND):
            self._look_again(self._direct.confirmed(topic, payload))
        elif topic.startswith(forward.LISTS):
            self._look_again(self._forwarded.received(topic, payload))
        elif topic.startswith(forward.CONFIRMED):
            self._look_again(self._forwarded.confirmed(topic, payload))
            self._note_bound()
        elif topic == forward.ASK_LISTS:
            if self.in_charge.is_set():
                self._forwarded.write_again()
        elif topic == FORWARDER:
            self._forwarder_is(payload)
        else:
            self._intake.received(topic, payload, retained)

    def _look_again(self, is_other: bool) -> None:
        """Reconcile again where a retained list differs from the desired one."""
        if is_other and self.connected:
            self._dirty.set()

    def _forwarder_is(self, state: bytes) -> None:
        self._knows_forwarder = True
        if state == b"online" and not self.has_forwarder:
            self.has_forwarder = True
            log.info("%s: a forwarder is there", self.broker)
            self._dirty.set()

    def _connected(self) -> None:
        self.registry.resume(time.monotonic())
        self._take_up_record()
        self._dirty.set()
        if self.away:
            self.away = ""
            self.tell(f"the broker {self.broker} is back")

    def _disconnected(self) -> None:
        self.in_charge.clear()
        self._lost_meanwhile = True
        self._direct.forget()
        self._forwarded.forget()
        self._knows_forwarder = False
        if not self.away and not self._ending:
            self.away = f"the broker {self.broker} is out of reach: what is wanted is in force once it is back"
            self.tell(self.away)

    async def _take_charge(self) -> None:
        """After each connection, before anything is changed in the broker; nothing comes of it where that is lost meanwhile."""
        self._lost_meanwhile = False
        try:
            await self._lease.acquire()
        except Taken:
            if not self._was_in_charge:
                raise
            self._lease.give_way()
            return
        if self._lost_meanwhile:
            return
        if not self._knows_forwarder:  # some brokers keep what it says, but do not send it
            self._connection.publish(forward.ASK_CONFIRMATIONS, b"")
        if not self._was_in_charge:
            self._was_in_charge = True
            await self._watcher.start()
        self.in_charge.set()
        call_all(self.on_charge, True)
        await self.builtin.come(COME_S)  # what follows from an initial packet should reach those here, too

    async def _give_way_forever(self) -> NoReturn:
        """Change nothing in the broker while another coordinator turns out to be in charge there."""
        while True:
            other = await self._lease.lost()
            self.in_charge.clear()
            text = f"another coordinator is in charge of this broker ({other}): this one waits until that has ended"
            log.error("%s", text)
            self.tell(text)
            call_all(self.on_charge, False)
            await self._lease.free()
            log.info("%s: in charge again", self.broker)
            self._dirty.set()

    def _take_up_record(self) -> None:
        """Know those again who were there before this coordinator, and of whom the broker has told nothing."""
        if self._record is None or self._recorded[0] >= 0:
            return
        self._recorded = (0, False)
        for participant in self._record.read():
            if self._finds_all and participant.connection is not None:
                continue  # it would have told of this one, so that it was removed
            self._intake.recorded(participant)
            if participant.bind is not None and not self._finds_all:
                self._direct.expect(participant.id)

    async def _record_forever(self) -> None:
        while True:
            await asyncio.sleep(RECORD_S)
            if self.connected:
                self._write_record()

    def _write_record(self) -> None:
        """Keep who is there; where the broker tells of those who leave something there, the others."""
        now = (self.registry.version, self._finds_all)
        if self._record is None or self._recorded[0] < 0 or now == self._recorded:
            return
        self._recorded = now
        there = (entry.participant for entry in self.registry.all() if entry.state != "lost")
        self._record.write(
            each for each in there if each.id not in self.builtin and not (self._finds_all and each.connection)
        )

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            with self.wall("the look at the deadlines of participants"):
                self._intake.tick(connected=self.connected)

    async def _reconcile_forever(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            if not self.connected:
                with self.wall("what is changed while the broker is away"):
                    if self._was_in_charge:  # before, what leaves for the broker would be lost
                        self.settle()
                    call_all(self.on_waiting)
                continue  # `_connected` wakes this again
            if self._lease.is_waiting:
                continue  # `_give_way_forever` wakes this again
            if not self.in_charge.is_set():
                await self._take_charge()
                if not self.in_charge.is_set():
                    continue  # `_connected` wakes this again
            began = time.thread_time()
            with self.wall("what brings the graphs in force"):
                await self._reconcile()
            # Many changes in a row (a thousand participants that start) are planned together: half of the time is left.
            await asyncio.sleep(time.thread_time() - began)

    async def _reconcile(self) -> None:
        turns, began = Turns(), time.monotonic()
        self._unsettled = True
        self.settle()
        await turns.give()
        graph, is_started = self.graphs.wanted.graph, self.graphs.wanted.is_started
        participants, due = self.registry.participants_by_role(), self._greeter.due
        for step in steps(graph, participants, is_started):
            wanted = step or self.plan
            await turns.give()
        # What an edge used before ends before its new way begins, so that no packet takes both.
        if self._forwarded.remove_others(wanted.forwarded):
            await self._wait_until_forwarded()
        if written := self._direct.apply(self.builtin.bind(wanted)):
            await self._wait_until_bound(written)
        await turns.give()
        if self._forwarded.apply(wanted.forwarded):
            await self._wait_until_forwarded()
        await turns.give()
        self._say_what_is_refused(wanted)
        self.plan = wanted
        self.meter.measure(wanted, always=self.registry.traffic_topics(), here=self.builtin.outports.values())
        await self.builtin.settled()
        for prepare in self.on_plan:
            await turns.give()
            await prepare()
        await turns.give()
        self.served, self.served_at = frozenset(participants), began
        self._greeter.send(graph, self.registry, self._publish_initial, due)
        self._note_bound()
        here = {entry.participant.role: entry.participant.component for entry in self.registry.all()}
        self.graphs.discovered(here)
        for listener in self.on_change:
            await turns.give()
            with self.wall("what follows when something is in force"):
                listener()

    def _note_bound(self) -> None:
        plan = self.plan
        if not self.graph.edges or plan.direct or (plan.forwarded and not self._forwarded.missing):
            self.bound.set()

    async def _wait_until_bound(self, ids: list[str]) -> None:
        """Wait until those of these participants that are alive have applied the lists that were written for them."""
        there = {id for id in ids if self.registry.state(id) == "alive"}
        others = there - self._direct.confirming
        for id in await self._direct.confirmed_by_all(BOUND_S, there - others):
            log.warning("%s does not confirm its bindings within %g s", id, BOUND_S)
        await self._direct.confirmed_by_all(SETTLE_S, others)

    async def _wait_until_forwarded(self) -> None:
        """Wait until the forwarder has applied the lists that were written; log where there is none."""
        if self.has_forwarder and await self._forwarded.confirmed_by_all(FORWARD_S):
            self.has_forwarder = False
            log.error(NO_FORWARDER, self.broker, FORWARD_S)

    def _traffic_seen(self, topic: str) -> None:
        self.registry.packet(topic, time.monotonic())

    def _publish_initial(self, packet: InitialPacket) -> bool:
        here = packet.participant in self.builtin
        if not here and not self._connection.publish(
            packet.topic, packet.payload, qos=packet.qos, retain=packet.retain
        ):
            return False
        call_all(self.on_initial, packet.initial)
        if here:
            if secrecy.is_secure(packet.initial):  # it may be out of the graph again by the time it is read
                self.builtin.engine.hide(packet.participant)
            self.builtin.deliver(packet.participant, packet.topic, packet.initial.data)
        return True

    def _say_what_is_refused(self, wanted: Plan) -> None:
        known = {state.reason for _, state in self.plan.edges if state.kind == "refused"}
        for edge, state in wanted.edges:
            if state.kind == "refused" and state.reason not in known:
                self._trouble(edge.tgt.node, refusal(edge, state))

    def _trouble(self, role: str, text: str) -> None:
        log.error("%s", text)
        call_all(self.on_trouble, role, text)
