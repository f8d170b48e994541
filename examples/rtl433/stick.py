"""Stands in for an RTL-SDR stick: plays pulse files as radio samples, the way `rtl_tcp` hands over those of a stick.

rtl_433 reads pulse files by itself (`-r`), but sends nothing to MQTT then (25.02): from a receiver it does.
"""

import time
from itertools import cycle
from pathlib import Path

SAMPLES_PER_S = 250_000  # what rtl_433 asks for unless told otherwise
CHUNK_S = 0.05
PAUSE_S = 2.0  # between two transmissions
HEADER = b"RTL0" + (5).to_bytes(4, "big") + (29).to_bytes(4, "big")  # rtl_tcp's: an R820T tuner with 29 gains
SILENCE, CARRIER = b"\x80\x80", b"\xe0\x80"  # a sample is two bytes, I and Q, around 128


def samples(pulse_file):
    """Return a pulse file as radio samples; ValueError with the line that is none."""
    found = bytearray()
    for number, line in enumerate(pulse_file.read_text().splitlines(), 1):
        if not line.strip() or line.startswith(";"):
            continue
        try:
            on, off = (int(word) * SAMPLES_PER_S // 1_000_000 for word in line.split())
        except ValueError:
            raise ValueError(f"{pulse_file}:{number}: {line!r} is not two numbers of microseconds") from None
        found += CARRIER * on + SILENCE * off
    return bytes(found)


def play(listener, files):
    """Serve one receiver until it hangs up: each file in turn, for ever, with a pause after it. Files are read anew."""
    silence = SILENCE * int(SAMPLES_PER_S * PAUSE_S)
    listener.settimeout(10)  # nobody comes: the receiver has not started
    with listener.accept()[0] as connection:
        connection.sendall(HEADER)
        for file in cycle(files):
            _send(connection, samples(Path(file)) + silence)


def _send(connection, stream):
    """Send samples as fast as a stick takes them, and throw away the commands (frequency, gain, …) that come."""
    size = int(SAMPLES_PER_S * CHUNK_S) * 2
    due = time.monotonic()
    for start in range(0, len(stream), size):
        connection.sendall(stream[start : start + size])
        due += CHUNK_S
        connection.settimeout(max(due - time.monotonic(), 0.001))
        try:
            while connection.recv(1024):
                pass
            raise ConnectionResetError("the receiver has hung up")
        except TimeoutError:
            connection.settimeout(10)
