"""The outbox: what waits, what is dropped, what is sent again."""

import gc

from host import equal
from msgflo.outbox import Outbox

E = ("e", 0, False)
S = ("s", 1, True)
T = ("t", 1, True)


def costs(outbox, times):
    """How many bytes of the heap each of some events takes."""
    gc.collect()
    gc.disable()
    found = []
    for _ in range(times):
        before = gc.mem_alloc()
        outbox.event(E, 1)
        taken = gc.mem_alloc() - before
        found.append(taken)
    gc.enable()
    return found


class Wire:
    """Takes so many packets."""

    def __init__(self, room):
        self.room = room
        self.sent = []

    @property
    def ready(self):
        return self.room > 0

    def publish(self, topic, payload, *, qos, retain):
        if payload == "bad":
            raise ValueError(topic)
        self.room -= 1
        self.sent.append(topic + str(payload))


def sent(outbox, room=100):
    wire = Wire(room)
    outbox.drain(wire)
    return wire.sent


async def test_order_is_stored_and_a_waiting_state_is_replaced(host):
    outbox = Outbox(10)
    outbox.event(E, 1)
    outbox.state(S, 1)
    outbox.event(E, 2)
    outbox.state(S, 2)
    equal(sent(outbox, 2), ["e1", "s2"])
    outbox.state(S, 3)
    equal(sent(outbox), ["e2", "s3"])
    equal(sent(outbox), [])


async def test_what_waits_needs_no_large_piece_of_the_heap(host):
    if not hasattr(gc, "mem_alloc"):
        return
    outbox = Outbox(32)
    for topic in "abcd":
        outbox.state((topic, 1, True), 1)
    for _ in range(2):
        taken = costs(outbox, 40)
        equal(taken, taken[:1] * 40)  # one pair each: the list has had its room from the beginning
        outbox.restore([("x", 1, 0, False)] * 20)


async def test_the_oldest_events_are_dropped_but_no_states(host):
    outbox = Outbox(2)
    for i in range(4):
        outbox.state(("s{}/".format(i), 1, True), i)
        outbox.event(E, i)
    equal(outbox.dropped, 2)
    equal(sent(outbox), ["s0/0", "s1/1", "s2/2", "e2", "s3/3", "e3"])


async def test_after_a_connection_unacknowledged_events_go_first_and_all_states_again(host):
    outbox = Outbox(10)
    outbox.state(S, 1)
    outbox.state(T, 1)
    equal(sent(outbox), ["s1", "t1"])
    outbox.state(S, 2)
    outbox.restore([("e", 1, 1, False), ("s", 1, 1, True), ("e", 2, 1, False)])
    equal(sent(outbox), ["e1", "e2", "t1", "s2"])


async def test_the_bound_holds_for_what_is_sent_again_too(host):
    outbox = Outbox(2)
    outbox.event(E, 3)
    outbox.restore([("e", 1, 1, False), ("e", 2, 1, False)])
    equal((outbox.dropped, sent(outbox)), (1, ["e2", "e3"]))


async def test_what_cannot_be_published_does_not_stay(host):
    outbox = Outbox(10)
    outbox.event(E, "bad")
    outbox.event(E, 2)
    try:
        sent(outbox)
    except ValueError:
        pass
    equal(sent(outbox), ["e2"])
