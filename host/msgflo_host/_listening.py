"""Ports of our own that others connect to."""

from __future__ import annotations

import errno
import os
import socket

from .errors import ServerError

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
        code = error.errno or 0
        reason = os.strerror(code) if code in errno.errorcode else error.strerror
        raise ServerError(
            f"port {port} on {host} cannot be opened: {reason}{hint if code == errno.EADDRINUSE else ''}"
        ) from None
