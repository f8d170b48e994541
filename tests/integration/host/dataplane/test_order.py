"""Order of one source's packets of QoS 1 while a real Mosquitto stands still, loses its connections, and restarts."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
from collections.abc import Callable

from brokers import Broker as Mosquitto
from forwarding import forwarder
from msgflo import Message, Participant, Port, Session
from msgflo_host.wire.forward_list import Forward


class Source(Participant):
    """Sends numbers."""

    outports = (Port("out", qos=1),)


class Sink(Participant):
    """Takes numbers."""

    inports = (Port("direct"), Port("forwarded"))

    def __init__(self, role: str) -> None:
        super().__init__(role)
        self.received: dict[str, list[int]] = {"direct": [], "forwarded": []}

    def process(self, inport: str, msg: Message) -> None:
        self.received[inport].append(msg.data)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


def test_first_arrivals_are_in_order_whatever_stops_or_restarts() -> None:
    async def main(broker: Mosquitto) -> None:
        source, sink = Source("source"), Sink("sink")
        sessions = [Session([each], broker.url, log=lambda text: None) for each in (source, sink)]
        running = [asyncio.create_task(session.run()) for session in sessions]
        numbers = itertools.count()

        def send(count: int) -> None:
            for number in itertools.islice(numbers, count):
                source.send("out", number)

        def all_have(number: int) -> bool:
            return all(number in received for received in sink.received.values())

        async with forwarder(broker.url, Forward("source/out", "sink/forwarded", 1)) as forwarding:
            await until(lambda: all(session.connected for session in sessions))
            bound = json.dumps({"direct": ["source/out"], "": {"version": 1}}).encode()
            sessions[0]._transport.publish("fbp/bind/sink", bound, qos=1, retain=True)
            await until(lambda: sessions[1].bound(sink) and not sessions[1]._transport.holds)
            send(1)
            await until(lambda: all_have(0))
            assert broker.process is not None
            for _ in range(3):
                send(50)
                await asyncio.sleep(0)  # some are on their way
                broker.process.send_signal(signal.SIGSTOP)
                send(50)
                await asyncio.sleep(0)
                for session in sessions:
                    session._transport._pipe.abort()
                for link in forwarding.made._links():
                    link.abort("cut by a test")
                send(50)
                broker.process.send_signal(signal.SIGCONT)
                last = next(numbers)
                source.send("out", last)
                await until(lambda last=last: all_have(last))
            send(50)
            await asyncio.to_thread(broker.restart)
            last = next(numbers)
            source.send("out", last)
            await until(lambda: all_have(last))
        for session in sessions:
            await session.stop()
        await asyncio.gather(*running)
        for received in sink.received.values():
            assert [*dict.fromkeys(received)] == [*range(last + 1)]
            # What the source has sent again comes in order, too: 1 2 3 2 3 4.
            assert all(later <= before + 1 for before, later in itertools.pairwise(received))

    with Mosquitto() as broker:
        asyncio.run(main(broker))
