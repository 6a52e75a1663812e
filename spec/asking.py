"""Asking z3 in a way that leaves Ctrl-C to whoever minds it: z3 keeps one to itself that comes while it thinks."""

from __future__ import annotations

import math
import signal
import time
from typing import Any

import z3


def asked(solver: Any, *assumptions: Any, within_s: float = math.inf) -> z3.CheckSatResult:
    """The solver's answer, which takes `within_s` seconds at the most. Ctrl-C ends it, as `unknown`, and then comes once more."""
    begin = time.perf_counter()
    answer = solver.check(*assumptions)
    if answer == z3.unknown and was_interrupted(solver.reason_unknown(), time.perf_counter() - begin, within_s):
        signal.raise_signal(signal.SIGINT)
    return answer


def was_interrupted(reason: str, seconds: float, within_s: float) -> bool:
    """Whether it was Ctrl-C that ended it: z3 may call that by the same word as the end of its time, which then is not over yet."""
    return "interrupted" in reason or (reason == "canceled" and seconds < within_s * 0.9)
