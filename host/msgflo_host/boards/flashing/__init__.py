"""From an image to a board on USB: its port, its MicroPython, its files, and what it says afterwards."""
