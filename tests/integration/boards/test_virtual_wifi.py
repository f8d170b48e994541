"""The Wi-Fi of a virtual board as that of its chip is, and the firmware that joins it."""

from __future__ import annotations

import pytest

from paths import ROOT
from virtual_programs import Start, micropython, said, start

__all__ = ["micropython", "start"]

# It waits for the level of a pin, so that the Wi-Fi can be changed before.
GO = "while not Pin(4, Pin.IN).value(): time.sleep_ms(5)\n"
WLAN = GO + "wlan = network.WLAN(network.STA_IF)\nwlan.active(True)\n"
SOURCE = ROOT / "firmware" / "board" / "wifi.py"
FIRMWARE = f"""
sys.path.append({str(ROOT / "firmware" / "board")!r})
import log
log.info = log.error = print
with open({str(SOURCE)!r}) as file: source = file.read()
source = source.replace("from . import", "import").replace("_RESTART = const(10)", "_RESTART = const(RESTART)")
source = source.replace("_CHECK = const(1)", "_CHECK = 0.05")
exec(source.replace("asyncio.sleep(2)", "PAUSE"))
home = Wifi({{"ssid": "Home", "password": "secret"}})
"""
JOINED = 'Wi-Fi "Home" joined, address 127.0.0.1'
ABSENT = 'no Wi-Fi "Home": there is no such network here (a board needs 2.4 GHz); trying again'
CHIPS = pytest.mark.parametrize("chip", ["esp32", "picow"])


def firmware(program: str, *, restart: int = 10, pause: str = "asyncio.sleep(0.2)") -> str:
    """A program with the firmware's Wi-Fi; `pause` is what it awaits after an attempt that failed, instead of two seconds."""
    return FIRMWARE.replace("RESTART)", f"{restart})").replace("PAUSE", pause) + GO + program + "\ntime.sleep(60)\n"


def test_an_esp32_goes_on_joining_by_itself_and_takes_no_other_network_meanwhile(start: Start) -> None:
    board = start(
        WLAN
        + """
wlan.connect("Home", "password")
time.sleep_ms(300)
print(wlan.status() == network.STAT_CONNECTING)
try: wlan.connect("Home", "password")
except OSError as e: print(e.errno)
while not wlan.isconnected(): time.sleep_ms(10)
print("joined")
wlan.disconnect()
wlan.config(reconnects=0)
wlan.connect("Home", "password")
while not wlan.isconnected(): time.sleep_ms(10)
print(wlan.isconnected())
time.sleep(60)
"""
    )
    board.control({"wifi": "wrong password"})
    board.control({"pin": 4, "value": 1})
    assert said(board, 2) == ["True", "12295"]
    board.control({"wifi": True})
    assert said(board, 4)[2:] == ["joined", "True"]


@CHIPS
def test_the_firmware_says_that_the_password_is_wrong_and_joins_when_it_is_right(start: Start, chip: str) -> None:
    board = start(firmware("asyncio.run(home.join())"), chip=chip)
    board.control({"wifi": "wrong password"})
    board.control({"pin": 4, "value": 1})
    assert said(board) == ['no Wi-Fi "Home": the password is wrong; trying again']
    board.control({"wifi": True})
    assert said(board, 2)[1:] == [JOINED]


@CHIPS
def test_the_firmware_joins_at_the_first_try_when_a_lost_network_is_there_again(start: Start, chip: str) -> None:
    program = """
async def told():
    while not Pin(5, Pin.IN).value(): await asyncio.sleep_ms(5)
async def main():
    await home.join()
    asyncio.create_task(home.keep())
    while home.connected: await asyncio.sleep_ms(10)
    while not home.connected: await asyncio.sleep_ms(10)
    await asyncio.sleep_ms(100)
    print(home.attempts)
asyncio.run(main())
"""
    board = start(firmware(program, pause="told()"), chip=chip)
    board.control({"pin": 4, "value": 1})
    assert said(board) == [JOINED]
    board.control({"wifi": False})
    assert said(board, 3)[1:] == ['Wi-Fi "Home" lost', ABSENT]
    board.control({"wifi": True})
    board.control({"pin": 5, "value": 1})  # before, it does not try again
    # An ESP32 says of an attempt that is under way what became of the one before.
    assert said(board, 5)[3:] == [JOINED, "3"]


@CHIPS
def test_the_firmware_switches_the_radio_off_after_many_failures(start: Start, chip: str) -> None:
    program = """
async def main():
    task = asyncio.create_task(home.join())
    while not home.attempts or home.wlan.active(): await asyncio.sleep_ms(10)
    try:
        home.wlan.connect("Home")
        print("on")
    except OSError: print("off", home.wlan.active())
    await task
asyncio.run(main())
"""
    board = start(firmware(program, restart=1), chip=chip)
    board.control({"wifi": False})
    board.control({"pin": 4, "value": 1})
    assert said(board, 2) == [ABSENT, "off False"]
    board.control({"wifi": True})
    assert said(board, 3)[2:] == [JOINED]
