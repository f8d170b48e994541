"""Sends back what it gets, with a transport and no participant: `mirror.py BROKER`."""

import asyncio
import sys

from msgflo import Broker
from msgflo._platform import Transport


def reflect(topic, payload, retained):
    transport.publish("mírror 😀/out", payload, qos=1)


async def main():
    await transport.connect(("mirror", b"lost"))
    await transport.subscribe([("mírror 😀/in", 1)])
    transport.publish("mirror", b"online", qos=1)
    print(await transport.closed())


transport = Transport(Broker.parse(sys.argv[1]), "mírror 😀", on_message=reflect)
asyncio.run(main())
