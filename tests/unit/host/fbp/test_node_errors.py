"""What is wrong with nodes, for as long as it holds; time is given."""

from __future__ import annotations

from msgflo_host.fbp.node_errors import PRINTED_S, REPORTED_S, NodeErrors
from msgflo_host.graph.model import Graph
from msgflo_host.model.plan import Plan, plan

NONE: Plan = plan(Graph(), {}, lambda edge: False)


def test_a_process_fails_for_a_while_after_it_has_printed_an_exception() -> None:
    wrongs = NodeErrors()
    assert not wrongs.printed("lamp", "the fan is ON", 0)
    assert not wrongs.printed("lamp", '    raise TypeError("no: this is a line of the traceback")', 0)
    assert wrongs.printed("lamp", "TypeError: unsupported types", 0)
    assert not wrongs.printed("lamp", "lib.OtherError: it fails on", 20)
    assert wrongs.text("lamp") == "TypeError: unsupported types"
    assert wrongs.until == 20 + PRINTED_S
    wrongs.look(NONE, PRINTED_S + 1)
    assert wrongs.text("lamp") != ""
    wrongs.look(NONE, 20 + PRINTED_S)
    assert wrongs.text("lamp") == ""
    assert wrongs.until is None


def test_a_report_is_worth_more_than_what_is_printed_and_holds_longer() -> None:
    wrongs = NodeErrors()
    wrongs.report("lamp", "refused", 0)
    assert not wrongs.printed("lamp", "TypeError: unsupported types", 1)
    wrongs.look(NONE, REPORTED_S - 1)
    assert wrongs.text("lamp") == "refused"
    wrongs.rename("lamp", "light")
    assert (wrongs.text("lamp"), wrongs.text("light")) == ("", "refused")
    wrongs.end("light")
    assert wrongs.text("light") == ""
