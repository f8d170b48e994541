"""The HTTP port: the page, and the runtime of the FBP protocol for editors, with its secrets and its name."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..components.library import Library
from ..control.component_processes import Components
from ..control.coordinator import Coordinator
from ..errors import ServerError
from ..fbp.mdns import announce_runtime
from ..fbp.origins import Origins
from ..fbp.permissions import ALL, DEFAULT_LOCAL, Permissions
from ..fbp.secrets_store import FILE_NAME, check_secret, load_secrets, own_secret
from ..util.private_files import has_content, read_or_create
from .addresses import OwnNames, live_url, local_url, origin, outward_url

if TYPE_CHECKING:
    from ..fbp.service import Service
    from .server import Server

__all__ = ["Access", "Admission", "label", "read_access", "serve"]

log = logging.getLogger("msgflo")

ID_FILE = "runtime-id"


@dataclass(frozen=True, kw_only=True)
class Access:
    """The access rules: `secret` allows everything (None: one is made and saved in `folder`), `secrets` is a file of others.

    Pages of `ide`, the editor's URL, and of `origins` may connect, besides our own and those of this machine. `hosts`
    are more host names under which this machine is reached. With `behind_proxy` no client counts as being on this machine.
    Without a `runtime_id` one is made and saved in `folder`.
    """

    folder: Path
    secret: str | None = field(default=None, repr=False)
    secrets: Path | None = None
    ide: str
    origins: tuple[str, ...] = ()
    runtime_id: str | None = None
    hosts: tuple[str, ...] = ()
    behind_proxy: bool = False


@dataclass(frozen=True)
class Admission:
    """An `Access` whose files have been read and whose values have been checked."""

    access: Access
    secrets: dict[str, frozenset[str]] = field(repr=False)
    origins: Origins
    own_names: OwnNames


def read_access(access: Access) -> Admission:
    """Check the options before anything is started; raises ServerError, with file, line and column where there are any."""
    if access.secret is not None:
        check_secret(access.secret, "of --secret or MSGFLO_SECRET")
    if access.runtime_id is not None:
        _uuid(access.runtime_id, "of --runtime-id")
    secrets = load_secrets(access.secrets) if access.secrets is not None else {}
    own_names = OwnNames(access.hosts)
    return Admission(access, secrets, Origins([origin(access.ide), *access.origins], own_names), own_names)


async def serve(
    listener: socket.socket,
    coordinator: Coordinator,
    library: Library,
    components: Components,
    *,
    admission: Admission,
    boards: Path | None,
    save: Callable[[], None],
    status: Callable[[str, str], dict[str, Any]],
    tasks: asyncio.TaskGroup,
    stack: AsyncExitStack,
) -> tuple[str, str]:
    """Answer on a port that listens already; return the URL of the page, and the one that opens an editor.

    `boards` is the folder of port maps, None for the usual one. `save()` writes the main graph into its file,
    `status(page, editor)` returns the state of the system. Only the URL that is returned holds the secret, and only at the
    first start. Raises ServerError where secret or id cannot be saved.
    """
    await asyncio.to_thread(_import_server, without_certificates=not coordinator.broker.tls)
    from aiohttp import web

    from ..fbp.runtime_protocol import Identity
    from ..fbp.service import Service
    from .authorization import Gate
    from .board_api import Boards
    from .board_maps import BoardMaps
    from .board_runs import BoardRuns
    from .json_answer import OUTPUT, STATUS, json_answer
    from .mqtt_websocket import CAPABILITY, Mqtt
    from .server import Server

    access = admission.access
    runtime_id = _runtime_id(access)
    secret, is_new = _secret(access)
    if secret in admission.secrets:
        raise ServerError(
            f"one of the secrets in {access.secrets} is the one that allows everything: each needs its own"
        )
    local: frozenset[str] = frozenset() if access.behind_proxy else DEFAULT_LOCAL
    permissions = Permissions({**admission.secrets, secret: ALL}, local=local)
    service = Service(
        coordinator,
        library,
        components,
        identity=Identity(runtime_id, label()),
        permissions=permissions,
        origins=admission.origins,
        save=save,
    )
    host, port = listener.getsockname()[:2]
    page = local_url(host, port)
    editor = live_url(access.ide, page, runtime_id)
    gate = Gate(permissions, admission.origins)
    maps = BoardMaps(boards)
    runs = BoardRuns(
        components.runner,
        output=components.printed,
        is_alive=lambda role: any(entry.state == "alive" for entry in coordinator.registry.by_role(role)),
    )
    stack.push_async_callback(runs.close)
    mqtt = Mqtt(gate, coordinator.broker, is_own_broker=coordinator.is_own_broker)
    admission.own_names.learn_full_name()
    server = Server(
        listener,
        service.socket,
        own_names=admission.own_names,
        routes=[
            json_answer(gate, "/status.json", STATUS, lambda: status(page, editor)),
            json_answer(gate, "/output.json", OUTPUT, service.recent.lines),
            json_answer(gate, "/page.json", (CAPABILITY,), lambda: _page_info(maps.names(), library)),
            web.get("/mqtt", mqtt.serve),
            *Boards(gate, maps, runs).routes,
        ],
    )
    tasks.create_task(service.run())
    await server.start()
    stack.push_async_callback(_stop, service, server)
    tasks.create_task(server.run())
    tasks.create_task(announce_runtime(host, port, runtime_id=runtime_id, label=label()))
    # The secret is shown once, when it is made: logs are stored by many, for long.
    shown = secret if is_new else None
    _log_urls(access, host, port, runtime_id, shown)
    return page, live_url(access.ide, page, runtime_id, shown)


async def _stop(service: Service, server: Server) -> None:
    service.clients.close()  # first: the server waits for open connections
    await server.stop()


def _page_info(boards: list[str], library: Library) -> dict[str, Any]:
    """Describe this machine to the page: are there port maps, and where do components go."""
    components = library.folder and {
        "names": library.names(),
        "folder": str(library.folder.absolute()),
        "suffixes": library.suffixes,
        "creates": library.creates,
    }
    return {"boards": bool(boards), "components": components}


def label() -> str:
    """Return the name of this runtime for people."""
    return f"MsgFlo on {socket.gethostname()}"


def _log_urls(access: Access, host: str, port: int, id: str, secret: str | None) -> None:
    """Log the URLs of page and editor, on this machine and for others."""
    here = local_url(host, port)
    there = outward_url(host, port)
    log.info("page: %s", here)
    log.info("editor: %s", live_url(access.ide, here, id, secret))
    if there not in (None, here):
        log.info("page, from elsewhere: %s", there)
        log.info("editor, from elsewhere: %s", live_url(access.ide, there, id, secret))
    if there is not None and access.ide.startswith("https:"):
        log.info("editor: browsers keep pages of https from ws:// elsewhere; --ide names one of http (docs/editors.md)")
    if secret is None and access.secret is None:
        log.info(
            "editor: the secret that it needs from elsewhere, or to send code, is in %s", access.folder / FILE_NAME
        )


def _import_server(*, without_certificates: bool) -> None:
    """Import aiohttp, in a thread: it takes 0.1 s.

    It reads every CA certificate of the system for an HTTP client that we never use, 3 MB. Without `tls` to the broker,
    nothing else needs them meanwhile, and they are hidden from it.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)  # seconds: the event loop waits no longer for this thread
    hidden = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull} if without_certificates else {}
    before = {name: os.environ.get(name) for name in hidden}
    os.environ.update(hidden)
    try:
        from . import server  # noqa: F401
    finally:
        sys.setswitchinterval(interval)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _secret(access: Access) -> tuple[str, bool]:
    """Return the secret that allows everything, and whether it has been made just now."""
    if access.secret is not None:
        return access.secret, False
    try:
        is_new = not has_content(access.folder / FILE_NAME)
    except OSError:
        is_new = False  # `own_secret` raises
    return own_secret(access.folder), is_new


def _runtime_id(access: Access) -> str:
    """Return the UUID by which editors recognise this runtime: given, or made once and saved."""
    if access.runtime_id is not None:
        return _uuid(access.runtime_id, "of --runtime-id")
    path = access.folder / ID_FILE
    try:
        return _uuid(read_or_create(path, lambda: str(uuid.uuid4())), f"in {path}")
    except OSError as error:
        raise ServerError(f"{path} cannot be used: {error.strerror or error}") from None


def _uuid(text: str, where: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ServerError(f"the id {where} is no UUID, such as {uuid.uuid4()}") from None
