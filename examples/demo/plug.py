"""Stands in for a smart plug: it knows nothing of participants, only its maker's topics."""

import os
import signal
import sys
import threading

import paho.mqtt.client as mqtt

from msgflo import Broker

NAME = sys.argv[1]


def on_connect(client, userdata, flags, reason, properties):
    client.subscribe(f"cmnd/{NAME}/POWER")
    client.publish(f"tele/{NAME}/LWT", "Online", qos=1, retain=True)


def on_message(client, userdata, message):
    power = "ON" if message.payload.lower() in (b"true", b"on", b"1") else "OFF"
    client.publish(f"stat/{NAME}/POWER", power)


def main():
    broker = Broker.parse(os.environ["MSGFLO_BROKER"])
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"plug-{NAME}")
    client.on_connect, client.on_message = on_connect, on_message
    client.will_set(f"tele/{NAME}/LWT", "Offline", qos=1, retain=True)
    if broker.user:
        client.username_pw_set(broker.user, broker.password)
    if broker.tls:
        client.tls_set(ca_certs=broker.cafile)
    client.connect_async(broker.host, broker.port)
    client.loop_start()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ended.wait()
    client.publish(f"tele/{NAME}/LWT", "Offline", qos=1, retain=True).wait_for_publish(1)
    client.disconnect()


if __name__ == "__main__":
    main()
