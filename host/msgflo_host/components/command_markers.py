"""Markers in the words of a command, such as `#FILENAME`, and the places allowed for those with values of clients.

A client chooses the name and the initial packets of a node, but must not choose the program. So `#ROLE` and `#IIPS` are
words of their own, come after `--name=`, or have a `:` after them, as in MsgFlo's `msgflo-register --role #ROLE:#FILENAME`.
Behind an interpreter or a program that runs others, they come after the file, code or program to be run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

__all__ = ["filled", "misplaced", "replaced"]

_FROM_CLIENTS = re.compile("#(?:ROLE|IIPS)")
_WORD = re.compile(r"(?P<before>(?:--?[A-Za-z0-9][\w-]*=)?)(?P<marker>#ROLE|#IIPS)(?P<after>(?::\S*)?)", re.ASCII)
_CODE_OPTION = re.compile(r"(?:-[A-Za-z]*[ceEpr]|--(?:command|eval|print)=?)", re.ASCII)

# Programs that run a file or code among their words; that run another program; that make a shell line of their words.
_INTERPRETER = re.compile(
    r"(?:r?(?:|a|ba|c|da|fi|k|mk|pw|tc|tcl|wi|xon|z)sh|(?:micro|i)?python[\d.]*|pypy[\d.]*|node|nodejs|deno|bunx?|npx|tsx|ts-node"
    r"|coffee|perl[\d.]*|php[\d.]*|ruby[\d.]*|lua[\d.]*|luajit|[gmn]?awk|sed|java|julia|Rscript)",
    re.ASCII,
)
_WRAPPER = re.compile(r"env|nice|ionice|nohup|timeout|setsid|stdbuf|sudo|doas|xargs|exec|chroot|busybox|time|taskset")
_SHELL_LINE = re.compile(r"su|ssh|mosh|eval|parallel")

# Options behind which the next word is code or a module, and those behind which it is no value of theirs: others may have one.
_GIVES_CODE = re.compile(r"-[A-Za-z]*[cem]|-p|--(?:command|eval|print)")
_FLAG = {
    _INTERPRETER: re.compile(r"--|-[uBPqbvxwA]+|-e[ux]+|-[WX]\S+|--\S+=\S*|--(?:no|allow|enable)-[\w-]+|--inspect"),
    _WRAPPER: re.compile(r"--|-[iE]|-[oe][L0]|--\S+=\S*"),
}
_NO_PROGRAM = re.compile(r"run|exec|x|test|[\d.]+[smhd]?|\w+=.*", re.DOTALL)
"""Words that may stand before the program to be run."""


def replaced(words: Iterable[str], markers: Mapping[str, str]) -> tuple[str, ...]:
    """Replace markers by their values, wherever they are; values are not searched for markers."""
    if not markers:
        return tuple(words)
    pattern = re.compile("|".join(re.escape(marker) for marker in sorted(markers, key=len, reverse=True)))
    return tuple(pattern.sub(lambda found: markers[found[0]], word) for word in words)


def filled(words: Iterable[str], *, role: str, iips: str) -> tuple[str, ...]:
    """Replace the markers of a node's name and initial packets, where those are allowed."""
    values = {"#ROLE": role, "#IIPS": iips}
    return tuple(
        found["before"] + values[found["marker"]] + found["after"] if (found := _WORD.fullmatch(word)) else word
        for word in words
    )


def misplaced(words: Sequence[str]) -> str | None:
    """Return the mistake in the place of `#ROLE` or `#IIPS`, and what to write instead; None without one."""
    for at, word in enumerate(words):
        marker = _FROM_CLIENTS.search(word)
        if marker is None:
            continue
        advice = f'a shell takes it as "$1": sh -c \'echo "$1"\' sh {marker[0]}'
        allowed = _WORD.fullmatch(word)
        if allowed is None or _FROM_CLIENTS.search(allowed["after"]):
            return f"{marker[0]} inside of {word!r}; it must be a word of its own, or come after --name=; {advice}"
        if at == 0:
            return f"{marker[0]} cannot be the program that is run"
        before, option = words[:at], allowed["before"] or words[at - 1]
        if _CODE_OPTION.fullmatch(option) and any(_matches(_INTERPRETER, each) for each in before):
            return f"{marker[0]} after {option} would be run as code; {advice}"
        if _decides(before):
            return (
                f"{marker[0]} behind {' '.join(before)!r} could be run, or decide what is; it must be behind a file or code that "
                f"stands there, as in python part.py {marker[0]}; {advice}"
            )
    return None


def _decides(before: Sequence[str]) -> bool:
    """Return True where the word behind these may be the code, file or program that is run."""
    opened: re.Pattern[str] | None = None
    is_code = may_be_value = False
    for at, word in enumerate(before):
        if is_code and not word.startswith("-"):
            return False
        if _matches(_SHELL_LINE, word):
            return True
        if begun := _begun(word, at):
            opened, is_code, may_be_value = begun, False, False
        elif opened is None:
            continue
        elif word.startswith("-"):
            is_code = opened is _INTERPRETER and bool(_GIVES_CODE.fullmatch(word)) and not _runs_files_too(before)
            may_be_value = not is_code and not _FLAG[opened].fullmatch(word)
        elif may_be_value or _NO_PROGRAM.fullmatch(word):
            may_be_value = False
        elif opened is _INTERPRETER:
            return False
        else:
            opened = None
    return opened is not None


def _begun(word: str, at: int) -> re.Pattern[str] | None:
    if _matches(_INTERPRETER, word) or (at == 1 and word == "participant"):  # of our own command
        return _INTERPRETER
    return _WRAPPER if _matches(_WRAPPER, word) else None


def _runs_files_too(words: Iterable[str]) -> bool:
    """Lua runs a file after the code of its option."""
    return any(PurePath(word).name.startswith("lua") for word in words)


def _matches(pattern: re.Pattern[str], word: str) -> bool:
    return pattern.fullmatch(PurePath(word).name) is not None
