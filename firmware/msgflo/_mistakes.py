"""Messages for declarations of the wrong type; loaded when one is met."""

from .errors import ConfigError

__all__ = ("not_participants", "not_ports")


def not_ports(name, inports, outports):
    """Return a ConfigError that names the one of a class's ports that is no Port."""
    for kind, ports in (("inports", inports), ("outports", outports)):
        if not isinstance(ports, (list, tuple)):
            return ConfigError('{} of {}: {!r} is no list; allowed: [Port("id"), …]'.format(kind, name, ports))
        for port in ports:
            if not hasattr(port, "id"):
                port_id = port if isinstance(port, str) else "id"
                return ConfigError(
                    '{} of {}: {!r} is not a Port; allowed: Port("{}")'.format(kind, name, port, port_id)
                )
    return ConfigError("ports of {}: lists of ports are needed".format(name))


def not_participants(participants):
    """Return a ConfigError that names the one of a session's participants that is none."""
    if not isinstance(participants, (list, tuple)):
        return ConfigError("a session needs a list of participants, not {!r}".format(participants))
    for participant in participants:
        if isinstance(participant, type):
            return ConfigError('{0} is a class; {0}("role") is meant'.format(participant.__name__))
        if not hasattr(participant, "_runner"):
            what = "{!r} is no participant: it is of no class derived from Participant, or that __init__ was not called"
            return ConfigError(what.format(participant))
    return ConfigError("a session needs a list of participants")
