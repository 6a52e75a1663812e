"""Draws docs/a-run.svg, the README's picture of a run: `python docs/a_run.py`."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path

from lockproof.conformance import report, suite, targets
from lockproof.conformance.run import run
from lockproof.conformance.verdict import RunResult
from rich.console import Console

SCENARIO, FAULT = "the-hour-is-over", "fault:reentry-restarts-the-hour"


def draw() -> str:
    """The terminal's picture of one failing run, as SVG."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        place = Path("runs/0001/box")
        place.mkdir(parents=True)
        result = run(targets.target(FAULT), suite.select(suite.written(), [SCENARIO]), place, explain=1)
        result.seconds = 0.0
        return _drawn(result)


def _drawn(result: RunResult) -> str:
    console = Console(record=True, width=132, file=io.StringIO())
    report.show(console, [result], brief=True)
    return console.export_svg(title=f"lockproof run --box {FAULT} --scenario {SCENARIO}")


if __name__ == "__main__":
    Path(__file__).with_name("a-run.svg").write_text(draw(), encoding="utf-8")
