"""Wrong port maps: each is refused with exactly the messages that test_port_map_mistakes.txt has for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import trustme

from msgflo_host.boards.port_map import load
from msgflo_host.errors import PortMapError

TABLE = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
_, *CASES = re.split(r"^=== ", TABLE, flags=re.M)
SECRETS = (
    'wifi_password: "correct horse"\nshort: "abc"\nweb: "http://me:abc@10.0.0.2"\ntls: "mqtts://pi.local?cafile=abc"\n'
)


def parts(case: str) -> tuple[str, str, list[str]]:
    """Name, file and messages of a case."""
    name, _, rest = case.partition("\n")
    lines = rest.strip("\n").split("\n")
    text = "".join(f"{line}\n" for line in lines if not line.startswith("!!! "))
    return name, text, [line[4:] for line in lines if line.startswith("!!! ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("boards")
    (folder / "secrets.yaml").write_text(SECRETS)
    trustme.CA().cert_pem.write_to_path(folder / "ca.pem")
    return folder


@pytest.mark.parametrize("case", CASES, ids=[parts(case)[0] for case in CASES])
def test_wrong_port_map_is_refused(case: str, folder: Path) -> None:
    _, text, messages = parts(case)
    file = folder / "kitchen.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PortMapError) as caught:
        load(file)
    assert str(caught.value).replace(str(folder), "FOLDER").split("\n") == [
        f"FOLDER/kitchen.yaml:{m}" for m in messages
    ]
    assert [problem.line for problem in caught.value.problems] == [int(m.split(":")[0]) for m in messages]


def test_table_is_as_large_as_was_promised() -> None:
    names = [parts(case)[0] for case in CASES]
    assert len(names) == len(set(names)) >= 60
    assert all(messages for _, _, messages in map(parts, CASES))
