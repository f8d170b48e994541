"""JSONPaths by RFC 9535, of which a filter may look only at single members of `@`, and takes 0, "" and null for false.

Neither a path nor a value can make a search hang: there are no regular expressions, no searches in filters, and each part
of a path starts only once from each part of the value.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError, NodeList
from jsonpath.filter import FilterQuery, walk
from jsonpath.selectors import Filter

__all__ = ["NotAPath", "check", "find"]

LONGEST = 300
"""Characters of a path, so few that no filter is nested too deeply."""

_LENGTH_IN_FILTER = re.compile(r"@(?:\.\w+|\[[^\]]*\])*\.length\b")
"""To npm's fbp-spec this is the length of a list, too; by the standard it would silently find nothing."""


class _Environment(JSONPathEnvironment):
    def is_truthy(self, obj: object) -> bool:
        """As in JavaScript, so that `[?(@.on)]` means to us what it means to npm's fbp-spec."""
        if isinstance(obj, NodeList):
            return any(isinstance(match.obj, (dict, list)) or bool(match.obj) for match in obj)
        return bool(obj)


_ENVIRONMENT = _Environment(strict=True)
for _function in ("match", "search"):  # which take time that grows exponentially with some regular expressions
    del _ENVIRONMENT.function_extensions[_function]


class NotAPath(Exception):
    """A text is not a JSONPath, or one that is not allowed here; the message says why."""


def check(path: str) -> None:
    """Raise NotAPath where `find` would."""
    _compiled(path)


def find(path: str, value: Any) -> list[Any]:
    """Return all that a path finds in a map or a list, each once; `.length` at the end is also that of a list.

    Raises NotAPath, also for `..` in a value with more than 100 levels.
    """
    compiled = _compiled(path)
    try:
        matches = list(_ENVIRONMENT.finditer("$", value))
        for segment in compiled.segments:
            # `[*,*][*,*]…` finds the same again and again.
            matches = list({match.path: match for match in segment.resolve(matches)}.values())
    except JSONPathError as wrong:
        raise NotAPath(str(wrong.message)) from None
    if not matches and path.endswith(".length") and not path.endswith("..length"):
        return [len(found) for found in find(path.removesuffix(".length"), value) if isinstance(found, list)]
    return [match.obj for match in matches]


@lru_cache(256)
def _compiled(path: str) -> JSONPath:
    if len(path) > LONGEST:
        raise NotAPath(f"it has {len(path)} characters; at most {LONGEST} are allowed")
    if not path.startswith("$"):
        raise NotAPath("it must start with $, as in $.lamp.on")
    if _LENGTH_IN_FILTER.search(path):
        raise NotAPath("in a filter, the length of a list is length(@.lamps), a member of a map is @['length']")
    try:
        compiled = _ENVIRONMENT.compile(path)
    except JSONPathError as wrong:
        at = f" at character {wrong.token.index + 1}" if wrong.token and wrong.token.index >= 0 else ""
        raise NotAPath(f"{wrong.message}{at}".replace("TOKEN_", "")) from None
    except (ValueError, OverflowError):  # of the numbers in [1e2] and [?@ == 1e999]
        raise NotAPath("a number in it is too large, or is no integer") from None
    assert isinstance(compiled, JSONPath)  # others are not compiled where the environment is strict
    for selector in (selector for segment in compiled.segments for selector in segment.selectors):
        for part in walk(selector.expression) if isinstance(selector, Filter) else ():
            if isinstance(part, FilterQuery) and not (str(part).startswith("@") and part.path.singular_query()):
                raise NotAPath("a filter can look only at single members of @, as in @.lamp.on")
    return compiled
