"""Writes binding lists, as a coordinator does."""

import json

from host import until


async def bind(host, lists, participant="s"):
    payload = lists if isinstance(lists, str) else json.dumps(lists)
    await host.ask("publish", topic="fbp/bind/" + participant, payload=payload, qos=1, retain=True)


async def applied(sink, *sources):
    """Wait until a sink's routes are those to its own topics and these."""
    expected = sorted(("s/in", "s/raw") + sources)
    await until(lambda: sorted(sink._engine._bindings._routes) == expected)


async def say(host, topic, payload, retain=False):
    await host.ask("publish", topic=topic, payload=payload, qos=1, retain=retain)
