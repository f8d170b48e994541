"""Runs the benchmarks, prints the tables and writes them to docs/benchmarks.md: see `python -m bench --help`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from . import pairs, planning, report, routing, startup
from .report import Results
from .routers import NPM, OURS, npm_is_installed

_REPORT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
_PARTS = ("routing", "pairs", "startup", "planning")
_COUNTS = (1, 100, 1000)


def main() -> int:
    """Measure what was asked for and report; 0 if all of it could be measured."""
    options = _options()
    if options.peer and not npm_is_installed():
        print(
            "MsgFlo's npm packages are missing: run tests/interop/setup.sh, which needs node and npm", file=sys.stderr
        )
        return 2
    started, results = time.monotonic(), Results()
    try:
        for run in range(options.runs):
            _one_run(run, options, results)
        _once(options, results)
    except (RuntimeError, OSError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    text = report.text(results, runs=options.runs, peer=options.peer, seconds=time.monotonic() - started)
    print("\n" + text)
    if options.parts == list(_PARTS):
        _REPORT.write_text(text)
        print(f"Written to {_REPORT.relative_to(Path.cwd()) if _REPORT.is_relative_to(Path.cwd()) else _REPORT}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure bindings against the broker alone.")
    peer = bool(os.environ.get("PEER"))
    parser.add_argument("--peer", action="store_true", default=peer, help="beside MsgFlo's npm packages (PEER=1)")
    runs = int(os.environ.get("RUNS") or 0)
    parser.add_argument("--runs", type=int, default=runs, help="alternating runs of each, 3 or with --peer 5 (RUNS)")
    parser.add_argument("--only", dest="parts", choices=_PARTS, action="append", help="a part; nothing is written")
    options = parser.parse_args()
    options.runs = options.runs or (5 if options.peer else 3)
    options.parts = options.parts or list(_PARTS)
    return options


def _one_run(run: int, options: argparse.Namespace, results: Results) -> None:
    """Measure each subject once; every other run in the opposite order, so that none always comes first."""
    subjects: list[tuple[str, str, Callable[[], routing.Figures]]] = []
    kinds = [OURS, NPM] if options.peer else [OURS]
    if "routing" in options.parts:
        subjects.append(("routing", routing.BROKER, routing.broker_alone))
        subjects += [("routing", kind.name, partial(routing.measure, kind)) for kind in kinds]
    if "pairs" in options.parts:
        subjects += [("pairs", "one topic", pairs.shared), ("pairs", "direct edge", pairs.direct)]
        subjects += [("pairs", NPM.name, pairs.npm)] if options.peer else []
    if "startup" in options.parts:
        for count in _COUNTS:
            for kind in kinds:
                subjects.append((f"startup {count}", kind.name, partial(startup.forwarded, kind, count)))
            subjects.append((f"startup {count}", "direct edge", partial(startup.direct, count)))
    for part, name, measure in reversed(subjects) if run % 2 else subjects:
        print(f"run {run + 1} of {options.runs}: {part}: {name}", file=sys.stderr)
        results.add(part, name, measure())


def _once(options: argparse.Namespace, results: Results) -> None:
    """Measure what does not vary from run to run."""
    if "planning" in options.parts:
        results.add("planning", OURS.name, planning.reconcile())
    if "routing" in options.parts:
        for kind in [OURS, NPM] if options.peer else [OURS]:
            print(f"long burst: {kind.name}", file=sys.stderr)
            results.add("routing", kind.name, routing.no_loss(kind))


if __name__ == "__main__":
    sys.exit(main())
