"""Rules of the repository: what modules export, which module may import which, what is pinned."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import Counter
from graphlib import TopologicalSorter
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

# The parts of the host that decide: no I/O, no clock, no MQTT.
PURE_FOLDERS = ("model", "graph")
WITH_FILES = {"graph_files.py", "live_file.py", "positions_file.py", "unsaved_edits.py"}
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


def test_model_and_graph_are_pure() -> None:
    folders = [ROOT / "host/msgflo_host" / each for each in PURE_FOLDERS]
    modules = {path: imports(path) for folder in folders for path in folder.glob("*.py") if path.name not in WITH_FILES}
    found = {name(path): {each.split(".")[0] for each in names} & IMPURE_MODULES for path, names in modules.items()}
    assert not {path: each for path, each in found.items() if each}


# Which part of the host may import which others, beside `errors` and `util`, which all may.
MAY_IMPORT = {
    "util": "",
    "wire": "",
    "graph": "",
    "model": "wire graph",
    "processes": "",
    "builtin": "",
    "components": "wire graph model processes",
    "dataplane": "wire builtin components.foreign processes.signals",
    "control": "wire graph model processes builtin components",
    "traces": "graph",
    "fbp": "wire graph model builtin components control traces",
    "boards": "wire processes",
    "http": "wire processes components control fbp boards",
    "spec": "graph processes fbp",
    "cli": "wire graph model processes components dataplane.data_plane control traces fbp boards http spec",
    "supervised": "processes dataplane cli",
    "__main__": "processes supervised cli",
}


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_parts_of_the_host_import_only_what_the_table_allows(part: str) -> None:
    allowed = {part, "errors", "util", *MAY_IMPORT[part].split()}
    for path in HOST:
        if path.relative_to(ROOT / "host/msgflo_host").parts[0].removesuffix(".py") != part:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                names = [each.split(".")[1:] for each in targets(path, node) if each.startswith("msgflo_host.")]
                refused = [each for each in names if not {each[0], ".".join(each[:2])} & allowed]
                assert not refused, f"{name(path)}:{node.lineno} imports {refused}"


def test_every_part_of_the_host_is_in_the_table() -> None:
    top = {path.relative_to(ROOT / "host/msgflo_host").parts[0].removesuffix(".py") for path in HOST}
    assert top - {"setup"} == {"__init__", "errors", *MAY_IMPORT}


def test_no_module_of_the_host_imports_itself_by_others() -> None:
    modules = {".".join(path.relative_to(ROOT / "host").with_suffix("").parts): path for path in HOST}
    imported = {
        module: {
            known
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom)
            for target in targets(path, node)
            if (known := target if target in modules else target.rpartition(".")[0]) in modules
        }
        for module, path in modules.items()
    }
    TopologicalSorter(imported).prepare()  # raises CycleError


def test_file_names_of_the_host_are_unique_but_for_commands() -> None:
    names = Counter(path.name for path in HOST if path.parent.name != "cli" and path.name != "__init__.py")
    assert not [each for each, count in names.items() if count > 1]


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
