"""A participant that is served until the program is interrupted; the environment says where the broker is."""

from msgflo import Participant, Port, serve


class Lamp(Participant):
    inports = [Port("on")]
    outports = [Port("is-on", state=True)]

    def on_on(self, value):
        self.send("is-on", value)

    def stop(self):
        self.send("is-on", "off at the end")


serve(Lamp("lamp"))
print("ended")
