"""What the tests of the proofs need: second solvers that say what they are told to, each a process of its own."""

from __future__ import annotations

import sys

import pytest
from lockproof.spec.second_solver import SecondSolver

HELLO = "import json, os, sys, time\nprint(json.dumps({'solver': 'fake', 'version': '0'}), flush=True)\n"


@pytest.fixture
def fake():
    """A second solver whose process runs `loop` for each question, a line of text called `line`."""
    made = []

    def start(loop: str, *, first: str = "", hello: str = HELLO, seconds: float = 20) -> SecondSolver:
        program = f"{hello}{first}\nfor line in sys.stdin:\n    {loop}\n"
        made.append(SecondSolver((sys.executable, "-c", program), seconds=seconds, processes=1))
        return made[-1]

    yield start
    for solver in made:
        solver.close()


@pytest.fixture
def saying(fake):
    """A second solver that answers every question with one word."""
    return lambda word: fake(f"print(json.dumps({{'answer': {word!r}, 'seconds': 0.5}}), flush=True)")
