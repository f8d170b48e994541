import msgflo


class Repeat(msgflo.Participant):
    def __init__(self, role):
        d = {"component": "PythonRepeat", "label": "Repeat input data without change"}
        msgflo.Participant.__init__(self, d, role)

    def process(self, inport, msg):
        self.send(
            "out", msg.data if not isinstance(msg.data, bytes) else [inport, repr(msg.buffer), str(type(msg.json))]
        )
        self.ack(msg)


if __name__ == "__main__":
    msgflo.main(Repeat)
