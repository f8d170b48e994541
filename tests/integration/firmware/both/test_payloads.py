"""Payloads: JSON, text, bytes, and nothing."""

from host import equal
from msgflo import Error
from msgflo.packets import Message, decode, encode
from parts import Sink, Source, refused, run, settle


async def test_data_that_counts_as_false_is_data(host):
    sink = Sink("s")
    session, _ = await run(await host.ask("broker"), sink)
    for text in ("0", "false", "null", '""', "[]", "{}"):
        await host.ask("publish", topic="s/in", payload=text)
    found = []
    while len(found) < 6:
        found.append((await sink.get())[1])
    equal(found, [0, False, None, "", [], {}])
    await session.stop()


async def test_what_is_no_json_arrives_as_text_or_bytes(host):
    sink = Sink("s")
    session, logged = await run(await host.ask("broker"), sink)
    await host.ask("publish", topic="s/in", payload="ON é😀")
    equal(await sink.get(), ("in", "ON é😀"))
    await host.ask("publish", topic="s/in", size=300)  # bytes 0 to 255: no UTF-8
    data = (await sink.get())[1]
    equal((type(data), len(data), data[255]), (bytes, 300, 255))
    equal(logged, [])
    await session.stop()


async def test_raw_ports_take_and_give_bytes_as_they_are(host):
    source, sink = Source("s"), Sink("t", topics={"raw": "s/bytes"})
    session, _ = await run(await host.ask("broker"), source, sink)
    for data in (b"\xff\0{", bytearray(b"12"), "text", memoryview(b"34")):
        source.send("bytes", data)
        equal(await sink.get(), ("raw", data.encode() if isinstance(data, str) else bytes(data)))
    await session.stop()


async def test_an_empty_payload_is_no_packet(host):
    sink = Sink("s")
    session, _ = await run(await host.ask("broker"), sink)
    await host.ask("publish", topic="s/in", payload="")
    await host.ask("publish", topic="s/raw", payload="")
    await host.ask("publish", topic="s/in", payload="1")
    equal(await sink.get(), ("in", 1))
    await settle(host)
    equal(sink.got, [])
    await session.stop()


async def test_decoding(host):
    for payload, data in (
        (b'{"a": [1, null]}', {"a": [1, None]}),
        (b" 1 ", 1),
        (b"1.5", 1.5),
        ('"é"'.encode(), "é"),
        (b"007", "007"),
        (b"NaN", "NaN"),
        (b"2026-01-01", "2026-01-01"),
        (b"{", "{"),
        (b'{"a": [1', '{"a": [1'),
        (b'["\\ud83d\\uDE00\\u00e9", "\\\\ud83d\\\\ude00"]', ["😀é", "\\ud83d\\ude00"]),
        (b"\xff", b"\xff"),
        (b"[" * 1500, "[" * 1500),
    ):
        equal(decode(payload), data)


async def test_encoding(host):
    for data in (0, False, None, "", "é😀", [1, 2.5], {"a": {"b": None}}):
        equal(decode(encode(data)), data)
    for data, raw in ((b"1", False), (float("nan"), False), (float("inf"), False), (1, True), (None, True)):
        refused(Error, (repr(data), "cannot be sent", "allowed"), encode, data, raw)


async def test_a_message_offers_its_payload_in_every_form(host):
    message = Message(b'{"a": 1}', b'{"a": 1}', "t", True)
    equal(
        (message.json, message.raw, message.buffer, message.topic, message.retained),
        ({"a": 1}, b'{"a": 1}', message.raw, "t", True),
    )
    equal(Message(b"x", "x").json, None)
