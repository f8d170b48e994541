"""Under which names and URLs page and runtime are reached."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

import pytest

from msgflo_host.http.addresses import local_url, outward_url


@pytest.mark.parametrize("wildcard", ["0.0.0.0", "::"])
def test_all_addresses_are_told_as_localhost_here_and_as_one_elsewhere(wildcard: str) -> None:
    assert local_url(wildcard, 1) == "http://localhost:1/"
    elsewhere = urlsplit(outward_url(wildcard, 1) or "")
    assert elsewhere.port == 1
    assert elsewhere.hostname != "localhost"
    if elsewhere.hostname != socket.gethostname().lower():  # without a network that is all there is
        found = ipaddress.ip_address(elsewhere.hostname or "")
        assert (found.version, found.is_unspecified) == (ipaddress.ip_address(wildcard).version, False)
