"""MQTT topics and filters (MQTT 3.1.1, §4.7), and the topics that this library reserves below `fbp`."""

from binascii import unhexlify

from .errors import ConfigError

__all__ = (
    "DISCOVERY",
    "bind_topic",
    "can_be_subscribed",
    "check_filter",
    "check_topic",
    "connection_topic",
    "escape",
    "is_filter",
    "is_safe",
    "matches",
    "participant_topic",
    "unescape",
)

DISCOVERY = "fbp"  # every participant describes itself here
_MAX_BYTES = 65535  # MQTT 3.1.1, §1.5.3: a length is two bytes


def participant_topic(participant_id):
    """Return the topic that retains the discovery message of a participant."""
    return "fbp/participant/" + escape(participant_id)


def connection_topic(client_id):
    """Return the topic that retains the state of an MQTT connection."""
    return "fbp/connection/" + escape(client_id)


def bind_topic(participant_id):
    """Return the topic on which a participant takes its direct bindings."""
    return "fbp/bind/" + escape(participant_id)


def matches(topic_filter, topic):
    """Tell whether a topic matches a filter; a leading wildcard does not match topics that begin with `$`."""
    if topic_filter == topic:
        return not is_filter(topic)
    if topic[:1] == "$" and topic_filter[:1] in ("+", "#"):
        return False
    pattern = topic_filter.split("/")
    levels = topic.split("/")
    for i, level in enumerate(pattern):
        if level == "#":  # also matches its parent: `a/#` takes `a`
            return True
        if i >= len(levels) or (level != "+" and level != levels[i]):
            return False
    return len(pattern) == len(levels)


def is_filter(topic):
    """Tell whether a topic has wildcards."""
    return "+" in topic or "#" in topic


def is_safe(topic):
    """Tell whether Mosquitto takes a topic or filter that MQTT allows; for another it ends the connection.

    It takes no control characters, surrogates and noncharacters (MQTT 3.1.1, §1.5.3), and at most 200 slashes.
    """
    for c in topic:
        c = ord(c)
        if c < 32 or 126 < c < 160 or 0xD7FF < c < 0xE000 or 0xFDCF < c < 0xFDF0 or c & 0xFFFE == 0xFFFE:
            return False
    return topic.count("/") <= 200


def can_be_subscribed(topic_filter):
    """Tell whether a text is a filter (MQTT 3.1.1, §4.7), which Mosquitto takes."""
    try:
        check_filter(topic_filter)
    except ConfigError:
        return False
    return is_safe(topic_filter)


def check_topic(topic, where="topic"):
    """Return a topic that may be published to, or raise ConfigError that begins with `where`."""
    if is_filter(check_filter(topic, where)):
        raise ConfigError("{}: {!r} has a wildcard; + and # are not allowed here".format(where, topic))
    return topic


def check_filter(topic, where="filter"):
    """Return a filter that may be subscribed to, or raise ConfigError that begins with `where`."""
    reason = None
    if not isinstance(topic, str) or not topic or "\0" in topic:
        reason = "is no topic: a text without NUL is needed"
    elif len(topic) > _MAX_BYTES // 4 and len(topic.encode()) > _MAX_BYTES:
        topic = topic[:40]
        reason = "… is longer than 65535 bytes"
    elif is_filter(topic):
        levels = topic.split("/")
        if "#" in levels[:-1]:
            reason = "has a # that is not last"
        elif any(len(level) > 1 and is_filter(level) for level in levels):
            reason = "has a wildcard that has not its level to itself"
    if reason:
        raise ConfigError("{}: {!r} {}".format(where, topic, reason))
    return topic


def escape(text, special="%/+#\0"):
    """Percent-encode the characters of `special`, so that an id is one level of a topic."""
    if not any(c in text for c in special):
        return text
    return "".join("%{:02X}".format(ord(c)) if c in special else c for c in text)


def unescape(text):
    """Undo percent-encoding; raises ValueError where % is not followed by two hex digits or the result is not UTF-8."""
    parts = text.encode().split(b"%")
    try:
        for i in range(1, len(parts)):
            parts[i] = unhexlify(parts[i][:2] or b"x") + parts[i][2:]
        return b"".join(parts).decode()
    except ValueError:
        raise ValueError("a % is written %25") from None  # without its place: it may be in a password
