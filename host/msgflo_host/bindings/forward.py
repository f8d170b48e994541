"""What the forwarder is asked to do."""

from __future__ import annotations

import msgspec

__all__ = ["Forward"]


class Forward(msgspec.Struct, frozen=True, order=True, gc=False):
    """Packets on `source`, a topic or a filter, are published on `target` as well, with this QoS and retain flag.

    With `text`, one that is a JSON text is published as the text that it says.
    """

    source: str
    target: str
    qos: int = 0
    retain: bool = False
    text: bool = False
