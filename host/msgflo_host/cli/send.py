"""``msgflo send``: publish one packet."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid

import click

from msgflo import Broker, ConfigError, ConnectError
from msgflo.paho_transport import Transport
from msgflo.topics import check_topic

from ..errors import BrokerError
from ._names import find_port
from ._options import broker_option, coordinator_option, find_broker

__all__ = ["command"]

ACKNOWLEDGED_WITHIN_S = 10.0


@click.command("send", short_help="Publish one packet.")
@click.argument("topic", metavar="TOPIC|NODE.INPORT")
@click.argument("payload", metavar="JSON")
@click.option("--topic", "is_topic", is_flag=True, help="Take a name like NODE.INPORT as a topic.")
@click.option("--raw", is_flag=True, help="Publish the text as it is, whether JSON or not.")
@click.option("--retain", is_flag=True, help="Have the broker retain it as the topic's latest value.")
@broker_option
@coordinator_option
def command(
    topic: str, payload: str, is_topic: bool, raw: bool, retain: bool, broker_url: str | None, coordinator: str
) -> None:
    """Publish one packet on a topic, or to an inport named as NODE.INPORT, and wait until the broker has it.

    A name with a dot and no slash is that of an inport, as far as a coordinator answers. A broker that is away is not
    waited for.

    \b
    Examples:
      msgflo send lamp.limit 30
      msgflo send home/door '{"open": true}' --broker mqtt://pi.local
      echo ON | msgflo send cmnd/fan/POWER - --raw
    """
    text = sys.stdin.read().removesuffix("\n") if payload == "-" else payload
    if not raw:
        try:
            json.loads(text, parse_constant=_no_constant)
        except ValueError as error:
            raise click.UsageError(
                f"{text!r} is not JSON ({error}); text needs quotes: '\"{text}\"', or --raw"
            ) from None
    found = None if is_topic else find_port(topic, coordinator, ("inports",), is_known=True)
    topic = topic if found is None else found.topic
    try:
        check_topic(topic)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    asyncio.run(_send(find_broker(broker_url, coordinator), topic, text.encode(), retain))


def _no_constant(name: str) -> None:
    raise ValueError(f"JSON has no {name}")


async def _send(broker: Broker, topic: str, payload: bytes, retain: bool) -> None:
    transport = Transport(broker, f"msgflo-send-{uuid.uuid4().hex[:8]}", on_message=lambda *_: None)
    try:
        await transport.connect()
        transport.publish(topic, payload, qos=1, retain=retain)
        async with asyncio.timeout(ACKNOWLEDGED_WITHIN_S):
            while transport.unacknowledged():
                await transport.drain()  # raises ConnectError where the broker has ended the connection
                await asyncio.sleep(0.005)
    except ConnectError as error:
        raise BrokerError(str(error)) from None
    except TimeoutError:
        raise BrokerError(f"broker {broker}: not acknowledged within {ACKNOWLEDGED_WITHIN_S:g} s") from None
    finally:
        await transport.disconnect()
