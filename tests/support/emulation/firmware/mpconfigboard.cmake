# A Raspberry Pi Pico W without Bluetooth, whose code is in no package of Debian.
set(PICO_BOARD "pico_w")
set(MICROPY_PY_LWIP ON)
set(MICROPY_PY_NETWORK_CYW43 ON)
set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
# Nothing of MicroPython is C++, so its library (440 MB) is not needed.
add_compile_definitions(PICO_CXX_DISABLE_ALLOCATION_OVERRIDES=1)
