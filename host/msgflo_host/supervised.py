"""Coordinator and data plane of `msgflo run`, each in a process of its own.

The first ones are forked from `msgflo run` before that reads its command line: what all three need is imported once, for
imports take most of the time until the first packet flows. After a crash they are started by

    python -P -m msgflo_host.supervised coordinator, which reads its options on the socket that MSGFLO_SUPERVISOR names
    python -P -m msgflo_host.supervised forward, which reads the URL of its broker on standard input, and after it whether
                                                 that is `own` or `shared`
"""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .processes import child_guard
from .processes.part_processes import SUPERVISOR, CoordinatorProcess, Early, Forked

__all__ = ["fork", "main"]

_SECRET = "MSGFLO_SECRET"


def main() -> None:
    """Run what the command line names until the supervisor ends it."""
    gc.disable()  # while modules are imported: nothing of them is garbage
    if sys.argv[1] == "coordinator":
        _run_coordinator(socket.socket(fileno=int(os.environ.pop(SUPERVISOR))))
    else:
        _run_data_plane()


def fork() -> Early | None:
    """Fork both, each with all that it needs to wait for the supervisor; returns None in each of them, once it has ended.

    Call it while this program has one thread, and no event loop.
    """
    gc.disable()
    import msgspec  # noqa: F401
    import uvloop  # noqa: F401

    from .processes import supervisor  # noqa: F401

    gc.freeze()
    child_guard.wipe(_SECRET)
    ours, theirs = socket.socketpair()
    their_input, our_input = (os.fdopen(end, mode, 0) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True))
    our_output, their_output = (os.fdopen(end, mode, 0) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True))
    if not (coordinator := child_guard.fork()):
        for each in (ours, their_input, our_input, our_output, their_output):
            each.close()
        os.environ.pop(_SECRET, None)
        _run_coordinator(theirs)
        return None
    if not (data_plane := child_guard.fork()):
        for number, end in enumerate((their_input, their_output, their_output)):
            os.dup2(end.fileno(), number)
        for each in (ours, theirs, their_input, our_input, our_output, their_output):
            each.close()
        _run_data_plane()
        return None
    gc.enable()
    for each in (theirs, their_input, their_output):
        each.close()
    for child in (coordinator, data_plane):
        child_guard.add(child)
    return Early(CoordinatorProcess(Forked(coordinator), ours), Forked(data_plane, our_input, our_output))


def _run_coordinator(supervisor: socket.socket) -> None:
    child_guard.set_name("msgflo-control")
    with _mistakes_in_one_line():
        from msgflo import Broker

        from .cli.coordinator_main import Options, Supervisor, run
        from .processes.supervisor_channel import receive_first

        _collect_again()
        hello = receive_first(supervisor)
        if hello is not None:  # else the supervisor has ended, as after a wrong command line
            broker = None if hello["broker"] is None else Broker.parse(hello["broker"])
            options = Options.of({**hello["options"], "secret": hello["secret"]}, broker=broker)
            run(options, Supervisor(supervisor, hello["process"], hello["processes"]))


def _run_data_plane() -> None:
    child_guard.set_name("msgflo-data")
    with _mistakes_in_one_line(), open(0, closefd=False) as stdin, open(2, "w", buffering=1, closefd=False) as stderr:
        from msgflo import Broker

        from .dataplane.data_plane import run

        _collect_again()
        if line := stdin.readline().split():  # else the supervisor has ended
            broker, whose = line
            # The supervisor adds the time; the coordinator logs the state of the broker.
            show = logging.StreamHandler(stderr)
            own = whose == "own"
            run(Broker.parse(broker), show, logging.WARNING, process=os.getppid(), is_own_broker=own)


def _collect_again() -> None:
    gc.freeze()
    gc.enable()


@contextmanager
def _mistakes_in_one_line() -> Iterator[None]:
    """End with one line on stderr, never with a traceback, for a user's mistake."""
    from msgflo import Error

    from .errors import MsgfloError

    try:
        yield
    except (MsgfloError, Error) as error:
        print(f"msgflo: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
