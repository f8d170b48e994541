"""Node errors, and when they expire."""

from __future__ import annotations

from msgflo_host.fbp.node_errors import PRINTED_S, REPORTED_S, NodeErrors
from msgflo_host.graph.model import Graph
from msgflo_host.model.plan import Plan, plan

NONE: Plan = plan(Graph(), {}, lambda edge: False)


def test_a_process_fails_for_a_while_after_it_has_printed_an_exception() -> None:
    errors = NodeErrors()
    assert not errors.printed("lamp", "the fan is ON", 0)
    assert not errors.printed("lamp", '    raise TypeError("no: this is a line of the traceback")', 0)
    assert errors.printed("lamp", "TypeError: unsupported types", 0)
    assert not errors.printed("lamp", "lib.OtherError: it fails on", 20)
    assert errors.text("lamp") == "TypeError: unsupported types"
    assert errors.until == 20 + PRINTED_S
    errors.refresh(NONE, PRINTED_S + 1)
    assert errors.text("lamp") != ""
    errors.refresh(NONE, 20 + PRINTED_S)
    assert errors.text("lamp") == ""
    assert errors.until is None


def test_a_report_is_worth_more_than_what_is_printed_and_holds_longer() -> None:
    errors = NodeErrors()
    errors.report("lamp", "refused", 0)
    assert not errors.printed("lamp", "TypeError: unsupported types", 1)
    errors.refresh(NONE, REPORTED_S - 1)
    assert errors.text("lamp") == "refused"
    errors.rename("lamp", "light")
    assert (errors.text("lamp"), errors.text("light")) == ("", "refused")
    errors.end("light")
    assert errors.text("light") == ""
