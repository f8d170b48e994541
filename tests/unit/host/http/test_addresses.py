"""Under which names and URLs page and runtime are reached."""

from __future__ import annotations

import socket
from urllib.parse import unquote

import pytest

from msgflo_host.errors import ServerError
from msgflo_host.http import addresses
from msgflo_host.http.addresses import OwnNames, live_url, local_url, origin, outward_url


@pytest.mark.parametrize(
    ("host", "local", "outward"),
    [
        ("127.0.0.1", "http://localhost:1/", None),
        ("::1", "http://localhost:1/", None),
        ("127.0.0.5", "http://127.0.0.5:1/", None),  # localhost would not reach it
        ("192.0.2.9", "http://192.0.2.9:1/", "http://192.0.2.9:1/"),
        ("2001:db8::9", "http://[2001:db8::9]:1/", "http://[2001:db8::9]:1/"),
    ],
)
def test_the_urls_of_an_address(host: str, local: str, outward: str | None) -> None:
    assert (local_url(host, 1), outward_url(host, 1)) == (local, outward)


def test_without_a_network_the_url_has_the_name_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_own_address", lambda wildcard: None)
    assert outward_url("0.0.0.0", 1) == f"http://{socket.gethostname()}:1/"


def test_an_editor_finds_address_id_and_secret_in_its_url() -> None:
    url = live_url("http://ide.example/ui/", "http://pi.local:3569/", "an-id", "a.Secret-1_2~3")
    page, _, endpoint = url.partition("#runtime/endpoint?")
    assert page == "http://ide.example/ui/"
    assert [part.split("=") for part in unquote(endpoint).split("&")] == [
        ["protocol", "websocket"], ["address", "ws://pi.local:3569"], ["id", "an-id"], ["secret", "a.Secret-1_2~3"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("https://app.flowhub.io", "https://app.flowhub.io"),
        ("http://pi.local:8080/noflo-ui/index.html", "http://pi.local:8080"),
        ("nonsense", "nonsense"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_the_origin_of_a_page_is_without_its_folder(page: str, found: str) -> None:
    assert origin(page) == found


@pytest.mark.parametrize("host_name", ["pi", "Pi", "pi.example.org"])
@pytest.mark.parametrize(
    "host",
    ["localhost", "ide.localhost", "pi", "PI.local", "pi.local.", "pi.home.arpa", "pi.fritz.box", "192.168.1.9", "::1"],
)
def test_names_of_this_machine_are_ours(host_name: str, host: str) -> None:
    assert host in OwnNames(host_name=host_name)


@pytest.mark.parametrize(
    "host",
    ["", "nas", "evil.local", "nas.lan", "pi.evil.local", "evil.example", "pi.example", "pi.local.evil.example",
     "192.168.1.9.evil.example", "pi.locals.io", "notlocalhost", "home.example.org"],
)  # fmt: skip
def test_names_that_others_can_point_here_are_not(host: str) -> None:
    assert host not in OwnNames(host_name="pi")


def test_names_that_are_allowed_are_ours_and_none_below_them() -> None:
    names = OwnNames(["Home.example.org", "nas"], host_name="pi")
    assert [name in names for name in ("home.example.org", "HOME.example.org.", "nas")] == [True] * 3
    assert not [name for name in ("evil.home.example.org", "example.org", "nas.local") if name in names]


@pytest.mark.parametrize(("full", "ours"), [("pi.corp.example", True), ("evil.corp.example", False)])
def test_the_full_name_of_this_machine_is_ours(monkeypatch: pytest.MonkeyPatch, full: str, ours: bool) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: [(2, 1, 6, full, ("127.0.1.1", 0))])
    names = OwnNames(host_name="pi")
    assert full not in names
    names._learn_full_name()
    assert (full in names) is ours


@pytest.mark.parametrize("wrong", ["", "https://home.example.org", "home.example.org:443", "*", "a b", ".example.org"])
def test_what_is_no_host_name_cannot_be_allowed(wrong: str) -> None:
    with pytest.raises(ServerError, match="is no host name, as in"):
        OwnNames([wrong])
