"""Formulas: numbers, comparisons, choices. Nothing in them can reach the program, and none takes long.

A formula is at most 500 characters long, has no loops and no texts beyond a bound; numbers are floats beyond 2**53, so
that even `9 ** 9 ** 9` is over at once.
"""

from __future__ import annotations

from typing import Any

from ..component import Component, Context, Port
from ._formula import VARIABLES, Formula, compiled

__all__ = ["Expression"]


class Expression(Component):
    """Computes a formula."""

    name = "core/Expression"
    description = "Computes a formula of up to five values"
    icon = "calculator"
    inports = (
        *(Port(name, "any", f"The value of {name} in the expression") for name in VARIABLES),
        Port("expression", "string", "The formula, such as: in * 1.8 + 32", "in"),
    )
    outports = (
        Port(
            "out", "any", "The result, for each packet of a value that the expression names; once all of them are there"
        ),
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._values: dict[str, Any] = {}
        self._formula: Formula | None = None  # until there is one, `in` passes

    def configure(self, port: str, value: Any) -> None:
        self._formula = compiled(value)
        super().configure(port, value)

    def packet(self, port: str, value: Any) -> None:
        self._values[port] = value
        names = frozenset({"in"}) if self._formula is None else self._formula.names
        if port in names and names <= self._values.keys():
            self.send("out", value if self._formula is None else self._formula.compute(self._values))
