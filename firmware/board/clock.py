"""The time, without which no certificate can be checked: from a web server's answer, usually the coordinator's."""

import asyncio
import socket
import time

from micropython import const

import machine

__all__ = ("begin", "fetch", "keep")

_MONTHS = b"JanFebMarAprMayJunJulAugSepOctNovDec"
_TIMEOUT = const(3)  # s


def begin(built):
    """Let the clock begin when this version was built (Unix time, s), unless it is later already."""
    epoch = time.gmtime(0)[0]  # 1970, or 2000 on an ESP32
    built = time.gmtime(built - (946684800 if epoch == 2000 else 0))
    if time.gmtime() < built:
        _set(*built[:6])


def fetch(url):
    """Set the clock by the Date header of a server (RFC 9110, §6.6.1); returns what went wrong, or None.

    The whole program waits for the answer.
    """
    try:
        host, _, port = url.split("/")[2].partition(":")
        # Tue, 24 Nov 2026 17:53:35 GMT
        _, day, month, year, clock, _ = _date(host, int(port or 80)).split()
        hour, minute, second = clock.split(b":")
        _set(int(year), _MONTHS.index(month) // 3 + 1, int(day), int(hour), int(minute), int(second))
    except (OSError, ValueError, IndexError, MemoryError) as e:
        return "{}: {}".format(url, e)
    return None


async def keep(url, connected):
    """Fetch the time once a minute until that succeeds, or is not needed."""
    while True:
        await asyncio.sleep(60)
        if connected() or fetch(url) is None:
            return


def _date(host, port):
    sock = socket.socket()
    try:
        sock.settimeout(_TIMEOUT)
        sock.connect(socket.getaddrinfo(host, port)[0][-1])
        sock.send("HEAD / HTTP/1.0\r\nHost: {}\r\n\r\n".format(host).encode())
        while True:
            line = sock.readline(200)  # pyright: ignore[reportCallIssue] - the stubs forget the size
            if line[:5].lower() == b"date:":
                return line[5:]
            if len(line) < 3:
                raise ValueError("no Date in its answer")
    finally:
        sock.close()


def _set(year, month, day, hour, minute, second):
    machine.RTC().datetime((year, month, day, 0, hour, minute, second, 0))
