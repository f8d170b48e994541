"""Opening a connection to a broker, TLS included, with errors that say what is wrong."""

import asyncio
import errno
import os
import ssl

from .errors import ConfigError, ConnectError

__all__ = ("open_connection",)


async def open_connection(broker, protocol, seconds):
    """Connect an asyncio protocol to a broker within `seconds`, and return its transport.

    Raises ConnectError (absent, silent, wrong certificate, …) or ConfigError (unusable CA file).
    """
    loop = asyncio.get_running_loop()
    options = {}
    if broker.tls:
        # Reading the system's authorities takes some 20 ms.
        options = {"ssl": await asyncio.to_thread(_tls_context, broker.cafile), "server_hostname": broker.host}
    try:
        async with asyncio.timeout(seconds):
            transport, _ = await loop.create_connection(lambda: protocol, broker.host, broker.port, **options)
            return transport
    except TimeoutError:
        raise ConnectError("{}: no answer within {} s".format(broker, seconds)) from None
    except ssl.SSLCertVerificationError as e:
        raise ConnectError("{}: {}".format(broker, _certificate_trouble(e, broker))) from None
    except ssl.SSLError as e:
        what = (e.reason or str(e)).replace("_", " ").lower()
        raise ConnectError("{}: TLS failed: {} (does this port speak TLS?)".format(broker, what)) from None
    except UnicodeError:
        raise ConnectError("{}: {!r} cannot be a host name".format(broker, broker.host)) from None
    except OSError as e:
        raise ConnectError("{}: {}".format(broker, _network_trouble(e))) from None


def _tls_context(cafile):
    if not cafile:
        return ssl.create_default_context()
    try:
        with open(cafile, "rb") as file:
            data = file.read()
        # A board needs DER, so the same file may be used here.
        return ssl.create_default_context(cadata=data.decode("ascii") if b"-----BEGIN" in data else data)
    except (ssl.SSLError, ValueError):
        raise ConfigError("CA file {!r} holds no certificate in PEM or DER form".format(cafile)) from None
    except OSError as e:
        raise ConfigError("CA file {!r}: {}".format(cafile, e.strerror)) from None


def _certificate_trouble(error, broker):
    """Say what is wrong with a certificate, by the codes of OpenSSL's x509_vfy.h."""
    code = error.verify_code
    if code == 10:
        return "the broker's certificate has expired"
    if code == 9:
        return "the broker's certificate is not valid yet (is this machine's clock right?)"
    if code in (62, 64):
        return "the broker's certificate is not for the name {!r}".format(broker.host)
    if code in (2, 18, 19, 20, 21):
        known = "CA file {!r}".format(broker.cafile) if broker.cafile else "system's list (?cafile=FILE names another)"
        return "the broker's certificate is signed by an unknown CA: none in the {}".format(known)
    return "the broker's certificate was refused: {}".format(error.verify_message)


def _network_trouble(error):
    text = str(error)
    if error.errno == errno.ECONNREFUSED or "[Errno {}]".format(errno.ECONNREFUSED) in text:
        return "connection refused (does a broker run there?)"
    if isinstance(error, ConnectionError):
        return "the connection was closed before it was complete"
    if error.errno and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or text  # a name that cannot be resolved
