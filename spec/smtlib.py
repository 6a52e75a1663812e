"""An obligation as SMT-LIB 2.6 text that stands alone: what another solver reads, and what is exported.

The text says what the terms say and no less: nothing is simplified on the way, so that a fault of z3's simplifier cannot hide
behind it; terms that come more than once are shared by `let`. The same specification gives the same bytes.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import z3
from lockproof.spec import cvc5_process
from lockproof.spec.obligations import SOME_EVENT, Expected, Ground, Obligation, Way

MARK = "; lockproof obligation; sha256 of all that follows this line: "
MEANING = {
    Expected.UNSAT: "unsat, for the claim must never fail",
    Expected.SAT: "sat, for what was proved must be proved of something",
}
LINEAR, NONLINEAR = "QF_LIA", "QF_NIA"
_OPTIONS = " ".join(f"--{name}={value}" for name, value in cvc5_process.OPTIONS.items())
_DECLARED = re.compile(r"\(declare-fun\s+(\|[^|]*\||[^\s()|]+)\s+\(\)\s+(Int|Bool)\)\s*")
_CORE = ("true", "false", "and", "or", "not", "xor", "=>", "=", "distinct", "ite", "Bool")
_INTEGERS = ("+", "-", "*", "<", "<=", ">", ">=", "div", "mod", "abs", "Int")
_RESERVED = ("let", "forall", "exists", "match", "par", "_", "!", "as", "BINARY", "DECIMAL", "HEXADECIMAL", "NUMERAL", "STRING")
_TAKEN = {*_CORE, *_INTEGERS, *_RESERVED}


class NotPlain(Exception):  # noqa: N818 (reads as what it is)
    """A fact that this text cannot carry: more than truths and integers, or a variable that bears the name of something else."""


@dataclass(frozen=True, slots=True)
class _Text:
    """Facts in print: the variables they speak of, with their sorts, and one `assert` for each of them."""

    variables: dict[str, str]
    asserts: str


class Writer:
    """Writes obligations; remembers the text of every ground, which many of them share."""

    def __init__(self) -> None:
        self._grounds: dict[Ground, _Text] = {}

    def text(self, obligation: Obligation) -> str:
        """The whole file, its first line vouching for the rest."""
        ground, facts = self._parts(obligation)
        logic = _logic(obligation, ground, facts)
        lines = [
            *_heading(obligation),
            *[f"; nonlinear; cvc5 is asked with {_OPTIONS}"] * (logic == NONLINEAR),
            "(set-info :smt-lib-version 2.6)",
            f"(set-logic {logic})",
            f"(set-info :status {obligation.expected})",
            *(f"(declare-const {name} {sort})" for name, sort in sorted((ground.variables | facts.variables).items())),
            ground.asserts + f"; {_asked(obligation)}",
            facts.asserts + "(check-sat)",
            "",
        ]
        return signed("\n".join(lines))

    def _parts(self, obligation: Obligation) -> tuple[_Text, _Text]:
        if len(obligation.ways) == 1:
            (way,) = obligation.ways
            return self._ground(way.case.ground), _printed(*way.facts)
        common = _common([way.case.ground for way in obligation.ways])
        ways = [z3.And(*_facts_beside(way, common)) for way in obligation.ways]
        return self._ground(common), _printed(z3.Or(*ways))

    def _ground(self, ground: Ground) -> _Text:
        if ground not in self._grounds:
            parts = {name: _printed(fact) for name, fact in ground.assumed.items() if fact is not True}
            variables = {name: sort for part in parts.values() for name, sort in part.variables.items()}
            asserts = "".join(f"; {_one_line(name)}\n{part.asserts}" for name, part in parts.items())
            self._grounds[ground] = _Text(variables, asserts)
        return self._grounds[ground]


def signed(body: str) -> str:
    """The text under a first line that vouches for it."""
    return f"{MARK}{hashlib.sha256(body.encode()).hexdigest()}\n{body}"


def is_whole(text: str) -> bool:
    """Whether this is an obligation as it was written, with not a byte changed since."""
    return text.startswith(MARK) and signed(text.partition("\n")[2]) == text


def _heading(obligation: Obligation) -> list[str]:
    subject = obligation.subject
    said = [f'"{subject.sentence}"'] * bool(subject.sentence) + [f"clauses: {', '.join(subject.clauses)}"] * bool(subject.clauses)
    event = f"event: {obligation.event}"
    if obligation.event == SOME_EVENT:
        event += f": {', '.join(way.case.event for way in obligation.ways)}"
    lines = [f"{subject.kind}: {subject.name}", *said, event, f"expected: {MEANING[obligation.expected]}"]
    return [f"; {_one_line(line)}" for line in lines]


def _asked(obligation: Obligation) -> str:
    if obligation.expected is Expected.UNSAT:
        return "asked: the hypothesis holds and the conclusion does not"
    if len(obligation.ways) > 1:
        return "asked: for at least one of the events, in their order: it can happen, and hypothesis and conclusion hold"
    return f"asked: {_one_line(obligation.question)}"


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _common(grounds: list[Ground]) -> Ground:
    """What all of these assume."""
    first, *others = grounds
    return Ground(
        {name: fact for name, fact in first.assumed.items() if all(_is(other.assumed.get(name), fact) for other in others)}
    )


def _is(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, z3.AstRef) and isinstance(other, z3.AstRef) and one.eq(other))


def _facts_beside(way: Way, common: Ground) -> list[Any]:
    own = [fact for name, fact in way.case.ground.assumed.items() if name not in common.assumed]
    return [*own, *way.facts]


def _printed(*facts: Any) -> _Text:
    """What z3 prints of them: a line for every variable, then the facts."""
    solver = z3.Solver()
    solver.add(*facts)
    rest = solver.sexpr()
    variables: dict[str, str] = {}
    while found := _DECLARED.match(rest):
        name, sort = found.groups()
        if name.strip("|") in _TAKEN:
            raise NotPlain(f"a variable is called {name}, which means something else in SMT-LIB; give it another name")
        variables[name] = sort
        rest = rest[found.end() :]
    if not rest.startswith("(assert "):
        raise NotPlain(f"only truths and integers can be written down, and this is something else: {rest.partition(chr(10))[0]}")
    return _Text(variables, rest)


def _logic(obligation: Obligation, *texts: _Text) -> str:
    """Linear integer arithmetic, but where a variable is multiplied by a variable."""
    if any(re.search(r"\((div|mod|\*)\s", text.asserts) for text in texts):
        facts = [f for way in obligation.ways for f in (*way.case.ground.assumed.values(), *way.facts)]
        if any(_has_a_product(fact, set()) for fact in facts if isinstance(fact, z3.AstRef)):
            return NONLINEAR
    return LINEAR


def _has_a_product(term: Any, seen: set[int]) -> bool:
    """Somewhere in it, something other than a number is multiplied or divided by something other than a number."""
    if term.get_id() in seen:
        return False
    seen.add(term.get_id())
    parts = term.children()
    unknown = [part for part in parts if not z3.is_int_value(part)]
    if z3.is_mul(term) and len(unknown) > 1:
        return True
    if (z3.is_idiv(term) or z3.is_mod(term)) and not z3.is_int_value(parts[1]):
        return True
    return any(_has_a_product(part, seen) for part in parts)
