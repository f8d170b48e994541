"""Verified TLS on MicroPython; loaded only for `mqtts://`."""

from binascii import a2b_base64

import tls

from .errors import ConfigError

__all__ = ("context",)

_BEGIN = b"-----BEGIN CERTIFICATE-----"
_END = b"-----END CERTIFICATE-----"


def context(broker):
    """Return a TLS context that trusts the authorities in `broker.cafile` (DER or PEM) only; raises ConfigError."""
    if not broker.cafile:
        raise ConfigError(
            "{}: MicroPython has no list of authorities of its own; add ?cafile=FILE (DER or PEM)".format(broker)
        )
    try:
        with open(broker.cafile, "rb") as f:
            data = f.read()
    except OSError as e:
        raise ConfigError("{}: cafile {!r} cannot be read: {}".format(broker, broker.cafile, e)) from None
    result = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    # CERT_OPTIONAL verifies nothing. The stubs do not know the attribute.
    result.verify_mode = tls.CERT_REQUIRED  # pyright: ignore[reportAttributeAccessIssue]
    try:
        for certificate in _certificates(data):
            result.load_verify_locations(certificate)
    except ValueError as e:
        raise ConfigError("{}: cafile {!r} holds no valid certificate: {}".format(broker, broker.cafile, e)) from None
    return result


def _certificates(data):
    # Most builds read DER only, so PEM is decoded here.
    if _BEGIN not in data:
        yield data
        return
    for part in data.split(_BEGIN)[1:]:
        yield a2b_base64(part.split(_END)[0])
