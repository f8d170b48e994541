"""Topics that Mosquitto takes, by the rule that boards have and by the one that names what is wrong."""

from __future__ import annotations

import sys

from msgflo.paho_topics import FORBIDDEN, MAX_SLASHES
from msgflo.topics import is_safe


def test_both_rules_of_what_mosquitto_takes_agree() -> None:
    for code in range(sys.maxunicode + 1):
        assert is_safe(chr(code)) is not bool(FORBIDDEN.search(chr(code))), hex(code)
    assert is_safe("/" * MAX_SLASHES)
    assert not is_safe("/" * (MAX_SLASHES + 1))
