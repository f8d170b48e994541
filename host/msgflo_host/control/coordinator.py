"""The reconcile loop: computes bindings from the desired graphs and the participants, and applies the difference."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from msgflo import Broker
from msgflo.errors import ConfigError, ConnectError
from msgflo.persistent import memory_topic
from msgflo.topics import connection_topic, participant_topic

from ..builtin.collection import MODULES
from ..components.foreign import foreign_list
from ..components.foreign.foreign_file import Foreign
from ..graph.elements import Initial, PortRef
from ..graph.model import Graph
from ..model import secrecy
from ..model.events import (
    BrokerAway,
    DesiredChanged,
    Events,
    InitialSent,
    NodeFailed,
    NodePrinted,
    NodeRenamed,
    Notice,
    Reconciled,
)
from ..model.graphs import Graphs
from ..model.initial_packets import InitialPacket
from ..model.participants import Registry
from ..model.plan import EdgeState, Plan, Planner, refusal
from ..model.role_ports import Place, Ports
from ..util.guard import Guard
from ..util.time_slices import TimeSlices
from ..wire import component_list, forward_list, lease
from ..wire.connection import Connection
from ..wire.discovery import Participant
from ..wire.lease import Lease, Taken
from ..wire.sessions import clear_sessions
from .discovery_handler import SUBSCRIPTIONS, DiscoveryHandler
from .initial_sender import InitialSender
from .packet_counts import PacketCounts
from .packet_subscriptions import Subscriptions
from .participant_record import Record
from .retained_lists import BIND, BOUND, BindLists, ComponentLists, ForeignDeviceLists, ForwardLists, bound_topic

__all__ = ["Coordinator"]

log = logging.getLogger("msgflo")

CLIENT_ID = "msgflo-coordinator"
RECORD, RECORD_S = "participants.json", 5.0
# Lists before their confirmations.
FORWARDED = (forward_list.LISTS + "+", forward_list.CONFIRMED + "+", forward_list.ASK_LISTS)
FORWARDER = connection_topic(forward_list.CLIENT_ID)
COMPONENTS_RUN = connection_topic(component_list.CLIENT_ID)
COMPONENTS = (component_list.LISTS + "+", component_list.LOG + "+", component_list.ASK, foreign_list.LISTS + "+")
BOUND_S = 2.0
"""Wait this long for participants to confirm their bindings."""
FORWARD_S = 5.0
"""Wait this long for the data plane: it may be starting."""
NO_FORWARDER = (
    "%s: no forwarder has answered within %g s: forwarded edges carry nothing until there is one (`msgflo forward`)"
)
NO_COMPONENTS = "%s: nothing runs built-in components; %g s were waited for it: start `msgflo forward`"
TICK_S = 0.25
"""Seconds between checks of the deadlines of participants."""


class Coordinator:
    """Applies the desired graphs on one broker, which may come, go and restart.

    Edit the desired state through `graphs`. Subscribe to `events` to learn of each reconciliation. The functions in
    `after_binding` are awaited between the bindings and the initial packets. `bound` is set once the first edge is active,
    or there is none. `in_charge` is set while no other coordinator can be on the broker: connections with a fixed client
    id open only then.
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
        self.guard = Guard(self.notify)
        self.events = Events(self.guard)
        self.graphs = Graphs(graph, time.monotonic, self.events)
        self.registry = Registry()
        not_yet = EdgeState("pending", "not active yet", ())
        self.plan = Plan({}, {}, [(edge, not_yet) for edge in graph.edges])
        self._planner = Planner()
        self.bound = asyncio.Event()
        self.in_charge = asyncio.Event()
        self.after_binding: list[Callable[[], Awaitable[None]]] = []
        self.node_errors: dict[str, str] = {}
        """Diagnostics of nodes by role, such as that nobody knows a component; written by those that know the library."""
        self.away = ""
        """The message for clients while the broker is out of reach, else empty."""
        self.has_forwarder = True
        """False once a forwarder was waited for in vain."""
        self.has_components = True
        """False once a host of built-in components was waited for in vain."""
        self.bindings_version = 0
        """A number that grows when lists in the broker change."""
        self.applied_roles: frozenset[str] = frozenset()
        """The roles whose bindings are active, and for which `after_binding` has run."""
        self.applied_at = 0.0
        """The time (`time.monotonic()`) of the desired state that is applied to them."""
        self._awaiting: list[tuple[float, Callable[[], None]]] = []  # calls of `when_applied`, with their time
        self._connection = Connection(
            broker,
            f"{CLIENT_ID}-{uuid.uuid4().hex[:8]}",
            subscriptions=[*SUBSCRIPTIONS, BIND + "+", BOUND + "+", *FORWARDED, *COMPONENTS, lease.COORDINATOR],
            on_message=self._received,
            on_connected=self._connected,
            on_disconnected=self._disconnected,
            will=(lease.COORDINATOR, b""),
        )
        self._lease = Lease(
            lambda payload, retain: self._connection.publish(lease.COORDINATOR, payload, retain=retain),
            process=process,
            own=is_own_broker,
        )
        self._was_in_charge = self._lost_meanwhile = self._ending = False
        self._clearing: set[asyncio.Task[None]] = set()
        self._direct = BindLists(self._publish_retained)
        self._forwarded = ForwardLists(self._publish_retained)
        self._components = ComponentLists(self._publish_retained)
        self._devices = ForeignDeviceLists(self._publish_retained)
        self._announced: dict[str, bytes] = {}  # foreign devices
        self._knows_forwarder = False
        self.subscriptions = Subscriptions(broker, CLIENT_ID + "-view", self.in_charge)
        """The packets that editors inspect."""
        self._record = None if data is None else Record(data / RECORD, "own" if is_own_broker else str(broker))
        self._recorded = (-1, False)  # of what was written last
        self._last_record: list[Participant] | None = None
        self._recording: asyncio.Future[None] | None = None
        self._finds_all = False  # the broker sends retained messages to wildcard subscriptions
        self.meter = PacketCounts(self.subscriptions)
        self.graphs.is_own = MODULES.__contains__
        self._initial_sender = InitialSender(self._trouble)
        self.events.listen(DesiredChanged, lambda event: self._desired_changed(event.initials))
        self.events.listen(NodeRenamed, lambda event: self._components.rename(event.old, event.new))
        self.events.listen(NodeRenamed, lambda event: self._initial_sender.renamed(event.old, event.new))
        self._dirty = asyncio.Event()
        self._discovery_handler = DiscoveryHandler(
            self.registry, started=self._participant_started, changed=self._registry_changed
        )
        self._was_announced = asyncio.Event()
        self._handlers: dict[str, Callable[[str, bytes], bool | None]] = {
            BIND: self._direct.received,
            BOUND: self._direct.confirmed,
            forward_list.LISTS: self._forwarded.received,
            forward_list.CONFIRMED: self._forwards_confirmed,
            forward_list.ASK_LISTS: self._asked,
            FORWARDER: self._forwarder_state,
            component_list.LISTS: self._components.received,
            component_list.LOG: self._reported,
            component_list.ASK: self._asked,
            foreign_list.LISTS: self._devices.received,
        }
        """By topic, or by its beginning, which ends with a slash."""

    @property
    def graph(self) -> Graph:
        """The desired graph, merged from all graphs; its node ids are roles."""
        return self.graphs.desired.graph

    @property
    def started(self) -> bool:
        """Whether the main graph is applied."""
        return self.graphs.main.started

    @property
    def connected(self) -> bool:
        """Whether the broker is there and every retained message has been read."""
        return self._connection.connected

    @property
    def trouble(self) -> str:
        """Why the broker is out of reach, or was."""
        return self._connection.trouble

    async def run(self) -> None:
        """Serve until cancelled; raises Taken when another coordinator is in charge of the broker at the start.

        Direct bindings stay active afterwards: while the broker runs, their packets flow on without a coordinator.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._connection.run())
                tasks.create_task(self._reconcile_forever())
                tasks.create_task(self._tick_forever())
                tasks.create_task(self._lease.renew())
                tasks.create_task(self._record_forever())
                tasks.create_task(self.subscriptions.run())
                tasks.create_task(self.meter.run(self._traffic_seen))
                try:
                    await self._give_way_forever()
                finally:
                    self._ending = True
                    self._lease.release()  # while there still is a connection
        finally:
            if self._recording is not None:
                await asyncio.wait([self._recording])
            self._write_record()

    def notify(self, text: str) -> None:
        """Emit a notice that concerns the coordinator as a whole."""
        self.events.emit(Notice(text))

    def replace_graph(self, graph: Graph) -> None:
        """Take another graph as the main one; only what differs is bound, unbound or sent."""
        self.graphs.replace_main(graph)

    def announce(self, devices: Iterable[Foreign]) -> None:
        """Have exactly these foreign devices announced."""
        announced = {device.participant.id: foreign_list.content_of(device) for device in devices}
        if announced != self._announced:
            self._announced = announced
            self._dirty.set()

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
        """Clear the retained messages and sessions of a role whose instances have ended for good."""
        others = {entry.participant.connection for entry in self.registry.all() if entry.participant.role != role}
        gone = set()
        for entry in self.registry.by_role(role):
            participant = entry.participant
            for topic in (participant_topic(participant.id), bound_topic(participant.id)):
                self._connection.publish(topic, b"", retain=True)
            if participant.connection is not None:
                self._connection.publish(connection_topic(participant.connection), b"", retain=True)
                if participant.connection not in others:
                    gone.add(participant.connection)
        if gone:
            task = asyncio.create_task(self._clear_sessions(gone))
            self._clearing.add(task)
            task.add_done_callback(self._clearing.discard)

    async def _clear_sessions(self, client_ids: set[str]) -> None:
        with suppress(ConnectError):
            await clear_sessions(self.broker, client_ids)

    def _desired_changed(self, initials: list[Initial]) -> None:
        self._initial_sender.added(initials)
        self._dirty.set()

    def _participant_started(self, id: str) -> None:
        self._initial_sender.started([id])
        self._direct.silent.discard(id)  # it may have another version now

    def _received(self, topic: str, payload: bytes, retained: bool) -> None:
        self._finds_all = self._finds_all or (retained and topic != lease.COORDINATOR)
        for prefix, handle in self._handlers.items():
            if topic == prefix or (prefix.endswith("/") and topic.startswith(prefix)):
                if handle(topic, payload) and self.connected:  # a retained list differs from the desired one
                    self._dirty.set()
                return
        if topic == lease.COORDINATOR:
            self._lease.received(payload, retained=retained)
            return
        if topic == COMPONENTS_RUN and payload == b"online":
            self.has_components = True
        self._discovery_handler.received(topic, payload, retained)

    def _forwards_confirmed(self, topic: str, payload: bytes) -> bool:
        differs = self._forwarded.confirmed(topic, payload)
        self._note_bound()
        return differs

    def _asked(self, topic: str, payload: bytes) -> None:
        if self.in_charge.is_set():
            for lists in (self._forwarded,) if topic == forward_list.ASK_LISTS else (self._components, self._devices):
                lists.write_again()

    def _registry_changed(self) -> None:
        self._was_announced.set()
        self._dirty.set()

    def _reported(self, topic: str, payload: bytes) -> None:
        """Show what a built-in component reports."""
        report = component_list.read_report(payload)
        try:
            entry = self.registry.get(forward_list.participant_of(topic))
        except ConfigError:
            return
        if report is None or entry is None:
            return
        role = entry.participant.role
        if report.error:
            log.error("%s: %s", role, report.error)
            self.events.emit(NodeFailed(role, report.error))
        if report.text:
            log.info("%s: %s", role, report.text)
            self.events.emit(NodePrinted(role, report.text))

    def _forwarder_state(self, topic: str, state: bytes) -> None:
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
            self.notify(f"the broker {self.broker} is back")

    def _disconnected(self) -> None:
        self.in_charge.clear()
        self._lost_meanwhile = True
        for lists in (self._direct, self._forwarded, self._components, self._devices):
            lists.forget()
        self._knows_forwarder = False
        away = f"the broker {self.broker} is out of reach: the graph is applied once it is back"
        if self._connection.refused:
            away = f"the graph is applied once the broker accepts the coordinator's account: {self.trouble}"
        if away != self.away and not self._ending:
            self.away = away
            self.notify(away)

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
        if not self._knows_forwarder:  # some brokers send no retained messages to wildcards
            self._connection.publish(forward_list.ASK_CONFIRMATIONS, b"")
        self._was_in_charge = True
        self.in_charge.set()

    async def _give_way_forever(self) -> NoReturn:
        """Change nothing in the broker while another coordinator turns out to be in charge there."""
        while True:
            other = await self._lease.lost()
            self.in_charge.clear()
            text = f"another coordinator is in charge of this broker ({other}): this one waits until that has ended"
            log.error("%s", text)
            self.notify(text)
            await self._lease.free()
            log.info("%s: in charge again", self.broker)
            self._dirty.set()

    def _take_up_record(self) -> None:
        """Add the recorded participants that left no retained message in the broker."""
        if self._record is None or self._recorded[0] >= 0:
            return
        self._recorded = (0, False)
        for participant in self._record.read():
            if self._finds_all and participant.connection is not None:
                continue  # its retained message would be there, so it was removed
            self._discovery_handler.recorded(participant)
            if participant.bind is not None and not self._finds_all:
                self._direct.expect(participant.id)

    async def _record_forever(self) -> None:
        while True:
            await asyncio.sleep(RECORD_S)
            if self.connected:
                self._write_record()

    def _write_record(self) -> None:
        """Save the participants, beside all else; where retained messages can be found, only those that leave none."""
        now = (self.registry.version, self._finds_all)
        if self._record is None or self._recorded[0] < 0 or now == self._recorded:
            return
        if self._recording is not None and not self._recording.done():
            return  # for now
        self._recorded = now
        there = (entry.participant for entry in self.registry.all() if entry.state != "lost")
        recorded = [each for each in there if not (self._finds_all and each.connection)]
        if recorded != self._last_record:
            self._last_record = recorded
            self._recording = asyncio.get_running_loop().run_in_executor(None, self._record.write, recorded)

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            with self.guard("the check of the deadlines of participants"):
                self._discovery_handler.tick(connected=self.connected)

    async def _reconcile_forever(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            if not self.connected:
                self.events.emit(BrokerAway())
                continue  # `_connected` wakes this again
            if self._lease.is_waiting:
                continue  # `_give_way_forever` wakes this again
            if not self.in_charge.is_set():
                await self._take_charge()
                if not self.in_charge.is_set():
                    continue  # `_connected` wakes this again
            began = time.thread_time()
            with self.guard("reconciling"):
                await self._reconcile()
            # Many changes in a row (a thousand participants that start) are planned together: a third of the time is left.
            await asyncio.sleep((time.thread_time() - began) / 2)

    async def _reconcile(self) -> None:
        slices, began = TimeSlices(), time.monotonic()
        added = self._initial_sender.due.added  # later ones may need nodes and edges that are not applied this time
        self._devices.apply(self._announced)
        await self._run_components()
        here = {entry.participant.role: entry.participant.component for entry in self.registry.all()}
        self.graphs.discovered(here)  # without those that were just ended, and before confirmations are waited for
        graph, is_started = self.graphs.desired.graph, self.graphs.desired.is_started
        participants, due = self.registry.participants_by_role(), self._initial_sender.due._replace(added=added)
        for step in self._planner.steps(graph, participants, is_started):
            desired = step or self.plan
            await slices.pause()
        # What an edge used before ends before its new way begins, so that no packet takes both.
        if self._forwarded.remove_others(desired.forwarded):
            await self._wait_until_forwarded()
        if written := self._direct.apply(desired.direct):
            await self._wait_until_bound(written)
        await slices.pause()
        if self._forwarded.apply(desired.forwarded):
            await self._wait_until_forwarded()
        await slices.pause()
        self._report_refused(desired)
        self._write_record()  # this program may be killed the next moment
        self.plan = desired
        self.meter.measure(desired, always=self.registry.traffic_topics())
        for prepare in self.after_binding:
            await slices.pause()
            await prepare()
        await slices.pause()
        self.applied_roles, self.applied_at = frozenset(participants), began
        applied = [call for since, call in self._awaiting if since <= began]
        self._awaiting = self._awaiting[len(applied) :]
        for call in applied:
            call()
        self._initial_sender.send(graph, self.registry, self._publish_initial, due)
        self._note_bound()
        await self.events.emit_in_slices(Reconciled(), slices)

    def when_applied(self, roles: Iterable[str], call: Callable[[], None]) -> None:
        """Call once the present desired state is applied to the participants of these roles.

        At once where one of them is absent or asleep.
        """
        entries = [self.registry.by_role(role) for role in roles]
        if all(any(each.state == "alive" for each in found) for found in entries):
            self._awaiting.append((time.monotonic(), call))
        else:
            call()

    def desired_components(self) -> dict[str, tuple[str, bool]]:
        """Return the built-in components of all started graphs by role, each with whether something secure comes to it."""
        desired = self.graphs.desired
        return {
            node.id: (node.component, secrecy.holds_secure(self.graphs, node.id))
            for node in desired.graph.nodes.values()
            if node.component in MODULES and node.id not in desired.resting
        }

    async def _run_components(self) -> None:
        """Have exactly the desired components run, and wait for the new ones."""
        for entry in self.registry.all():
            if entry.participant.connection == component_list.CLIENT_ID:
                self._components.expect(entry.participant.id)
        desired = self.desired_components()
        written = self._components.apply(desired)
        for id in set(written) - desired.keys():  # the same name may be there again before it has ended
            self._discovery_handler.removed(id)
            for topic in (participant_topic(id), bound_topic(id), memory_topic(id)):  # the data plane may not be there
                self._connection.publish(topic, b"", retain=True)
        new = desired.keys() & written

        def runs(id: str) -> bool:
            entry = self.registry.get(id)
            return entry is not None and entry.state == "alive" and entry.participant.component == desired[id][0]

        try:
            async with asyncio.timeout(FORWARD_S):
                while self.has_components and not all(map(runs, new)):
                    self._was_announced.clear()
                    await self._was_announced.wait()
        except TimeoutError:
            self.has_components = False
            log.error(NO_COMPONENTS, self.broker, FORWARD_S)

    def _note_bound(self) -> None:
        plan = self.plan
        if not self.graph.edges or plan.direct or (plan.forwarded and not self._forwarded.missing):
            self.bound.set()

    async def _wait_until_bound(self, ids: list[str]) -> None:
        """Wait until those of these participants that are alive and confirm lists have applied those written for them."""
        entries = {id: self.registry.get(id) for id in ids}
        there = {id for id, each in entries.items() if each and each.state == "alive" and each.participant.confirms}
        for id in await self._direct.confirmed_by_all(BOUND_S, there - self._direct.silent):
            log.warning("%s does not confirm its bindings within %g s", id, BOUND_S)

    async def _wait_until_forwarded(self) -> None:
        """Wait until the forwarder has applied the lists that were written; log where there is none."""
        if self.has_forwarder and await self._forwarded.confirmed_by_all(FORWARD_S):
            self.has_forwarder = False
            log.error(NO_FORWARDER, self.broker, FORWARD_S)

    def _traffic_seen(self, topic: str) -> None:
        self.registry.packet(topic, time.monotonic())

    def _publish_initial(self, packet: InitialPacket) -> bool:
        if not self._connection.publish(packet.topic, packet.payload, qos=packet.qos, retain=packet.retain):
            return False
        self.events.emit(InitialSent(packet.initial))
        return True

    def _report_refused(self, desired: Plan) -> None:
        known = {state.reason for _, state in self.plan.edges if state.kind == "refused"}
        for edge, state in desired.edges:
            if state.kind == "refused" and state.reason not in known:
                self._trouble(edge.tgt.node, refusal(edge, state))

    def _trouble(self, role: str, text: str) -> None:
        log.error("%s", text)
        self.events.emit(NodeFailed(role, text))
