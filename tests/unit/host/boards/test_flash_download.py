"""MicroPython is downloaded once; without a network the user is told what to get, and from where."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from urllib.error import HTTPError

import pytest

from msgflo_host.boards.chips import CHIPS
from msgflo_host.boards.flashing import download
from msgflo_host.errors import FlashError

BOARDS_PAGE = """<a class="board-card" href="ESP32_GENERIC"></a><a class="board-card" href="ESP32_GENERIC_S3"></a>"""
FIRMWARE = "/resources/firmware/ESP32_GENERIC"
BOARD_PAGE = f"""
<a href="{FIRMWARE}-20270101-v1.30.0-preview.7.gabcdef0123.bin"></a>
<a href="{FIRMWARE}-20260829-v{download.VERSION}.bin"></a><a href="{FIRMWARE}-20260829-v{download.VERSION}.app-bin"></a>
<a href="{FIRMWARE}-SPIRAM-20260829-v{download.VERSION}.bin"></a><a href="{FIRMWARE}-20260406-v1.28.0.bin"></a>
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "msgflo" / "micropython"


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The download pages; the result has the addresses that were asked for."""
    from mpflash.download import from_web

    asked: list[str] = []

    def page(url: str) -> str:
        asked.append(url)
        return BOARDS_PAGE if "port=" in url else BOARD_PAGE

    def fetch(url: str, timeout: float) -> SimpleNamespace:
        asked.append(url)
        body = io.BytesIO(b"micropython")
        answer = SimpleNamespace(read=body.read, headers={"Content-Length": "11"})
        answer_context = type("Answer", (), {"__enter__": lambda self: answer, "__exit__": lambda self, *exc: None})
        return answer_context()  # type: ignore[no-any-return]

    from_web.get_board_urls.cache_clear()
    monkeypatch.setattr(from_web, "get_page", page)
    monkeypatch.setattr(download.urllib.request, "urlopen", fetch)
    return asked


def test_the_pinned_version_is_fetched_once(cache: Path, pages: list[str]) -> None:
    steps: list[tuple[int, int]] = []
    file = download.fetch(CHIPS["esp32"], lambda *step: steps.append(step))
    assert file == cache / f"ESP32_GENERIC-v{download.VERSION}.bin"
    assert file.read_bytes() == b"micropython"
    assert pages[-1] == f"https://micropython.org{FIRMWARE}-20260829-v{download.VERSION}.bin"
    assert steps == [(11, 11)]
    pages.clear()
    assert download.fetch(CHIPS["esp32"], lambda done, whole: None) == file
    assert not pages


@pytest.mark.usefixtures("pages")
def test_file_that_ends_early_is_not_stored(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(url: str, timeout: float) -> object:
        raise HTTPError(url, 404, "Not Found", None, None)  # type: ignore[arg-type]

    monkeypatch.setattr(download.urllib.request, "urlopen", fetch)
    with pytest.raises(FlashError, match=r"cannot be downloaded \(HTTP Error 404: Not Found\)"):
        download.fetch(CHIPS["esp32"], lambda done, whole: None)
    assert not list(cache.glob("*.bin"))


def test_without_a_network_the_page_and_the_file_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from mpflash.download import from_web

    def page(url: str) -> str:
        raise ConnectionError("no network")

    from_web.get_board_urls.cache_clear()
    monkeypatch.setattr(from_web, "get_page", page)
    with pytest.raises(FlashError) as error:
        download.fetch(CHIPS["picow"], lambda done, whole: None)
    assert str(error.value) == (
        "MicroPython cannot be downloaded (micropython.org cannot be reached); on a machine that can, get "
        f"RPI_PICO_W-…-v{download.VERSION}.uf2 from https://micropython.org/download/RPI_PICO_W/, then FIRMWARE=file"
    )
