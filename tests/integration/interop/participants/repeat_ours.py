"""The same with our library. Usage: repeat_ours.py BROKER ROLE."""

import sys

import msgflo


class Repeat(msgflo.Participant):
    """Sends on what it gets."""

    component = "interop/Repeat"
    inports = (msgflo.Port("in"),)
    outports = (msgflo.Port("out"),)

    def on_in(self, value):
        """Send it on."""
        self.send("out", value)


if __name__ == "__main__":
    broker, role = sys.argv[1:]
    msgflo.serve(Repeat(role), broker=broker)
