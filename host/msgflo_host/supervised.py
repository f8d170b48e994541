"""Parts of `msgflo run`, each in a process of its own, without the command line, whose import takes a while.

    python -P -m msgflo_host.supervised coordinator, which reads its options on the socket that MSGFLO_SUPERVISOR names
    python -P -m msgflo_host.supervised forward, which reads the URL of its broker on standard input

It imports all that it needs, and then waits.
"""

from __future__ import annotations

import gc
import logging
import sys

__all__ = ["main"]


def main() -> None:
    """Run a part until the supervisor ends it; a user's mistake ends in one line on stderr, never in a traceback."""
    gc.disable()  # while modules are imported: nothing of them is garbage
    from msgflo import Error

    from .errors import MsgfloError

    try:
        if sys.argv[1] == "coordinator":
            _run_coordinator()
        else:
            _forward()
    except (MsgfloError, Error) as error:
        print(f"msgflo: {error}", file=sys.stderr)
        sys.exit(1)


def _collect_again() -> None:
    gc.freeze()
    gc.enable()


def _run_coordinator() -> None:
    from msgflo import Broker

    from .cli.coordinator_main import Options, Supervisor, run
    from .processes.supervisor_channel import inherited, receive_first

    _collect_again()
    supervisor = inherited()
    hello = receive_first(supervisor)
    if hello is not None:  # else the supervisor has ended, as after a wrong command line
        broker = None if hello["broker"] is None else Broker.parse(hello["broker"])
        options = Options.of({**hello["options"], "secret": hello["secret"]}, broker=broker)
        run(options, Supervisor(supervisor, hello["process"], hello["processes"]))


def _forward() -> None:
    from msgflo import Broker

    from .dataplane.data_plane import run

    _collect_again()
    if broker := sys.stdin.readline().strip():  # else the supervisor has ended
        # The supervisor adds the time; the coordinator logs the state of the broker.
        run(Broker.parse(broker), logging.StreamHandler(sys.stderr), logging.WARNING)


if __name__ == "__main__":
    main()
