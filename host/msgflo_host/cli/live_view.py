"""The live view in a terminal: tables that are refreshed once a second."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..errors import printable
from .plain_view import LOG_LINES, Notes, Status, edge_text

__all__ = ["show_live"]

REFRESH_S = 1.0
STYLES = {
    "alive": "green",
    "asleep": "blue",
    "lost": "bold red",
    "pending": "dim",
    "refused": "bold red",
    "same": "green",
    "direct": "green",
    "forwarded": "green",
}


async def show_live(status: Callable[[], Status], notes: Notes) -> None:
    """Show `status` until cancelled; what was logged last is printed when the view closes."""
    console = Console()
    # The alternate screen keeps the shell's scroll-back as it was; what happened last is printed when it closes.
    with Live(console=console, screen=True, auto_refresh=False) as live:
        try:
            while True:
                live.update(_picture(status(), notes.lines, console.width, console.height), refresh=True)
                await asyncio.sleep(REFRESH_S)
        except OSError:  # the terminal is gone, as after `disown`: the run goes on
            await asyncio.get_running_loop().create_future()
        finally:
            with suppress(OSError):  # the terminal may be gone
                live.stop()
                print(*notes.lines, sep="\n", file=sys.stderr)


def _picture(status: Status, notes: Iterable[str], width: int, height: int) -> RenderableType:
    nodes, edges = status["nodes"], status["edges"]
    rows = max(height - LOG_LINES - 13 - len(status["editor"]) // width, 6)
    for_nodes = min(len(nodes), max(rows // 2, rows - len(edges)))
    for_edges = max(rows - for_nodes, 3)
    tables = _nodes_table(nodes, for_nodes), "", _edges_table(edges, for_edges)
    return Group(_headline(status), "", *tables, "", _log(notes, width))


def _log(notes: Iterable[str], width: int) -> RenderableType:
    """Return the newest notes, wrapped: their ends may matter most, so the oldest are dropped."""
    console = Console(width=width)
    lines: list[Text] = []
    for note in reversed([*notes]):
        wrapped = Text(note, style="dim").wrap(console, width)
        if lines and len(lines) + len(wrapped) > LOG_LINES:
            break
        lines[:0] = wrapped[-LOG_LINES:]
    return Group(*lines)


def _headline(status: Status) -> Text:
    style = "green" if status["connected"] else "bold red"
    line = Text("MsgFlo  ", style="bold")
    line.append(f"broker {status['broker']} {'connected' if status['connected'] else 'not connected'}", style=style)
    line.append(f"   page {status['page']}   Ctrl-C ends\n", style="not bold")
    line.append(f"graph {status['graph'] or 'in memory'}", style="not bold")
    if status["graph_trouble"]:
        line.append(f"   not applied: {status['graph_trouble']}", style="bold red")
    line.append("\neditor ", style="not bold")
    line.append(status["editor"], style=f"not bold link {status['editor']}")
    return line


def _table(*columns: str, left_out: int) -> Table:
    caption = f"… {left_out} more: see the page or `msgflo list`" if left_out > 0 else None
    return Table(*columns, box=None, pad_edge=False, header_style="dim", caption=caption, caption_justify="left")


def _nodes_table(nodes: list[Status], rows: int) -> Table:
    table = _table("node", "component", "state", left_out=len(nodes) - rows)
    for node in nodes[:rows]:
        table.add_row(
            _text(node["id"]), _text(node["component"]), _text(_state_text(node), style=STYLES[node["state"]])
        )
    return table


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)


def _state_text(node: Status) -> str:
    text = str(node["state"])
    if why := node.get("error") or node.get("reason"):
        text += f": {why}"
    if node.get("last_packet_s") is not None:
        text += f" (last packet {_ago(node['last_packet_s'])} ago)"
    return text


def _edges_table(edges: list[Status], rows: int) -> Table:
    table = _table("edge", "binding", left_out=len(edges) - rows)
    table.add_column("packets/s", justify="right")
    table.add_column("packets", justify="right")
    for edge in edges[:rows]:
        binding = f"{edge['kind']}: {edge['reason']}" if edge["reason"] else edge["kind"]
        table.add_row(
            _text(edge_text(edge)),
            _text(binding, style=STYLES[edge["kind"]]),
            f"{edge['rate']:.1f}",
            str(edge["packets"]),
        )
    return table


def _ago(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
