"""The file of a built-in component, copied into a project's folder under another name, runs there, and its suite passes."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from click.testing import CliRunner

from msgflo_host.builtin import collection
from msgflo_host.cli.main import cli


def test_each_copied_component_passes_its_suite(tmp_path: Path) -> None:
    core = Path(str(resources.files("msgflo_host.builtin.core")))
    (tmp_path / "msgflo.yaml").write_text("namespace: mine\n")
    for name, module in collection.MODULES.items():
        copy = f"My{name.removeprefix('core/')}"
        (tmp_path / f"{copy}.py").write_bytes((core / f"{module}.py").read_bytes())
        suite = collection.suite(name).replace(f"topic: {name}\n", f"topic: mine/{copy}\n")
        (tmp_path / f"{copy}.spec.yaml").write_text(suite.replace(f"({name})", f"(mine/{copy})"))
    done = CliRunner().invoke(cli, ["test", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "✗" not in done.output
    assert done.output.count("✓") > 2 * len(collection.MODULES)
