"""Topics, filters and the reserved topics."""

from failing import contains
from host import equal
from msgflo import topics
from msgflo.errors import ConfigError


async def test_filters_match_as_mqtt_shows(host):
    for topic_filter, topic, expected in (
        ("a/b", "a/b", True),
        ("a/b", "a/B", False),
        ("a/b", "a/b/", False),
        ("#", "a/b", True),
        ("#", "/", True),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "ab", False),
        ("+", "a", True),
        ("+", "/a", False),
        ("+/+", "/a", True),
        ("/+", "/a", True),
        ("a/+", "a/", True),
        ("a/+", "a", False),
        ("a/+/c", "a/é 😀/c", True),
        ("a/+/c", "a/b/d", False),
        ("+/a/#", "x/a", True),
        ("#", "$SYS/a", False),
        ("+/a", "$SYS/a", False),
        ("$SYS/#", "$SYS/a", True),
    ):
        equal((topic_filter, topic, topics.matches(topic_filter, topic)), (topic_filter, topic, expected))


async def test_what_is_no_topic_or_filter_is_refused_with_its_place(host):
    for check, value, reason in (
        (topics.check_topic, "", "''"),
        (topics.check_topic, None, "None"),
        (topics.check_topic, b"a", "b'a'"),
        (topics.check_topic, "a\0b", "NUL"),
        (topics.check_topic, "a/+", "'a/+' has a wildcard"),
        (topics.check_topic, "a#", "'a#' has a wildcard"),
        (topics.check_filter, "a/#/b", "not last"),
        (topics.check_filter, "a/b+", "itself"),
        (topics.check_filter, "a#", "itself"),
    ):
        try:
            check(value, "port 'x'")
        except ConfigError as e:
            contains(str(e), reason)
            equal(str(e)[:8], "port 'x'")
        else:
            raise AssertionError("{!r} was taken".format(value))
    for value in ("a", "é/😀", "/", " "):
        equal(topics.check_topic(value), value)
        equal(topics.check_filter(value), value)
    for value in ("#", "+", "a/+/b/#", "+/+"):
        equal(topics.check_filter(value), value)


async def test_ids_become_one_level_of_the_reserved_topics(host):
    for plain, escaped in (("lamp-1", "lamp-1"), ("é 😀", "é 😀"), ("a/b+#%\0c", "a%2Fb%2B%23%25%00c")):
        equal(topics.escape(plain), escaped)
        equal(topics.unescape(escaped), plain)
    equal(topics.participant_topic("a/b"), "fbp/participant/a%2Fb")
    equal(topics.connection_topic("a/b"), "fbp/connection/a%2Fb")
    equal(topics.bind_topic("a/b"), "fbp/bind/a%2Fb")


async def test_a_topic_may_have_65535_bytes_and_no_more(host):
    try:
        equal(topics.check_topic("é" * 32767 + "x"), "é" * 32767 + "x")
        topics.check_topic("é" * 32768)
    except ConfigError as e:
        contains(str(e), "65535 bytes")
    except MemoryError:
        pass  # so is MicroPython's heap, which settles it too
    else:
        raise AssertionError("too long a topic was taken")
