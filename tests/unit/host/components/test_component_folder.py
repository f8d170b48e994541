"""The library of components: `msgflo.yaml` and mistakes in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from msgflo_host.components.component_folder import fill as filled
from msgflo_host.components.library import load
from msgflo_host.errors import LibraryError
from msgflo_host.model.events import LibraryChanged
from msgflo_host.processes.process_command import Command


def write(folder: Path, text: str) -> Path:
    (folder / "msgflo.yaml").write_text(text)
    return folder


def test_commands_are_split_as_a_shell_splits_them_and_filled_for_a_node(tmp_path: Path) -> None:
    library = load(write(tmp_path, "components:\n  a/B: \"msgflo participant 'my file.py' #ROLE --of=#COMPONENT\"\n"))
    command = filled(library.commands["a/B"], role="kitchen")
    assert command == Command(("msgflo", "participant", "my file.py", "kitchen", "--of=a/B"), tmp_path)


def test_a_yaml_file_is_a_foreign_device_and_programs_are_listed_apart(tmp_path: Path) -> None:
    (tmp_path / "fan.yml").touch()
    library = load(write(tmp_path, "components: {a/Fan: fan.yml}\nprograms: {plug: python plug.py}\n"))
    assert library.foreign == {"a/Fan": tmp_path / "fan.yml"}
    assert library.programs == {"plug": Command(("python", "plug.py"), tmp_path)}
    assert not library.commands


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("components:\n  a/B: [1]\n", "2:8", "neither a command nor a .yml file"),
        ("components:\n  a/B: absent.yml\n", "2:8", "there is no file"),
        ('components:\n  a/B: "it\'s"\n', "2:8", "No closing quotation"),
        ("components:\n  a/B: x.py #ROLE\n", "2:8", "a/B: #ROLE is lost; the rest of the line is a comment for YAML"),
        ("components:\n  a/B: x.py # #COMPONENT\n", "2:8", "#COMPONENT is lost"),
        ("components:\n  a/B: x.py --as=#ROLE #ROLE\n", "2:8", "#ROLE is lost"),
        ("components:\r\n  a/B: x.py\r\n    more  #ROLE\r\n", "2:8", "put the command in quotes"),
        (
            "components: {a/B: x.py #ROLE}\n",
            "1:13",
            "what follows the # is a comment; a text with a # in it must be in quotes",
        ),
        ("component: {}\n", "1:1", "unknown key 'component'; known are 'components', 'programs', 'handlers'"),
        ("components: [a]\n", "1:1", "must map names to commands"),
        ("components: {\n", "2:1", "a [ or { is not closed"),
        ("namespace: a/b\n", "1:12", "namespace is 'a/b'; allowed: letters, digits"),
        ("namespace: core\n", "1:12", "'core' is that of the built-in components"),
        ("components: {core/Mine: x}\n", "1:25", "core/ is for the built-in components"),
        ("handlers: {js: node}\n", "1:12", "'js' is no suffix of file names"),
        ("handlers: {.js: [node]}\n", "1:17", "no command, such as"),
        ("handlers:\n  .js: node #FILENAME\n", "2:8", "#FILENAME is lost"),
        ("variables: {a-b: 1}\n", "1:13", "'a-b' must be letters, digits and _"),
        ("variables: {a: true}\n", "1:16", "a: True is neither a text nor a number"),
        ("programs: {p: [1]}\n", "1:15", "p: [1] is no command"),
        (
            "components:\n  a/B: \"sh -c 'echo #ROLE'\"\n",
            "2:8",
            "a/B: #ROLE inside of 'echo #ROLE'; it must be a word of its",
        ),
        ("components: {a/B: 'run x#ROLE'}\n", "1:19", """a shell takes it as "$1": sh -c 'echo "$1"' sh #ROLE"""),
        ("components: {a/B: 'run --x=a#ROLE'}\n", "1:19", "#ROLE inside of '--x=a#ROLE'"),
        ("components: {a/B: 'run #ROLE:#IIPS'}\n", "1:19", "#ROLE inside of '#ROLE:#IIPS'"),
        ("components: {a/B: 'run #ROLES'}\n", "1:19", "#ROLE inside of '#ROLES'"),
        ("components: {a/B: '#ROLE --x'}\n", "1:19", "#ROLE cannot be the program that is run"),
        ("components: {a/B: '/bin/sh -ec #ROLE'}\n", "1:19", "#ROLE after -ec would be run as code"),
        ("components: {a/B: 'env python3.11 -c #IIPS'}\n", "1:19", "#IIPS after -c would be run as code"),
        ("components: {a/B: 'node --eval=#IIPS'}\n", "1:19", "#IIPS after --eval= would be run as code"),
        ("handlers: {.sh: \"sh -c '. #FILENAME #ROLE'\"}\n", "1:17", ".sh: #ROLE inside of '. #FILENAME #ROLE'"),
        ("handlers: {.sh: \"sh -c '#DO'\"}\nvariables: {do: 'echo #ROLE'}\n", "1:17", "inside of 'echo #ROLE'"),
        ("- a\n", "1:1", "must be a map with 'components' or other keys"),
        ("components: {a: b, a: c}\n", "1:20", "is there twice"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, text: str, place: str, message: str) -> None:
    with pytest.raises(LibraryError) as caught:
        load(write(tmp_path, text))
    assert str(caught.value).startswith(f"{tmp_path / 'msgflo.yaml'}:{place}: ")
    assert message in str(caught.value)


def install(program: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / program).touch(mode=0o755)


MSGFLO = {
    "msgflo-register --role #ROLE:#FILENAME": ("msgflo-register", "--role", "lamp; x:a.js"),
    "msgflo-nodejs --name #ROLE #FILENAME": ("msgflo-nodejs", "--name", "lamp; x", "a.js"),
    "msgflo-python #FILENAME #ROLE": ("msgflo-python", "a.js", "lamp; x"),
    "noflo-runtime-msgflo --name #ROLE --graph #COMPONENT --iips #IIPS": (
        "noflo-runtime-msgflo", "--name", "lamp; x", "--graph", "n/a", "--iips", '{"in": "#ROLE"}',
    ),
    "run -r=#ROLE --iips=#IIPS": ("run", "-r=lamp; x", '--iips={"in": "#ROLE"}'),
    "sh -c '. ./#FILENAME \"$1\"' sh #ROLE": ("sh", "-c", '. ./a.js "$1"', "sh", "lamp; x"),
    "mosquitto -c #ROLE": ("mosquitto", "-c", "lamp; x"),
}  # fmt: skip
"""Handlers, MsgFlo's own among them, and what is run for a node."""


@pytest.mark.parametrize(("handler", "words"), MSGFLO.items(), ids=list(MSGFLO))
def test_what_clients_choose_is_filled_in_as_arguments(
    tmp_path: Path, handler: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.js").touch()
    install(handler.split()[0], tmp_path / "node_modules" / ".bin")
    monkeypatch.setenv("PATH", "/usr/bin:node_modules/.bin")
    (tmp_path / "package.json").write_text(json.dumps({"name": "n", "msgflo": {"handlers": {".js": handler}}}))
    assert filled(load(tmp_path).commands["n/a"], role="lamp; x", iips='{"in": "#ROLE"}').words == words


@pytest.mark.parametrize(
    "command",
    [
        "sh #ROLE", "sh -c -- #ROLE", "bash -c -x #ROLE", "bash -c -o pipefail #ROLE", "bash --rcfile #ROLE x.sh",
        "bash --rcfile x #ROLE", "perl -E #ROLE", "fish -C #ROLE", "fish -C true #ROLE", "bun -e #ROLE", "bun run #ROLE",
        "deno eval #ROLE", "deno run -A #ROLE", "env -S #ROLE", "env A=b #ROLE", "/usr/bin/env python #ROLE", "python -m #ROLE",
        "python -W ignore #ROLE", "node --require ./x.js #ROLE", "node --import=#ROLE x.js", "ruby -E UTF-8 #ROLE",
        "lua -e x=1 #ROLE", "timeout -s KILL 5 #ROLE", "nice -n 5 #ROLE", "sudo -u pi #ROLE", "sudo -u pi sh #ROLE",
        "busybox #ROLE", "npx #ROLE", "docker run image sh -c -- #ROLE", "awk #ROLE", "ssh pi x.sh #ROLE", "su pi #ROLE",
        "msgflo participant #ROLE x", "msgflo participant --class A #ROLE",
    ],
)  # fmt: skip
def test_what_clients_choose_never_decides_what_is_run(tmp_path: Path, command: str) -> None:
    with pytest.raises(LibraryError, match=r"could be run, or decide what is|would be run as code"):
        load(write(tmp_path, f"components: {{a/B: '{command}'}}\n"))


@pytest.mark.parametrize(
    "command",
    [
        "sh x.sh #ROLE", "bash -eu x.sh #ROLE", "bash -c -x go bash #ROLE", "sh -c -- go sh #ROLE", "sh -c run sh --name #ROLE",
        "python -u x.py --name=#ROLE", "python -m part.main #ROLE", "python -X dev x.py #ROLE", "python3.11 -Wignore part #ROLE",
        "micropython -X heapsize=1M lamp.py #ROLE", "node x.js --name #ROLE", "node --no-warnings x.js #ROLE",
        "perl -e run #ROLE", "deno run -A --allow-net=a x.ts #ROLE", "lua -e x=1 x.lua #ROLE", "env A=b prog #ROLE",
        "env python x.py #ROLE",
        "nice -n 5 prog #ROLE", "timeout -s KILL 5 prog #ROLE", "sudo -u pi -- prog #ROLE", "stdbuf -oL prog --name #ROLE",
        "docker run image --name #ROLE", "publish #ROLE", "msgflo participant x.py #ROLE --class A",
        "msgflo participant --class A x.py --id #ROLE",
    ],
)  # fmt: skip
def test_what_clients_choose_may_come_after_what_is_run(tmp_path: Path, command: str) -> None:
    library = load(write(tmp_path, f"components: {{a/B: '{command}'}}\n"))
    assert library.commands["a/B"].words == tuple(command.split())


def test_comments_beside_commands_are_no_mistakes(tmp_path: Path) -> None:
    text = """
components:
  a/A: x.py  # no role
  a/B: "x.py"  # without #ROLE
  a/C: x.py --role=#ROLE  # not only #ROLE
  a/D: 'x.py #ROLE'
programs:
  p: x.py  # has no #ROLE
"""
    library = load(write(tmp_path, text))
    assert [command.words for command in library.commands.values()] == [
        ("x.py",), ("x.py",), ("x.py", "--role=#ROLE"), ("x.py", "#ROLE"),
    ]  # fmt: skip
    assert library.programs["p"].words == ("x.py",)


def test_a_folder_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="absent: is no folder"):
        load(tmp_path / "absent")


PARTICIPANT = "from msgflo import Participant\nclass Lamp(Participant): pass\n"
DEVICE = "component: x/Fan\ninports: {on: {queue: '#ROLE/on'}}\noutports: {}\n"


def fill(folder: Path, **files: str) -> Path:
    """Write files; `__` in a name stands for its dot."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_files_of_a_folder_are_components_in_the_namespace_of_its_name(tmp_path: Path) -> None:
    folder = fill(
        tmp_path / "my home",
        Lamp__py=PARTICIPANT,
        Fan__yml=DEVICE,
        helper__py="x = 1\n",
        _shared__py=PARTICIPANT,
        secrets__yaml="password: secret\n",
        notes__txt="component: x\n",
    )
    (folder / ".hidden.py").write_text(PARTICIPANT)
    (folder / "Lamp.spec.yaml").write_text("component: no\n")
    (folder / "two words.py").write_text(PARTICIPANT)
    library = load(folder)
    assert library.namespace == "my-home"
    assert library.names() == ["my-home/Fan", "my-home/Lamp"]
    kind = ("--component", "my-home/Lamp")
    assert filled(library.commands["my-home/Lamp"], role="x").words == ("msgflo", "participant", "Lamp.py", "x", *kind)
    assert library.foreign == {"my-home/Fan": folder / "Fan.yml"}


def test_files_that_the_configuration_uses_are_not_listed_twice(tmp_path: Path) -> None:
    text = """
namespace: home
components:
  other/Lamp: "msgflo participant lamp.py #ROLE"
  other/Fan: fan.yml
  home/Given: "sleep 1"
programs: {p: python program.py}
"""
    folder = fill(tmp_path, lamp__py=PARTICIPANT, fan__yml=DEVICE, program__py=PARTICIPANT, Given__py=PARTICIPANT)
    library = load(write(folder, text))
    assert library.names() == ["home/Given", "other/Fan", "other/Lamp"]
    assert library.commands["home/Given"].words == ("sleep", "1")


def test_handlers_run_files_in_other_languages_with_markers_and_variables(tmp_path: Path) -> None:
    text = """
namespace: n
handlers:
  .js: "node #FILENAME --role=#ROLE --as #COMPONENT #COMPONENTNAME --port #PORT '#IIPS'"
  .py: "python3 #FILENAME"
  .yml:
variables: {port: 8080}
"""
    folder = fill(tmp_path, a__js="", plain__py="print(1)\n", fan__yml=DEVICE)
    library = load(write(folder, text))
    assert library.names() == ["n/a", "n/plain"]
    words = filled(library.commands["n/a"], role="#COMPONENT r", iips='{"in":"#ROLE"}').words
    assert words == (
        "node", "a.js", "--role=#COMPONENT r", "--as", "n/a", "a", "--port", "8080", '{"in":"#ROLE"}',
    )  # fmt: skip
    assert library.commands["n/plain"].words == ("python3", "plain.py")


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


PYTHON, FOREIGN = "msgflo-python #FILENAME #ROLE", "msgflo-register --role #ROLE:#FILENAME"


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize(
    "handlers",
    [
        {},
        {".py": PYTHON, ".yml": FOREIGN, ".coffee": "msgflo-nodejs --name #ROLE #FILENAME"},
        {
            ".py": "msgflo-python #FILENAME #ROLE --iips #IIPS",
            ".yml": "msgflo-register-foreign --forever=true --role #ROLE #FILENAME",
            ".fbp": "noflo-runtime-msgflo --name #ROLE --graph #COMPONENT --iips #IIPS",
        },
    ],
)
def test_handlers_that_name_programs_of_msgflo_are_ours_where_those_are_not_installed(
    tmp_path: Path, handlers: dict[str, str]
) -> None:
    config = json.dumps({"name": "c-flo", "msgflo": {"handlers": handlers}})
    folder = fill(tmp_path, package__json=config, Gate__py=PARTICIPANT, dmx__yml=DEVICE, helper__py="x = 1\n")
    library = load(folder)
    assert library.names() == ["c-flo/Gate", "c-flo/dmx"]
    assert library.foreign == {"c-flo/dmx": folder / "dmx.yml"}
    words = ("msgflo", "participant", "Gate.py", "gate", "--component", "c-flo/Gate")
    assert filled(library.commands["c-flo/Gate"], role="gate").words == words


def test_programs_of_msgflo_that_are_installed_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install("msgflo-python", tmp_path / "bin")
    monkeypatch.setenv("PATH", f"/usr/bin:{tmp_path / 'bin'}")
    folder = fill(
        tmp_path / "n", Gate__py=PARTICIPANT, package__json=json.dumps({"msgflo": {"handlers": {".py": PYTHON}}})
    )
    assert load(folder).commands["n/Gate"].words == ("msgflo-python", "Gate.py", "#ROLE")


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (
            'handlers: {.js: "msgflo-nodejs --name #ROLE #FILENAME"}',
            "1:17",
            '.js: msgflo-nodejs is not installed; install it, or write what runs such a file, as in "node #FILENAME #ROLE"',
        ),
        (
            'handlers: {.js: "noflo-runtime-msgflo --graph x"}',
            "1:17",
            ".js: noflo-runtime-msgflo is not installed; install it, or write what runs such a graph",
        ),
        (
            'components: {a/B: "msgflo-python --fast x.py #ROLE"}',
            "1:19",
            'a/B: msgflo-python is not installed; "msgflo participant #FILENAME #ROLE" is the same of ours',
        ),
        (
            'components: {a/B: "msgflo-register --all #ROLE:x.yml"}',
            "1:19",
            "a/B: msgflo-register is not installed; a foreign device is a .yml file here",
        ),
        ('components: {a/B: "msgflo-register --role #ROLE:x.yml"}', "1:19", "a/B: there is no file"),
    ],
)
def test_programs_of_msgflo_without_one_of_ours_are_named_with_what_to_write(
    tmp_path: Path, text: str, place: str, message: str
) -> None:
    (tmp_path / "a.js").touch()
    with pytest.raises(LibraryError) as caught:
        load(write(tmp_path, text))
    assert str(caught.value).startswith(f"{tmp_path / 'msgflo.yaml'}:{place}: {message}")


@pytest.mark.parametrize("indent", ["\t", "  "])
def test_the_key_msgflo_of_package_json_is_read_as_msgflo_does(tmp_path: Path, indent: str) -> None:
    config = {
        "name": "@me/c-flo",
        "scripts": {"test": "x"},
        "msgflo": {"components": {"c/Cmd": "run #ROLE"}, "handlers": {".coffee": "coffee #FILENAME"}},
    }
    folder = fill(tmp_path, package__json=json.dumps(config, indent=indent), part__coffee="")
    library = load(folder)
    assert library.namespace == "c-flo"
    assert {name: command.words for name, command in library.commands.items()} == {
        "c/Cmd": ("run", "#ROLE"),
        "c-flo/part": ("coffee", "part.coffee"),
    }


def test_a_mistake_in_package_json_has_its_place(tmp_path: Path) -> None:
    folder = fill(tmp_path, package__json='{\n\t"name": "x",\n\t"msgflo": {"handler": {}}\n}\n')
    with pytest.raises(LibraryError, match=r"package\.json:3:13: unknown key 'handler'"):
        load(folder)


def test_two_files_for_one_component_are_refused(tmp_path: Path) -> None:
    folder = fill(tmp_path / "n", A__py=PARTICIPANT, A__yml=DEVICE)
    with pytest.raises(LibraryError, match=r"A\.py and A\.yml would both be n/A"):
        load(folder)


def test_a_reload_emits_what_has_changed_and_changes_nothing_after_a_mistake(tmp_path: Path) -> None:
    folder = fill(tmp_path / "n", A__py=PARTICIPANT, B__py=PARTICIPANT, C__yml=DEVICE)
    library = load(folder)
    changed: list[frozenset[str]] = []
    library.events.listen(LibraryChanged, lambda event: changed.append(event.names))
    library.reload()
    assert changed == []
    before = library.commands["n/B"]
    (folder / "A.py").unlink()
    fill(folder, B__py=PARTICIPANT + "# more\n", C__yml=DEVICE + "# more\n", D__py=PARTICIPANT)
    library.reload()
    assert changed == [{"n/A", "n/B", "n/C", "n/D"}]
    assert library.names() == ["n/B", "n/C", "n/D"]
    assert library.commands["n/B"] != before  # so its processes start again
    write(folder, "components: [\n")
    with pytest.raises(LibraryError):
        library.reload()
    assert library.names() == ["n/B", "n/C", "n/D"]
    assert len(changed) == 1


def test_the_name_of_the_built_in_components_is_not_taken_from_a_folder(tmp_path: Path) -> None:
    assert load(fill(tmp_path / "core", A__py=PARTICIPANT)).names() == ["components/A"]
