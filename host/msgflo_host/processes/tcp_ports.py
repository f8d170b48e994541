"""TCP ports of this machine: test one, find a free one, name the program that has one."""

from __future__ import annotations

import socket

__all__ = ["free_port", "is_free", "listening_program"]


def is_free(host: str, port: int) -> bool:
    """Return True where a server could listen on this port now."""
    try:
        with _socket(host) as probe:
            # As servers do: a port is not taken by connections that have ended.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except OSError:
        return False
    return True


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port on which nothing listens now."""
    with _socket(host) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def listening_program(port: int) -> str | None:
    """Return name and process id of the program that listens on a port; None where the system hides them."""
    import psutil  # not needed unless something has gone wrong

    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except (psutil.Error, OSError):
        pass
    return None


def _socket(host: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
