"""The components that are found: all that there are, each complete, imported when asked for."""

from __future__ import annotations

import inspect
import pkgutil
import re
from importlib import import_module

import pytest

from msgflo_host.builtin import core, library
from msgflo_host.builtin.component import Component
from msgflo_host.builtin.values import CONVERSIONS

NAMES = sorted(library.MODULES)


def test_table_names_every_component() -> None:
    found = {}
    for module in pkgutil.iter_modules(core.__path__):
        for _, each in inspect.getmembers(import_module(f"{core.__name__}.{module.name}"), inspect.isclass):
            if issubclass(each, Component) and each.__module__.endswith(f".{module.name}") and each.name:
                found[each.name] = module.name
    assert found == library.MODULES
    assert list(library.components()) == list(library.MODULES) == NAMES
    assert len(library.components()) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_component_says_what_it_is(name: str) -> None:
    component = library.components()[name]
    assert component.name == name
    assert component.description
    assert not component.description.endswith(".")
    assert re.fullmatch("[a-z0-9-]+", component.icon)
    assert not component.icon.startswith("fa-")
    for ports in (component.inports, component.outports):
        ids = [port.id for port in ports]
        assert len(set(ids)) == len(ids)
    for port in (*component.inports, *component.outports):
        assert re.fullmatch("[a-z][a-z0-9]*", port.id), "an .fbp file knows no capital letters in ports"
        assert port.description
        assert port.type in CONVERSIONS
    for port in component.inports:
        if port.default is not None:
            assert port.accept(port.default) == port.default


@pytest.mark.parametrize("name", NAMES)
def test_component_has_a_source_and_a_suite(name: str) -> None:
    code, language, tests = library.source(name)
    assert code.startswith(f"class {name.partition('/')[2]}(Component):")
    compile(code, name, "exec")
    assert language == "python"
    assert tests.startswith(f"topic: {name}\n")


def test_what_is_not_there_is_a_key_error() -> None:
    assert "core/Nothing" not in library.components()
    for look in (library.source, library.suite, library.components().__getitem__):
        with pytest.raises(KeyError):
            look("core/Nothing")
    for name in ("core/../values", "Repeat", ""):
        with pytest.raises(KeyError):
            library.suite(name)
