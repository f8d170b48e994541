"""A participant that is a graph: a small runtime of the FBP protocol over MQTT, whose nodes repeat what they get."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import paho.mqtt.client as paho

from brokers import Broker
from memory_broker import MemoryBroker
from systems import discovery_message

Payload = dict[str, Any]
Answer = tuple[str, str, Payload]

MAIN = "inner/main"


class _Participant:
    """Has one graph, `inner/main`; a context manager. `requests` are the frames that it got.

    `numbers` is whether its answers name their request; a `deaf` one reads nothing.
    """

    def __init__(self, role: str, *, component: str = "home/Inner", numbers: bool = True, deaf: bool = False) -> None:
        self.deaf = deaf
        self.requests: list[Payload] = []
        self.inqueue, self.outqueue = f"{role}/ask", f"{role}/tell"
        self._role, self._kind, self._numbers = role, component, numbers
        self._nodes: dict[str, str] = {}
        self._edges: list[tuple[Payload, Payload]] = []
        self._initials: list[tuple[Any, Payload, Payload]] = []

    def _publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        raise NotImplementedError

    def _announce(self) -> None:
        ports = {"inports": [{"id": "in", "queue": f"{self._role}/in"}], "outports": []}
        runtime = {"type": "tiny", "version": "0.7", "inqueue": self.inqueue, "outqueue": self.outqueue}
        more = {"connection": self._role, "period": 60}
        self._publish(f"fbp/connection/{self._role}", "online", retain=True)
        self._publish("fbp", discovery_message(self._role, component=self._kind, **ports, **runtime, **more))

    def say(self, frame: Payload | bytes, *, retain: bool = False) -> None:
        """Send a frame that nobody has asked for; or bytes that are none."""
        self._publish(self.outqueue, frame if isinstance(frame, bytes) else json.dumps(frame), retain=retain)

    def vanish(self) -> None:
        """Do as the broker does when the connection breaks."""
        self._publish(f"fbp/connection/{self._role}", "lost", retain=True)

    def got(self, command: str) -> list[Payload]:
        """The requests of that command so far."""
        return [request for request in self.requests if request["command"] == command]

    def _asked(self, request: Payload) -> None:
        self.requests.append(request)
        if not self.deaf:
            self._answer(request)

    def _answer(self, request: Payload) -> None:
        protocol, command, payload = request["protocol"], request["command"], request["payload"]
        answers = getattr(self, f"_{protocol}")(command, payload)
        for number, (protocol, command, payload) in enumerate(answers):
            frame = {"protocol": protocol, "command": command, "payload": payload}
            if self._numbers and number == 0:
                frame["responseTo"] = request["requestId"]
            self.say(frame)

    def _runtime(self, command: str, payload: Payload) -> Iterator[Answer]:
        assert command == "getruntime", command
        yield "runtime", "runtime", {"version": "0.7", "type": "tiny", "capabilities": [], "graph": MAIN}
        yield "runtime", "ports", {"graph": MAIN, "inPorts": [], "outPorts": []}

    def _component(self, command: str, payload: Payload) -> Iterator[Answer]:
        assert (command, payload) == ("getsource", {"name": MAIN})
        initials = [
            {"data": data, "tgt": {"process": tgt["node"], "port": tgt["port"]}, "metadata": metadata}
            for data, tgt, metadata in self._initials
        ]
        graph = {
            "processes": {node: {"component": name} for node, name in self._nodes.items()},
            "connections": initials,
        }
        yield "component", "source", {"name": "main", "library": "inner", "language": "json", "code": json.dumps(graph)}

    def _graph(self, command: str, payload: Payload) -> Iterator[Answer]:
        assert payload["id" if command == "clear" else "graph"] == MAIN
        if command == "addnode":
            self._nodes[payload["id"]] = payload["component"]
        elif command == "addedge":
            self._edges.append((payload["src"], payload["tgt"]))
        elif command == "addinitial":
            self._initials.append((payload["src"]["data"], payload["tgt"], payload.get("metadata", {})))
        elif command == "removeinitial":
            self._initials.clear()
        elif payload.get("id") not in self._nodes:
            yield "graph", "error", {"message": "there is no such node"}
            return
        yield "graph", command, payload

    def _network(self, command: str, payload: Payload) -> Iterator[Answer]:
        assert payload["graph"] == MAIN
        if command == "getstatus":
            yield "network", "status", {"graph": MAIN, "running": True, "started": True}
        elif command == "edges":
            yield "network", "edges", payload
        else:
            yield "network", "started", {"graph": MAIN, "running": True, "started": True}
            for data, place, _ in self._initials:
                for src, tgt in self._edges:
                    if src["node"] == place["node"]:
                        # As NoFlo does, and as the schema describes it and then forbids it.
                        yield (
                            "network",
                            "data",
                            {
                                "id": f"{src['node']}() OUT -> IN {tgt['node']}()",
                                "src": src,
                                "tgt": tgt,
                                "graph": MAIN,
                                "data": data,
                                "type": "any",
                            },
                        )


class GraphParticipant(_Participant):
    """One on a real broker."""

    def __init__(self, role: str, broker: Broker, **options: Any) -> None:
        super().__init__(role, **options)
        self._subscribed = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=role)
        self._client.on_message = lambda client, userdata, message: self._asked(json.loads(message.payload))
        self._client.on_connect = lambda client, *_: client.subscribe(self.inqueue, 1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect("127.0.0.1", broker.port)

    def __enter__(self) -> GraphParticipant:
        self._client.loop_start()
        assert self._subscribed.wait(30)
        self._announce()
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, 1, retain)


class LocalGraphParticipant(_Participant):
    """One in the event loop of a test."""

    def __init__(self, role: str, broker: MemoryBroker, **options: Any) -> None:
        super().__init__(role, **options)
        self._broker = broker

    def __enter__(self) -> LocalGraphParticipant:
        self._broker.on_publish.append(self._hear)
        self._announce()
        return self

    def __exit__(self, *exc: object) -> None:
        self._broker.on_publish.remove(self._hear)

    def _hear(self, topic: str, payload: bytes) -> None:
        if topic == self.inqueue:  # an answer takes its time, as on a network
            asyncio.get_running_loop().call_later(0.01, self._asked, json.loads(payload))

    def _publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        self._broker.publish(topic, payload, retain=retain)
