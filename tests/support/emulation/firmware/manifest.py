# What a Pico W has frozen, as far as Debian has it: asyncio and the port's own. modules/ stands for those of
# micropython-lib that firmware uses; mip, ntptime, requests, webrepl, aioble, onewire and ds18x20 are left off.
# ruff: noqa: F821 - `freeze` and `include` are given by MicroPython's build
freeze("$(PORT_DIR)/modules")  # pyright: ignore
include("$(MPY_DIR)/extmod/asyncio")  # pyright: ignore
freeze("$(BOARD_DIR)/modules")  # pyright: ignore
