"""A lamp that shows a load as a colour, as a board would: this file runs under MicroPython."""

import sys

from msgflo import Participant, Port, serve


class Lamp(Participant):
    component = "demo/Lamp"
    label = "Shows a level as a colour and says when it is too high"
    icon = "lightbulb-o"
    inports = [
        Port("level", "number", "What to show, 0 to 100"),
        Port("limit", "number", "Above this level the alarm is on, 0 to 100"),
        Port("cooling", "string", "What the fan says of itself: ON or OFF"),
    ]
    outports = [
        Port("color", "string", "From green to red, as #rrggbb", state=True),
        Port("alarm", "boolean", "Whether the level is above the limit", state=True),
    ]
    limit = 50
    fan = None

    def on_level(self, level):
        if not isinstance(level, (int, float)):
            print("level: a number is needed, not", repr(level))
            return
        share = min(max(level, 0), 100) / 100
        self.send("color", "#%02x%02x00" % (round(255 * share), round(255 * (1 - share))))
        self.send("alarm", level > self.limit)

    def on_limit(self, limit):
        if isinstance(limit, (int, float)):
            self.limit = limit
        else:
            print("limit: a number is needed, not", repr(limit))

    def on_cooling(self, state):
        if state != self.fan:
            self.fan = state
            print("the fan is", state)


if __name__ == "__main__":
    serve(Lamp(sys.argv[1]))
