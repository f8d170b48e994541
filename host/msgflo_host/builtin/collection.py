"""The table of built-in components. A module is imported when its component is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module, resources

from msgflo.component import Component

__all__ = ["MODULES", "components", "source", "suite"]

MODULES: dict[str, str] = {
    "core/Changed": "changed",
    "core/Counter": "counter",
    "core/Debounce": "debounce",
    "core/Delay": "delay",
    "core/Drop": "drop",
    "core/Expression": "expression",
    "core/Gate": "gate",
    "core/Log": "log",
    "core/Merge": "merge",
    "core/Not": "not_",  # a module `not` could not be imported
    "core/Repeat": "repeat",
    "core/SampleAndHold": "sample_and_hold",
    "core/Scale": "scale",
    "core/Select": "select_",  # a file `select.py` would stand in for Python's own in the folder of a program
    "core/Split": "split",
    "core/Template": "template",
    "core/Threshold": "threshold",
    "core/Throttle": "throttle",
    "core/Timer": "timer",
    "core/Toggle": "toggle",
    "core/Window": "window",
}
"""By name of a component: the module in `builtin.core` that has its class, whose name comes after the `/`."""


def components() -> Mapping[str, type[Component]]:
    """Return the built-in components by name."""
    return _COMPONENTS


def source(name: str) -> tuple[str, str, str]:
    """Return a component's source, the language of it, and its suite of tests; raise KeyError if there is none."""
    file = resources.files(__package__) / "core" / f"{MODULES[name]}.py"
    return file.read_text(encoding="utf-8"), "python", suite(name)


def suite(name: str) -> str:
    """Return the fbp-spec suite of a component, YAML; raise KeyError if there is no such component."""
    if name not in MODULES:
        raise KeyError(name)
    file = resources.files(__package__) / "specs" / f"{name.partition('/')[2]}.yaml"
    return file.read_text(encoding="utf-8")


class _Components(Mapping[str, type[Component]]):
    def __getitem__(self, name: str) -> type[Component]:
        module = import_module(f"{__package__}.core.{MODULES[name]}")
        found: type[Component] = getattr(module, name.partition("/")[2])
        found.component = name
        return found

    def __contains__(self, name: object) -> bool:
        return name in MODULES  # imports nothing

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


_COMPONENTS = _Components()
