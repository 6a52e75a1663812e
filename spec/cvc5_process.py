"""cvc5 as a process of its own: reads SMT-LIB texts from standard input, answers on standard output, one JSON line each.

It begins with `{"solver": "cvc5", "version": ...}`, or `{"missing": why}`. A question is `{"text": ..., "seconds": ...}`; the
answer has `answer` (`sat`, `unsat`, `unknown`, `time-out` or `unreadable`), `detail`, `seconds` and `peak`, the bytes of memory it
has needed so far. What crashes here takes nothing else with it, and the end of standard input ends it.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from typing import Any

from lockproof.spec import memory

OPTIONS = {"nl-rlv": "always"}
"""Without it cvc5 does not decide `burst_and_refill_bound_the_count`, which is nonlinear; with it, in 0.03 s."""


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    try:
        import cvc5  # noqa: PLC0415 (that it is missing is an answer, too)
    except ImportError as error:
        _say({"missing": str(error)})
        return
    _say({"solver": "cvc5", "version": cvc5.__version__})
    for line in sys.stdin:
        question = json.loads(line)
        begin = time.perf_counter()
        answer, detail = decide(cvc5, question["text"], question["seconds"])
        _say({"answer": answer, "detail": detail, "seconds": time.perf_counter() - begin, "peak": memory.peak()})


def decide(cvc5: Any, text: str, seconds: float) -> tuple[str, str]:
    """What cvc5 says to the text, and in its own words why it says no more."""
    try:
        said = _run(cvc5, text, seconds)
    except RuntimeError as error:  # what the binding raises for whatever is wrong with a text
        return "unreadable", str(error)
    if len(said) != 1 or said[0].startswith("(error"):
        return "unreadable", " ".join(said) or "it asks nothing"
    answer = said[0].partition(" ")[0]
    return ("time-out" if "TIMEOUT" in said[0] else answer), said[0]


def _run(cvc5: Any, text: str, seconds: float) -> list[str]:
    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    for option, value in {**OPTIONS, "tlimit-per": str(int(seconds * 1000))}.items():
        solver.setOption(option, value)
    symbols = cvc5.SymbolManager(manager)
    parser = cvc5.InputParser(solver, symbols)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    said = []
    while not (command := parser.nextCommand()).isNull():
        if not command.toString().startswith("(set-info :status"):  # told the right answer, cvc5 gives no other but an error
            said.append(command.invoke(solver, symbols).strip())
    return [words for words in said if words]


def _say(words: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
