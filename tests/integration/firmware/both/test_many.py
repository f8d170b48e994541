"""More QoS 1 packets than there are packet ids."""

from host import connected, equal, until


async def publish(host, count):
    transport = await connected(await host.ask("broker"))
    await host.ask("record", topics=["many"])
    for i in range(count):
        if not transport.ready:
            await transport.drain()
        transport.publish("many", str(i).encode(), qos=1)
    await until(lambda: not transport.unacknowledged())
    await transport.disconnect()
    equal(await host.ask("sequence", topics=["many"], last=count - 1), {"many": []})


async def test_a_thousand_acknowledged_packets_arrive_in_order(host):
    await publish(host, 1000)


async def soak_seventy_thousand_acknowledged_packets_arrive_in_order(host):
    await publish(host, 70000)
