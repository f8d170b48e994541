"""The suites of the examples, as their reader would run them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from msgflo_host.cli.main import cli
from msgflo_host.components import library
from paths import ROOT

EXAMPLES = ROOT / "examples"
FOLDERS = sorted({file.parent for file in EXAMPLES.glob("*/*.spec.yaml")})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_suites_of_a_folder_pass(folder: Path) -> None:
    done = CliRunner().invoke(cli, ["test", str(folder), "--componentdir", str(folder), "--timeout", "30"])
    assert done.exit_code == 0, done.output
    assert "passed" in done.output


def test_each_component_that_has_code_has_a_suite() -> None:
    for config in EXAMPLES.glob("*/msgflo.yaml"):
        known = library.load(config.parent)
        without = [name for name in known.commands if not known.source(name).tests]
        assert not without, f"{config.parent.name}: {without}"
