"""``msgflo list``: participants and edges, as the coordinator sees them."""

from __future__ import annotations

import json
from typing import Any

import click

from ..errors import printable
from ._options import coordinator_option, status_of

__all__ = ["command"]


@click.command("list", short_help="List participants and edges.")
@click.option("--json", "as_json", is_flag=True, help="Print the coordinator's whole answer as JSON.")
@coordinator_option
def command(as_json: bool, coordinator: str) -> None:
    """List nodes with states, ports with topics, and edges with bindings.

    \b
    Examples:
      msgflo list
      msgflo list --json | jq '.nodes[] | select(.state == "lost") | .id'
      msgflo list --coordinator http://pi.local:3569
    """
    status = status_of(coordinator)
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


def _print(line: str) -> None:
    click.echo(printable(line))


def _port_line(direction: str, port: dict[str, Any]) -> str:
    arrow = "→" if direction == "inports" else "←"
    text = f"    {arrow} {port['id']} ({port['type']}) {port['topic'] or 'without a topic'}"
    return f"{text}: {port['description']}" if port["description"] else text
