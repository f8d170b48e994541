"""What is wrong with a declaration that is not even of the right kind; loaded when that is met."""

from .errors import ConfigError

__all__ = ("not_participants", "not_ports")


def not_ports(name, inports, outports):
    """Return a ConfigError that says which of a class's ports is none."""
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
    """Return a ConfigError that says which of a session's participants is none."""
    if not isinstance(participants, (list, tuple)):
        return ConfigError("a session needs a list of participants, not {!r}".format(participants))
    for participant in participants:
        if isinstance(participant, type):
            return ConfigError('{0} is a class; {0}("role") is meant'.format(participant.__name__))
        if not hasattr(participant, "_runner"):
            what = "{!r} is no participant: it is of no class derived from Participant, or that __init__ was not called"
            return ConfigError(what.format(participant))
    return ConfigError("a session needs a list of participants")
