"""Stands for the frozen `ssl` of a real board: `tls` under its usual name."""

from tls import *  # noqa: F403
