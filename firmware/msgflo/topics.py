"""MQTT topics and filters (MQTT 3.1.1, §4.7), and the topics that this library reserves below `fbp`."""

from binascii import unhexlify

from .errors import ConfigError

__all__ = (
    "DISCOVERY",
    "bind_topic",
    "check_filter",
    "check_topic",
    "connection_topic",
    "escape",
    "is_filter",
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
    wanted = topic_filter.split("/")
    levels = topic.split("/")
    for i, level in enumerate(wanted):
        if level == "#":  # also matches its parent: `a/#` takes `a`
            return True
        if i >= len(levels) or (level != "+" and level != levels[i]):
            return False
    return len(wanted) == len(levels)


def is_filter(topic):
    """Tell whether a topic has wildcards."""
    return "+" in topic or "#" in topic


def check_topic(topic, where="topic"):
    """Return a topic that may be published to, or raise ConfigError that begins with `where`."""
    _check_text(topic, where)
    if is_filter(topic):
        raise ConfigError("{}: {!r} has a wildcard; + and # are not allowed here".format(where, topic))
    return topic


def check_filter(topic_filter, where="filter"):
    """Return a filter that may be subscribed to, or raise ConfigError that begins with `where`."""
    _check_text(topic_filter, where)
    if not is_filter(topic_filter):
        return topic_filter
    levels = topic_filter.split("/")
    for i, level in enumerate(levels):
        if len(level) > 1 and is_filter(level):
            raise ConfigError("{}: in {!r} a wildcard must have its level to itself".format(where, topic_filter))
        if level == "#" and i != len(levels) - 1:
            raise ConfigError("{}: in {!r} # is not last; only the last level may be #".format(where, topic_filter))
    return topic_filter


def _check_text(topic, where):
    if not isinstance(topic, str) or not topic:
        raise ConfigError("{}: {!r} is not a topic; a text of 1 to 65535 bytes is needed".format(where, topic))
    if "\0" in topic:
        raise ConfigError("{}: {!r} holds NUL, which MQTT does not allow".format(where, topic))
    if len(topic) * 4 > _MAX_BYTES and len(topic.encode()) > _MAX_BYTES:
        raise ConfigError("{}: {!r}… is longer than 65535 bytes".format(where, topic[:40]))


def escape(text, special="%/+#\0"):
    """Percent-encode the characters of `special`, so that an id is one level of a topic."""
    if not any(c in text for c in special):
        return text
    return "".join("%{:02X}".format(ord(c)) if c in special else c for c in text)


def unescape(text):
    """Undo percent-encoding; raises ValueError where % is not followed by two hex digits or the result is not UTF-8."""
    if "%" not in text:
        return text
    parts = text.encode().split(b"%")
    for i in range(1, len(parts)):
        if len(parts[i]) < 2:
            raise ValueError(text)
        parts[i] = unhexlify(parts[i][:2]) + parts[i][2:]
    return b"".join(parts).decode()
