"""Writes a pulse file for rtl_433: what is on the air while a Nexus-TH weather sensor, or one of its clones, sends.

    python make_pulses.py --temperature 21.4 --humidity 57 --channel 2 > sensor.ook

A pulse file is text: a header, then on each line how long the transmitter was on and off, in microseconds.
"""

import argparse

# 36 bits, sent twelve times. A bit is a pulse and then a gap whose length says which bit it is.
PULSE_US = 500
GAP_US = {0: 1000, 1: 2000}
GAP_BETWEEN_US = 4000
REPEATS = 12


def frame(temperature, humidity, channel, identity):
    """Return the 36 bits of one reading: -204.8 to 204.7 °C, 0 to 100 %, channel 1 to 4, identity 0 to 255."""
    fields = [
        (identity, 8),
        (1, 1),  # the battery is good
        (0, 1),
        (channel - 1, 2),
        (round(temperature * 10) & 0xFFF, 12),  # tenths of a degree, two's complement
        (0b1111, 4),
        (humidity, 8),
    ]
    return [value >> place & 1 for value, width in fields for place in reversed(range(width))]


def pulses(temperature, humidity, channel=1, identity=90):
    """Return the whole transmission as pairs of microseconds: on, off."""
    once = [(PULSE_US, GAP_US[bit]) for bit in frame(temperature, humidity, channel, identity)]
    return [*once, (PULSE_US, GAP_BETWEEN_US)] * REPEATS


def pulse_file(pairs):
    """Return the text of a pulse file."""
    head = f";pulse data\n;version 1\n;timescale 1us\n;ook {len(pairs)} pulses\n;freq1 433920000\n"
    return head + "".join(f"{on} {off}\n" for on, off in pairs) + ";end\n"


def main():
    parser = argparse.ArgumentParser(description="Write a pulse file of a Nexus-TH weather sensor to standard output.")
    parser.add_argument("--temperature", type=float, default=21.4, metavar="°C")
    parser.add_argument("--humidity", type=int, default=57, choices=range(101), metavar="0..100")
    parser.add_argument("--channel", type=int, default=2, choices=(1, 2, 3, 4))
    parser.add_argument("--identity", type=int, default=90, choices=range(256), metavar="0..255")
    asked = parser.parse_args()
    if not -204.8 <= asked.temperature <= 204.7:
        parser.error(f"--temperature {asked.temperature}: -204.8 to 204.7 °C can be sent")
    print(pulse_file(pulses(asked.temperature, asked.humidity, asked.channel, asked.identity)), end="")


if __name__ == "__main__":
    main()
