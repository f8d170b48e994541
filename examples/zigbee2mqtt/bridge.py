"""Stands in for Zigbee2MQTT with a button and a bulb. It knows nothing of participants, only Zigbee2MQTT's topics.

python bridge.py BUTTON BULB
"""

import json
import os
import signal
import sys
import threading
from itertools import cycle

import paho.mqtt.client as mqtt

from msgflo import Broker

BASE = "zigbee2mqtt"
PRESS_EVERY_S = 3
BUTTON, BULB = sys.argv[1:]

bulb = {"state": "OFF", "brightness": 254, "linkquality": 120}


def say(client, topic, value, retain=False):
    return client.publish(f"{BASE}/{topic}", json.dumps(value, separators=(",", ":")), qos=int(retain), retain=retain)


def on_connect(client, userdata, flags, reason, properties):
    client.subscribe(f"{BASE}/{BULB}/set")
    for name in ("bridge/state", f"{BUTTON}/availability", f"{BULB}/availability"):
        say(client, name, {"state": "online"}, retain=True)
    say(client, BULB, bulb)


def on_message(client, userdata, message):
    try:
        command = json.loads(message.payload)
        state = command.get("state", bulb["state"])
        brightness = int(command.get("brightness", bulb["brightness"]))
    except (ValueError, TypeError, AttributeError):
        say(client, "bridge/logging", {"level": "error", "message": f"Invalid JSON for {BULB}"})
        return
    if state == "TOGGLE":
        state = "OFF" if bulb["state"] == "ON" else "ON"
    bulb.update(state=state, brightness=min(max(brightness, 0), 254))
    say(client, BULB, bulb)


def main():
    broker = Broker.parse(os.environ.get("MSGFLO_BROKER", "mqtt://localhost"))
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="zigbee-bridge")
    client.on_connect, client.on_message = on_connect, on_message
    # When the real one ends, this is all that is said: the devices' own availability stays as it was.
    client.will_set(f"{BASE}/bridge/state", '{"state":"offline"}', qos=1, retain=True)
    if broker.user:
        client.username_pw_set(broker.user, broker.password)
    if broker.tls:
        client.tls_set(ca_certs=broker.cafile)
    client.connect_async(broker.host, broker.port)
    client.loop_start()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    for action in cycle(("single", "hold", "double", "single")):
        if ended.wait(PRESS_EVERY_S):
            break
        if client.is_connected():
            say(client, BUTTON, {"action": action, "battery": 97, "linkquality": 84})
    if client.is_connected():
        say(client, "bridge/state", {"state": "offline"}, retain=True).wait_for_publish(1)
    client.disconnect()


if __name__ == "__main__":
    main()
