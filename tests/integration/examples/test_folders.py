"""Each folder of examples is whole: what its graph names is in its library, built in or in a page, and a test runs it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from msgflo_host.builtin.collection import MODULES
from msgflo_host.components import library
from msgflo_host.components.foreign import foreign_file
from msgflo_host.graph import graph_files
from paths import ROOT

EXAMPLES = ROOT / "examples"
FOLDERS = [folder for folder in sorted(EXAMPLES.iterdir()) if folder.is_dir() and folder.name != "__pycache__"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_folder_has_what_its_graph_names(folder: Path) -> None:
    graph = graph_files.load(folder / "graph.fbp")
    known = library.load(folder)
    in_pages = re.findall(r'component: "([^"]+)"', "".join(page.read_text() for page in folder.glob("*.html")))
    for node in graph.nodes.values():
        assert node.component in {*known.commands, *known.foreign, *MODULES, *in_pages}, (
            f"{node.id}: {node.component} is not in the library"
        )
    for component, file in known.foreign.items():
        assert foreign_file.load(file, "device").participant.component == component


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_folder_is_run_by_a_test_and_listed(folder: Path) -> None:
    assert f'run("{folder.name}"' in (Path(__file__).parent / f"test_{folder.name}.py").read_text()
    assert f"]({folder.name})" in (EXAMPLES / "README.md").read_text()
