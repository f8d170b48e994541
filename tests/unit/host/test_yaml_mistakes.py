"""What is wrong with a YAML file is said in a user's words, at the place where it is, not where the parser gives up."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from msgflo_host._yaml import Reader
from msgflo_host.errors import PortMapError
from paths import ROOT

MISTAKES = {
    "a double quote": ('chip: "esp32\nname: a\n', 1, 7, 'the quote " is not closed'),
    "a single quote": ("name: a\nchip: 'esp32\nwifi: b\n", 2, 7, "the quote ' is not closed"),
    "a quote that the next one closes": ('a: "b\nc: {d: "e"}\n', 1, 4, 'the quote " is not closed'),
    "a quote in braces": ('a: {b: "c}\nd: e\n', 1, 8, 'the quote " is not closed'),
    "a quote of a key": ('"a: b\nc: d\n', 1, 1, 'the quote " is not closed'),
    "a quote at the end": ('a: b\nc: "', 2, 4, 'the quote " is not closed'),
    "a quote after what only YAML 1.1 takes for the end of a line": ('\x85"', 1, 2, 'the quote " is not closed'),
    "a quote after the marks of other systems": ('\ufeffa: b\u2028\nc: "\n', 2, 4, 'the quote " is not closed'),
    "an apostrophe": (
        "a: 'it's'\n",
        1,
        8,
        "there is more after the closing '; one inside of such quotes is written ''",
    ),
    "a text after a quote": (
        'a: "b" c\n',
        1,
        8,
        'there is more after the closing "; one inside of such quotes is written \\"',
    ),
    "a brace": ("a: {b: c\nd: e\n", 1, 4, "the { is not closed: } is missing"),
    "a brace at the end": ("a: b\nc: {d: e\n", 2, 4, "the { is not closed: } is missing"),
    "a bracket": ("a: [{b: c}\nd:\n  e: f\n", 1, 4, "the [ is not closed: ] is missing"),
    "the inner of two": ("a: {b: {c: d}\ne: f\n", 1, 4, "the { is not closed: } is missing"),
    "the wrong one of two": ("a: [{b: c]\n", 1, 10, "} is needed before this ]: the { is not closed"),
    "in another line": ("a: [\n  {b: c,\n  d: e ]\n", 3, 8, "} is needed before this ]: the { of line 2 is not closed"),
    "one too many": ("a: {b: c}}\n", 1, 10, "this } closes nothing"),
    "one that was not opened": ("a: b\nc: ]\n", 2, 4, "this ] closes nothing"),
    "a comma": ("a: {b: c d: e}\n", 1, 11, "a comma is missing before this, or }"),
    "a comma after a quote": ('a: ["b" "c"]\n', 1, 9, "a comma is missing before this, or ]"),
    "a comma in the line above": ("a: {\n  b: c\n  d: e\n}\n", 3, 4, "a comma is missing before this, or }"),
    "two commas": ("a: {b: c,, d: e}\n", 1, 10, "there is nothing before this comma"),
    "at": ("a: @b\n", 1, 4, "a text that begins with @ must be in quotes"),
    "backtick": ("a: `b`\n", 1, 4, "a text that begins with ` must be in quotes"),
    "percent": ("%a: b\n", 2, 1, "a text that begins with % must be in quotes"),
    "star": ("a: *b\n", 1, 4, "nothing in this file is marked &b; a text that begins with * must be in quotes"),
    "star alone": ("a: *\n", 1, 5, "a text that begins with & or * must be in quotes"),
    "pipe": ("a: |b\n", 1, 5, "a text that begins with > or | must be in quotes"),
    "question mark": ("a: ? b\n", 1, 4, "a text that begins with ? must be in quotes"),
    "question mark in braces": ("a: {b: ?c, d: e}\n", 1, 8, "a text that begins with ? must be in quotes"),
    "number sign in braces": (
        "a: {b: c, d: e #1}\nf: g\n",
        1,
        4,
        "the { is not closed: } is missing; line 1: what follows the # is a comment; a text with a # in it must be in quotes",
    ),
    "number sign in a bracket of lines": (
        "a: [b,  # the ]\n  'c #]', d #2]\nf: g\n",
        1,
        4,
        "the [ is not closed: ] is missing; line 1: what follows the # is a comment; a text with a # in it must be in quotes",
    ),
    "a comment in braces": ("a: {b: c  # d\ne: f\n", 1, 4, "the { is not closed: } is missing"),
    "exclamation mark": ("a: !b{c\n", 1, 6, "a text that begins with ! must be in quotes"),
    "comma first": (", a: b\n", 1, 1, "a text that begins with a comma must be in quotes"),
    "backslash": ('a: "C:\\d"\n', 1, 8, "\\d is not known in double quotes; a backslash is written \\\\ there"),
    "hexadecimal": (
        'a: "\\xZZ"\n',
        1,
        7,
        "2 hexadecimal digits are needed here; a backslash is written \\\\ in double quotes",
    ),
    "a colon before deeper lines": ("a:\n  b\n    c: d\n", 2, 3, "a colon is missing after b"),
    "spaces of a web page": (
        "a:\n\u00a0 b: c\n  d: e\n",
        2,
        1,
        "there is a U+00A0, which looks like a space; write a plain one",
    ),
    "a space of a web page after a colon": (
        'a: "b\u00a0c"\nd:\u00a0e\nf: g\n',
        2,
        3,
        "there is a U+00A0, which looks like a space; write a plain one",
    ),
    "tab": ("a:\n\tb: c\n", 2, 1, "there is a tab; indent and divide with spaces"),
    "tab after a colon": ("a:\tb\nc: d\n", 1, 3, "there is a tab; indent and divide with spaces"),
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
def test_mistake_is_said_where_it_is(what: str, tmp_path: Path) -> None:
    text, line, column, said = MISTAKES[what]
    assert refusal(tmp_path, text) == (said, line, column)


def test_text_in_quotes_over_lines_is_no_mistake_by_itself(tmp_path: Path) -> None:
    good = 'a: "b\n  c"\n'
    assert refusal(tmp_path, good) is None
    assert refusal(tmp_path, f"{good}d: {{e: f\n") == ("the { is not closed: } is missing", 3, 4)
    assert refusal(tmp_path, f"{good}d: 'e' f\n") == (
        "there is more after the closing '; one inside of such quotes is written ''",
        3,
        8,
    )


@pytest.mark.parametrize("coding", ["utf-16", "latin-1"])
def test_file_of_another_coding_is_told_how_to_be_saved(coding: str, tmp_path: Path) -> None:
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
def test_no_slip_of_the_keyboard_is_told_in_the_parsers_words(name: str, tmp_path: Path) -> None:
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
