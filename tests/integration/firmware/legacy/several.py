"""Several participants, own threads, and names that our own participants use for something else."""

import sys
import threading
import time

import msgflo


class Ticker(msgflo.Participant):
    def __init__(self, role):
        self.period = 0.05
        self.id = 7
        definition = {
            "component": "test/Ticker",
            "inports": [],
            "outports": [
                {"id": "tick", "type": "int", "queue": "ticks/" + role, "options": {"retain": True, "qos": 1}}
            ],
        }
        msgflo.Participant.__init__(self, definition, role)
        self.definition["label"] = "set afterwards"
        self.definition["id"] = role + "-fixed"
        self.count = 0
        self.start()

    def start(self):
        self.timer = threading.Timer(self.period, self.run)
        self.timer.daemon = True
        self.timer.start()

    def run(self):
        if self._engine is not None:
            self.count += 1
            self.send("tick", [self.definition["role"], self.count])
        self.start()

    def stop(self):
        raise RuntimeError("nobody calls this")


participants = [Ticker("a"), Ticker("b")]
engine = msgflo.run(participants, broker=sys.argv[1], iips={})
print(engine.broker_url, engine.broker_info.port, len(engine.participants), flush=True)
while True:
    time.sleep(1)
