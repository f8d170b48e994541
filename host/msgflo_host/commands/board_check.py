"""``msgflo board check``: what is wrong with port maps, or what is in them."""

from __future__ import annotations

import sys

import click

from ..boards.port_map import PortMap, find, load
from ..errors import PortMapError
from ..view import printable

__all__ = ["command"]


@click.command("check", short_help="Check a port map, and say what is wrong with it.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--quiet", "-q", is_flag=True, help="No table of devices, pins and ports.")
def command(names: tuple[str, ...], quiet: bool) -> None:
    """Check port maps: boards/NAME.yaml, or any file.

    Says all that is wrong, each with line and column, and ends with 1 then; or what is wired where.

    \b
    Examples:
      msgflo board check kitchen
      msgflo board check esp32 picow --quiet
      msgflo board check boards/battery.yaml
    """
    wrong = False
    for name in names:
        try:
            port_map = load(find(name))
        except PortMapError as error:
            wrong = True
            for problem in error.problems:
                click.echo(printable(str(problem)), err=True)
            continue
        click.echo(printable(_summary(port_map)))
        if not quiet and port_map.devices:
            for line in _table(port_map):
                click.echo(printable(line))
    if wrong:
        sys.exit(1)


def _summary(port_map: PortMap) -> str:
    count = len(port_map.devices)
    devices = f"{count} device{'' if count == 1 else 's'}"
    return f"{port_map.file}: good; {port_map.name}, {port_map.chip.title}, {devices}, broker {port_map.broker}"


def _table(port_map: PortMap) -> list[str]:
    """A line for each device: its role, its kind, what it is wired to, its ports."""
    rows = [("ROLE", "KIND", "WIRING", "PORTS")]
    for device in port_map.devices:
        inports, outports = device.kind.ports()
        settings = device.kind.settings()
        ins = " ".join(f"→{port}" for port in inports if port not in settings)
        outs = " ".join(f"{port}→" for port in outports if port not in ("error", "settings"))
        wiring = " ".join(f"{key} {_shown(key, value)}" for key, value in device.wiring.items())
        rows.append((device.role, device.kind.name, wiring, f"{ins} {outs}".strip()))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return ["    " + "  ".join(map(str.ljust, row, [*widths, 0])) for row in rows]


def _shown(key: str, value: object) -> str:
    if isinstance(value, dict):
        return "+".join(value)
    return f"0x{value:02x}" if key == "address" and isinstance(value, int) else str(value)
