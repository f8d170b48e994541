"""What the HTTP port offers: the page, and the runtime of the FBP protocol for editors, with its secrets and its name."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from .components import Components
from .coordinator import Coordinator
from .errors import ServerError
from .library import Library

if TYPE_CHECKING:
    from .fbp.permissions import Permissions
    from .server import Server

__all__ = ["Access", "serve"]

log = logging.getLogger("msgflo")

ID_FILE = "runtime-id"


@dataclass(frozen=True, kw_only=True)
class Access:
    """Who may do what: `secret` allows everything (None: one is made and kept in `folder`), `secrets` is a file of others.

    Pages of `ide` and of `origins` may connect, besides our own and those of this machine.
    """

    folder: Path
    secret: str | None = None
    secrets: Path | None = None
    ide: str
    origins: tuple[str, ...] = ()
    runtime_id: str | None = None


async def serve(
    listener: socket.socket,
    coordinator: Coordinator,
    library: Library,
    components: Components,
    *,
    access: Access,
    save: Callable[[], None],
    look: Callable[[str], dict[str, Any]],
    tasks: asyncio.TaskGroup,
    stack: AsyncExitStack,
) -> str:
    """Answer on a port that listens already, and return the page's URL.

    `save()` writes the main graph into its file, `look(url)` returns the state of the system. Raises ServerError where
    secrets or origins are wrong.
    """
    make_server = await asyncio.to_thread(_import_server, without_certificates=not coordinator.broker.tls)
    from .fbp.origins import Origins
    from .fbp.runtime import Identity
    from .fbp.service import Service
    from .server import is_own_name

    is_first = access.secret is None and not _secret_file(access.folder).exists()
    permissions, secret = _permissions(access)
    identity = Identity(_runtime_id(access), f"MsgFlo on {socket.gethostname()}")
    service = Service(
        coordinator,
        library,
        components,
        identity=identity,
        permissions=permissions,
        origins=Origins([access.ide, *access.origins], is_own_name),
        save=save,
    )
    server = make_server(lambda: look(server.url), listener, service.socket)
    tasks.create_task(service.run())
    await server.start()
    stack.push_async_callback(server.stop)
    log.info("page: %s", server.url)
    # The secret is shown once, when it is made: what is printed is kept by many, for long.
    log.info("editor: %s", _live_url(access.ide, server.url, identity.id, secret if is_first else None))
    if not is_first and access.secret is None:
        log.info("editor: elsewhere than on this machine it needs the secret in %s", _secret_file(access.folder))
    return server.url


def _import_server(*, without_certificates: bool) -> type[Server]:
    """Import aiohttp, in a thread: 0.1 s in which packets pass all the same.

    It reads every CA certificate of the system for an HTTP client that we never use, 3 MB. Where nothing else in this program
    may need them meanwhile, it is shown none.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)  # seconds: the event loop waits no longer for this thread
    hidden = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull} if without_certificates else {}
    before = {name: os.environ.get(name) for name in hidden}
    os.environ.update(hidden)
    try:
        from .server import Server
    finally:
        sys.setswitchinterval(interval)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return Server


def _permissions(access: Access) -> tuple[Permissions, str]:
    """The permissions, and the secret that allows everything."""
    from .fbp.permissions import ALL, Permissions
    from .fbp.secrets_store import check_secret, load_secrets, own_secret

    given = access.secret
    secret = own_secret(access.folder) if given is None else check_secret(given, "of --secret or MSGFLO_SECRET")
    others = load_secrets(access.secrets) if access.secrets is not None else {}
    return Permissions({**others, secret: ALL}), secret


def _secret_file(folder: Path) -> Path:
    from .fbp.secrets_store import FILE_NAME

    return folder / FILE_NAME


def _runtime_id(access: Access) -> str:
    """The UUID by which editors know this runtime again: given, or made once and kept."""
    path = access.folder / ID_FILE
    where = "of --runtime-id" if access.runtime_id is not None else f"in {path}"
    try:
        if access.runtime_id is None and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{uuid.uuid4()}\n")
        given = access.runtime_id if access.runtime_id is not None else path.read_text().strip()
        return str(uuid.UUID(given))
    except OSError as error:
        raise ServerError(f"{path} cannot be used: {error.strerror or error}") from None
    except ValueError:
        raise ServerError(f"the id {where} is no UUID, such as {uuid.uuid4()}") from None


def _live_url(ide: str, page: str, id: str, secret: str | None) -> str:
    """The address that opens this runtime in an editor (noflo-ui and Flowhub)."""
    endpoint = f"protocol=websocket&address=ws://{urlsplit(page).netloc}&id={id}"
    if secret is not None:
        endpoint += f"&secret={secret}"
    return f"{ide.rstrip('/')}#runtime/endpoint?{quote(endpoint, safe='')}"
