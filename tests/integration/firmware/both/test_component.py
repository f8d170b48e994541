"""Components: values that fit their inports, and errors for those that do not."""

from scaling import running, say

from host import equal, until
from parts import contains


async def test_packets_become_values_of_the_inports_types(host):
    scale, session, logged = await running(host)
    expected = []
    for port, payload, value in (
        ("in", "2", 2),
        ("in", '" 21.5 "', 21.5),
        ("in", "+3", 3),
        ("on", "ON", True),
        ("on", "0", False),
        ("on", '"no"', False),
        ("few", "31622400", 31622400),
    ):
        await say(host, port, payload)
        expected.append((port, value))
    await until(lambda: len(scale.got) == len(expected))
    equal((scale.got, logged), (expected, []))
    await session.stop()


async def test_what_does_not_fit_is_reported_and_calls_no_handler(host):
    scale, session, logged = await running(host)
    await host.ask("record", topics=["c/error"])
    expected = []
    for port, payload, text in (
        ("in", "warm", 'inport "in": "warm"; a finite number is needed, such as 21.5 or "21.5"'),
        ("in", "[1]", 'inport "in": a list of 1; a finite number is needed, such as 21.5 or "21.5"'),
        ("on", "2", 'inport "on": 2; allowed: true, false, 1, 0, "on", "off", "yes", "no"'),
        ("few", "0", 'inport "few": 0; at least 1 is needed'),
        ("few", "31622401", 'inport "few": 31622401; at most 31622400 is allowed'),
        ("factor", "0", 'inport "factor": 0; at least 0.01 is needed'),
        ("factor", "101", 'inport "factor": 101; at most 100 is allowed'),
        ("mode", "left", 'inport "mode": "left"; allowed: "up", "down"'),
        ("in", "13", "13 is unlucky"),
    ):
        await say(host, port, payload)
        expected.append("c: " + text)
    await say(host, "in", "1")
    await until(lambda: scale.got)
    equal(scale.got, [("in", 1)])
    equal(logged, expected)
    equal(scale.settings, {"factor": 1, "mode": "up"})
    reported = await host.ask("recorded", count=len(expected))
    contains(reported[-1][1], '"message": "13 is unlucky"', '"port": "in"')
    await session.stop()


async def test_a_bang_is_any_packet_but_that_of_a_button_that_is_let_go(host):
    scale, session, logged = await running(host)
    for payload in ("false", "0", "off", '"No"', "true", "OFF", "1", "pressed", "null", "{}"):
        await say(host, "press", payload)
    await until(lambda: len(scale.got) == 5)
    equal([value for _, value in scale.got], [True, 1, "pressed", None, {}])
    equal(logged, [])
    await session.stop()
