"""Markers in the words of a command, such as `#FILENAME`, and where those may stand that clients decide about.

Who may add a node chooses its name and its initial packets, and is not to choose what is run. So `#ROLE` and `#IIPS` are
each a word of their own, follow `--name=`, or have a `:` after them, as in MsgFlo's `msgflo-register --role #ROLE:#FILENAME`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

__all__ = ["filled", "misplaced", "replaced"]

_FROM_CLIENTS = re.compile("#(?:ROLE|IIPS)")
_WORD = re.compile(r"(?P<before>(?:--?[A-Za-z0-9][\w-]*=)?)(?P<marker>#ROLE|#IIPS)(?P<after>(?::\S*)?)", re.ASCII)
_INTERPRETER = re.compile(
    r"(?:\w*sh|su|python[\d.]*|micropython|node|nodejs|coffee|perl|php|ruby|lua[\d.]*|eval)", re.ASCII
)
_CODE_OPTION = re.compile(r"(?:-[A-Za-z]*[cepr]|--(?:command|eval|print)=?)", re.ASCII)


def replaced(words: Iterable[str], markers: Mapping[str, str]) -> tuple[str, ...]:
    """Put in what markers stand for, wherever they are; what was put in is not looked at again."""
    if not markers:
        return tuple(words)
    pattern = re.compile("|".join(re.escape(marker) for marker in sorted(markers, key=len, reverse=True)))
    return tuple(pattern.sub(lambda found: markers[found[0]], word) for word in words)


def filled(words: Iterable[str], *, role: str, iips: str) -> tuple[str, ...]:
    """Put in the name of a node and its initial packets, where they may stand."""
    values = {"#ROLE": role, "#IIPS": iips}
    return tuple(
        found["before"] + values[found["marker"]] + found["after"] if (found := _WORD.fullmatch(word)) else word
        for word in words
    )


def misplaced(words: Sequence[str]) -> str | None:
    """Return what is wrong with the place of `#ROLE` or `#IIPS`, and what to write instead; None where nothing is."""
    for at, word in enumerate(words):
        marker = _FROM_CLIENTS.search(word)
        if marker is None:
            continue
        advice = f'a shell takes it as "$1": sh -c \'echo "$1"\' sh {marker[0]}'
        allowed = _WORD.fullmatch(word)
        if allowed is None or _FROM_CLIENTS.search(allowed["after"]):
            return f"{marker[0]} inside of {word!r}; it must be a word of its own, or follow --name=; {advice}"
        if at == 0:
            return f"{marker[0]} cannot be the program that is run"
        option = allowed["before"] or words[at - 1]
        if _CODE_OPTION.fullmatch(option) and any(map(_is_interpreter, words[:at])):
            return f"{marker[0]} after {option} would be run as code; {advice}"
    return None


def _is_interpreter(word: str) -> bool:
    return _INTERPRETER.fullmatch(PurePath(word).name) is not None
