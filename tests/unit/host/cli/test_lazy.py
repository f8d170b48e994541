"""Groups of commands: their answer to an unknown command."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from msgflo_host.cli.main import cli


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["lst"], "'list'"),
        (["board", "flsh"], "'flash'"),
        (["trace", "recrd"], "'record'"),
        (["flsh"], "'board flash'"),
        (["flash"], "'board flash'"),
        (["replay"], "'trace replay'"),
    ],
)
def test_an_unknown_command_is_answered_with_the_one_that_was_meant(arguments: list[str], meant: str) -> None:
    answer = CliRunner().invoke(cli, arguments)
    assert answer.exit_code == 2
    assert answer.stderr.splitlines()[-1] == f"Error: No such command {arguments[-1]!r}. Did you mean {meant}?"


def test_a_command_that_is_like_no_other_is_answered_without_a_guess() -> None:
    answer = CliRunner().invoke(cli, ["xyzzy"])
    assert answer.exit_code == 2
    assert answer.stderr.splitlines()[-1] == "Error: No such command 'xyzzy'."


def test_an_unknown_option_is_answered_with_the_one_that_was_meant() -> None:
    answer = CliRunner().invoke(cli, ["list", "--jsn"])
    assert answer.exit_code == 2
    assert answer.stderr.splitlines()[-1] == "Error: No such option '--jsn'. Did you mean '--json'?"
