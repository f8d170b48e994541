"""What a button does to a bulb: pressed once it switches, twice it makes it bright, held it makes it dim."""

from msgflo import Participant, Port

BRIGHT, DIM = 254, 40


class Dimmer(Participant):
    component = "zigbee/Dimmer"
    label = "A button's presses become a bulb's commands"
    icon = "sliders"
    inports = [
        Port("pressed", "object", 'What the button says: {"action": "single"}, "double" or "hold"'),
        Port("lamp", "object", 'What the bulb says of itself: {"state": "ON"} or "OFF"'),
    ]
    outports = [Port("set", "object", "What the bulb shall do")]
    is_on = False

    def on_lamp(self, state):
        # The bulb may be switched by others too: it knows best whether it is on.
        self.is_on = state.get("state") == "ON"

    def on_pressed(self, press):
        action = press.get("action")
        if action == "single":
            self.send("set", {"state": "OFF" if self.is_on else "ON"})
        elif action == "double":
            self.send("set", {"state": "ON", "brightness": BRIGHT})
        elif action == "hold":
            self.send("set", {"state": "ON", "brightness": DIM, "transition": 1})
        # Anything else is a report of the battery, or a press that another participant may care about.
