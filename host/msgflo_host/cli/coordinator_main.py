"""One run of the coordinator: with processes, foreign devices, page and view, begun and ended together."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import shlex
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import uvloop

from msgflo import Broker

from ..components import library as libraries
from ..components.foreign.foreign_file import load_folder
from ..control.auto_save import AutoSave, live_file, restore, save
from ..control.component_processes import Components
from ..control.coordinator import Coordinator
from ..control.stopped_network import keep_stopped
from ..control.system_status import snapshot
from ..errors import BrokerError, GraphError, MsgfloError
from ..fbp.mdns import announce_broker
from ..graph.graph_files import load, signature
from ..graph.live_file import LiveFile
from ..graph.model import Graph
from ..graph.unsaved_edits import UnsavedEdits, name_in_data
from ..http.page_server import Access, label, read_access, serve
from ..model.events import Reconciled
from ..processes.process_groups import Supervised
from ..processes.signals import on_shutdown
from ..processes.supervisor_channel import Channel
from ..util.open_port import open_port
from .plain_view import Notes, flush, show_plain

if TYPE_CHECKING:
    from ..processes.mosquitto import OwnBroker

__all__ = ["Options", "Supervisor", "run"]

log = logging.getLogger("msgflo")

GRAPH_NAMES = ("graph.fbp", "graph.json")
IN_USE = (
    "; end the program that uses it. Two runs need different --port, and in one folder different --data "
    "(with make: ARGS='--port …')"
)
FIRST_BINDINGS_S = 0.5
SWITCH_S = 0.001  # after which a thread that saves a large graph lets the event loop answer
FULL_COLLECTIONS = 1000  # one of so many: with a thousand participants each blocks the loop for 0.1 s


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of `msgflo run`; None stands for the default in its help.

    Without a `broker`, it is that of the supervisor which has started this process.
    """

    graph: Path | None = None
    broker: Broker | None = None
    host: str = "127.0.0.1"
    port: int = 3569
    components: Path | None = None
    foreign: Path | None = None
    boards: Path | None = None
    data: Path = Path(".msgflo")
    access: Access
    save: bool = True
    plain: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any], *, broker: Broker | None) -> Options:
        """Return the options of the command line, by their names there; paths may be texts."""

        def path(name: str) -> Path | None:
            return None if given[name] is None else Path(given[name])

        access = Access(
            folder=Path(given["data"]),
            secret=given.get("secret"),
            secrets=path("secrets"),
            ide=given["ide"],
            origins=tuple(given["origins"]),
            hosts=tuple(given["hosts"]),
            behind_proxy=given["behind_proxy"],
            runtime_id=given["runtime_id"],
        )
        return cls(
            graph=path("graph"),
            broker=broker,
            host=given["host"],
            port=given["port"],
            components=path("componentdir"),
            foreign=path("foreign"),
            boards=path("boards"),
            data=access.folder,
            access=access,
            save=not given["no_save"],
            plain=given["plain"],
        )


class Supervisor(NamedTuple):
    """The supervisor that has started this process: the socket to it, its process id, and its component processes."""

    socket: socket.socket
    process: int
    processes: Mapping[str, Any]


def run(options: Options, supervisor: Supervisor | None = None) -> None:
    """Run until SIGINT, SIGTERM, or SIGHUP unless that is ignored, as under nohup; raises MsgfloError when it cannot start."""
    terminal = sys.stdout is not None and sys.stdout.isatty() and not options.plain
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names may hold what the locale has no letter for
    notes = Notes(terminal=terminal)
    log.addHandler(notes)
    log.setLevel(logging.INFO)
    log.propagate = False
    gc.set_threshold(*gc.get_threshold()[:2], FULL_COLLECTIONS)
    sys.setswitchinterval(SWITCH_S)
    try:
        with suppress(asyncio.CancelledError), asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
            loop.run(_until_signal(partial(_run, options, supervisor, notes, terminal=terminal)))
    except BaseExceptionGroup as group:
        raise _first_mistake(group) or group from None
    finally:
        flush()


def _first_mistake(error: BaseException) -> MsgfloError | None:
    """Return the user's mistake in what the tasks of one run have raised together."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_first_mistake, error.exceptions)), None)
    return error if isinstance(error, MsgfloError) else None


async def _until_signal(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Do the work until a signal sets the event and cancels it."""
    task, is_ending = asyncio.current_task(), asyncio.Event()
    assert task is not None

    def end() -> None:
        is_ending.set()
        task.cancel()

    on_shutdown(end)
    await work(is_ending)


async def _run(
    options: Options, started_by: Supervisor | None, notes: Notes, is_ending: asyncio.Event, *, terminal: bool
) -> None:
    supervisor = None if started_by is None else await Channel.over(started_by.socket)
    admission = read_access(options.access)
    path = _graph_path(options.graph)
    seen = signature(path) if path else None
    graph = Graph("main") if path is None else _load(path)
    library = libraries.load(options.components) if options.components else libraries.of_project(_project_of(path))
    devices = load_folder(options.foreign) if options.foreign else []
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(open_port(options.host, options.port, hint=IN_USE))
        own_broker = await _own_broker(options, supervisor) if options.broker is None else None
        broker = Broker.parse(own_broker["url"]) if own_broker else options.broker
        coordinator = Coordinator(
            broker,
            graph,
            process=None if started_by is None else started_by.process,
            is_own_broker=own_broker is not None,
            data=options.data,
        )
        supervised = None
        if supervisor is not None and started_by is not None:
            supervised = Supervised(supervisor, started_by.processes, is_ending)
            if own_broker:
                saving = _saving(coordinator, supervisor)
                coordinator.events.listen(Reconciled, lambda event: saving())
            receiving = asyncio.create_task(_receive_events(supervisor, supervised))
            stack.callback(receiving.cancel)
        components = Components(library, coordinator, runner=supervised, foreign=devices)
        coordinator.graphs.is_own = components.is_own
        keep_stopped(coordinator, options.data / f"stopped-{name_in_data(path) if path else 'main'}")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(coordinator.run())
            tasks.create_task(_run_components(coordinator, components, supervisor))
            if own_broker:
                tasks.create_task(announce_broker(own_broker["host"], own_broker["port"], label=label()))
            file = journal = auto_save = None
            if path is not None:
                file, journal = live_file(coordinator, path, seen), UnsavedEdits(options.data, path)
                has_unsaved = restore(coordinator, file, journal)
                tasks.create_task(file.run())
                if options.save:
                    auto_save = AutoSave(coordinator, file, journal)
                    stack.callback(auto_save.finish)
                    if has_unsaved:
                        auto_save.save_soon()
            try:
                # Packets first: importing the web server takes longer than binding a thousand edges.
                with suppress(TimeoutError):
                    async with asyncio.timeout(FIRST_BINDINGS_S):
                        await coordinator.bound.wait()
                page, editor = await serve(
                    listener,
                    coordinator,
                    library,
                    components,
                    admission=admission,
                    boards=options.boards,
                    save=partial(save, coordinator, file, journal),
                    status=partial(_status, coordinator, file, auto_save),
                    tasks=tasks,
                    stack=stack,
                )
                if supervisor is not None:
                    supervisor.send(ready=True)
                await _show(
                    coordinator, partial(_status, coordinator, file, auto_save, page, editor), notes, terminal=terminal
                )
            finally:
                await components.stop()


async def _run_components(coordinator: Coordinator, components: Components, supervisor: Channel | None) -> None:
    await coordinator.in_charge.wait()  # components of another coordinator have the same client ids
    if supervisor is not None:
        supervisor.send(in_charge=True)
    await components.run()


def _load(path: Path) -> Graph:
    if path.suffix.lower() == ".fbp" and not path.exists() and path.parent.is_dir():
        raise GraphError(f"is not there; to begin a new graph: touch {shlex.quote(str(path))}", file=str(path))
    return load(path)


async def _show(
    coordinator: Coordinator, status: Callable[[], dict[str, Any]], notes: Notes, *, terminal: bool
) -> None:
    if terminal:
        from .live_view import show_live  # rich: 3 MB that a coordinator without a terminal does not need

        await show_live(status, notes)
    else:
        await show_plain(partial(snapshot, coordinator), coordinator.meter.watch)


def _status(
    coordinator: Coordinator, file: LiveFile | None, auto_save: AutoSave | None, page: str, editor: str
) -> dict[str, Any]:
    coordinator.meter.watch()
    graph = {
        "graph": str(file.path) if file else None,
        "graph_trouble": file.trouble if file else None,
        "unsaved": file.unsaved if file else None,
        "save_trouble": auto_save.trouble or None if auto_save else None,
    }
    return {**snapshot(coordinator), **graph, "page": page, "editor": editor}


async def _own_broker(options: Options, supervisor: Channel | None) -> OwnBroker:
    """Return the supervisor's Mosquitto, once that accepts connections; raises BrokerError where there is none."""
    if supervisor is None:
        raise BrokerError("which broker? Name it with --broker or MSGFLO_BROKER; `msgflo run` starts one of its own")
    supervisor.send(checked=True)
    while (message := await supervisor.receive()) is not None:
        if "broker" in message:
            found: OwnBroker = message["broker"]
            return found
        _relay(message)
    raise asyncio.CancelledError  # the supervisor has ended


def _saving(coordinator: Coordinator, supervisor: Channel) -> Callable[[], None]:
    """Return a function that makes the broker save its state once participants or bindings have changed."""
    saved = (0, 0)

    def save() -> None:
        nonlocal saved
        if (now := (coordinator.registry.version, coordinator.bindings_version)) != saved:
            saved = now
            supervisor.send(save=True)

    return save


async def _receive_events(supervisor: Channel, supervised: Supervised) -> None:
    """Show the log of the supervisor, apply its events of processes, and end with it."""
    while (message := await supervisor.receive()) is not None:
        if "event" in message:
            supervised.received(message)
        else:
            _relay(message)
    supervised.lost()
    signal.raise_signal(signal.SIGTERM)


def _relay(message: dict[str, Any]) -> None:
    if "log" in message:
        log.log(message["level"], "%s", message["log"])


def _project_of(path: Path | None) -> Path:
    """Return the folder of a graph's file; without a graph the current one."""
    return path.parent if path is not None else Path()


def _graph_path(given: Path | None) -> Path | None:
    """Return the file of a graph, which may be in a folder. Raises GraphError when the folder has none."""
    if given is None or not given.is_dir():
        return given
    for name in GRAPH_NAMES:
        if (given / name).is_file():
            return given / name
    raise GraphError(f"has no {' or '.join(GRAPH_NAMES)}", file=str(given))
