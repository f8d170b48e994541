"""Where the broker is and how to sign in, read from a URL."""

from .errors import ConfigError
from .topics import escape, unescape

__all__ = ("Broker",)

_FORM = "mqtt://[user[:password]@]host[:port] or mqtts://…[?cafile=FILE]"
_SPECIAL = "%/?#:@[]& \0"  # characters of a user name that would read as another part of the URL


class Broker:
    """A broker's address and the account to use there.

    `port` is 1 to 65535, `user`, `password` and `cafile` may be None. With `tls` the broker's certificate must be valid
    for `host` and signed by an authority in `cafile` (without one: by one that the system trusts).
    """

    def __init__(self, host="localhost", port=None, *, user=None, password=None, tls=False, cafile=None):
        self.host = host
        self.port = port or (8883 if tls else 1883)
        self.user = user
        self.password = password
        self.tls = tls
        self.cafile = cafile

    @classmethod
    def parse(cls, url):
        """Read `mqtt://[user[:password]@]host[:port]`, `mqtts://…?cafile=FILE` or `host[:port]`; raises ConfigError."""
        try:
            return cls._parse(url)
        except ValueError as e:
            raise ConfigError("broker URL {!r}: {}; allowed: {}".format(_masked(url), e, _FORM)) from None

    @classmethod
    def _parse(cls, url):
        scheme, found, rest = url.partition("://")
        if not found:
            scheme, rest = "mqtt", url
        if scheme not in ("mqtt", "mqtts"):
            raise ValueError("unknown scheme {!r}".format(scheme))
        tls = scheme == "mqtts"
        rest, _, query = rest.partition("?")
        account, _, address = rest.rpartition("@")
        host, port = _address(address)
        user, password = _account(account)
        cafile = _cafile(query)
        if cafile and not tls:
            raise ValueError("cafile needs mqtts://")
        return cls(host, port, user=user, password=password, tls=tls, cafile=cafile)

    def __str__(self):
        """Return the URL, with *** instead of the password."""
        scheme = "mqtts://" if self.tls else "mqtt://"
        account = ""
        if self.user is not None:
            account = escape(self.user, _SPECIAL) + ("@" if self.password is None else ":***@")
        host = "[" + self.host + "]" if ":" in self.host else self.host
        return "{}{}{}:{}".format(scheme, account, host, self.port)

    def __repr__(self):
        return "<Broker {}>".format(self)


def _address(text):
    address, _, path = text.partition("/")
    if path:
        raise ValueError("a path ({!r}) means nothing to MQTT".format("/" + path))
    if address[:1] == "[":  # IPv6
        host, found, port = address[1:].partition("]")
        if not found or (port and port[0] != ":"):
            raise ValueError("{!r} is no IPv6 address".format(address))
        port = port[1:]
    else:
        host, _, port = address.partition(":")
    if not host:
        raise ValueError("no host")
    if not port:
        return unescape(host), None
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("port {!r} is not 1 to 65535".format(port))
    return unescape(host), int(port)


def _account(text):
    if not text:
        return None, None
    user, found, password = text.partition(":")
    if not user:
        raise ValueError("a password needs a user name")
    return _decoded(user), _decoded(password) if found else None


def _decoded(text):
    try:
        return unescape(text)
    except ValueError:  # says not which text: it may be the password
        raise ValueError("% in user name or password must be written %25") from None


def _cafile(query):
    cafile = None
    for option in query.split("&"):
        key, _, value = option.partition("=")
        if key in ("cafile", "ca_certs") and value:
            cafile = unescape(value)
        elif option:
            raise ValueError("unknown option {!r}".format(option))
    return cafile


def _masked(url):
    before, found, after = url.rpartition("@")
    scheme, slashes, account = before.rpartition("://")
    user, colon, _ = account.partition(":")
    return scheme + slashes + user + (":***" if colon else "") + found + after
