"""JSONPaths and documents at random, of few names and values, so that much is found, and much nearly."""

from __future__ import annotations

import random
from typing import Any

__all__ = ["common_path", "document", "path", "readings"]

NAMES = ["a", "b", "v", "on", "length", "0", "on-off", "x y", "", "größe", "-1", "toString"]
PLAIN = ["a", "b", "v", "on", "length"]
VALUES: list[Any] = [
    0, 1, 2, -1, 1.5, 1e21, 1e-7, 10**17, "", "a", "b", "1", " 2 ", "1.5", "x]y", "a===b", "ü😀",
    "true", "null", "0x1", "[object Object]",
    True, False, None, [], {}, [1], ["1"], [1, 2], [[]],
]  # fmt: skip
LITERALS = [
    "0", "1", "2", "1.5", ".5", "1e0", "'a'", '"b"', "'1'", "''",
    "'x]y'", "'a===b'", '"ü😀"', "true", "false", "null", "'1,2'", "'[object Object]'",
    "'1e+21'", "'1e-7'", "undefined", "/a/", "[1]",
]  # fmt: skip
SIGNS = [
    "==",
    "===",
    "!=",
    "!==",
    "<",
    ">",
    "<=",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&&",
    "||",
    " == ",
    " && ",
    " - ",
    "=",
    "&",
    " in ",
]
JUNK = list("$.[]()?@*,:'\"-01a =!")


def document(chance: random.Random) -> Any:
    """A map or a list."""
    return _container(chance, 0)


def _container(chance: random.Random, depth: int) -> Any:
    if chance.random() < 0.5:
        return [_value(chance, depth + 1) for _ in range(chance.randrange(5))]
    names = chance.sample(PLAIN if chance.random() < 0.8 else NAMES, chance.randrange(1, 6))
    return {name: _value(chance, depth + 1) for name in names}


def _value(chance: random.Random, depth: int) -> Any:
    return _container(chance, depth) if depth < 4 and chance.random() < 0.6 else chance.choice(VALUES)


def path(chance: random.Random) -> str:
    """One that is mostly a JSONPath; sometimes there is a character too many."""
    made = chance.choice(["$"] * 9 + PLAIN + ["*", "0"])
    made += "".join(_part(chance) for _ in range(chance.choice([1, 1, 2, 3])))
    if chance.random() < 0.1:
        at = chance.randrange(len(made) + 1)
        made = made[:at] + chance.choice(JUNK) + made[at + chance.randrange(2) :]
    return made


def _part(chance: random.Random) -> str:
    name = chance.choice(PLAIN if chance.random() < 0.8 else NAMES)
    quoted = chance.choice(["'{}'", '"{}"']).format(name)
    index = str(chance.choice([0, 0, 1, 2, -1]))
    bounds = ":".join(chance.choice(["", "0", "1", "-1", "2"]) for _ in range(chance.choice([2, 2, 3])))
    several = ",".join(chance.choice([quoted, index, bounds, "0", "'a'"]) for _ in range(chance.randrange(2, 4)))
    forms = [
        f".{name}", f".{name}", "[0]", f"[{quoted}]", ".*", "[*]", f"..{name}", f"..[{quoted}]", "..[0]", "..*",
        f".{index}", f"[{index}]",
        f"[{bounds}]", f"[{several}]", "[(@.length-1)]", ".length", *[f"[?({_filter(chance)})]"] * 5, f"..[?({_filter(chance)})]",
        chance.choice(["..[*]", "..0", f"..[{several}]", f"..[{bounds}]", "[(0)]", "[( @.length - 1 )]",
                       f"[{name}]", f"[ {index}]"]),
    ]  # fmt: skip
    return chance.choice(forms)


def _filter(chance: random.Random, depth: int = 0) -> str:
    form = chance.random()
    if depth < 2 and form < 0.55:
        return f"{_filter(chance, depth + 1)}{chance.choice(SIGNS)}{_filter(chance, depth + 1)}"
    if depth < 2 and form < 0.65:
        return chance.choice(["!{}", "({})", "-{}", "+{}", "!({})"]).format(_filter(chance, depth + 1))
    if form < 0.8 or depth == 0:
        return "@" + "".join(_member(chance) for _ in range(chance.choice([0, 1, 1, 1, 2])))
    return chance.choice(LITERALS)


def _member(chance: random.Random) -> str:
    name = chance.choice(PLAIN if chance.random() < 0.9 else NAMES)
    return chance.choice([f".{name}", f".{name}", f"['{name}']", "[0]", ".length"])


def readings(chance: random.Random) -> Any:
    """A list of maps as sensors send them."""
    keys = ["a", "b", "v", "on"]
    return [{key: chance.choice([0, 1, 2.5, -1, "a", "b", True, {"v": 1, "b": "a"}]) for key in keys} for _ in range(5)]


def common_path(chance: random.Random) -> str:
    """One for `readings` that every reader of JSONPaths understands."""
    name, other = (chance.choice(["a", "b", "v", "on"]) for _ in range(2))
    sign = chance.choice(["==", "===", "!=", "<", ">", "<=", ">=", " == "])
    test = f"@.{name}{sign}{chance.choice(['0', '1', '2.5', 'true', repr('a')])}"
    if chance.random() < 0.5:
        test += f"{chance.choice(['&&', ' || '])}{chance.choice(['', '!'])}@.{other}"
    forms = ["[0]", "[1:3]", "[:2]", "[-2:]", "[*]", ".*", "[0,2]", "[(@.length-1)]", f"[?({test})]", f"[?({test})]"]
    last = chance.choice([f".{name}", f".{name}", f"['{name}']", ".*", f"..{name}"])
    return chance.choice([f"${chance.choice(forms)}{last}", "$.length", f"$..{name}"])
