"""Boards without their hardware: the real firmware under MicroPython, on modelled pins, buses and sensors."""
