"""What a participant does at the start, all the time, and at the end."""

import asyncio

from host import equal, until
from msgflo import Participant, Port
from parts import run


class Hooked(Participant):
    def __init__(self):
        super().__init__("hooked")
        self.hooks = []

    def start(self):
        self.hooks.append("start")

    async def run(self):
        self.hooks.append("run")
        try:
            await asyncio.sleep(60)
        finally:
            self.hooks.append("end")

    async def stop(self):
        self.hooks.append("stop")


class Asking(Participant):
    inports = [Port("answer")]
    outports = [Port("question")]
    answered = None

    async def start(self):
        self.answer = asyncio.Event()
        self.send("question", 6)
        await self.drain()
        await self.answer.wait()
        self.answered = True

    def on_answer(self, value):
        self.answer.set()


async def test_hooks_are_called_in_order_and_the_task_is_ended(host):
    hooked = Hooked()
    running, _ = await run(await host.ask("broker"), hooked)
    await until(lambda: len(hooked.hooks) == 2)
    await host.ask("stop")
    await until(lambda: not running.connected)
    await host.ask("start")
    await until(lambda: running.connected)
    equal(hooked.hooks, ["run", "start"])
    await running.stop()
    await running.task
    await asyncio.sleep(0)
    equal(hooked.hooks, ["run", "start", "stop", "end"])


async def test_an_async_start_may_wait_for_packets(host):
    asking = Asking("a", topics={"answer": "b/out"})
    running, _ = await run(await host.ask("broker"), asking)
    await host.ask("publish", topic="b/out", payload="7")
    await until(lambda: asking.answered)
    await running.stop()
