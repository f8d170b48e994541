"""Checks how a board gets into the network: Wi-Fi, broker, time."""

from __future__ import annotations

import re
import ssl
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from pathlib import Path
from urllib.parse import urlsplit

from msgflo import Broker, ConfigError

from ..util.readable_files import open_readable
from ._check import Section, shown
from .chips import Chip
from .port_map import Wifi

__all__ = ["ADDRESS_KEYS", "BROKER_KEYS", "HOSTNAME", "WIFI_KEYS", "broker", "read_ca", "time", "wifi"]

WIFI_KEYS = ("ssid", "password", "country", "hostname", "address")
ADDRESS_KEYS = ("ip", "netmask", "gateway", "dns")
BROKER_KEYS = ("url", "user", "password", "ca")
HOSTNAME = r"[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?"  # RFC 1123, §2.1; 32 characters are what the chips take
_QUOTED = re.compile(r"""[\u2018-\u201f\u2039\u203a«»].*[\u2018-\u201f\u2039\u203a«»"']""", re.S)
_URL = "mqtt://[USER[:PASSWORD]@]HOST[:PORT] or mqtts://…"
_COORDINATOR_PORT = 3569
_TLS_PORT = 8883
_MAX_CA_BYTES = 16_384


def wifi(top: Section, chip: Chip | None) -> Wifi | None:
    """Return the network."""
    if chip is not None and not chip.wifi:
        if top.has("wifi"):
            top.findings.report(top.at.keys["wifi"], f"wifi: the {chip.name} has none; leave it out, or take a picow")
        return None
    section = top.section("wifi", "{ssid: Home, password: !secret wifi_password}", "wifi: {ssid: Home, …}")
    if section is None:
        return None
    section.known(WIFI_KEYS)
    ssid = section.text("ssid", "ssid: Home")
    _warn_of_quotes(section, "ssid", ssid)
    if ssid is not None and len(ssid.encode()) > 32:
        section.report("ssid", f"{section.where('ssid')} is longer than 32 bytes, which no network's name is")
    password = _wifi_password(section)
    if password is not None and not re.fullmatch(r"[ -~]{8,63}|[0-9A-Fa-f]{64}", password):
        why = "8 to 63 ASCII characters are needed; leave it out if the network is open"
        section.report("password", f"wifi.password cannot be one: {_quotes(password) or why}")
    country = section.text("country")
    if country is not None and not re.fullmatch("[A-Z]{2}", country):
        section.wrong("country", "two capital letters are needed, as in DE, GB or US (ISO 3166-1)")
    elif country is not None and chip is not None and not chip.rp2:
        nothing = f"wifi.country does nothing on an {chip.name}: MicroPython does not tell its Wi-Fi; leave it out"
        section.findings.warn(section.place_of("country"), nothing)
    hostname = section.text("hostname")
    if hostname is not None and not re.fullmatch(HOSTNAME, hostname):
        section.wrong("hostname", "at most 32 letters, digits and inner hyphens are allowed")
    return Wifi(ssid or "", password, country, hostname, _address(section))


def _quotes(text: str) -> str | None:
    """Return the hint for a text in the quotes of a book; None for all else."""
    return "its quotes are a part of it; YAML knows \" and ' only" if _QUOTED.fullmatch(text) else None


def _warn_of_quotes(section: Section, key: str, text: str | None) -> None:
    if text is not None and (why := _quotes(text)):
        section.findings.warn(section.place_of(key), f"{section.where(key)}: {why}")


def _wifi_password(section: Section) -> str | None:
    place = section.at.value.get("password")
    if place is not None and place.value in (None, ""):
        section.wrong("password", "leave the key out if the network is open")
        return None
    return section.text("password", hidden=True) if place is not None else None


def _address(wifi: Section) -> tuple[str, str, str, str] | None:
    section = wifi.section("address", "{ip: 192.168.1.7, gateway: 192.168.1.1}")
    if section is None:
        return None
    section.known(ADDRESS_KEYS)
    ip = _ip(section, "ip", "ip: 192.168.1.7")
    gateway = _ip(section, "gateway", "gateway: 192.168.1.1")
    dns = _ip(section, "dns") if section.has("dns") else gateway
    netmask = section.text("netmask") if section.has("netmask") else "255.255.255.0"
    if netmask is None or ip is None:
        return None
    try:
        network = IPv4Network(f"{ip}/{netmask}", strict=False)
        if "." not in netmask or not 8 <= network.prefixlen <= 30 or str(network.netmask) != netmask:
            raise NetmaskValueError
    except (NetmaskValueError, AddressValueError, ValueError):
        section.wrong("netmask", "a mask such as 255.255.255.0 is needed")
        return None
    if ip in (network.network_address, network.broadcast_address):
        section.wrong("ip", f"in {network} it stands for the whole network; 1 less or more is a board's")
    elif gateway == ip:
        section.wrong("gateway", "that is the board's own address; the router's is needed")
    elif gateway is not None and gateway not in network:
        section.wrong("gateway", f"it is not in the board's network {network}")
    return str(ip), netmask, str(gateway), str(dns)


def _ip(section: Section, key: str, needed: str | None = None) -> IPv4Address | None:
    text = section.text(key, needed)
    if text is None:
        return None
    try:
        return IPv4Address(text)
    except AddressValueError:
        section.wrong(key, "an IPv4 address is needed, as in 192.168.1.7")
        return None


def broker(top: Section, loopback: bool) -> Broker | None:
    """Return the broker."""
    place = top.given("broker", "broker: mqtt://192.168.1.10")
    if place is None:
        return None
    section = top.section("broker", "") if isinstance(place.value, dict) else None
    if section is not None:
        section.known(BROKER_KEYS)
    found = _broker_url(section or top, "url" if section else "broker")
    if found is None:
        return None
    at, key = (section, "url") if section else (top, "broker")
    if section is not None:
        _account(section, found)
    if not loopback and (found.host == "localhost" or found.host.startswith("127.") or found.host == "::1"):
        at.report(key, f"{at.where(key)}: {_host(at, key, found)} is the board itself; the broker's address is needed")
    elif not loopback and found.host.lower().rstrip(".").endswith(".local"):
        name = f"{at.where(key)}: the board may not find {_host(at, key, found)}"
        why = "a name in .local is asked for by multicast, which many Wi-Fi routers do not pass on"
        at.findings.warn(
            at.place_of(key), f"{name}: {why}; write the broker's address, or a name that the router knows"
        )
    _ca(top, section, found)
    return found


def _host(section: Section, key: str, broker: Broker) -> str:
    place = section.at.value[key]
    return shown(place) if place.tag else broker.host


def _broker_url(section: Section, key: str) -> Broker | None:
    url = section.text(key, "url: mqtt://192.168.1.10")
    if url is None:
        return None
    where = section.where(key)
    try:
        found = Broker.parse(url)
        if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", found.host):
            raise ConfigError(f"{found.host!r} is no host")
        if re.fullmatch(r"[0-9.]+", found.host) and not _is_address(found.host):
            raise ConfigError(f"{found.host!r} is no IPv4 address")
        if not _is_escaped(url):
            hint = "letters beyond ASCII as their bytes in UTF-8 (é is %C3%A9); or give them as keys beside url"
            section.report(key, f"{where}: in user and password, @ : / % are written %40 %3A %2F %25, and {hint}")
        if found.port == _TLS_PORT and not found.tls:
            section.findings.warn(
                section.place_of(key), f"{where}: port {_TLS_PORT} is that of TLS mostly; did you mean  mqtts://?"
            )
        return found
    except ConfigError as wrong:
        # What stands before an @ may be a password, wherever it has slipped to.
        if section.at.value[key].tag is not None or "@" in url:
            hint = "; or give user and password as keys beside url"
            section.report(key, f"{where} cannot be read; allowed is {_URL}, with @ : / in them as %40 %3A %2F{hint}")
        else:
            reason = str(wrong).removeprefix(f"broker URL {url!r}: ").partition("; allowed:")[0]
            section.wrong(key, f"{reason}; allowed is {_URL}")
        return None


def _is_escaped(url: str) -> bool:
    """Return whether user and password in a URL that could be read have no character that may be another part of it.

    The parser takes them as they are, from the last @ back; what else reads the URL may not.
    """
    account = url.partition("?")[0].rpartition("://")[2].rpartition("@")[0]
    return account.isascii() and not re.search("[@/]|:.*:", account)


def _is_address(text: str) -> bool:
    try:
        return bool(IPv4Address(text))
    except AddressValueError:
        return False


def _account(section: Section, broker: Broker) -> None:
    for key in ("user", "password"):
        value = section.text(key, hidden=key == "password") if section.has(key) else None
        if value is None:
            continue
        _warn_of_quotes(section, key, value)
        if getattr(broker, key) is not None:
            section.report(key, f"{section.where(key)} is in the url, too; leave one of them out")
        setattr(broker, key, value)
    if broker.password is not None and broker.user is None and section.has("password") and not section.has("user"):
        section.findings.report(section.at.keys["password"], "broker.password without broker.user; a user is needed")


def _ca(top: Section, section: Section | None, broker: Broker) -> None:
    """Check the certificate of the authority: a board knows none by itself."""
    at, key = (top, "broker") if section is None else (section, "ca" if section.has("ca") else "url")
    if section is not None and key == "ca":
        if not broker.tls:
            section.report("ca", f"{section.where('ca')} is for mqtts://, and the url is mqtt://")
            return
        if broker.cafile is not None:
            section.report("ca", f"{section.where('ca')} is in the url, too; leave one of them out")
            return
        broker.cafile = section.text("ca")
    elif broker.tls and broker.cafile is None:
        at.report(
            key,
            f"{at.where(key)}: mqtts:// needs the certificate of the authority: broker: {{url: mqtts://…, ca: ca.pem}}",
        )
    if broker.cafile is None:
        return
    file = top.findings.file.parent / broker.cafile
    try:
        read_ca(file)
    except ValueError as reason:
        shown_file = "the file that it names" if at.at.value[key].tag else str(file)
        at.report(key, f"{at.where(key)}: {shown_file} {reason}")
    broker.cafile = str(file)


def read_ca(file: Path) -> bytes:
    """Return the certificate in a PEM or DER file as DER, which is what a board reads; ValueError says what it is."""
    try:
        with open_readable(file) as opened:
            content = opened.read(_MAX_CA_BYTES + 1)
    except (OSError, ValueError) as wrong:
        raise ValueError(f"cannot be read: {getattr(wrong, 'strerror', None) or wrong}") from None
    if len(content) > _MAX_CA_BYTES:
        raise ValueError(f"is larger than {_MAX_CA_BYTES // 1024} KiB; the certificate of one authority is needed")
    begin, end = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
    if content.count(begin) > 1:
        raise ValueError(f"has {content.count(begin)} certificates; a board takes one, that of the authority")
    try:
        if begin in content:
            pem = content[content.index(begin) : content.index(end) + len(end)]
            content = ssl.PEM_cert_to_DER_cert(pem.decode("ascii"))
        ssl.create_default_context(cadata=content)
    except (ssl.SSLError, ValueError, IndexError):
        raise ValueError("is no certificate; PEM or DER is needed") from None
    return content


def time(top: Section, broker: Broker | None) -> str | None:
    """Return the URL of the server whose time the board takes; by default that of the coordinator."""
    place = top.given("time")
    if place is None:
        if broker is None:
            return None
        if ":" in broker.host:
            message = "time is missing; with an IPv6 address as broker say http://HOST[:PORT]/, or false for none"
            top.findings.report(top.at, message)
            return None
        return f"http://{broker.host}:{_COORDINATOR_PORT}/"
    if place.value is False:
        if broker is not None and broker.tls:
            top.report("time", "time is false; mqtts:// needs the time, for certificates are valid for a while only")
        return None
    url = place.value if isinstance(place.value, str) else ""
    try:
        parts = urlsplit(url)
        good = parts.scheme == "http" and parts.hostname and parts.port != 0 and parts.username is None
    except ValueError:
        good = None
    if not good or not re.fullmatch(r"[!-~]+", url):
        top.wrong("time", "http://HOST[:PORT]/ is needed, or false for none")
        return None
    if "[" in url:
        top.wrong("time", "no IPv6 address can be read by the board here; a name or an IPv4 address is needed")
        return None
    return url
