"""The components that are found: all that there are, each complete, imported when asked for."""

from __future__ import annotations

import importlib.util
import pkgutil
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from msgflo.component import Component
from msgflo.values import CONVERSIONS
from msgflo_host.builtin import collection, core

NAMES = sorted(collection.MODULES)


def components_of(module: ModuleType) -> list[type[Component]]:
    """The components that a module defines."""
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Component) and each.__module__ == module.__name__
    ]


def test_table_names_every_component() -> None:
    found = {}
    for module in pkgutil.iter_modules(core.__path__):
        if not module.name.startswith("_"):
            (component,) = components_of(import_module(f"{core.__name__}.{module.name}"))
            found[f"core/{component.__name__}"] = module.name
    assert found == collection.MODULES
    assert list(collection.components()) == list(collection.MODULES) == NAMES
    assert len(collection.components()) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_component_says_what_it_is(name: str) -> None:
    component = collection.components()[name]
    assert component.component == name
    assert component.label
    assert not component.label.endswith(".")
    assert re.fullmatch("[a-z0-9-]+", component.icon)
    assert not component.icon.startswith("fa-")
    for ports in (component.inports, component.outports):
        ids = [port.id for port in ports]
        assert len(set(ids)) == len(ids)
    for port in (*component.inports, *component.outports):
        assert re.fullmatch("[a-z][a-z0-9]*", port.id), "an .fbp file knows no capital letters in ports"
        assert port.description
        assert port.type in CONVERSIONS
    for port in component.outports:
        assert port.qos == 1
        assert not port.retain
    node = component("node")
    for port in component.inports:
        schema = port.schema or {}
        assert schema.keys() <= {"default", "minimum", "maximum"}
        if "default" in schema:
            assert node._accept(port.id, schema["default"]) == schema["default"]
            assert type(node.settings[port.id]) is type(schema["default"])


@pytest.mark.parametrize("name", NAMES)
def test_component_has_a_source_and_a_suite(name: str) -> None:
    code, language, tests = collection.source(name)
    assert re.match(r'"""[^\n]+\."""\n\n', code)
    assert f"\nclass {name.partition('/')[2]}(Component):\n" in code
    assert language == "python"
    assert tests.startswith(f"topic: {name}\n")


@pytest.mark.parametrize("name", NAMES)
def test_source_can_be_copied_to_a_folder(name: str, tmp_path: Path) -> None:
    file = tmp_path / "copy.py"
    file.write_text(collection.source(name)[0])
    spec = importlib.util.spec_from_file_location("copied", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (component,) = components_of(module)
    assert component.component is None
    node = component("node")
    assert node.inports == () or node.memory() == {key: getattr(node, key) for key in node.remembers}


def test_what_is_not_there_is_a_key_error() -> None:
    assert "core/Nothing" not in collection.components()
    for look in (collection.source, collection.suite, collection.components().__getitem__):
        with pytest.raises(KeyError):
            look("core/Nothing")
    for name in ("core/../values", "Repeat", ""):
        with pytest.raises(KeyError):
            collection.suite(name)
