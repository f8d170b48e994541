"""What Mosquitto does not take in a topic, for checks that name it (CPython only); `topics.is_safe` is the same on boards."""

import re

__all__ = ("FORBIDDEN", "MAX_SLASHES")

FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{}]".format(
        "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    )
)
"""Control characters, surrogates and noncharacters (MQTT 3.1.1, §1.5.3: a server may close the connection)."""

MAX_SLASHES = 200
"""Mosquitto's TOPIC_HIERARCHY_LIMIT."""
