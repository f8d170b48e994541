"""``msgflo run``: the coordinator, with all that belongs to it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ._options import SEEN_BY_ALL, broker_option, parse_broker

__all__ = ["command"]

DEFAULT_IDE = "https://app.flowhub.io"


@click.command("run", short_help="Start the coordinator.")
@click.argument("graph", required=False, type=click.Path(path_type=Path))
@broker_option
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Where page and editors are served; 0.0.0.0 for the network.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=3569, show_default=True, help="Port of page and editors."
)
@click.option(
    "--componentdir",
    type=click.Path(path_type=Path),
    help="Folder of components. [default: the graph's, or without a graph the current one, if it has a msgflo.yaml, "
    "or a package.json with the key msgflo]",
)
@click.option("--foreign", type=click.Path(path_type=Path), help="Folder of YAML files, one per foreign device.")
@click.option(
    "--boards",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of port maps, whose boards the page can run without hardware. [default: boards]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=".msgflo",
    show_default=True,
    help="Folder of what is kept: the own Mosquitto's files, secret and id for editors.",
)
@click.option(
    "--mqtt-host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Where the own Mosquitto listens; 0.0.0.0 for the network.",
)
@click.option(
    "--mqtt-port", type=click.IntRange(1, 65535), help="Port of the own Mosquitto. [default: 1883, or a free one]"
)
@click.option("--no-save", is_flag=True, help="Write edits into the graph's file only when an editor asks for it.")
@click.option(
    "--secret",
    envvar="MSGFLO_SECRET",
    metavar="TEXT",
    help=f"What an editor shows to be allowed everything. {SEEN_BY_ALL} [default: made at the first start]",
)
@click.option(
    "--secrets",
    type=click.Path(path_type=Path),
    help="YAML file of further secrets, each with what it allows: viewer, operator, programmer.",
)
@click.option("--ide", default=DEFAULT_IDE, show_default=True, metavar="URL", help="The editor; its page may connect.")
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="URL",
    help="Another site whose pages may connect; may be repeated.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Another name under which page and editors reach this machine; may be repeated.",
)
@click.option(
    "--behind-proxy",
    is_flag=True,
    help="A proxy or a forwarder stands before the port: nobody counts as being on this machine.",
)
@click.option(
    "--runtime-id", metavar="UUID", help="By which editors know this runtime again. [default: made at the first start]"
)
@click.option("--plain", is_flag=True, help="Print plain lines even in a terminal.")
def command(
    graph: Path | None,
    broker_url: str | None,
    host: str,
    port: int,
    componentdir: Path | None,
    foreign: Path | None,
    boards: Path | None,
    data: Path,
    mqtt_host: str,
    mqtt_port: int | None,
    no_save: bool,
    secret: str | None,
    secrets: Path | None,
    ide: str,
    origins: tuple[str, ...],
    hosts: tuple[str, ...],
    behind_proxy: bool,
    runtime_id: str | None,
    plain: bool,
) -> None:
    """Run the coordinator on GRAPH, an .fbp or .json file or a folder with graph.fbp, until Ctrl-C.

    Without --broker and MSGFLO_BROKER it starts a Mosquitto of its own. The graph's file may be edited meanwhile: what
    has changed is applied when it is saved. The URL that it prints opens the graph in an editor: what is changed there
    is applied at once, and written into the file within a second.

    \b
    Examples:
      msgflo run examples/demo
      msgflo run home.fbp --host 0.0.0.0 --secrets secrets.yaml
      msgflo run home.json --broker mqtts://user:secret@pi.local?cafile=ca.pem
    """
    # What is started here needs it no more, and could print it.
    os.environ.pop("MSGFLO_SECRET", None)
    from ..run import Options, run  # imports the coordinator: not for --help
    from ..serving import Access

    options = Options(
        graph=graph,
        broker=parse_broker(broker_url) if broker_url else None,
        host=host,
        port=port,
        components=componentdir,
        foreign=foreign,
        boards=boards,
        data=data,
        mqtt_host=mqtt_host,
        mqtt_port=mqtt_port,
        save=not no_save,
        access=Access(
            folder=data,
            secret=secret,
            secrets=secrets,
            ide=ide,
            origins=origins,
            hosts=hosts,
            behind_proxy=behind_proxy,
            runtime_id=runtime_id,
        ),
        plain=plain,
    )
    run(options)
