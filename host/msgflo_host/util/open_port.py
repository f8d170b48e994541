"""Ports of our own that others connect to."""

from __future__ import annotations

import errno
import socket

from ..errors import ServerError, system_reason

__all__ = ["open_port"]


def open_port(host: str, port: int, *, hint: str = "") -> socket.socket:
    """Listen on a port of one address of this machine, or of all (`0.0.0.0`, or `::`); 0 chooses a free port.

    Raises ServerError when it is in use, to which `hint` is added, or may not be opened.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()  # as Mosquitto takes it
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=both, backlog=128)
    except OSError as error:
        hint = hint if error.errno == errno.EADDRINUSE else ""
        raise ServerError(f"port {port} on {host} cannot be opened: {system_reason(error)}{hint}") from None
