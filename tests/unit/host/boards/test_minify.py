"""What is left out of a source for a board changes nothing of what it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from msgflo_host.boards.minify import minify


def minified(folder: Path, **sources: str) -> dict[str, str]:
    files = {}
    for name, text in sources.items():
        files[name] = folder / f"{name}.py"
        files[name].write_text(text)
    return minify(files)


CASES = {
    "a parameter": ("def f(first, second):\n    return first - second\nresult = f(5, 3)", "first"),
    "a constant": ("_LIMIT = 5\ndef f():\n    return _LIMIT + _LIMIT\nresult = f()", "_LIMIT"),
    "a tuple": ("_NAMES = ('x', 'y')\ndef f():\n    return [n for n in _NAMES]\nresult = f()", "_NAMES"),
    "what readers need": ("__all__ = ('f',)\nresult = 1", "__all__"),
    "a branch": (
        "MICROPYTHON = True\nif MICROPYTHON:\n    result = 1\nelse:\n    import logging\n    result = 2",
        "logging",
    ),
    "the other branch": ("MICROPYTHON = True\nresult = 1\nif not MICROPYTHON:\n    result = 2", "not MICROPYTHON"),
    "a branch inside": ("_MICROPYTHON = 1\ndef f():\n    if _MICROPYTHON: return 1\n    return x\nresult = f()", "if"),
    "a default": ("def f(count=3, *, more=1):\n    return count + more\nresult = f() * f(1, more=2)", "count"),
    "a method": (
        "class A:\n    def f(self, value):\n        self.v = value\n        return value\nresult = A().f(7)",
        "value)",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_is_leaner_and_does_the_same(tmp_path: Path, name: str) -> None:
    source, gone = CASES[name]
    text = minified(tmp_path, module=source)["module"]
    assert gone not in text
    assert _result(text) == _result(source)


KEPT = {
    "a parameter that is named in a call": "def f(first, second):\n    return first - second\nresult = f(second=1, first=3)",
    "parameters of a call with anything": "def f(first, second):\n    return first\nresult = f(**{'second': 1, 'first': 3})",
    "parameters of a class made with anything": (
        "class A:\n    def __init__(self, size):\n        self.size = size\nresult = A(**{'size': 4}).size"
    ),
    "a parameter that a nested function has too": (
        "def f(value):\n    def g(value):\n        return value + 1\n    return g(value) * value\nresult = f(3)"
    ),
    "a parameter of a closure": "def f(value):\n    return lambda: value * 2\nresult = f(3)()",
    "a parameter beside a comprehension": "def f(each, n):\n    return [each for each in range(n)] + [each]\nresult = f(9, 2)",
    "a name that is taken": "a = 5\ndef f(value):\n    return a + value\nresult = f(1)",
    "a private variable that changes": (
        "_count = 0\ndef f():\n    global _count\n    _count += 1\n    return _count\nf()\nresult = f()"
    ),
    "a private name that is assigned twice": "_mode = 1\n_mode = 2\nresult = _mode",
    "an error that is named": (
        "def f(e):\n    try:\n        e / 0\n    except ArithmeticError as e:\n        return 1\nresult = f(2)"
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_still_does_the_same_with(tmp_path: Path, name: str) -> None:
    source = KEPT[name]
    assert _result(minified(tmp_path, module=source)["module"]) == _result(source)


def test_a_call_in_another_module_counts_too(tmp_path: Path) -> None:
    texts = minified(tmp_path, one="def f(value):\n    return value\n", two="from one import f\nf(value=1)\n")
    assert "value" in texts["one"]


def test_what_is_no_python_is_left_as_it_is(tmp_path: Path) -> None:
    assert minified(tmp_path, module="def f(:\n") == {"module": "def f(:\n"}


def _result(text: str) -> object:
    names: dict[str, object] = {}
    exec(compile(text, "module", "exec"), names)
    return names["result"]
