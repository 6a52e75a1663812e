"""Whether a run can show that a box conforms, and whether it did: which clauses must be shown, and what stands in the way.

It goes by the `run` record of a journal alone, and, once the box was judged, by the result: a plan that is made and not played
gets the same answer as a run that begins with it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache

from lockproof.conformance import suite
from lockproof.conformance.journal import Record
from lockproof.conformance.planning import of_another_class, wait_for
from lockproof.conformance.verdict import NOT_EXERCISED, ONLY_HELD, RunResult, Verdict, is_left_out
from lockproof.conformance.words import counted, spoken
from lockproof.spec.clauses import Decider, all_clauses

IF_ALL_PASSES = "certifiable if all passes"
NAMED = 6  # clauses in a line
WITHOUT_AN_APP = {"present": "unsupported", "revocation_order": "unsupported"}
"""How a box without an app answers what only an app sends (PROTOCOL.md, What the declarations mean)."""


def mandatory(classes: Iterable[str]) -> tuple[str, ...]:
    """The clauses that a box of these conformance classes must be seen to keep, in the order of the standard.

    That is every clause that the box decides, or the system through it, but for those of a class that it does not claim. Which
    those are follows from the scenarios: a clause belongs to another class if every packaged scenario that is about it is of
    one (`interop.code` of `interop`; the clauses of tickets, for a box without an app). A clause of the box that no scenario
    shows at all is mandatory all the same, so that nobody is certified while there is one.
    """
    return _mandatory(tuple(classes))


@cache
def _mandatory(classes: tuple[str, ...]) -> tuple[str, ...]:
    of_this = {False: set[str](), True: set[str]()}
    for scenario in suite.packaged():
        of_this[not of_another_class(scenario, classes)].update(scenario.clauses)
    decided = (clause.id for clause in all_clauses().values() if clause.decider is not Decider.AUTHORITY)
    return tuple(name for name in decided if name in of_this[True] or name not in of_this[False])


def why_not_planned(head: Record) -> list[str]:
    """Why nothing that a run with this `run` record can find makes the box certifiable, a reason each; none where it can."""
    return [reason for reason, _ in _in_the_plan(head)]


def why_not(result: RunResult, head: Record) -> list[str]:
    """Why a box is not certifiable by a run, whose `run` record is `head`: a reason each, and none where it is."""
    planned = list(_in_the_plan(head))
    told = {clause for _, clauses in planned for clause in clauses}
    return [reason for reason, _ in planned] + list(_in_the_result(result, head, told)) or _if_not_passed(result)


def before_a_run(reasons: Sequence[str]) -> list[str]:
    """What is said then: a line, or where there are several reasons, a line for each."""
    if not reasons:
        return [IF_ALL_PASSES]
    return [f"not certifiable: {reasons[0]}"] if len(reasons) == 1 else ["not certifiable:", *(f"    {why}" for why in reasons)]


def _in_the_plan(head: Record) -> Iterator[tuple[str, Collection[str]]]:
    """Each reason, with the mandatory clauses that it says enough of."""
    planned, left_out = head.get("planned", {}), head["left_out"]
    if head["hello"].get("production"):
        yield "it is a production build, of which lockproof box --production says whether it refuses test commands", all_clauses()
        return
    if head.get("authority"):
        yield "an authority is judged, and what is certified is a box", all_clauses()
        return
    if not planned:
        yield "no scenario is selected", all_clauses()
        return
    chosen = {*planned, *left_out} - set(head.get("brought", ()))
    if not chosen:
        yield "none of the packaged scenarios is chosen", all_clauses()
        return
    packaged = {scenario.id for scenario in suite.packaged()}
    if not packaged <= chosen:
        yield f"only {len(packaged & chosen)} of the {len(packaged)} packaged scenarios are chosen", all_clauses()
        return
    needed = mandatory(head["hello"]["classes"])
    shown = {clause for clauses in planned.values() for clause in clauses}
    if missing := [clause for clause in needed if clause not in shown]:
        yield f"{_named(missing)}: no scenario that is selected shows {'it' if len(missing) == 1 else 'them'}", missing
    yield from _left_out_at_the_bench(left_out, needed)


def _left_out_at_the_bench(left_out: Record, needed: Iterable[str]) -> Iterator[tuple[str, Collection[str]]]:
    """By reason; those that would be waited for together, at the end: with the wait that plays them all, if nothing else is in the way."""
    reasons: dict[str, list[str]] = {}
    touched: dict[str, set[str]] = {}
    longest = 0
    for name, (why, cited) in left_out.items():
        about = set(needed) & set(cited)
        if not is_left_out(why) or why.startswith(ONLY_HELD) or not about:
            continue  # that only a held clock was judged is said in a certificate, and keeps nobody from one
        wait = wait_for(why)
        reason = _A_WAIT if math.isfinite(wait) else why.removeprefix(NOT_EXERCISED).strip()
        longest = max(longest, int(wait)) if reason == _A_WAIT else longest
        reasons.setdefault(reason, []).append(name)
        touched.setdefault(reason, set()).update(about)
    alone = set(reasons) == {_A_WAIT}
    for reason, names in sorted(reasons.items(), key=lambda item: item[0] == _A_WAIT):
        clauses = [clause for clause in needed if clause in touched[reason]]
        why = reason
        if reason == _A_WAIT:
            plays = f"--wait {spoken(longest)} plays {'it' if len(names) == 1 else 'them'}"
            why = plays if alone else f"its clock would have to run, for {spoken(longest)} at most"
        yield f"{_named(clauses)}: {counted(len(names), 'scenario')} left out: {why}", clauses


_A_WAIT = ""  # of any length


def _in_the_result(result: RunResult, head: Record, told: Collection[str]) -> Iterator[str]:
    if result.stopped:
        yield "the run was stopped"
    elif result.error:
        yield f"the run ended with an error: {result.error.splitlines()[0]}"
    if "code-only" in head["hello"]["classes"] and head.get("declined") != WITHOUT_AN_APP:
        yield "it declares that it has no app, and nobody has asked whether it takes tickets and revocation orders"
    rows = {row.id: row.verdict for row in result.clauses}
    found: dict[str, list[str]] = {}
    for clause in mandatory(head["hello"]["classes"]):
        verdict = rows.get(clause, "not judged")
        if verdict != Verdict.PASS and (clause not in told or verdict == Verdict.FAIL):
            found.setdefault(str(verdict), []).append(clause)
    for verdict in (*Verdict, "not judged"):
        if clauses := found.get(str(verdict)):
            yield f"{verdict}: {_named(clauses)}"
    judged = {scenario.id for scenario in result.scenarios}
    if missing := [name for name in head.get("planned", {}) if name not in judged]:
        yield f"no result: {counted(len(missing), 'scenario')} of the plan"


def _if_not_passed(result: RunResult) -> list[str]:
    """Where nothing else stands in the way: what no mandatory clause tells."""
    return [] if result.verdict is Verdict.PASS else [f"the verdict of the run is {result.verdict}"]


def _named(clauses: list[str]) -> str:
    return ", ".join(clauses[:NAMED]) + (f" and {len(clauses) - NAMED} more" if len(clauses) > NAMED else "")
