"""``msgflo board power``: estimate how long a battery lasts."""

from __future__ import annotations

import click

from ..errors import printable

__all__ = ["command"]


@click.command("power", short_help="Estimate how long a battery lasts.")
@click.argument("name")
def command(name: str) -> None:
    """Estimate how long the battery of NAME lasts, from its port map (`sleep`, `battery`, devices), and show with what.

    It is an estimate: the currents are typical ones from data sheets, the times are assumed, for a board near its router.

    \b
    Example:
      msgflo board power battery
    """
    from ..boards.board_folder import find, load
    from ..boards.power import estimate_life

    port_map = load(find(name))
    estimate = estimate_life(port_map)
    rows = [("", "CURRENT", "FOR", "MEAN", "SOURCE")]
    for item in estimate.items:
        mean = item.charge() / estimate.every
        seconds = item.seconds * item.times
        source = item.current.source + (f"; its time: {item.time_source}" if item.time_source else "")
        rows.append((item.what, _current(item.current.milliamps), _time(seconds), _current(mean), source))
    battery = estimate.battery
    lost = f"battery.self_discharge: {battery.self_discharge:.0%} a month"
    rows.append(
        ("the battery by itself", _current(estimate.lost), _time(estimate.every), _current(estimate.lost), lost)
    )
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        texts = [row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in (1, 2, 3)), row[4]]
        click.echo(printable("  ".join(texts)))
    for device in estimate.unknown:
        why = f"nothing is known of a {device.kind.name}: power_currents.py has none"
        click.echo(printable(f"{device.role}: not counted, for {why}"))
    total = _current(estimate.milliamps + estimate.lost)
    click.echo(f"\nEvery {_time(estimate.every)}; in the mean {total}.")
    what = f"{battery.capacity:g} mAh, of which {battery.usable:.0%} can be used"
    click.echo(f"{what}: {_days(estimate.days())}.")
    if battery.asleep is None:
        if (more := estimate.dev_board) is not None:
            days = _days(estimate.days(more.milliamps))
            click.echo(f"On a board that is not made for batteries: {days} ({more.milliamps:g} mA more,")
            click.echo(f"{more.source}).")
        click.echo("Measured yours? Write it into the port map: battery: {asleep: 60 uA}")


def _current(milliamps: float) -> str:
    if milliamps >= 1:
        return f"{milliamps:.3g} mA"
    return f"{milliamps * 1000:.3g} µA"


def _time(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


def _days(days: float) -> str:
    if days >= 60:
        return f"{days / (365.25 / 12):.0f} months"
    return f"{days:.0f} days" if days >= 2 else f"{days * 24:.0f} hours"
