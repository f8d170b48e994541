"""What the page uses of others: shipped as files, of the versions that the lock file names, with their licences."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from paths import ROOT

SHIPPED = ROOT / "host/msgflo_host/web/vendor"
LOCK = json.loads((ROOT / "host/web-vendor/package-lock.json").read_text())["packages"]
LOCKED = {f"{path.rpartition('node_modules/')[2]} {entry.get('version')}" for path, entry in LOCK.items() if path}
FILES = sorted(path for path in SHIPPED.iterdir() if path.suffix in (".js", ".css"))


def named(path: Path) -> list[str]:
    """The packages, each with its version, that the first line of a shipped file names."""
    line = path.read_text().partition("\n")[0]
    found = re.fullmatch(r"/\* (.+)\. Made by `make vendor`; licences in LICENCES\. \*/", line)
    assert found, f"{path.name} does not begin with what is in it: {line[:200]}"
    return found[1].split(", ")


def test_every_package_is_shipped() -> None:
    expected = {f"{name} {version}" for name, version in LOCK[""]["dependencies"].items()}
    assert expected <= {package for path in FILES for package in named(path)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_shipped_files_are_of_the_versions_in_the_lock_file(path: Path) -> None:
    assert set(named(path)) <= LOCKED, "run make vendor"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_shipped_package_comes_with_its_licence(path: Path) -> None:
    licences = (SHIPPED / "LICENCES").read_text()
    assert not [package for package in named(path) if f"\n{package} (" not in f"\n{licences}"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_shipped_makes_code_of_texts(path: Path) -> None:
    assert not re.search(r"\beval\(|\bnew Function\(|\bimportScripts\(", path.read_text())
