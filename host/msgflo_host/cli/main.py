"""The command ``msgflo``. Each of its commands is in a module of its own, imported only when it is used."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

import click

from ..errors import MsgfloError
from ._lazy import LazyGroup

if TYPE_CHECKING:
    from ..processes.part_processes import Early

__all__ = ["cli", "main"]

COMMANDS = {
    "run": "Start the coordinator, with its own Mosquitto or on a broker that is there.",
    "coordinator": "The coordinator by itself, on a broker that is there.",
    "forward": "The forwarder by itself, on a broker that is there.",
    "register": "Announce foreign devices that are declared in YAML files.",
    "send": "Publish one packet.",
    "watch": "Print packets as they pass.",
    "list": "List participants and edges.",
    "forget": "Clear retained messages of lost participants.",
    "participant": "Run a Python component as a participant.",
    "trace": "Record packets, show them, replay them.",
    "test": "Run suites of tests.",
    "board": "Build, flash, update and run boards.",
}


@click.group(
    cls=LazyGroup,
    summaries=COMMANDS,
    groups=("trace", "board"),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="msgflo-devices", prog_name="msgflo")
def cli() -> None:
    """Wire small devices together: participants on MQTT, joined by a graph that people edit live.

    The broker is named by --broker or MSGFLO_BROKER: mqtt://[user[:password]@]host[:port], or mqtts://host?cafile=FILE.
    Where it refuses the account, a command ends; run and coordinator try again.
    Exit codes: 0 done, 1 it failed (one line says why), 2 the command line is wrong, 130 ended by Ctrl-C
    (commands that run until then, such as run, end with 0).
    """


def main(early: Early | None = None) -> None:
    """Run the command line; a user's mistake ends in one line on stderr, never in a traceback.

    `early` are the processes that `msgflo run` is to use, started before the command line was read.
    """
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    try:
        cli(prog_name="msgflo", standalone_mode=False, obj=early)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader has ended, as in `msgflo list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if not isinstance(error, (MsgfloError, *_library_errors())):
            raise
        print(f"msgflo: {error}", file=sys.stderr)
        sys.exit(1)


def _library_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions of the library, if a command has imported it: importing takes a while."""
    library = sys.modules.get("msgflo")
    return () if library is None else (library.Error,)
