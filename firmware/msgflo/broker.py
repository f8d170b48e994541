"""Where the broker is and how to sign in, read from a URL."""

from .topics import escape

__all__ = ("Broker",)

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
        from ._broker_url import read  # a board can forget it afterwards

        return read(cls, url)

    def __str__(self):
        """Return the URL, with *** instead of the password."""
        account = ""
        if self.user is not None:
            account = escape(self.user, _SPECIAL) + ("@" if self.password is None else ":***@")
        host = "[" + self.host + "]" if ":" in self.host else self.host
        return "{}://{}{}:{}".format("mqtts" if self.tls else "mqtt", account, host, self.port)
