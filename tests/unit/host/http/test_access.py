"""Options of `msgflo run` about access, and mistakes in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from msgflo_host.cli import coordinator_main as module
from msgflo_host.cli.coordinator_main import Options
from msgflo_host.cli.main import cli
from msgflo_host.errors import ServerError
from msgflo_host.http.page_server import Access, read_access

SECRET = "the-owner-of-the-house"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"secret": "short"}, "the secret of --secret or MSGFLO_SECRET has 5 characters; 12 to 200 are needed"),
        ({"secret": "with=signs&others"}, "the secret of --secret or MSGFLO_SECRET has other characters than"),
        ({"secrets": Path("absent.yaml")}, "absent.yaml: cannot be read: No such file"),
        ({"secrets": Path("wrong.yaml")},
         "wrong.yaml:3:8: \"owner\" is nothing that can be allowed; there are viewer, oper"),
        ({"ide": "flowhub"}, '"flowhub" is not the origin of a page, as in https://example.org'),
        ({"origins": ("*",)}, '"*" is not the origin of a page, as in https://example.org'),
        ({"hosts": ("http://a.example",)},
         '"http://a.example" is no host name, as in home.example.org, without scheme'),
        ({"runtime_id": "42"}, "the id of --runtime-id is no UUID, such as "),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_mistake_is_reported_and_holds_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wrong.yaml").write_text("hall:\n  secret: correct-horse-battery\n  may: owner\n")
    Path("wrong.yaml").chmod(0o600)
    with pytest.raises(ServerError) as raised:
        read_access(Access(**{"folder": tmp_path, "ide": "https://ide.example", **given}))
    text = str(raised.value)
    assert text.startswith(message)
    assert "correct-horse" not in text
    assert str(given.get("secret")) not in text


def test_options_of_the_command_say_who_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Options] = []
    monkeypatch.setattr(module, "run", taken.append)
    monkeypatch.chdir(tmp_path)
    Path("secrets.yaml").touch()
    words = "--secrets secrets.yaml --ide http://ide.example --allow-origin https://a.example --allow-origin https://b.example"
    words += " --allow-host pi.example --behind-proxy --runtime-id 42 --data kept"
    result = CliRunner().invoke(cli, ["coordinator", *words.split()], env={"MSGFLO_SECRET": SECRET})
    assert result.exit_code == 0, result.output
    assert [options.access for options in taken] == [
        Access(
            folder=Path("kept"),
            secret=SECRET,
            secrets=Path("secrets.yaml"),
            ide="http://ide.example",
            origins=("https://a.example", "https://b.example"),
            runtime_id="42",
            hosts=("pi.example",),
            behind_proxy=True,
        )
    ]
    assert SECRET not in repr(taken)


@pytest.mark.parametrize("words", ["run", "coordinator", "list", "watch", "send", "test", "trace record", "board run"])
def test_the_help_of_each_command_says_who_sees_a_secret(words: str) -> None:
    text = " ".join(CliRunner().invoke(cli, [*words.split(), "--help"]).output.split())
    assert "All users of this machine see a command line: rather as MSGFLO_SECRET." in text
