"""What is wrong with a YAML file is said in a user's words, at the place where it is, not where the parser gives up."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from msgflo_host.errors import PortMapError
from msgflo_host.util.yaml_reader import CUT, Reader
from paths import ROOT

MISTAKES = {
    "a quote": ('chip: "esp32\nname: a\n', 1, 7, "the quote is not closed"),
    "a quote after the marks of other systems": ('\ufeffa: b\u2028\nc: "\n', 2, 4, "the quote is not closed"),
    "an apostrophe": (
        "a: 'it's'\n",
        1,
        8,
        "this follows a closing quote or bracket: a quote is missing, or is one too many",
    ),
    "a brace": ("a: {b: c\nd: e\n", 1, 4, "a comma or } is missing between here and line 2, column 2"),
    "the wrong one of two": ("a: [{b: c]\n", 1, 5, "a comma or } is missing between here and line 1, column 10"),
    "a bracket at the end": ("a: b\nc: [\n", 3, 1, "a [ or { is not closed; its end may be in a comment, after a #"),
    "one too many": ("a: {b: c}}\n", 1, 10, "this } closes nothing"),
    "a comma in the line above": (
        "a: {\n  b: c\n  d: e\n}\n",
        1,
        4,
        "a comma or } is missing between here and line 3, column 4",
    ),
    "two commas": ("a: {b: c,, d: e}\n", 1, 10, "a value is missing before this ,"),
    "number sign in braces": (
        "a: {b: c, d: e #1}\nf: g\n",
        1,
        4,
        f"a comma or }} is missing between here and line 2, column 1; {CUT}",
    ),
    "a comment in braces": ("a: {b: c  # d\ne: f\n", 1, 4, "a comma or } is missing between here and line 2, column 1"),
    "at": ("a: @b\n", 1, 4, "a text that begins with @ must be in quotes"),
    "percent": ("%a: b\n", 2, 1, "a text that begins with % must be in quotes"),
    "star": ("a: *b\n", 1, 4, "nothing in this file is marked &b; a text that begins with * must be in quotes"),
    "star alone": ("a: *\n", 1, 5, "a text that begins with & or * must be in quotes"),
    "pipe": ("a: |b\n", 1, 5, "a text that begins with > or | must be in quotes"),
    "question mark": ("a: ? b\n", 1, 4, "a text that begins with ? must be in quotes"),
    "exclamation mark": ("a: !b{c\n", 1, 6, "a text that begins with ! must be in quotes"),
    "backslash": ('a: "C:\\d"\n', 1, 8, "in double quotes, a backslash is written \\\\"),
    "no colon": ("a: b\nc d\ne: f\n", 2, 1, "a line must read  KEY: VALUE, with a space after the colon, or - ITEM"),
    "no space after a colon": (
        "a: b\nc:d\ne: f\n",
        2,
        1,
        "a line must read  KEY: VALUE, with a space after the colon, or - ITEM",
    ),
    "no colon before deeper lines": (
        "a:\n  b\n    c: d\n",
        3,
        6,
        "this line is indented too far, or the line above does not read  KEY: VALUE, with a space after the colon",
    ),
    "too far to the right": (
        "a: b\n  c: d\n",
        2,
        4,
        "this line is indented too far, or the line above does not read  KEY: VALUE, with a space after the colon",
    ),
    "two colons": ("a: b: c\n", 1, 5, "a second colon in one line; a text with a colon in it must be in quotes"),
    "between the lines above": ("a:\n    b: c\n  d: e\n", 3, 3, "indented differently from the lines above"),
    "tab": ("a:\n\tb: c\n", 2, 1, "there is a tab; indent and divide with spaces"),
    "a list in a line": (
        "a: - b\n",
        1,
        4,
        "a list cannot begin here: put its items into the lines below, or write [ITEM, ITEM]",
    ),
    "an item among keys": ("a: b\n- c\n", 2, 1, "an item of a list stands among keys"),
    "a key among items": ("- a\nb: c\n", 2, 1, "a key stands among the items of a list"),
    "a control character": ("a: b\nc: d\x01\n", 2, 5, "the character U+0001 cannot be in a YAML file"),
    "a second document": ("a: b\n---\nc: d\n", 2, 1, "a second document begins here; a file has one"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_mistake_is_logged_where_it_is(what: str, tmp_path: Path) -> None:
    text, line, column, said = MISTAKES[what]
    assert refusal(tmp_path, text) == (said, line, column)


@pytest.mark.parametrize("coding", ["utf-16", "latin-1"])
def test_file_of_another_coding_is_reported_how_to_be_saved(coding: str, tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_bytes("a: Küche\n".encode(coding))
    with pytest.raises(PortMapError) as refused:
        Reader(file, PortMapError).read()
    cure = "let the editor save the file as UTF-8"
    if coding == "utf-16":
        assert str(refused.value) == f"{file}:1:1: byte 0xff is not UTF-8; it looks like UTF-16; {cure}"
    else:
        assert str(refused.value) == f"{file}:1:5: byte 0xfc is not UTF-8; {cure}"
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
        with pytest.raises(PortMapError, match=r":1:5: byte 0xfc is not UTF-8"):
            Reader(file, PortMapError).read()


@pytest.mark.parametrize("name", ["picow", "battery"])
def test_no_slip_of_the_keyboard_is_reported_in_the_parsers_words(name: str, tmp_path: Path) -> None:
    text = (ROOT / "boards" / f"{name}.yaml").read_text()
    pick = random.Random(7)
    refused = 0
    for _ in range(100):
        at, slip = pick.randrange(len(text)), pick.choice("\"'{}[],@`:\t|>&*-?%\\!\n ")
        spoilt = text[:at] + pick.choice(("", slip)) + text[at + pick.choice((0, 1)) :]
        found = refusal(tmp_path, spoilt)
        refused += found is not None
        assert found is None or not re.search(r"\b(while|expected|found|token|scalar|node)\b", found[0]), (
            found,
            spoilt,
        )
    assert refused > 5


def refusal(folder: Path, text: str) -> tuple[str, int | None, int | None] | None:
    """What is said, and where."""
    file = folder / "file.yaml"
    file.write_text(text)
    try:
        Reader(file, PortMapError, tags=("!secret",)).read()
    except PortMapError as error:
        return error.message, error.line, error.column
    return None
