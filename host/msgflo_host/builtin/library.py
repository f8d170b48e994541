"""Which built-in components there are. A module is imported when one of its components is asked for."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module, resources

from .component import Component

__all__ = ["MODULES", "components", "source", "suite"]

MODULES: dict[str, str] = {
    "core/Changed": "numbers",
    "core/Counter": "numbers",
    "core/Debounce": "timing",
    "core/Delay": "timing",
    "core/Drop": "flow",
    "core/Expression": "expression",
    "core/Gate": "flow",
    "core/Log": "text",
    "core/Merge": "flow",
    "core/Not": "logic",
    "core/Repeat": "flow",
    "core/SampleAndHold": "flow",
    "core/Scale": "numbers",
    "core/Select": "text",
    "core/Split": "flow",
    "core/Template": "text",
    "core/Threshold": "logic",
    "core/Throttle": "timing",
    "core/Timer": "timing",
    "core/Toggle": "logic",
    "core/Window": "numbers",
}
"""By name of a component: the module in `builtin.core` that has its class, which is named after what follows the `/`."""


def components() -> Mapping[str, type[Component]]:
    """Return the built-in components by name."""
    return _COMPONENTS


def source(name: str) -> tuple[str, str, str]:
    """Return a component's source, the language of it, and its suite of tests; raise KeyError if there is none."""
    return inspect.getsource(_COMPONENTS[name]), "python", suite(name)


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
        return found

    def __contains__(self, name: object) -> bool:
        return name in MODULES  # imports nothing

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


_COMPONENTS = _Components()
