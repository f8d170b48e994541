"""A file that is to become a board's MicroPython is looked at before: half a file, or another program, is not written."""

from __future__ import annotations

from pathlib import Path

import pytest

import firmware_files as made
from firmware_files import RP2040, RP2350
from msgflo_host.boards.chips import CHIPS
from msgflo_host.boards.flashing import firmware_file
from msgflo_host.errors import FlashError

ESP32, PICO_W = "https://micropython.org/download/ESP32_GENERIC/", "https://micropython.org/download/RPI_PICO_W/"


def spoilt(content: bytes, at: int, by: int = 1) -> bytes:
    """Change one byte."""
    at %= len(content)
    return content[:at] + bytes([content[at] ^ by]) + content[at + 1 :]


def refusal(folder: Path, content: bytes, chip: str) -> str:
    file = folder / "firmware"
    file.write_bytes(content)
    with pytest.raises(FlashError) as error:
        firmware_file.read(file, CHIPS[chip])
    return str(error.value).removeprefix(f"firmware {file} ")


@pytest.mark.parametrize("chip", ["esp32", "esp32s3", "esp32c3"])
def test_whole_file_of_an_esp32_is_taken(chip: str, tmp_path: Path) -> None:
    file = tmp_path / "firmware.bin"
    file.write_bytes(made.esp(chip))
    read = firmware_file.read(file, CHIPS[chip])
    assert read.offset == made.OFFSETS[chip]
    assert read.holds(made.BANNER)


NO_TABLE = "has no partition table with an app at 0x8000: the whole image is needed, with boot loader, table and app"
WRONG_SUMS = "is cut off or damaged: the sums that {} carries are not those of its bytes"
ESP_FILES = {
    "a bit of the boot loader": (spoilt(made.esp(), 33), WRONG_SUMS.format("the boot loader")),
    "the app alone": (made.app(), NO_TABLE),
    "an app of another chip": (
        made.esp()[:0xF000] + made.app("esp32s3"),
        "has no app for ESP32 at 0x10000, where its partition table has one",
    ),
    "half of the app": (
        made.esp()[:70_000],
        "is cut off or damaged: the app: End of file reading segment 0x40080000, length 10000 (actual length 8528)",
    ),
    "its last byte is missing": (made.esp()[:-1], WRONG_SUMS.format("the app")),
    "a bit of the app": (spoilt(made.esp(), 0xF000 + 100), WRONG_SUMS.format("the app")),
    "another program": (made.esp(reported=b"esp-at v3.3\0"), "holds no MicroPython"),
}


@pytest.mark.parametrize("what", ESP_FILES)
def test_what_an_esp32_would_not_start_is_refused(what: str, tmp_path: Path) -> None:
    content, said = ESP_FILES[what]
    assert refusal(tmp_path, content, "esp32") == f"{said}: {ESP32}"


@pytest.mark.parametrize(("family", "chip"), [(RP2040, "picow"), (RP2040, "pico"), (RP2350, "pico2w")])
def test_whole_uf2_file_is_taken(family: int, chip: str, tmp_path: Path) -> None:
    file = tmp_path / "firmware.uf2"
    erratum = made.block(b"\xef" * 256, 0, 2, 0xE48BFF57)  # as picotool puts it before an RP2350's
    file.write_bytes((erratum if family == RP2350 else b"") + made.uf2(family=family))
    assert firmware_file.read(file, CHIPS[chip]).holds(made.BANNER)


UF2_FILES = {
    "half a block": (made.uf2()[:-100], "picow", "is cut off: its 924 bytes are no whole number of blocks of 512"),
    "blocks are missing": (made.uf2(bytes(10_000))[: 512 * 30], "picow", "is cut off: it has 30 of 41 blocks"),
    "the end of a block": (spoilt(made.uf2(), -1), "picow", "is damaged: block 1 is none of a .uf2 file"),
    "another program": (made.uf2(b"blink\0"), "picow", "holds no MicroPython"),
    "no Wi-Fi": (
        made.uf2(b"MicroPython v1.29.0 on 2026-08-29\0Raspberry Pi Pico with RP2040\0"),
        "picow",
        "is for Raspberry Pi Pico, which has no Wi-Fi, the port map is for Raspberry Pi Pico W",
    ),
    "another chip's": (made.uf2(family=0xE48BFF5A), "picow", "is for another chip, the port map is for RP2040"),
}


@pytest.mark.parametrize("what", UF2_FILES)
def test_what_a_pico_would_not_start_is_refused(what: str, tmp_path: Path) -> None:
    content, chip, said = UF2_FILES[what]
    assert refusal(tmp_path, content, chip) == f"{said}: {PICO_W.replace('PICO_W', CHIPS[chip].firmware[4:])}"
