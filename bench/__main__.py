"""Runs the benchmarks, prints the tables and writes them to docs/benchmarks.md: see `python -m bench --help`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import editor, pairs, planning, report, resting, routing, startup, watching
from .report import Results
from .routers import NPM, OURS, npm_is_installed

_REPORT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
_PARTS = ("routing", "pairs", "startup", "editor", "planning", "resting", "watching")
_COUNTS = (1, 100, 1000)
_STARTS = 11  # of each, at least: they vary most


def main() -> int:
    """Measure what was asked for and report; 0 if all of it could be measured."""
    options = _options()
    if options.peer and not npm_is_installed():
        print(
            "MsgFlo's npm packages are missing: run tests/integration/interop/setup.sh, which needs node and npm",
            file=sys.stderr,
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
    steps = [step for step in _steps(options.peer) if step.part.split()[0] in options.parts]
    starts = [step for step in steps if step.part.startswith("startup")]
    steps += starts * (-(-_STARTS // options.runs) - 1)
    for step in reversed(steps) if run % 2 else steps:
        print(f"run {run + 1} of {options.runs}: {step.part}: {step.name}", file=sys.stderr)
        for subject, figures in step.measure().items():
            results.add(step.part, subject, figures)


def _steps(peer: bool) -> list[_Step]:
    kinds = [OURS, NPM] if peer else [OURS]
    steps = [_single("routing", routing.BROKER, routing.broker_alone)]
    steps += [_single("routing", kind.name, partial(routing.measure, kind)) for kind in kinds]
    steps += [_Step("pairs", OURS.name, pairs.ours), *([_Step("pairs", NPM.name, pairs.npm)] if peer else [])]
    for count in _COUNTS:
        part = f"startup {count}"
        steps += [_single(part, kind.name, partial(startup.forwarded, kind, count)) for kind in kinds]
        steps.append(_single(part, "direct edge", partial(startup.direct, count)))
    steps += [_Step("editor", size, partial(editor.measure, size)) for size in (editor.SMALL, editor.LARGE)]
    return [*steps, _single("editor", editor.CROWD, editor.measure_crowd)]


@dataclass(frozen=True)
class _Step:
    """Something to measure in each run; `measure` returns the figures of each of its subjects."""

    part: str
    name: str
    measure: Callable[[], dict[str, routing.Figures]]


def _single(part: str, name: str, measure: Callable[[], routing.Figures]) -> _Step:
    return _Step(part, name, lambda: {name: measure()})


def _once(options: argparse.Namespace, results: Results) -> None:
    """Measure what does not vary from run to run."""
    if "planning" in options.parts:
        results.add("planning", OURS.name, planning.reconcile())
    if "resting" in options.parts:
        print("resting", file=sys.stderr)
        results.add("resting", OURS.name, resting.measure())
    if "watching" in options.parts:
        print("watching", file=sys.stderr)
        results.add("watching", OURS.name, watching.measure())
    if "routing" in options.parts:
        for kind in [OURS, NPM] if options.peer else [OURS]:
            print(f"long burst: {kind.name}", file=sys.stderr)
            results.add("routing", kind.name, routing.no_loss(kind))


if __name__ == "__main__":
    sys.exit(main())
