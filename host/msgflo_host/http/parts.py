"""What is served beside page and editors, put together: the way to the broker, and virtual boards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..control.component_processes import Components
from ..control.coordinator import Coordinator
from .authorization import Gate
from .board_api import Boards
from .board_maps import BoardMaps
from .board_runs import BoardRuns
from .mqtt_websocket import Mqtt
from .page_info import Page

if TYPE_CHECKING:
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
        boards: Path | None,
    ) -> None:
        self._coordinator = coordinator
        maps = BoardMaps(boards)
        self.runs = BoardRuns(components.runner, said=components.printed, is_alive=self._is_alive)
        page = Page(gate, boards=lambda: bool(maps.names()), library=components.library)
        mqtt = Mqtt(gate, coordinator.broker, is_own_broker=coordinator.is_own_broker)
        self.served: list[Part] = [page, mqtt, Boards(gate, maps, self.runs)]

    def _is_alive(self, role: str) -> bool:
        return any(entry.state == "alive" for entry in self._coordinator.registry.by_role(role))
