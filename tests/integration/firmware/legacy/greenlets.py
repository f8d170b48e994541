"""A program that waits for a gevent event; `greenlets.py BROKER [patch]`."""

import sys

if "patch" in sys.argv:
    from gevent import monkey

    monkey.patch_all()

import gevent
import gevent.event

import msgflo


class Delay(msgflo.Participant):
    def __init__(self, role):
        ports = {"inports": [{"id": "in"}, {"id": "end"}], "outports": [{"id": "out"}, {"id": "tick"}]}
        msgflo.Participant.__init__(self, dict(component="test/Delay", **ports), role)
        gevent.spawn(self.tick)

    def tick(self):
        count = 0
        while True:
            gevent.sleep(0.1)
            count += 1
            if self._engine is not None:
                self.send("tick", count)

    def process(self, inport, msg):
        if inport == "end":
            over.set(msg.data)
            return
        gevent.sleep(0.2)  # others go on meanwhile
        self.send("out", msg.data)


over = gevent.event.AsyncResult()
msgflo.run([Delay("delay")], broker=sys.argv[1])
print(over.get(), flush=True)
