"""Wrong port maps: each is refused with exactly the messages that test_port_map_mistakes.txt has for it."""

from __future__ import annotations

import re
from pathlib import Path

import trustme

from msgflo_host.boards.board_folder import load
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


def test_each_wrong_port_map_is_refused_with_its_messages(tmp_path: Path) -> None:
    (tmp_path / "secrets.yaml").write_text(SECRETS)
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    differences: list[str] = []
    for name, text, expected in map(parts, CASES):
        messages, lines = refused(tmp_path, text)
        if messages != expected:
            differences += [
                f"=== {name}",
                *(f"  expected: {m}" for m in expected),
                *(f"  found: {m}" for m in messages),
            ]
        elif lines != [int(message.split(":")[0]) for message in messages]:
            differences += [f"=== {name}", f"  the problems are of lines {lines}"]
    assert not differences, "\n".join(differences)


def refused(folder: Path, text: str) -> tuple[list[str], list[int | None]]:
    """The messages for a port map that is refused, as in the table, and the lines that its problems name."""
    file = folder / "kitchen.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        load(file)
    except PortMapError as error:
        messages = str(error).replace(str(folder), "FOLDER").split("\n")
        return [m.removeprefix("FOLDER/kitchen.yaml:") for m in messages], [p.line for p in error.problems]
    return [], []


def test_each_case_has_a_name_of_its_own_and_messages() -> None:
    names = [parts(case)[0] for case in CASES]
    assert len(names) == len(set(names)) > 200
    assert all(messages for _, _, messages in map(parts, CASES))
