"""Groups of commands whose modules are imported only when they are used: `msgflo run` starts 0.3 s earlier."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

import click

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """A group that imports the module `prefix` + name when a command is used.

    `summaries` maps the names of commands to a line about each. `groups` names subgroups, whose commands are suggested too.
    """

    def __init__(
        self,
        *args: Any,
        summaries: Mapping[str, str],
        prefix: str = "",
        groups: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._summaries = summaries
        self._prefix = prefix
        self._groups = groups

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._summaries:
            return None
        command: click.Command = importlib.import_module(f".{self._prefix}{cmd_name}", __package__).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as wrong:
            meant = self._meant(ctx, wrong.command_name)
            hint = f" Did you mean {meant!r}?" if meant else ""
            raise click.UsageError(f"No such command {wrong.command_name!r}.{hint}", ctx) from None

    def _meant(self, ctx: click.Context, name: str) -> str | None:
        """Return the command that is most like `name`: of this group, else of one of its groups, as in `board flash`."""
        words = {command: command for command in self._summaries}
        for group in self._groups:
            found = self.get_command(ctx, group)
            assert isinstance(found, click.Group)
            for command in found.list_commands(ctx):
                words.setdefault(command, f"{group} {command}")
        near = get_close_matches(name, words, 1)
        return words[near[0]] if near else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries.items()))
