"""Port maps, as the page gets them."""

from __future__ import annotations

from pathlib import Path

from msgflo_host.http.board_maps import BoardMaps
from virtual_board import port_map


def test_each_port_map_is_described_with_its_devices_or_its_problems(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(port_map("a"))
    (tmp_path / "broken.yaml").write_text(port_map("b").replace("pin: 27", "pin: 99"))
    (tmp_path / "none.yaml").write_text("chip: [")
    maps = BoardMaps(tmp_path)
    found = {each.name: each.described() for each in maps.read()}
    assert list(found) == ["broken", "desk", "none"]
    desk = found["desk"]
    assert (desk["valid"], desk["problems"]) == (True, ())
    assert (desk["chip"], desk["title"], desk["file"]) == ("esp32", "ESP32", str(tmp_path / "desk.yaml"))
    assert desk["devices"] == [
        {"role": "button-a", "kind": "button", "component": "devices/Button"},
        {"role": "lamp-a", "kind": "led", "component": "devices/Led"},
    ]
    assert found["broken"]["valid"] is False
    (problem,) = found["broken"]["problems"]
    assert problem.startswith(f"{tmp_path}/broken.yaml:5:33: ")
    assert "99" in problem
    assert found["none"]["problems"][0].startswith(f"{tmp_path}/none.yaml:1:")
    # Mended, and looked at again.
    (tmp_path / "broken.yaml").write_text(port_map("b"))
    assert [each.name for each in maps.read() if each.port_map is not None] == ["broken", "desk"]
