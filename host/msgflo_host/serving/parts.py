"""What is served beside page and editors, put together: the page's account of the broker, and virtual boards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..components import Components
from ..coordinator import Coordinator
from .board_maps import BoardMaps
from .board_runs import BoardRuns
from .boards import Boards
from .gate import Gate
from .page import Page

if TYPE_CHECKING:
    from ..broker import OwnBroker
    from .server import Part

__all__ = ["Parts"]


class Parts:
    """All of them; `runs` are to be closed at the end. `boards` is the folder of port maps, None for the usual one."""

    def __init__(
        self,
        gate: Gate,
        coordinator: Coordinator,
        components: Components,
        *,
        own_broker: OwnBroker | None,
        boards: Path | None,
    ) -> None:
        self._coordinator = coordinator
        maps = BoardMaps(boards)
        self.runs = BoardRuns(components.runner, said=components.printed, is_alive=self._is_alive)
        page = Page(gate, own_broker, boards=lambda: bool(maps.names()), library=components.library)
        self.policy = page.policy
        self.served: list[Part] = [page, Boards(gate, maps, self.runs)]

    def _is_alive(self, role: str) -> bool:
        return any(entry.state == "alive" for entry in self._coordinator.registry.by_role(role))
