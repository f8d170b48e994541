"""Computes a formula."""

from typing import Any

from msgflo import Port
from msgflo.component import Component
from msgflo_host.builtin.core._formula import Formula, compiled


class Expression(Component):
    label = "Computes a formula of up to five values"
    icon = "calculator"
    inports = (
        Port("in", "any", "The value of in in the expression"),
        Port("a", "any", "The value of a in the expression"),
        Port("b", "any", "The value of b in the expression"),
        Port("c", "any", "The value of c in the expression"),
        Port("d", "any", "The value of d in the expression"),
        Port("expression", "string", "The formula, such as: in * 1.8 + 32", schema={"default": "in"}),
    )
    outports = (
        Port(
            "out",
            "any",
            "The result, for each packet of a value that the expression names; once all of them are there",
            qos=1,
        ),
    )
    remembers = ("values",)
    values: dict[str, Any] = {}  # by inport
    formula: Formula | None = None  # until there is one, `in` passes

    def configure(self, inport: str, value: str) -> None:
        self.formula = compiled(value)
        super().configure(inport, value)

    def packet(self, inport: str, value: Any) -> None:
        self.values = {**self.values, inport: value}
        names = frozenset({"in"}) if self.formula is None else self.formula.names
        if inport in names and names <= self.values.keys():
            self.send("out", value if self.formula is None else self.formula.compute(self.values))
