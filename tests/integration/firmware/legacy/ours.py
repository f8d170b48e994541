import msgflo


class Lamp(msgflo.Participant):
    inports = [msgflo.Port("on"), msgflo.Port("raw", raw=True)]
    outports = [msgflo.Port("is-on", state=True)]

    def on_on(self, value):
        self.send("is-on", value)

    def on_raw(self, value):
        self.send("is-on", repr(value))


msgflo.main(Lamp)
