"""Proof time by theorem: z3 beside cvc5 on the same questions in the same run, the most costly, the total and the ratio."""

from __future__ import annotations

import sys
import time

from lockproof.spec.obligations import Kind
from lockproof.spec.prove import Result, Row, prove, versions
from lockproof.spec.second_solver import SecondSolver

SHOWN = 10


def line(name: str, first: float, second: float, questions: int) -> str:
    return f"{name:<72}{questions:5} questions   z3 {first * 1000:7.0f} ms   cvc5 {second * 1000:7.0f} ms   {second / first:6.1f} times"


def by(row: Row) -> tuple[float, float]:
    """Seconds of both solvers."""
    return row.first.seconds, row.second.seconds if row.second else 0.0


if __name__ == "__main__":
    begin = time.perf_counter()
    with SecondSolver(processes=1) as cvc5:  # one process, so that a second of the one is a second of the other
        rows = prove(second=cvc5)
        wall = time.perf_counter() - begin
        print(f"{versions(cvc5)}; one process of each; of {len(rows)} rows the {SHOWN} most costly of both together")
    for row in sorted(rows, key=lambda row: -sum(by(row)))[:SHOWN]:
        print(line(row.name, *by(row), row.obligations))
    for kind in Kind:
        of_kind = [row for row in rows if row.kind is kind]
        print(
            line(
                f"all {len(of_kind)} {kind}s", *map(sum, zip(*map(by, of_kind), strict=True)), sum(r.obligations for r in of_kind)
            )
        )
    print(line("all", *map(sum, zip(*map(by, rows), strict=True)), sum(row.obligations for row in rows)))
    print(f"wall time {wall:.1f} s")
    sys.exit(any(row.result is not Result.PROVED for row in rows))
