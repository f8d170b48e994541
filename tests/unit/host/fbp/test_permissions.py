"""The capabilities of npm's fbp-protocol, those of secrets, and those without a secret."""

from __future__ import annotations

import json

import pytest

from fbp_schemas import SCHEMAS
from msgflo_host.fbp.permissions import ALL, CAPABILITIES, DEFAULT_LOCAL, READY_MADE, Permissions, may, may_see

NOTHING: frozenset[str] = frozenset()


def published() -> dict[str, dict[str, list[str]]]:
    described = json.loads((SCHEMAS / "shared.json").read_text())["capabilities"]["items"]["_enumDescriptions"]
    return {each["name"]: each for each in described}


def test_capabilities_are_the_published_ones() -> None:
    assert published().keys() == ALL


@pytest.mark.parametrize("name", sorted(CAPABILITIES))
def test_a_capability_allows_what_is_published(name: str) -> None:
    capability = CAPABILITIES[name]
    assert {f"{capability.protocol}:{command}" for command in capability.inputs} == set(published()[name]["inputs"])
    outputs = {f"{capability.protocol}:{command}" for command in capability.outputs}
    # The answer to network:debug is in no list, though clients wait for it.
    assert outputs - {"network:debug"} == set(published()[name]["outputs"])


def test_everybody_may_ask_who_the_runtime_is() -> None:
    assert may(NOTHING, "runtime", "getruntime")


@pytest.mark.parametrize(("protocol", "command"), [("graph", "clear"), ("component", "source"), ("x", "y"), ("", "")])
def test_nothing_else_is_allowed_without_a_capability(protocol: str, command: str) -> None:
    assert not may(NOTHING, protocol, command)
    assert not may_see(NOTHING, protocol, command)


def test_unknown_commands_are_allowed_to_nobody() -> None:
    assert not may(ALL, "graph", "list")
    assert not may(ALL, "runtime", "exec")


def test_errors_that_concern_all_go_to_those_who_have_to_do_with_them() -> None:
    assert may_see(frozenset({"network:status"}), "network", "error")
    assert not may_see(frozenset({"network:status"}), "graph", "error")
    assert not may_see(NOTHING, "network", "error")


def test_only_this_machine_may_do_something_without_a_secret() -> None:
    permissions = Permissions({"a-secret": READY_MADE["programmer"]})
    assert permissions.of(None, local=False) == NOTHING
    assert permissions.of(None, local=True) == DEFAULT_LOCAL
    assert not may(DEFAULT_LOCAL, "component", "source")


def test_each_secret_has_its_own() -> None:
    permissions = Permissions({"one": READY_MADE["viewer"], "two": READY_MADE["programmer"]})
    assert permissions.of("one", local=False) == READY_MADE["viewer"]
    assert permissions.of("two", local=False) == ALL
    assert permissions.offered == ALL
    assert Permissions({"one": READY_MADE["viewer"]}, local=NOTHING).offered == READY_MADE["viewer"]


@pytest.mark.parametrize("wrong", ["", "On", "one ", "ONE", "oneone", "öne", "\ud800", "one\0"])
@pytest.mark.parametrize("local", [False, True])
def test_a_wrong_secret_allows_nothing_even_here(wrong: str, local: bool) -> None:
    assert Permissions({"one": ALL}).of(wrong, local=local) == NOTHING
