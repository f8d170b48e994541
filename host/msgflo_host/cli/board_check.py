"""``msgflo board check``: print the mistakes of port maps, or their devices."""

from __future__ import annotations

import sys

import click

from ..boards.board_folder import find, load
from ..boards.folder_checks import Neighbour, check_name, neighbours, shared_roles
from ..boards.port_map import PortMap
from ..errors import FlashError, PortMapError, printable

__all__ = ["command"]


@click.command("check", short_help="Check a port map, and print its mistakes.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--quiet", "-q", is_flag=True, help="No table of devices, pins and ports.")
def command(names: tuple[str, ...], quiet: bool) -> None:
    """Check port maps: boards/NAME.yaml, or any file.

    Prints all mistakes with line and column, and ends with exit code 1; or prints what is wired where. It reads the other
    port maps of the folder, too: each board needs a name of its own, and each device a role.

    \b
    Examples:
      msgflo board check kitchen
      msgflo board check esp32 picow --quiet
      msgflo board check boards/battery.yaml
    """
    wrong = False
    for name in names:
        try:
            lines = _check(name, quiet)
        except PortMapError as error:
            wrong = True
            for problem in error.problems:
                click.echo(printable(str(problem)), err=True)
            continue
        except FlashError as error:
            wrong = True
            click.echo(printable(str(error)), err=True)
            continue
        for line in lines:
            click.echo(printable(line))
    if wrong:
        sys.exit(1)


def _check(name: str, quiet: bool) -> list[str]:
    """Return the lines about a good port map; raises PortMapError, FlashError."""
    from ..boards.build import build
    from ..boards.memory import warnings

    port_map = load(find(name))
    others = neighbours(port_map)
    check_name(port_map, others)
    image = build(port_map, "")  # only how large it is
    notices = [_notice(port_map, other, roles) for other in others if (roles := shared_roles(port_map, other))]
    return [
        _summary(port_map),
        *warnings(port_map, image.bytecode),
        *notices,
        *([] if quiet or not port_map.devices else _table(port_map)),
    ]


def _notice(port_map: PortMap, other: Neighbour, roles: list[str]) -> str:
    which = f"role{'' if len(roles) == 1 else 's'} {', '.join(roles)}"
    return f"{port_map.file}: {which} also in {other.file}: both at once would use the same topics"


def _summary(port_map: PortMap) -> str:
    count = len(port_map.devices)
    devices = f"{count} device{'' if count == 1 else 's'}"
    return f"{port_map.file}: good; {port_map.name}, {port_map.chip.title}, {devices}, broker {port_map.broker}"


def _table(port_map: PortMap) -> list[str]:
    """Return a line for each device: role, kind, component in graphs, wiring, ports."""
    rows = [("ROLE", "KIND", "COMPONENT", "WIRING", "PORTS")]
    for device in port_map.devices:
        inports, outports = device.kind.ports()
        settings = device.kind.settings()
        ins = " ".join(f"→{port}" for port in inports if port not in settings)
        outs = " ".join(f"{port}→" for port in outports if port not in ("error", "settings"))
        wiring = " ".join(f"{key} {_shown(key, value)}" for key, value in device.wiring.items())
        rows.append((device.role, device.kind.name, device.kind.component, wiring, f"{ins} {outs}".strip()))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return ["    " + "  ".join(map(str.ljust, row, [*widths, 0])) for row in rows]


def _shown(key: str, value: object) -> str:
    if isinstance(value, dict | list):
        return "+".join(value)
    return f"0x{value:02x}" if key == "address" and isinstance(value, int) else str(value)
