"""`lockproof box --production PORT`: the check of a production build, told as it is found."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from lockproof.conformance import production_record
from lockproof.conformance.production import Report, check
from lockproof.conformance.verdict import EXIT_CODES, Verdict
from lockproof.hw_adapter.channel import open_channel
from lockproof.spec.observable import BadInput

PATIENCE_S = 60


def check_production(port: str, sign_of_life: str, out: Path | None = None) -> int:
    """Check the box at `port` and say what was seen, also in the file `out`; the exit code.

    Raises `BenchError`, and `BadInput` for what is no program, and for a file that is there.
    """
    if out is not None and out.exists():
        raise BadInput(f"{out}: it exists, and what is in it stays; name another file with --out")
    begun = production_record.began()
    channel = open_channel(port)
    try:
        report = check(channel, port, _asked(sign_of_life))
    finally:
        channel.close()
    sys.stdout.write(told(report))
    if out is not None:
        production_record.write(out, report, port, begun)
    return EXIT_CODES[report.verdict]


def told(report: Report) -> str:
    """A line for each command that was sent, and the verdict."""
    lines = [f"{each.command:<14} to {each.would:<52} {each.saw}" for each in report.tried]
    if report.verdict is Verdict.FAIL and report.tried:
        lines.append(
            "\nSTOPPED: this box does what a production build must refuse. It may have been changed; look after it first."
        )
    return "\n".join([*lines, f"{report.verdict}  {report.who}: {report.reason}", ""])


def _asked(program: str) -> Callable[[], str]:
    """A program of the bench, or else the person in front of it."""
    if program:
        return lambda: _run(program)
    return _ask if sys.stdin is not None and sys.stdin.isatty() else lambda: ""


def _run(program: str) -> str:
    try:
        done = subprocess.run(shlex.split(program), capture_output=True, text=True, timeout=PATIENCE_S, check=False)  # noqa: S603 (the bench's own)
    except (OSError, ValueError, IndexError) as wrong:
        raise BadInput(f"--sign-of-life {program}: can't be run: {wrong}; name a program and its arguments") from None
    except subprocess.TimeoutExpired:
        return ""
    said = done.stdout.strip().splitlines()
    return "" if done.returncode else (said[0] if said else f"{program} says so")


def _ask() -> str:
    sys.stdout.write(
        "The box says nothing. Is it alive: does it show a light, open for a code, move? Say what you see, or nothing: "
    )
    sys.stdout.flush()
    seen = sys.stdin.readline().strip()
    return f"{seen} (operator)" if seen else ""
