"""``msgflo test``: suites of tests, run as npm's fbp-spec runs them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import printable
from ._options import SEEN_BY_ALL

if TYPE_CHECKING:
    from ..spec.suite_file import Suite
    from ..spec.suite_runner import Result

__all__ = ["command"]


@click.command("test", short_help="Run suites of tests.")
@click.argument("spec", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--address", metavar="URL", help="A runtime that is there, as in ws://pi:3569. [default: a temporary one]"
)
@click.option("--secret", envvar="MSGFLO_SECRET", help=f"What that runtime lets one in with. {SEEN_BY_ALL}")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the results as JUnit XML, too.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, 86_400, min_open=True),
    default=2.0,
    show_default=True,
    metavar="S",
    help="Seconds for each case, where its suite has no timeout.",
)
@click.option("--graph", type=click.Path(path_type=Path), help="Graph that the temporary coordinator runs.")
@click.option(
    "--componentdir",
    type=click.Path(path_type=Path),
    help="Its folder of components. [default: the graph's, or else that of the suites, or this one, with a msgflo.yaml]",
)
def command(
    spec: tuple[Path, ...],
    address: str | None,
    secret: str | None,
    junit: Path | None,
    timeout: float,
    graph: Path | None,
    componentdir: Path | None,
) -> None:
    """Run the suites in SPEC, fbp-spec's YAML files or folders with some (*.spec.yaml).

    Without --address they run on a coordinator and a Mosquitto of their own, which leave nothing behind. Exit codes:
    0 all passed, 2 some failed, 1 the tests could not be run.

    \b
    Examples:
      msgflo test lamp.spec.yaml
      MSGFLO_SECRET=$(cat secret) msgflo test specs --address ws://pi.local:3569 --junit results.xml
    """
    if address is not None and (graph or componentdir):
        raise click.UsageError("--graph and --componentdir are for the temporary coordinator, --address names another")
    from ..spec import junit as junit_file
    from ..spec import suite_file

    files = suite_file.find(list(spec))
    suites = [suite for file in files for suite in suite_file.load(file)]
    if address is None and graph is None and componentdir is None:
        componentdir = _components_of(files)
    for warning in (warning for suite in suites for warning in suite.warnings):
        click.echo(f"warning: {warning}", err=True)
    results = asyncio.run(_run(suites, address, secret, timeout, graph, componentdir))
    if junit is not None:
        junit_file.write(junit, results)
    count = {status: sum(result.status == status for result in results) for status in ("passed", "failed", "skipped")}
    click.echo(", ".join(f"{number} {status}" for status, number in count.items() if number) or "no cases")
    if count["failed"]:
        sys.exit(2)


def _components_of(suites: Sequence[Path]) -> Path | None:
    """Return the folder of the suites, or else the current one, if it is configured as a component folder."""
    from ..components.library import is_configured

    found = list(dict.fromkeys(file.parent.resolve() for file in suites if is_configured(file.parent)))
    if len(found) > 1:
        names = ", ".join(map(str, found))
        raise click.UsageError(f"the suites are of several folders of components, {names}; name one by --componentdir")
    here = Path()
    return found[0] if found else here if is_configured(here) else None


async def _run(
    suites: Sequence[Suite],
    address: str | None,
    secret: str | None,
    timeout: float,
    graph: Path | None,
    componentdir: Path | None,
) -> list[Result]:
    from ..fbp.client import Client
    from ..spec import suite_runner, temporary_runtime

    results: list[Result] = []
    async with AsyncExitStack() as stack:
        if address is None:
            address = await stack.enter_async_context(temporary_runtime.runtime(graph=graph, componentdir=componentdir))
        client = await stack.enter_async_context(Client.connect(address, secret=secret))
        async for result in suite_runner.run(client, suites, timeout=timeout):
            if not results or results[-1].suite is not result.suite:
                click.echo(printable(result.suite.name))
            _show(result)
            results.append(result)
    return results


def _show(result: Result) -> None:
    case = result.case
    mark = {"passed": "✓", "failed": "✗", "skipped": "-"}[result.status]
    reason = f" (skipped: {result.text})" if result.status == "skipped" else ""
    click.echo(printable(f"  {mark} {case.name}: {case.assertion}{reason}"))
    if result.status == "failed":
        click.echo(printable(f"      {result.suite.file}:{case.line}: {result.text}"))
        for line in result.output:
            click.echo(printable(f"      | {line}"))
