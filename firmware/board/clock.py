"""The time, without which no certificate can be checked: from a web server's answer, usually the coordinator's."""

import asyncio
import time

import machine

__all__ = ("begin", "fetch", "keep_trying")

_MONTHS = b"JanFebMarAprMayJunJulAugSepOctNovDec"
_TIMEOUT = 5  # s


def begin(built):
    """Let the clock begin when this version was built (Unix time, s), unless it is later already."""
    epoch = time.gmtime(0)[0]  # 1970, or 2000 on an ESP32
    built = time.gmtime(built - (946684800 if epoch == 2000 else 0))
    if time.gmtime() < built:
        _set(*built[:6])


async def fetch(url):
    """Set the clock by the Date header of a server (RFC 9110, §6.6.1); returns what went wrong, or None."""
    try:
        host, _, port = url.split("/")[2].partition(":")
        date = await asyncio.wait_for(_date(host, int(port or 80)), _TIMEOUT)
        # Tue, 24 Nov 2026 17:53:35 GMT
        _, day, month, year, clock, _ = date.split()
        hour, minute, second = clock.split(b":")
        _set(int(year), _MONTHS.index(month) // 3 + 1, int(day), int(hour), int(minute), int(second))
    except asyncio.TimeoutError:
        return "{} does not answer".format(url)
    except (OSError, ValueError, IndexError) as e:
        return "{}: {}".format(url, e)
    return None


async def keep_trying(url):
    """Fetch the time once a minute until that succeeds."""
    while True:
        await asyncio.sleep(60)
        if await fetch(url) is None:
            return


async def _date(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write("HEAD / HTTP/1.0\r\nHost: {}\r\n\r\n".format(host).encode())
        await writer.drain()
        while True:
            line = await reader.readline()
            if line[:5].lower() == b"date:":
                return line[5:]
            if len(line) < 3:
                raise ValueError("no Date in its answer")
    finally:
        writer.close()


def _set(year, month, day, hour, minute, second):
    machine.RTC().datetime((year, month, day, 0, hour, minute, second, 0))
