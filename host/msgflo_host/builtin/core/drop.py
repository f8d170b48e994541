"""Takes packets away."""

from typing import Any

from msgflo import Port
from msgflo.component import Component


class Drop(Component):
    label = "Takes packets, and does nothing with them"
    icon = "trash-o"
    inports = (Port("in", "any", "What nobody needs"),)

    def on_in(self, value: Any) -> None:
        pass
