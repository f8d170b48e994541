"""Topics for which Mosquitto ends the connection of who names them, although MQTT allows them (CPython only)."""

import re

from .errors import ConfigError
from .topics import check_filter

__all__ = ("FORBIDDEN", "MAX_SLASHES", "can_be_subscribed", "is_safe")

FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{}]".format(
        "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    )
)
"""Control characters, surrogates and noncharacters (MQTT 3.1.1, §1.5.3: a server may close the connection)."""

MAX_SLASHES = 200
"""Mosquitto's TOPIC_HIERARCHY_LIMIT."""


def is_safe(topic):
    """Tell whether Mosquitto takes a topic or filter."""
    return topic.count("/") <= MAX_SLASHES and not FORBIDDEN.search(topic)


def can_be_subscribed(topic_filter):
    """Tell whether a text is a filter (MQTT 3.1.1, §4.7), and safe."""
    try:
        check_filter(topic_filter)
    except ConfigError:
        return False
    return is_safe(topic_filter)
