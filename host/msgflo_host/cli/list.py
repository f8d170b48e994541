"""``msgflo list``: participants and edges, as the coordinator sees them, or as the broker retains them."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from ..errors import DiscoveryError, MsgfloError, printable
from ._options import broker_option, coordinator_option, is_typed, parse_broker, status_of, uses_broker

if TYPE_CHECKING:
    from msgflo import Broker

__all__ = ["command"]


@click.command("list", short_help="List participants and edges.")
@click.option("--json", "as_json", is_flag=True, help="Print all that is known as JSON.")
@broker_option
@coordinator_option
def command(as_json: bool, broker_url: str | None, coordinator: str) -> None:
    """List nodes with states, ports with topics, and edges with bindings.

    The coordinator is asked. Where none answers, or none that uses the --broker, those are listed that are announced on the
    broker, without edges. A broker that is away is not waited for.

    \b
    Examples:
      msgflo list
      msgflo list --json | jq '.nodes[] | select(.state == "lost") | .id'
      msgflo list --coordinator http://pi.local:3569
      msgflo list --broker mqtt://pi.local
    """
    status = _status(None if broker_url is None else parse_broker(broker_url), coordinator)
    if as_json:
        click.echo(json.dumps(status, indent=2, ensure_ascii=False))
        return
    for node in status["nodes"]:
        error = f": {node['error']}" if node.get("error") else ""
        _print(f"{node['id']} ({node['component']}): {node['state']}{error}")
        for direction in ("inports", "outports"):
            for port in node[direction]:
                _print(_port_line(direction, port))
    for edge in status["edges"]:
        reason = f": {edge['reason']}" if edge["reason"] else ""
        _print(f"{edge['src']} → {edge['tgt']}: {edge['kind']}{reason}")


def _status(broker: Broker | None, coordinator: str) -> dict[str, Any]:
    is_any = not is_typed("broker_url")  # that of the environment may have another name there, and is for all commands
    if broker is None or (is_any and is_typed("coordinator")):
        return status_of(coordinator)
    with suppress(MsgfloError):
        status = status_of(coordinator)
        if is_any or uses_broker(status, broker):
            return status
    retained = asyncio.run(_retained(broker))
    click.echo(f"no coordinator of {broker} answers at {coordinator}: only participants are listed", err=True)
    return retained


async def _retained(broker: Broker) -> dict[str, Any]:
    """Return the status of the participants of which the broker retains something; raises BrokerError."""
    from ..control.system_status import node_status  # takes a while, which only a list of a broker should take
    from ..model.participants import Registry
    from ._retained import reading

    registry, now = Registry(), time.monotonic()
    async with reading(broker) as retained:
        await retained.read_participants()
    for participant in retained.participants:
        with suppress(DiscoveryError):
            registry.discovered(participant, now, retained=True)
            if (state := retained.state(participant.connection)) is not None:
                registry.connection(str(participant.connection), state.decode(errors="replace"), now)
    roles = sorted({entry.participant.role for entry in registry.all()})
    nodes = [node_status(role, registry.by_role(role), now, listed=None) for role in roles]
    return {"broker": str(broker), "nodes": nodes, "edges": []}


def _print(line: str) -> None:
    click.echo(printable(line))


def _port_line(direction: str, port: dict[str, Any]) -> str:
    arrow = "→" if direction == "inports" else "←"
    text = f"    {arrow} {port['id']} ({port['type']}) {port['topic'] or 'without a topic'}"
    return f"{text}: {port['description']}" if port["description"] else text
