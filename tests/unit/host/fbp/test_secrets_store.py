"""Secrets of the FBP protocol: made at the first start, or read from a file, and told in no error."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from msgflo_host.errors import ServerError
from msgflo_host.fbp.permissions import ALL, READY_MADE
from msgflo_host.fbp.secrets_store import check_secret, load_secrets, own_secret


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "secrets.yaml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_our_own_secret_is_made_once_and_only_we_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    secret = own_secret(folder)
    assert own_secret(folder) == secret
    assert mode(folder / "fbp-secret") == 0o600
    assert own_secret(tmp_path) != secret


def test_a_file_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    secret = own_secret(tmp_path)
    (tmp_path / "fbp-secret").chmod(0o644)
    assert own_secret(tmp_path) == secret
    assert mode(tmp_path / "fbp-secret") == 0o600


@pytest.mark.parametrize("content", [b"short", b"with spaces in between", b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe"])
def test_a_broken_file_is_not_replaced_in_silence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "fbp-secret").write_bytes(content)
    with pytest.raises(ServerError, match="fbp-secret"):
        own_secret(tmp_path)
    assert (tmp_path / "fbp-secret").read_bytes() == content


@pytest.mark.parametrize("content", [b"", bytes(33)])
def test_what_a_power_cut_has_left_without_content_is_made_again_and_logged(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "fbp-secret").write_bytes(content)
    secret = own_secret(tmp_path)
    assert own_secret(tmp_path) == secret
    assert mode(tmp_path / "fbp-secret") == 0o600
    assert [record.message for record in caplog.records] == [
        f"{tmp_path / 'fbp-secret'} is empty, as after a power cut: it is made again, with another content"
    ]


def test_nothing_is_left_of_a_secret_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)  # where a full disk is noticed at the latest
    with pytest.raises(ServerError, match="fbp-secret cannot be used: No space left on device"):
        own_secret(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ("hunter2", "has 7 characters; 12 to 200 are needed"),
        ("", "has 0 characters"),
        ("h" * 201, "has 201 characters"),
        ("hunter2&address=elsewhere", "has other characters than"),
        ("hunter2%20hunter2", "has other characters than"),
        ("hünter2hunter2", "has other characters than"),
    ],
)
def test_a_secret_that_no_url_carries_is_refused_without_being_shown(secret: str, problem: str) -> None:
    with pytest.raises(ServerError) as refused:
        check_secret(secret, "of --secret")
    assert problem in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "of --secret" in str(refused.value)


def test_secrets_and_what_they_allow(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "hall: {secret: 5Jx2Wq0fV9dRkT7b, may: viewer}\n"
        "workshop:\n  secret: Yc81nLq4PzKe6MhA\n  may: [viewer, 'protocol:graph']\n"
        "me: {secret: '123456789012', may: programmer}\n",
    )
    assert load_secrets(path) == {
        "5Jx2Wq0fV9dRkT7b": READY_MADE["viewer"],
        "Yc81nLq4PzKe6MhA": READY_MADE["viewer"] | {"protocol:graph"},
        "123456789012": ALL,
    }


def test_a_file_that_others_can_read_is_warned_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path, "hall: {secret: 5Jx2Wq0fV9dRkT7b, may: viewer}\n")
    load_secrets(path)
    assert caplog.text == ""
    path.chmod(0o644)
    load_secrets(path)
    assert "chmod 600" in caplog.text


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("", "1:1", "a map is needed"),
        ("- a\n", "1:1", "a map is needed"),
        ("hall: viewer\n", "1:7", '"hall" needs a map of secret and may'),
        ("hall: {may: viewer}\n", "1:7", '"hall" has no secret'),
        ("hall: {secret: HUNTER2hunter2}\n", "1:7", '"hall" has no may'),
        ("hall: {secret: HUNTER2hunter2, may: viewer, can: x}\n", "1:45", 'unknown key "can"'),
        ("hall: {secret: HUNTER2, may: viewer}\n", "1:16", "has 7 characters"),
        ("hall: {secret: 123456789012, may: viewer}\n", "1:16", "not a text; write it in quotes"),
        (
            "hall: {secret: HUNTER2hunter2, may: king}\n",
            "1:37",
            '"king" is nothing that can be allowed; there are viewer,',
        ),
        ("hall:\n  secret: HUNTER2hunter2\n  may: [viewer, graph:all]\n", "3:17", '"graph:all" is nothing'),
        ("hall: {secret: HUNTER2hunter2, may: []}\n", "1:37", "would allow nothing"),
        ("hall: {secret: HUNTER2hunter2, may: {a: b}}\n", "1:37", "is nothing that can be allowed"),
        (
            "a: {secret: HUNTER2hunter2, may: viewer}\nb: {secret: HUNTER2hunter2, may: viewer}\n",
            "2:13",
            "has this secret already",
        ),
        ("a: {secret: HUNTER2hunter2, may: viewer}\na: {}\n", "2:1", "is there twice"),
        ("a: {secret: HUNTER2hunter2 may: viewer}\n", "1", ""),
    ],
)
def test_what_is_wrong_in_the_file_is_reported_with_its_place(
    tmp_path: Path, text: str, place: str, problem: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ServerError) as refused:
        load_secrets(path)
    assert str(refused.value).startswith(f"{path}:{place}")
    assert problem in str(refused.value)
    assert "HUNTER2" not in str(refused.value)
