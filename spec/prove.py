"""Proves the theorems by induction over events, with two solvers, and puts what fails into the domain's words.

Every theorem is proved of every event it speaks of, in every world that the invariants allow, for every legal profile; the
invariants are proved of the initial worlds and kept by every event. Every question goes to z3 as terms and to cvc5 as the text
that is exported, and both must give the right answer. An `unknown` is a failure, as are a time-out, a solver that is missing or
dies, and two answers that differ. So is a theorem whose hypothesis nothing satisfies, and one that something said to be possible
has fallen out of.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import z3
from lockproof.spec import clauses, second_solver
from lockproof.spec.asking import was_interrupted
from lockproof.spec.counterexample import spoken
from lockproof.spec.obligations import (
    WITNESS,
    Case,
    Expected,
    Family,
    Ground,
    Kind,
    Obligation,
    Subject,
    obligations,
    of_one_world,
)
from lockproof.spec.second_solver import Answer, SecondSolver
from lockproof.spec.smtlib import Writer
from lockproof.spec.town_theorems import of_a_town
from lockproof.spec.vocabulary import every, no
from lockproof.spec.world import EVENTS

SECONDS_PER_QUESTION = second_solver.SECONDS_PER_QUESTION
EVERY = 0.1  # seconds between two looks at what is under way
FAMILIES: tuple[Family, ...] = (of_one_world, of_a_town)
DECIDED = {"sat", "unsat"}


class Result(StrEnum):
    PROVED = "proved"
    BY_Z3 = "by z3"
    FALSE = "FALSE"
    VACUOUS = "vacuous"
    UNKNOWN = "unknown"
    TIMED_OUT = "time-out"
    DISAGREE = "DISAGREE"
    UNREADABLE = "unreadable"
    CRASHED = "crashed"
    MISSING = "no cvc5"

    @property
    def stands(self) -> bool:
        """Nothing was found against it; only `PROVED` has been proved."""
        return self in {Result.PROVED, Result.BY_Z3}


OF_SECOND = {
    second_solver.UNKNOWN: (Result.UNKNOWN, "cvc5 gives up", "help it with a theorem that says the same more simply"),
    second_solver.TIMED_OUT: (
        Result.TIMED_OUT,
        f"cvc5 did not decide within {SECONDS_PER_QUESTION} s",
        "try again on a machine that has nothing else to do; if that does not help, split the theorem",
    ),
    second_solver.UNREADABLE: (Result.UNREADABLE, "cvc5 does not take the text", "see the text: lockproof prove --export DIR"),
    second_solver.CRASHED: (
        Result.CRASHED,
        "cvc5 died",
        "try again; if it dies again, the text is for its makers: lockproof prove --export DIR",
    ),
    second_solver.MISSING: (Result.MISSING, "cvc5 cannot be asked", "install it: pip install cvc5"),
}
"""What it means that the second solver decided nothing: the result, what was seen, and what to do."""


@dataclass(frozen=True, slots=True)
class Said:
    """How often a solver answered what, and the seconds it took for all of it."""

    answers: dict[str, int]
    seconds: float

    def __str__(self) -> str:
        return (
            f"{', '.join(f'{count} {word}' for word, count in self.answers.items()) or 'nothing'} in {self.seconds * 1000:.0f} ms"
        )


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one theorem or invariant: its clauses, the event that breaks it, and a counterexample, line by line.

    `seconds` are z3's, the making of the terms included. `second` is what cvc5 said, if it was asked.
    """

    name: str
    sentence: str
    clauses: tuple[str, ...]
    result: Result
    seconds: float
    obligations: int
    event: str | None = None
    counterexample: tuple[str, ...] = ()
    witness: str | None = None
    kind: Kind = Kind.THEOREM
    first: Said = Said({}, 0.0)
    second: Said | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is under way: how many questions z3 has answered, how many cvc5 has of those it got, and what they are about."""

    name: str
    by_first: int
    by_second: int


class Export(Protocol):
    """Takes every obligation with its text, and is told when there are no more."""

    def add(self, obligation: Obligation, text: str) -> None: ...

    def finish(self) -> None: ...


def _unseen(_: Any) -> None:
    pass


def prove(
    report: Callable[[Row], None] = _unseen,
    only: Container[str] | None = None,
    *,
    second: bool | SecondSolver = True,
    families: Sequence[Family] | None = None,
    export: Export | None = None,
    watch: Callable[[Standing], None] = _unseen,
) -> list[Row]:
    """Prove everything, or `only` what is named; `report` gets every row as it is done. Rows of invariants come first.

    With `second=False` cvc5 is not asked, which is quick, and nothing is called proved: what z3 finds nothing against is `BY_Z3`.
    """
    subjects = [subject for family in families or FAMILIES for subject in family() if only is None or subject.name in only]
    with ExitStack() as stack:
        solver = stack.enter_context(SecondSolver()) if second is True else second or None
        return list(_Proof(subjects, solver, export, watch).rows(report))


def versions(second: SecondSolver) -> str:
    """Which solvers answered."""
    return f"z3 {z3.get_version_string()}, cvc5 {second.version or 'missing'}"


@dataclass(slots=True)
class _Asked:
    """An obligation, what z3 said to it, and what cvc5 will have said."""

    obligation: Obligation
    first: str
    second: Future[Answer] | None

    @property
    def right(self) -> bool:
        return self.first == self.obligation.expected

    def differs(self) -> bool:
        word = self.second.result().word if self.second else self.first
        return word != self.first and {word, self.first} <= DECIDED


@dataclass(slots=True)
class _Open:
    """A subject that z3 is done with, and cvc5 perhaps not."""

    subject: Subject
    asked: list[_Asked] = field(default_factory=list)
    result: Result = Result.BY_Z3
    event: str | None = None
    lines: tuple[str, ...] = ()
    witness: str | None = None
    seconds: float = 0.0

    def fails(self, result: Result, event: str | None, lines: tuple[str, ...] = ()) -> None:
        self.result, self.event, self.lines = result, event, lines

    def done(self) -> bool:
        return all(each.second is None or each.second.done() for each in self.asked)


class _Proof:
    """One course of proving: z3 goes on from subject to subject while cvc5 answers what it was given."""

    def __init__(
        self, subjects: list[Subject], second: SecondSolver | None, export: Export | None, watch: Callable[[Standing], None]
    ) -> None:
        self._subjects = subjects
        self._second = second
        self._export = export
        self._watch = watch
        self._writer = Writer()
        self._solvers: dict[Ground, z3.Solver] = {}
        self._broken: list[tuple[str, str]] = []
        self._opened: list[_Open] = []
        self._by_first = 0
        self._looked = 0.0

    def rows(self, report: Callable[[Row], None]) -> Iterator[Row]:
        waiting: deque[_Open] = deque()
        for subject in self._subjects:
            waiting.append(self._decide(subject))
            while waiting and waiting[0].done():
                yield self._reported(waiting.popleft(), report)
        if self._export:
            self._export.finish()
        if self._second:
            self._second.all_of_it()
        while waiting:
            while not waiting[0].done():
                self._look(waiting[0].subject.name)
                time.sleep(EVERY)
            yield self._reported(waiting.popleft(), report)

    @staticmethod
    def _reported(opened: _Open, report: Callable[[Row], None]) -> Row:
        row = _row(opened)
        report(row)
        return row

    def _look(self, name: str) -> None:
        if time.perf_counter() - self._looked < EVERY:
            return
        self._looked = time.perf_counter()
        answered = sum(each.second is not None and each.second.done() for opened in self._opened for each in opened.asked)
        self._watch(Standing(name, self._by_first, answered))

    def _decide(self, subject: Subject) -> _Open:
        opened = _Open(subject)
        self._opened.append(opened)
        for unknown in (c for c in subject.clauses if c not in clauses.all_clauses()):
            opened.fails(Result.UNKNOWN, None, (str(clauses.UnknownClause(unknown, clauses.all_clauses())),))
            return opened
        begin = time.perf_counter()
        writing = self._ask_all(opened)
        if opened.result.stands and subject.kind is Kind.THEOREM:
            self._look_one_step_further(opened)
        if opened.result is not Result.BY_Z3 and subject.kind is Kind.INVARIANT and opened.event in EVENTS:
            self._broken.append((subject.name, opened.event))
        opened.seconds = time.perf_counter() - begin - writing
        return opened

    def _ask_all(self, opened: _Open) -> float:
        """Ask z3 until something fails, and cvc5 whatever z3 is asked. Returned are the seconds for writing it down."""
        writing = 0.0
        for obligation in obligations(opened.subject):
            asking = opened.result.stands
            if not asking and not self._export:
                break
            begin = time.perf_counter()
            text = self._writer.text(obligation) if self._export or self._second else ""
            if self._export:
                self._export.add(obligation, text)
            second = self._second.ask(text) if self._second and asking else None
            writing += time.perf_counter() - begin
            if asking:
                opened.asked.append(self._ask_first(opened, obligation, second))
        return writing

    def _ask_first(self, opened: _Open, obligation: Obligation, second: Future[Answer] | None) -> _Asked:
        answer, where, model = self._answer(obligation)
        self._by_first += 1
        self._look(opened.subject.name)
        if answer == obligation.expected:
            opened.witness = where.event if where and obligation.question == WITNESS else opened.witness
        elif answer not in DECIDED:
            result = Result.TIMED_OUT if answer == second_solver.TIMED_OUT else Result.UNKNOWN
            opened.fails(result, obligation.event, (f"z3 did not decide within {SECONDS_PER_QUESTION} s",))
        elif obligation.expected is Expected.SAT:
            opened.fails(Result.VACUOUS, *_of_nothing(obligation))
        elif where and model:
            opened.fails(Result.FALSE, where.event, where.tell(self._small(where)))
        return _Asked(obligation, answer, second)

    def _answer(self, obligation: Obligation) -> tuple[str, Case | None, z3.ModelRef | None]:
        """`sat` if it can happen in any of the ways, and the first of them; `unsat` if it is decided that it cannot in any."""
        undecided = ""
        for way in obligation.ways:
            answer, model = _ask(self._solver(way.case.ground), *way.facts)
            if answer == "sat":
                return answer, way.case, model
            undecided = undecided or ("" if answer == "unsat" else answer)
        return undecided or "unsat", None, None

    def _solver(self, ground: Ground) -> z3.Solver:
        if ground not in self._solvers:
            solver = z3.Solver()
            solver.set("timeout", int(SECONDS_PER_QUESTION * 1000))
            solver.add(*ground.assumed.values())
            self._solvers[ground] = solver
        return self._solvers[ground]

    def _look_one_step_further(self, opened: _Open) -> None:
        """Where an event breaks an invariant, the theorem may fail one step after it."""
        for invariant, event in self._broken:
            for case in opened.subject.sequels(event):
                if _ask(self._solver(case.ground), case.claim.when, no(case.claim.then))[0] == "sat":
                    said = f"after it, {invariant} no longer holds, and then: {spoken(case.event)}"
                    opened.fails(Result.FALSE, event, (said, *case.tell(self._small(case))))
                    return

    def _small(self, case: Case) -> z3.ModelRef:
        """A counterexample that is easy to read, if there is one."""
        wrong = every(case.claim.when, no(case.claim.then))
        for wish in (*case.wishes(), []):
            answer, model = _ask(self._solver(case.ground), wrong, *wish)
            if answer == "sat" and model is not None:
                return model
        raise AssertionError("a counterexample was found and then not found again")


def _of_nothing(obligation: Obligation) -> tuple[str | None, tuple[str, ...]]:
    if obligation.question == WITNESS:
        return None, ()
    return obligation.event, (f"nothing was proved of this, for it cannot happen: {obligation.question}",)


def _ask(solver: z3.Solver, *facts: Any) -> tuple[str, z3.ModelRef | None]:
    """`sat`, `unsat`, `unknown` or `time-out`, and a model where there is one."""
    solver.push()
    solver.add(*facts)
    begin = time.perf_counter()
    answer = str(solver.check())
    model = solver.model() if answer == "sat" else None
    if answer == "unknown":
        answer = _why(solver.reason_unknown(), time.perf_counter() - begin)
    solver.pop()
    return answer, model


def _why(reason: str, seconds: float) -> str:
    if was_interrupted(reason, seconds, SECONDS_PER_QUESTION):
        raise KeyboardInterrupt
    return second_solver.TIMED_OUT if reason in {"timeout", "canceled"} else second_solver.UNKNOWN


def _row(opened: _Open) -> Row:
    """Both have answered: what comes of it."""
    result, event, lines = _verdict(opened)
    seconds = opened.seconds
    answers = [each.second.result() for each in opened.asked if each.second]
    return Row(
        opened.subject.name,
        opened.subject.sentence,
        opened.subject.clauses,
        result,
        seconds,
        len(opened.asked),
        event,
        lines,
        opened.witness,
        opened.subject.kind,
        Said(dict(Counter(each.first for each in opened.asked)), seconds),
        Said(dict(Counter(a.word for a in answers)), sum(a.seconds for a in answers)) if answers else None,
    )


def _verdict(opened: _Open) -> tuple[Result, str | None, tuple[str, ...]]:
    for each in opened.asked:
        if each.differs():
            return Result.DISAGREE, each.obligation.event, (_both_cannot_be_right(each), *opened.lines)
    if opened.result is not Result.BY_Z3:
        return opened.result, opened.event, opened.lines
    for each in opened.asked:
        answer = each.second.result() if each.second else None
        if answer and answer.word != each.obligation.expected:
            result, seen, to_do = OF_SECOND[answer.word]
            said = f": {answer.detail}" if answer.detail else ""
            return result, each.obligation.event, (f"{seen}{said}", to_do)
    proved = bool(opened.asked) and all(each.second and each.right for each in opened.asked)
    return Result.PROVED if proved else Result.BY_Z3, None, ()


def _both_cannot_be_right(asked: _Asked) -> str:
    said = asked.second.result().word if asked.second else ""
    return (
        f"z3 says {asked.first}, cvc5 {said}, right is {asked.obligation.expected}: one of them is wrong, or they were not asked the same;"
        " ask a third: lockproof prove --export DIR"
    )
