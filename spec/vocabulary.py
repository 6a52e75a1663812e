"""The few words that the model is written in, read by Python with values and by z3 with terms.

A truth is a `bool` or a z3 Boolean term; a number is an `int` or a z3 integer term. `<`, `<=`, `>=`, `>`, `+` and `-` mean
the same to both. What they do not share is here: and, or, not, if, equality, the later of two, and conditions by name. z3 is
imported only once a term has come along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

Truth = bool
Number = int
Instant = int  # seconds since 1970-01-01T00:00:00Z, or what a box's clock takes for it
Seconds = int  # a duration

State = TypeVar("State")


@cache
def _z3() -> Any:
    import z3  # noqa: PLC0415  (a run with values never pays for the solver)

    return z3


def every(*truths: Truth) -> Truth:
    """All of them hold."""
    for truth in truths:
        if truth is False:
            return False
        if truth is not True:
            return _z3().And(*truths)
    return True


def either(*truths: Truth) -> Truth:
    """At least one of them holds."""
    for truth in truths:
        if truth is True:
            return True
        if truth is not False:
            return _z3().Or(*truths)
    return False


def no(truth: Truth) -> Truth:
    """It does not hold."""
    if truth is True or truth is False:
        return not truth
    return _z3().Not(truth)


def implies(premise: Truth, conclusion: Truth) -> Truth:
    """Where the premise holds, so does the conclusion."""
    return either(no(premise), conclusion)


def same(one: Any, other: Any) -> Truth:
    """Equal: numbers, truths, or states of one kind, field by field."""
    if is_dataclass(one):
        return every(*(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one)))
    return one == other  # type: ignore[no-any-return]


def choose(condition: Truth, then: Any, otherwise: Any) -> Any:
    """`then` where the condition holds, else `otherwise`; states of one kind are chosen field by field."""
    if condition is True:
        return then
    if condition is False:
        return otherwise
    if is_dataclass(then):
        picked = {f.name: choose(condition, getattr(then, f.name), getattr(otherwise, f.name)) for f in fields(then)}
        return type(then)(**picked)
    return _z3().If(condition, then, otherwise)


def later(one: Instant, other: Instant) -> Instant:
    """The later of two instants."""
    return choose(one >= other, one, other)  # type: ignore[no-any-return]


def earlier(one: Instant, other: Instant) -> Instant:
    """The earlier of two instants."""
    return choose(one <= other, one, other)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Need:
    """A condition that a decision needs, by name, with the clause that asks for it.

    `applies` is false where the condition cannot be judged (a window without the time) or where an earlier need already
    makes it meaningless (the day of a code that does not exist); it is then no reason for a refusal.
    """

    clause: str
    name: str
    holds: Truth
    applies: Truth = True

    @property
    def forbids(self) -> Truth:
        return every(self.applies, no(self.holds))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an event came to: accepted or not, the needs that decided it in the order in which they are shown, and what it showed.

    `logged`: one entry for this decision goes into the log. `counted`: it goes into the count of refusals instead.
    `notified`: one showing notification is raised. `reported`: one line is added to the access report.
    """

    accepted: Truth
    needs: tuple[Need, ...] = ()
    entitled_by: tuple[Need, ...] = ()
    logged: Truth = False
    counted: Truth = False
    notified: Truth = False
    reported: Truth = False

    def clauses(self) -> tuple[str, ...]:
        """The clauses that forbid what was asked, without repetition, in the fixed order; empty when it was accepted."""
        return tuple(dict.fromkeys(need.clause for need in self.needs if need.forbids))

    def because(self) -> tuple[str, ...]:
        """The clauses that entitle to what was asked, where it was accepted."""
        return tuple(dict.fromkeys(need.clause for need in self.entitled_by if need.holds)) if self.accepted else ()


Watcher = Callable[[str, Any], Any]
_watcher: Watcher | None = None


def named(name: str, truth: Truth) -> Truth:
    """A condition by its name. Each call is an occurrence of its own, also where two conditions are the same term.

    Coverage of conditions hangs on this (`spec.coverage`): who watches is told of each occurrence and may put another truth in
    its place. Nobody watches where the model just runs.
    """
    return truth if _watcher is None else _watcher(name, truth)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """While this is open, every named condition passes through `watcher(name, truth)`, which returns the truth to go on with."""
    global _watcher  # noqa: PLW0603 (the model's functions have no other common place)
    before, _watcher = _watcher, watcher
    try:
        yield
    finally:
        _watcher = before


def satisfied(needs: Iterable[Need]) -> Truth:
    """No need forbids it."""
    return every(*(no(need.forbids) for need in needs))
