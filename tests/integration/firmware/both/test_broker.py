"""Where the broker is, read from a URL."""

from failing import contains
from host import equal
from msgflo.broker import Broker
from msgflo.errors import ConfigError, Refused, SubscribeError


def parts(url):
    broker = Broker.parse(url)
    return broker.host, broker.port, broker.user, broker.password, broker.tls, broker.cafile


async def test_urls_are_read(host):
    for url, expected in (
        ("localhost", ("localhost", 1883, None, None, False, None)),
        ("10.0.0.1:1884", ("10.0.0.1", 1884, None, None, False, None)),
        ("mqtt://pi.local/", ("pi.local", 1883, None, None, False, None)),
        ("mqtts://pi.local", ("pi.local", 8883, None, None, True, None)),
        ("mqtt://ada@h", ("h", 1883, "ada", None, False, None)),
        ("mqtt://ada:@h", ("h", 1883, "ada", "", False, None)),
        ("ada:pass:word@h:1", ("h", 1, "ada", "pass:word", False, None)),
        ("mqtt://%C3%A9%40:%2F%3f%25@h", ("h", 1883, "é@", "/?%", False, None)),
        ("mqtts://h?cafile=/a%20b/c@d.der", ("h", 8883, None, None, True, "/a b/c@d.der")),
        ("mqtts://h:1?ca_certs=c.pem", ("h", 1, None, None, True, "c.pem")),
        ("mqtt://[::1]:1884", ("::1", 1884, None, None, False, None)),
        ("[fe80::1]", ("fe80::1", 1883, None, None, False, None)),
    ):
        equal(parts(url), expected)


async def test_wrong_urls_are_refused_with_a_reason_and_without_the_password(host):
    for url, reason in (
        ("http://h", "unknown scheme 'http'"),
        ("mqtt://", "no host"),
        ("", "no host"),
        ("h:0", "port '0'"),
        ("h:65536", "port '65536'"),
        ("h:mqtt", "port 'mqtt'"),
        ("[::1", "no"),
        ("[::1]1883", "no host"),
        ("mqtt://h/topic", "path ('/topic')"),
        ("mqtt://h?cafile=x", "only mqtts://"),
        ("mqtts://h?verify=no", "unknown option 'verify=no'"),
        ("mqtt://:secret@h", "user name"),
        ("mqtt://ada:secret%@h", "%25"),
        ("mqtt://ada:secret%zz@h", "%25"),
        ("mqtt://ada:%FF@h", "%25"),
    ):
        try:
            text = str(Broker.parse(url))
        except ConfigError as e:
            contains(str(e), reason)
            contains(str(e), repr(url.replace(":secret", ":***").split("%")[0])[:9])
            equal("secret" in str(e), False)
        else:
            raise AssertionError("{!r} was taken as {}".format(url, text))


async def test_the_password_is_never_shown(host):
    equal(str(Broker.parse("mqtt://a%40:secret@h")), "mqtt://a%40:***@h:1883")
    equal(str(Broker.parse("mqtts://a@[::1]")), "mqtts://a@[::1]:8883")
    broker = Broker.parse("ada:secret@h")
    equal(str(Refused(5, broker)), "mqtt://ada:***@h:1883 refused the connection: not authorised (code 5)")
    contains(str(Refused(99, broker)), "code 99")
    contains(str(SubscribeError(["a", "b/#"], broker)), "the subscription to 'a', 'b/#'")
