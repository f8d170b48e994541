"""The library's exceptions: each message carries the offending value, where it stood, and what is allowed.

Error
├── ConfigError         a declaration or a broker URL is wrong; retrying does not help
├── ConnectError        the broker cannot be reached, or TLS failed
│   └── Refused         the broker refused the connection
└── SubscribeError      the broker refused a subscription
"""

__all__ = ("ConfigError", "ConnectError", "Error", "Refused", "SubscribeError")

# MQTT 3.1.1, table 3.1: what the codes of a CONNACK mean.
_REASONS = (
    "accepted",
    "protocol version not supported",
    "client id rejected",
    "server unavailable",
    "bad user name or password",
    "not authorised",
)


class Error(Exception):
    """The base of all exceptions of this library."""


class ConfigError(Error):
    """A declaration or a broker URL is wrong."""


class ConnectError(Error):
    """The broker cannot be reached, or TLS failed."""


class Refused(ConnectError):
    """The broker refused the connection; `code` is the code of its CONNACK (MQTT 3.1.1, table 3.1)."""

    def __init__(self, code, broker):
        reason = _REASONS[code] if code < len(_REASONS) else "unknown reason"
        super().__init__("{} refused the connection: {} (code {})".format(broker, reason, code))
        self.code = code


class SubscribeError(Error):
    """The broker refused subscriptions; `topics` lists them (MQTT 3.1.1, §3.9.3: code 0x80)."""

    def __init__(self, topics, broker):
        super().__init__("{} refused the subscription to {}".format(broker, ", ".join(repr(t) for t in topics)))
        self.topics = topics
