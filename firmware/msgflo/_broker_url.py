"""Reads the URL of a broker."""

from .errors import ConfigError
from .topics import unescape

__all__ = ("read",)

_FORM = "mqtt://[user[:password]@]host[:port] or mqtts://…[?cafile=FILE]"


def read(make, url):
    """Return the broker that a URL names, made by `make(host, port, tls=…)`; see Broker.parse. Raises ConfigError."""
    url, question, query = url.partition("?")
    scheme, slashes, rest = url.rpartition("://")
    account, at, address = rest.rpartition("@")
    user, colon, password = account.partition(":")
    try:
        if slashes and scheme not in ("mqtt", "mqtts"):
            raise ValueError("unknown scheme {!r}".format(scheme))
        if colon and not user:
            raise ValueError("a password needs a user name")
        broker = make(*_address(address), tls=scheme == "mqtts")
        broker.user = unescape(user) if user else None
        broker.password = unescape(password) if colon else None
        broker.cafile = _cafile(query, broker.tls)
    except ValueError as e:
        shown = scheme + slashes + user + (":***" if colon else "") + at + address + question + query
        raise ConfigError("broker URL {!r}: {}; allowed: {}".format(shown, e, _FORM)) from None
    return broker


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
