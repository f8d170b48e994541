"""Options that several commands share, and their values."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from ..errors import BrokerError, MsgfloError, printable

if TYPE_CHECKING:
    from msgflo import Broker

__all__ = [
    "DEFAULT_BROKER",
    "DEFAULT_COORDINATOR",
    "SEEN_BY_ALL",
    "NoCoordinatorError",
    "NobodyThereError",
    "broker_option",
    "coordinator_option",
    "find_broker",
    "is_default",
    "is_typed",
    "local_broker_option",
    "log_broker_option",
    "parse_broker",
    "seen_broker_option",
    "status_of",
    "uses_broker",
]

DEFAULT_BROKER, DEFAULT_COORDINATOR = "mqtt://localhost", "http://localhost:3569"
SEEN_BY_ALL = "All users of this machine see a command line: rather as MSGFLO_SECRET."

_Command = TypeVar("_Command", bound=Callable[..., Any])
_SECRET = "msgflo.secret"  # in the context of the command that runs


def _broker_option(text: str, **more: Any) -> Callable[[_Command], _Command]:
    """Return --broker and MSGFLO_BROKER as all commands have them, for the parameter `broker_url`."""
    options: dict[str, Any] = {"envvar": "MSGFLO_BROKER", "show_envvar": True, "metavar": "URL", "help": text} | more
    return click.option("--broker", "broker_url", **options)


broker_option = _broker_option("The MQTT broker.")
local_broker_option = _broker_option("The MQTT broker.", default=DEFAULT_BROKER, show_default=True)
seen_broker_option = _broker_option("The board's broker as seen from here. [default: as seen by the board]")
log_broker_option = _broker_option("Take it from this broker instead.", show_envvar=False)


def _store_secret(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    context.meta[_SECRET] = value


def coordinator_option(command: _Command) -> _Command:
    """Give a command the option --coordinator, and --secret, which `status_of` finds by itself."""
    coordinator = click.option(
        "--coordinator",
        envvar="MSGFLO_COORDINATOR",
        default=DEFAULT_COORDINATOR,
        show_default=True,
        metavar="URL",
        help="Where the coordinator answers.",
    )
    secret = click.option(
        "--secret",
        envvar="MSGFLO_SECRET",
        metavar="TEXT",
        expose_value=False,
        callback=_store_secret,
        help=f"What a coordinator of another machine asks for. {SEEN_BY_ALL}",
    )
    return coordinator(secret(command))


class NoCoordinatorError(BrokerError):
    """No broker was named, and no coordinator answers."""


class NobodyThereError(NoCoordinatorError):
    """Nothing at all answers at the address of the coordinator."""


def is_typed(parameter: str) -> bool:
    """Return True where an option stands on the command line, not in the environment."""
    return click.get_current_context().get_parameter_source(parameter) is ParameterSource.COMMANDLINE


def is_default(parameter: str) -> bool:
    """Return True where an option stands neither on the command line nor in the environment."""
    return click.get_current_context().get_parameter_source(parameter) is ParameterSource.DEFAULT


def parse_broker(url: str) -> Broker:
    """Read a broker's URL; a relative CA file is taken from the current folder. Raises msgflo.ConfigError."""
    from msgflo import Broker  # takes a while, which only commands that use it should take

    broker = Broker.parse(url)
    if broker.cafile is not None:
        broker.cafile = str(Path(broker.cafile).absolute())
        if not Path(broker.cafile).is_file():
            raise BrokerError(f"broker URL {broker}: there is no CA file {broker.cafile}")
    return broker


def find_broker(url: str | None, coordinator: str) -> Broker:
    """Return the broker that was named, or else the one of the running coordinator.

    Raises BrokerError; NoCoordinatorError where no coordinator answers, NobodyThereError where nothing does.
    """
    if url is not None:
        return parse_broker(url)
    try:
        status = status_of(coordinator)
    except MsgfloError as error:
        kind = NobodyThereError if isinstance(error, NobodyThereError) else NoCoordinatorError
        raise kind(f"no --broker and no MSGFLO_BROKER, and {error}") from None
    if "***" in status["broker"]:
        raise BrokerError(
            f"the coordinator's broker {status['broker']} needs a password, which is in .msgflo/secret where it was started "
            "(docs/broker.md): give --broker or MSGFLO_BROKER"
        )
    return parse_broker(status["broker"])


def uses_broker(status: dict[str, Any], broker: Broker) -> bool:
    """Return whether a coordinator with this status uses this broker."""
    from msgflo import Broker

    its = Broker.parse(status["broker"].replace(":***@", "@"))
    return (_own(its.host), its.port) == (_own(broker.host), broker.port)


def _own(host: str) -> str:
    """Return one name for all addresses of this machine."""
    return "localhost" if host in ("127.0.0.1", "::1") else host


def status_of(coordinator: str) -> dict[str, Any]:
    """Return the status of the coordinator; raises MsgfloError when it does not answer, or only to those with a secret,
    NobodyThereError when nothing takes the connection.
    """
    import urllib.error  # 3 MB that the coordinator itself does not need
    import urllib.request

    url = coordinator.rstrip("/") + "/status.json"
    secret = _secret()
    try:
        request = urllib.request.Request(url)
        if secret is not None:
            request.add_unredirected_header("Authorization", f"Bearer {secret}")
        with urllib.request.urlopen(request, timeout=5) as answer:
            status: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 403:
            hint = "give --secret or MSGFLO_SECRET" if secret is None else "that of --secret or MSGFLO_SECRET does not"
            refusal = printable(error.read(300).decode(errors="replace").strip())
            raise MsgfloError(f"{url}: {refusal}; {hint} (docs/editors.md)") from None
        raise MsgfloError(f"{url} answers {error.code} {error.reason}: is that a coordinator?") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        # urllib wraps only errors of connecting.
        refused = isinstance(error, urllib.error.URLError) and not isinstance(reason, TimeoutError)
        kind = NobodyThereError if refused else MsgfloError
        raise kind(f"no coordinator answers at {coordinator} ({reason}); start one with `msgflo run`") from None
    if not isinstance(status, dict) or "broker" not in status:
        raise MsgfloError(f"{url} answers something else: is that a coordinator?")
    return status


def _secret() -> str | None:
    """Return the secret of --secret, or of the environment for a command without that option."""
    context = click.get_current_context(silent=True)
    given = context.meta.get(_SECRET) if context is not None else None
    secret = given or os.environ.get("MSGFLO_SECRET")
    if not secret:
        return None
    from ..fbp.secrets_store import check_secret  # takes a while, too

    return check_secret(secret, "of --secret or MSGFLO_SECRET")
