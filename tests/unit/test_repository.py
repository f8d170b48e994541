"""Rules of the repository: what modules export, which module may import which, what is pinned."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paths import ROOT

FIRMWARE = sorted((ROOT / "firmware").rglob("*.py"))
VIRTUAL = sorted(
    (ROOT / "host/msgflo_host/boards/virtual/shim").glob("*.py")
)  # what stands for the hardware on a virtual board
HOST = sorted(set((ROOT / "host").rglob("*.py")) - set(VIRTUAL))

# The pure parts of the host: no I/O, no clock, no MQTT.
PURE = ("discovery.py", "participants.py", "graph/model.py", "graph/elements.py", "bindings/plan.py")
IMPURE_MODULES = {"aiohttp", "asyncio", "os", "paho", "pathlib", "select", "socket", "subprocess", "threading", "time"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> set[str]:
    """The absolute names of the modules that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module)
    return found


def test_modules_of_the_host_export_what_exists_and_all_that_is_public() -> None:
    # Built-in components are written as in a user's folder.
    modules = [path for path in HOST if path.name != "__main__.py" and path.parent.name != "core"]
    wrong = [f"{name(path)}: {fault}" for path in modules if (fault := export_fault(path))]
    assert not wrong


def export_fault(path: Path) -> str:
    """What is wrong with `__all__` of a module, or nothing. Reads the source: importing all of them starts programs."""
    body = ast.parse(path.read_text()).body
    public = {each for node in body for each in defined(node) if isinstance(node, DEFINITIONS) and each[0] != "_"}
    values = [
        node.value for node in body if isinstance(node, ast.Assign | ast.AnnAssign) and "__all__" in defined(node)
    ]
    exported = {each for value in values if value for each in ast.literal_eval(value)}
    if missing := exported - {each for node in ast.walk(ast.Module(body, [])) for each in defined(node)}:
        return f"__all__ names what is not there: {sorted(missing)}"
    if unlisted := public - exported:
        return f"neither private (_name) nor in __all__: {sorted(unlisted)}"
    return ""


DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def defined(node: ast.AST) -> set[str]:
    """The names that a statement defines or imports."""
    if isinstance(node, DEFINITIONS):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}


def test_participant_library_exports_what_exists() -> None:
    import msgflo

    missing = [each for each in msgflo.__all__ if not hasattr(msgflo, each)]
    assert not missing
    public = {"Participant", "Port", "Message", "Session", "Broker", "Error", "serve", "main", "run"}
    assert public <= set(msgflo.__all__), f"not in __all__: {public - set(msgflo.__all__)}"


def test_firmware_never_imports_the_host() -> None:
    assert not [name(path) for path in FIRMWARE if "msgflo_host" in {each.split(".")[0] for each in imports(path)}]


def test_decisions_are_pure() -> None:
    modules = {each: {found.split(".")[0] for found in imports(ROOT / "host/msgflo_host" / each)} for each in PURE}
    assert not {each: found & IMPURE_MODULES for each, found in modules.items() if found & IMPURE_MODULES}


FRONTS = {"cli", "commands", "live_view", "run", "server", "serving", "view"}  # run.py puts a whole program together


@pytest.mark.parametrize(
    ("rooms", "may_know"), [(FRONTS, {"__main__", "supervised"}), ({"fbp"}, {"spec", "traces"})], ids=["fronts", "fbp"]
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


@pytest.mark.parametrize(
    "file", ["requirements.txt", "tests/requirements.txt", "tests/integration/interop/requirements.txt"]
)
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


def test_ci_runs_exactly_make_test() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert lines[-1] == "exec make test"


def test_python_is_new_enough() -> None:
    assert sys.version_info >= (3, 11)
