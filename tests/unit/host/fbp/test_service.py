"""runtime:runtime: what editors are told of the runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fbp_service import read, service_of
from msgflo import Broker
from msgflo_host.components.library import Library
from msgflo_host.control.component_processes import Components
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.fbp.client_list import ClientHandle
from msgflo_host.fbp.envelope import Request
from msgflo_host.fbp.permissions import DEFAULT_LOCAL
from msgflo_host.graph.model import Graph

URL = "https://example.org/home.git"


def runtime_of(folder: Path, *, local: bool) -> dict[str, Any]:
    """Ask for the runtime, on this machine or from another one."""
    coordinator = Coordinator(Broker.parse("mqtt://127.0.0.1:1"), Graph())
    service = service_of(coordinator, Components(Library(folder), coordinator))
    client = ClientHandle(remote="test", local=local, capabilities=DEFAULT_LOCAL if local else frozenset())
    service.clients.add(client)
    service.dispatcher.handle(client, Request("runtime", "getruntime", {}))
    (told,) = (frame["payload"] for frame in read(client) if frame["command"] == "runtime")
    return dict(told)


def test_the_repository_of_the_library_is_reported_to_those_who_may_see_something(tmp_path: Path) -> None:
    (tmp_path / "msgflo.yaml").write_text(f"repository: {URL}\n")
    assert runtime_of(tmp_path, local=True)["repository"] == URL
    assert "repository" not in runtime_of(tmp_path, local=False)


def test_without_a_repository_none_is_reported(tmp_path: Path) -> None:
    assert "repository" not in runtime_of(tmp_path, local=True)
