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
        url, question, query = url.partition("?")
        scheme, slashes, rest = url.rpartition("://")
        account, at, address = rest.rpartition("@")
        user, colon, password = account.partition(":")
        try:
            if slashes and scheme not in ("mqtt", "mqtts"):
                raise ValueError("unknown scheme {!r}".format(scheme))
            if colon and not user:
                raise ValueError("a password needs a user name")
            broker = cls(*_address(address), tls=scheme == "mqtts")
            broker.user = unescape(user) if user else None
            broker.password = unescape(password) if colon else None
            broker.cafile = _cafile(query, broker.tls)
        except ValueError as e:
            shown = scheme + slashes + user + (":***" if colon else "") + at + address + question + query
            raise ConfigError("broker URL {!r}: {}; allowed: {}".format(shown, e, _FORM)) from None
        return broker

    def __str__(self):
        """Return the URL, with *** instead of the password."""
        account = ""
        if self.user is not None:
            account = escape(self.user, _SPECIAL) + ("@" if self.password is None else ":***@")
        host = "[" + self.host + "]" if ":" in self.host else self.host
        return "{}://{}{}:{}".format("mqtts" if self.tls else "mqtt", account, host, self.port)


def _address(text):
    address, _, path = text.partition("/")
    if path:
        raise ValueError("a path ({!r}) means nothing to MQTT".format("/" + path))
    host, bracket, port = address.partition("]")  # IPv6: [::1]:1883
    if bracket:
        host = host[1:]
        colon = port[:1] or ":"
        port = port[1:]
    else:
        host, colon, port = address.partition(":")
    if not host or (colon and colon != ":"):
        raise ValueError("{!r} is no host".format(address))
    if port and (not port.isdigit() or not 0 < int(port) < 65536):
        raise ValueError("port {!r} is not 1 to 65535".format(port))
    return unescape(host), int(port or 0)


def _cafile(query, tls):
    cafile = None
    for option in query.split("&"):
        key, _, value = option.partition("=")
        if key in ("cafile", "ca_certs") and value and tls:
            cafile = unescape(value)
        elif option:
            raise ValueError("unknown option {!r}{}".format(option, "" if tls else ", only mqtts:// has any"))
    return cafile
