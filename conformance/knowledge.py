"""What is known for certain of a box, as a solver has it: unknowns, facts about them, and whether something is possible beside them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import z3
from lockproof.spec.asking import asked
from lockproof.spec.observable import BenchError
from lockproof.spec.vocabulary import Truth, every

LIMIT_MS = 5_000
"""How long the solver may think about one question."""


class NoTelling(BenchError):  # noqa: N818  (reads as what it says)
    """The solver found no answer in its time."""


class Knowledge:
    """Facts that hold together: whatever is learned must have been found possible before."""

    def __init__(self) -> None:
        self._solver = z3.Solver()
        self._solver.set("timeout", LIMIT_MS)
        self._made = 0
        self._asked: Any = None
        self.questions = 0

    def truth(self, about: str) -> Any:
        """An unknown truth."""
        return z3.Bool(self._name(about))

    def number(self, about: str, least: Any, most: Any) -> Any:
        """An unknown whole number from `least` to `most`; a plain one where they are the same."""
        if not z3.is_expr(least) and not z3.is_expr(most) and least == most:
            return least
        found = z3.Int(self._name(about))
        self.learn(every(least <= found, found <= most))
        return found

    def learn(self, fact: Truth) -> None:
        """From now on it holds."""
        if fact is not True:
            self._solver.add(fact)

    def possible(self, fact: Truth) -> bool:
        """Whether it can hold beside all that is known. Raises `NoTelling`."""
        if not z3.is_expr(fact):
            return bool(fact)
        return self._holds(fact)

    def settled(self, state: Any) -> Any:
        """The same state with each term that is not plain under a name of its own, so that terms do not grow from step to step."""
        if is_dataclass(state) and not isinstance(state, type):
            return replace(state, **{f.name: self.settled(getattr(state, f.name)) for f in fields(state)})
        if isinstance(state, dict):
            return {key: self.settled(value) for key, value in state.items()}
        if isinstance(state, tuple):
            return tuple(self.settled(value) for value in state)
        return self._named(state) if z3.is_expr(state) else state

    def example(self, state: Any, fact: Truth = True) -> Any:
        """The state with values for terms, as it may be if the fact holds. Raises `NoTelling`."""
        found = self._holds(z3.BoolVal(True) if fact is True else fact)
        assert found
        return _valued(state, self._solver.model())

    def core(self, assumptions: list[Any]) -> list[Any] | None:
        """The fewest of these that cannot hold together with what is known, none of which can be left out; None if all can."""
        if self._under(assumptions) is None:
            return None
        needed = [a for a in assumptions if any(a.eq(each) for each in self._solver.unsat_core())]
        for each in list(needed):
            fewer = [a for a in needed if not a.eq(each)]
            if self._under(fewer) is not None:
                needed = [a for a in fewer if any(a.eq(one) for one in self._solver.unsat_core())]
        return needed

    def _under(self, assumptions: list[Any]) -> bool | None:
        """True where they contradict what is known, None where they don't, or where there is no telling."""
        return True if self._answer(*assumptions) == z3.unsat else None

    def _holds(self, fact: Any) -> bool:
        """Whether the fact can hold; if so, the solver is left with a model of it."""
        self.questions += 1
        if self._asked is not None:
            self._solver.add(z3.Not(self._asked))  # the question before is over
        self._asked = self.truth("asked")
        self._solver.add(z3.Implies(self._asked, fact))
        found = self._answer(self._asked)
        if found == z3.unknown:
            raise NoTelling(f"the solver found no answer in {LIMIT_MS // 1000} s ({self._solver.reason_unknown()})")
        return bool(found == z3.sat)

    def _answer(self, *assumptions: Any) -> z3.CheckSatResult:
        return asked(self._solver, *assumptions, within_s=LIMIT_MS / 1000)

    def _named(self, term: Any) -> Any:
        simple = z3.simplify(term)
        if (value := _value(simple)) is not None:
            return value
        if simple.num_args() == 0 or _is_shifted(simple):
            return simple
        name = z3.Const(self._name("state"), simple.sort())
        self._solver.add(name == simple)
        return name

    def _name(self, about: str) -> str:
        self._made += 1
        return f"{about} {self._made}"


def _is_shifted(term: Any) -> bool:
    """A name and a number added to it: short enough to be carried on as it is."""
    return bool(z3.is_add(term) and term.num_args() == 2 and z3.is_int_value(term.arg(0)) and term.arg(1).num_args() == 0)  # noqa: PLR2004


def _value(term: Any) -> Any:
    """The plain value of a term that is one, else None."""
    if z3.is_int_value(term):
        return term.as_long()
    if z3.is_true(term) or z3.is_false(term):
        return z3.is_true(term)
    return None


def _valued(state: Any, model: z3.ModelRef) -> Any:
    if is_dataclass(state) and not isinstance(state, type):
        return replace(state, **{f.name: _valued(getattr(state, f.name), model) for f in fields(state)})
    if isinstance(state, dict):
        return {key: _valued(value, model) for key, value in state.items()}
    if isinstance(state, tuple | list):
        return tuple(_valued(value, model) for value in state)
    if z3.is_expr(state):
        found = model.eval(state, model_completion=True)
        return found if (value := _value(found)) is None else value
    return state
