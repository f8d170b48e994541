"""While a transport waits for the network, everything else of the program goes on."""

import asyncio

from failing import contains
from host import Inbox, connected, equal, until

CONNACK = "20020000"


async def tick(count):
    """What goes on meanwhile: would not come to an end before what the transport waits for, if that blocked."""
    for _ in range(count):
        await asyncio.sleep(0.01)


async def no_answer(host, url):
    port = await host.ask("fake", steps=[["deaf"]])
    task = asyncio.create_task(connected(url.format(port)))
    await tick(30)
    equal(task.done(), False)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return
    raise AssertionError("not cancelled")


async def test_timers_run_while_a_broker_does_not_even_accept(host):
    await no_answer(host, "mqtt://127.0.0.1:{}")


async def test_timers_run_while_a_tls_handshake_gets_no_answer(host):
    cafile = await host.ask("authority", form="der")
    await no_answer(host, "mqtts://127.0.0.1:{}?cafile=" + cafile)


async def test_timers_run_while_half_a_packet_is_there(host):
    inbox = Inbox()
    half = "3084010001" + "61" + "78" * 60
    steps = [["receive"], ["send", CONNACK + half], ["wait"], ["send", "78" * 69 + "31"], ["wait"]]
    steps += [["send", "05"], ["send", "00"], ["send", "01"], ["send", "62"], ["wait"], ["send", "6869"]]
    steps += [["wait"], ["end"]]
    transport = await connected("127.0.0.1:{}".format(await host.ask("fake", steps=steps)), inbox)
    await tick(10)
    equal(inbox, [])
    await host.ask("go_on")
    equal(await inbox.get(), ("a", b"x" * 129, False))
    await tick(10)
    await host.ask("go_on")
    await tick(10)
    equal(inbox, [])
    await host.ask("go_on")
    equal(await inbox.get(), ("b", b"hi", True))
    transport.publish("a", b"")
    await host.ask("go_on")
    await transport.closed()


async def test_malformed_packets_end_the_connection_with_a_reason(host):
    for packet in ("30ffffffff01", "30040009" + "6162", "32040001" + "61", "3000", "30030001ff", "f000"):
        steps = [["receive"], ["send", CONNACK + packet], ["sleep", 0.1], ["end"]]
        transport = await connected("127.0.0.1:{}".format(await host.ask("fake", steps=steps)))
        await until(lambda t=transport: not t.ready)
        contains(await transport.closed(), "malformed", "closed", "packet")
