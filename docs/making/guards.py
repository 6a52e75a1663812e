"""What the model says, in readable form: read off the model's own functions, which are run with terms for values.

Each named condition is put in for its comparison (`spec.vocabulary.watched`), so that a guard reads as its names do; what each name
compares is kept beside it. Nothing here is written by hand.
"""

from __future__ import annotations

import ast
import inspect
import re
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import ModuleType
from typing import Any

import z3
from lockproof.spec.model import authority, box, limiter
from lockproof.spec.profile import Profile
from lockproof.spec.symbolic import any_profile, leaves, symbol
from lockproof.spec.vocabulary import Outcome, watched

MODELS: tuple[ModuleType, ...] = (box, authority)
ACCEPTED = "accepted"
_SHOWN = ("logged", "counted", "notified", "reported")
_COMPARES = {
    z3.Z3_OP_LE: "≤",
    z3.Z3_OP_LT: "<",
    z3.Z3_OP_GE: "≥",
    z3.Z3_OP_GT: ">",
    z3.Z3_OP_EQ: "=",
    z3.Z3_OP_ADD: "+",
    z3.Z3_OP_SUB: "\u2212",
    z3.Z3_OP_MUL: "·",
}


@dataclass(frozen=True, slots=True)
class Needed:
    """One need of a decision, in words: `holds` must hold, wherever `applies` does (empty: everywhere)."""

    clause: str
    name: str
    holds: str
    applies: str


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the model: what it needs, what its conditions compare, what it changes and what it shows."""

    name: str
    module: str
    says: str
    needs: tuple[Needed, ...]
    entitles: tuple[Needed, ...]
    compares: dict[str, str]
    changes: dict[str, str]
    shows: dict[str, str]

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").capitalize()

    @property
    def first_sentence(self) -> str:
        return self.says.split("\n\n", maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class Cited:
    """A line of the model that names a clause in its comment or its docstring."""

    module: str
    function: str
    line: int
    text: str


@cache
def functions() -> tuple[Function, ...]:
    """Every decision of the model: what returns an outcome."""
    return tuple(_read(module, function) for module in MODELS for function in _deciding(module))


def _deciding(module: ModuleType) -> Iterator[Callable[..., Any]]:
    for function in vars(module).values():
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not function.__name__.startswith("_"):
            said = typing.get_type_hints(function).get("return")
            if said is Outcome or Outcome in typing.get_args(said):
                yield function


def _read(module: ModuleType, function: Callable[..., Any]) -> Function:
    hints = typing.get_type_hints(function)
    said = hints.pop("return")
    given = {name: any_profile() if kind is Profile else symbol(kind, name) for name, kind in hints.items()}
    compares: dict[str, str] = {}

    def put_its_name(name: str, truth: Any) -> Any:
        compares.setdefault(name, written(truth))
        return z3.Bool(f"{_NAME}{name}")

    with watched(put_its_name):
        came = function(**given)
    states, outcome = (came[:-1], came[-1]) if isinstance(came, tuple) else ((), came)
    kinds = typing.get_args(said)[:-1]
    accepted = outcome.accepted

    def short(term: Any) -> str:
        both = isinstance(term, z3.ExprRef) and isinstance(accepted, z3.ExprRef)
        return written(z3.substitute(term, (accepted, z3.Bool(_NAME + ACCEPTED))) if both else term)

    free = dict(hints)
    changes: dict[str, str] = {}
    for state, kind in zip(states, kinds, strict=True):
        name = next(name for name, its in free.items() if its == kind)
        del free[name]
        before, after = leaves(given[name]), leaves(state)
        for path, term in after.items():
            said = "yes" if term is True else "no" if term is False else short(term)
            if said != written(before[path]):
                changes[f"{name}.{path.replace(' ', '.')}" if path else name] = said
    return Function(
        name=function.__name__,
        module=module.__name__.removeprefix("lockproof."),
        says=inspect.cleandoc(function.__doc__ or ""),
        needs=tuple(_needed(need) for need in outcome.needs),
        entitles=tuple(_needed(need) for need in outcome.entitled_by),
        compares=compares,
        changes=changes,
        shows={flag: short(getattr(outcome, flag)) for flag in _SHOWN if getattr(outcome, flag) is not False},
    )


def _needed(need: Any) -> Needed:
    return Needed(need.clause, need.name, written(need.holds), "" if need.applies is True else written(need.applies))


# A term in words


_NAME = "condition: "


def written(term: Any) -> str:
    """A term as people read it: names of conditions in italics, values as code, *and*, *or*, *not* in words."""
    if term is True or term is False:
        return "always" if term else "never"
    if isinstance(term, int):
        return f"{term}"
    return _term(term, top=True)


def _term(term: Any, *, top: bool = False) -> str:
    kind = term.decl().kind()
    children = list(_parts(term))
    if z3.is_true(term):
        return "yes"
    if z3.is_false(term):
        return "no"
    if z3.is_int_value(term):
        return str(term)
    if kind == z3.Z3_OP_UNINTERPRETED:
        return _called(str(term))
    if kind == z3.Z3_OP_NOT:
        (child,) = children
        return _term(child.children()[0], top=top) if child.decl().kind() == z3.Z3_OP_NOT else f"not {_term(child)}"
    if kind in {z3.Z3_OP_AND, z3.Z3_OP_OR}:
        if len(children) == 1:
            return _term(children[0], top=top)
        return _inside((" and " if kind == z3.Z3_OP_AND else " or ").join(map(_term, children)), top=top)
    if kind == z3.Z3_OP_ITE:
        condition, (then, otherwise) = children[0], (_term(child, top=True) for child in children[1:])
        then = then if z3.is_const(children[1]) or then == otherwise else _term(children[1])
        return _inside(f"{then} if {_term(condition, top=True)}, else {otherwise}", top=top) if then != otherwise else then
    sign = _COMPARES[kind]
    return _inside(f" {sign} ".join(map(_term, children)), top=top or kind not in {z3.Z3_OP_SUB, z3.Z3_OP_MUL})


def _parts(term: Any) -> Iterator[Any]:
    """Its children as they are told: an *and* within an *and* is one, what always holds is left out, and what is said of one thing is it."""
    kind = term.decl().kind()
    for child in term.children():
        while z3.is_and(child) and len(parts := list(_parts(child))) == 1:
            child = parts[0]  # noqa: PLW2901
        if kind == z3.Z3_OP_AND and z3.is_and(child):
            yield from _parts(child)
        elif not (kind == z3.Z3_OP_AND and z3.is_true(child)):
            yield child


def _inside(text: str, *, top: bool) -> str:
    return text if top else f"({text})"


def _called(name: str) -> str:
    if name.startswith(_NAME):
        return f"*{name.removeprefix(_NAME)}*"
    return f"`{name.removeprefix('profile.')}`"


# What the values are, and where the text names a clause


@cache
def values() -> dict[str, dict[str, str]]:
    """The fields of every state of the model, and what the line that declares each says of it."""
    found: dict[str, dict[str, str]] = {}
    for module in MODELS:
        for name, kind in vars(module).items():
            if inspect.isclass(kind) and is_dataclass(kind) and kind.__module__ == module.__name__:
                lines = inspect.getsource(kind)
                said = dict(re.findall(r"^    (\w+): \w+(?:  # (.*))?$", lines, re.MULTILINE))
                found[name] = {each.name: said[each.name] for each in fields(kind)}
    return found


@cache
def cited(clause: str) -> tuple[Cited, ...]:
    """Where comments and docstrings of the model name it."""
    return tuple(
        Cited(module.__name__.removeprefix("lockproof."), function, number, line.strip())
        for module in (*MODELS, limiter)
        for function, number, line in _lines(module)
        if re.search(rf"(?<![\w.-]){re.escape(clause)}(?![\w-]|\.\w)", line) and f'Need("{clause}"' not in line.replace(" ", "")
        if f'"{clause}"' not in line
    )


def _lines(module: ModuleType) -> Iterator[tuple[str, int, str]]:
    source = inspect.getsource(module)
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                yield node.name, number, lines[number - 1]
