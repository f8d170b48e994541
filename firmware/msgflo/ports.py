"""Ports: what a participant declares of them, and their topics."""

from .errors import ConfigError
from .topics import check_topic

__all__ = ("Port", "declare")


class Port:
    """Declares an inport or outport.

    An outport with `state` holds a value: retained by the broker, QoS 1, sent again after an outage. Any other carries
    events: not retained, QoS 0. `qos` (0 or 1) and `retain` overrule. Data is JSON, or with `raw` bytes as they are.
    `type` and `description` are for people and editors, `schema` is a JSON Schema or its URL. Unless `topic` is given,
    the topic is `<role>/<id>`. Raises ConfigError.
    """

    description = ""  # what is not declared takes no memory in each port: that would take 150 bytes
    state = raw = retain = False
    schema = topic = None
    qos = 0

    def __init__(
        self, id, type=None, description="", *, state=False, raw=False, schema=None, qos=None, retain=None, topic=None
    ):
        if not isinstance(id, str) or not id:
            raise ConfigError("port id {!r}: a text is needed".format(id))
        if qos not in (None, 0, 1):
            raise ConfigError("port {!r}: qos {!r} is neither 0 nor 1".format(id, qos))
        if state and retain is not None and not retain:
            raise ConfigError("port {!r}: a state is retained; leave `state` or `retain=False` away".format(id))
        self.id = id
        self.type = type or ("buffer" if raw else "any")
        if description:
            self.description = description
        if state:
            self.state = True
        if raw:
            self.raw = True
        if schema is not None:
            self.schema = schema
        if topic:
            self.topic = topic
        if qos or (state and qos is None):
            self.qos = 1
        if retain or state:
            self.retain = True


def declare(name, role, inports, outports, topics):
    """Work out the topics of the ports of class `name`; `topics` maps the ids of some to topics. Raises ConfigError.

    Returns two dictionaries by port id: inports `(topic, raw)` and outports `(topic, qos, retain, state, raw)`.
    """
    try:
        ids = [port.id for port in inports] + [port.id for port in outports]
    except (AttributeError, TypeError):
        from ._mistakes import not_ports

        raise not_ports(name, inports, outports) from None
    if len(ids) != len(set(ids)):
        raise ConfigError("{}: two ports have the same id: {}".format(role, ", ".join(ids)))
    for port_id in topics:
        if port_id not in ids:
            raise ConfigError("{}: topic for port {!r}; there are: {}".format(role, port_id, ", ".join(ids)))
    ins = {}
    outs = {}
    for port in outports:
        outs[port.id] = (_topic(role, port, topics), port.qos, port.retain, port.state, port.raw)
    taken = [out[0] for out in outs.values()]
    for port in inports:
        topic = _topic(role, port, topics)
        if topic in taken:
            raise ConfigError("{}: inport {!r} and an outport have the same topic {!r}".format(role, port.id, topic))
        ins[port.id] = (topic, port.raw)
    return ins, outs


def _topic(role, port, topics):
    topic = topics.get(port.id) or port.topic or "{}/{}".format(role, port.id)
    where = "{}, port {!r}".format(role, port.id)
    check_topic(topic, where)
    if topic[0] == "$" or topic == "fbp" or topic.startswith("fbp/"):
        raise ConfigError("{}: {!r} is reserved; allowed: all but fbp, fbp/… and $…".format(where, topic))
    return topic
