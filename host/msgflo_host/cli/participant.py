"""``msgflo participant``: run a Python component."""

from __future__ import annotations

from pathlib import Path

import click

from msgflo import Participant, serve

from ..components.python_program import load_component
from ..errors import LibraryError
from ._options import local_broker_option, parse_broker

__all__ = ["command"]


@click.command("participant", short_help="Run a Python component as a participant.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("role")
@click.option("--class", "class_name", help="Which class, where the file has several.")
@click.option("--component", "kind", metavar="NAME", help="Its component, if the class does not name one.")
@click.option("--id", "identity", help="An id of its own, for a second instance of a role.")
@local_broker_option
def command(
    file: Path, role: str, class_name: str | None, kind: str | None, identity: str | None, broker_url: str
) -> None:
    """Run the component in FILE.py as the participant ROLE until Ctrl-C. A broker that is away is waited for.

    The file defines a subclass of msgflo.Participant; files written for MsgFlo's own Python library run as they are.

    \b
    Examples:
      msgflo participant machine.py machine
      msgflo participant lamps.py hallway --class Dimmer --broker mqtt://pi.local
    """
    broker = parse_broker(broker_url)
    component = load_component(file, class_name)
    component.component = component.component or kind
    serve(component(role) if identity is None else _with_id(component, role, identity), broker=broker)


def _with_id(component: type[Participant], role: str, identity: str) -> Participant:
    try:
        return component(role, id=identity)
    except TypeError as error:
        raise LibraryError(
            f"{component.__name__} takes no --id ({error}); its __init__ must take `id` and hand it to Participant.__init__"
        ) from None
