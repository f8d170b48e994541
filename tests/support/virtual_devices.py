"""Virtual devices of the page, in a system that the tests of a file share."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from playwright.sync_api import Page

from brokers import Broker
from browser import make_graph
from outside import Outside
from systems import Coordinator

__all__ = ["adds", "cleared", "forget", "joins", "mqtt"]


def mqtt(coordinator: Coordinator) -> Broker:
    """The coordinator's own broker, for a client outside."""
    port = int(coordinator.command[coordinator.command.index("--mqtt-port") + 1])
    return cast(Broker, SimpleNamespace(port=port))


def cleared(page: Page, coordinator: Coordinator) -> None:
    """Leave no device, no node, and no value of one on the broker."""
    page.evaluate("document.querySelectorAll('#devices .device-head > .icon-button').forEach((close) => close.click())")
    make_graph(page)
    forget(mqtt(coordinator))
    coordinator.wait(lambda status: not status["nodes"])
    page.evaluate("localStorage.clear()")  # where instruments that have gone were set to


def forget(broker: Broker) -> None:
    """Delete what was left retained, also by a page that was closed after a failure."""
    with Outside(broker, "+/+", "fbp/participant/+", "ready") as outside:
        outside.send("ready", "1")
        outside.next("ready")
        for topic in outside.topics - {"ready"}:
            outside.send(topic, "", retain=True)
        outside.send("ready", "2")
        outside.next("ready")


def adds(role: str, component: str = "core/Repeat", **metadata: Any) -> list[Any]:
    """The command that adds a node."""
    return ["addnode", {"id": role, "component": component, "metadata": metadata}]


def joins(src: str, tgt: str) -> list[Any]:
    """The command that adds an edge, by its dotted ends."""
    ends = [dict(zip(("node", "port"), end.split("."), strict=True)) for end in (src, tgt)]
    return ["addedge", {"src": ends[0], "tgt": ends[1], "metadata": {}}]
