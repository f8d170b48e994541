"""A participant as MsgFlo's own Python library has them; ours runs the same file."""

import msgflo


class Repeat(msgflo.Participant):
    def __init__(self, role):
        definition = {
            "component": "interop/Repeat",
            "label": "Sends on what it gets",
            "inports": [{"id": "in", "type": "any"}],
            "outports": [{"id": "out", "type": "any"}],
        }
        msgflo.Participant.__init__(self, definition, role)

    def process(self, inport, msg):
        self.send("out", msg.data)
        self.ack(msg)


if __name__ == "__main__":
    msgflo.main(Repeat)
