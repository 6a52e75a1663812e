"""The named assumptions, and which of them a theorem, or the premise of an event that it speaks of, names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import FunctionType

from lockproof.spec import denotation, theorems, town, town_theorems, world
from lockproof.spec.theorems import Theorem
from lockproof.spec.town_theorems import TownTheorem

_DEFINED = re.compile(r"^\*\*([a-z]+(?:-[a-z]+)*)\*\*: (.+?)(?=\n\n)", re.MULTILINE | re.DOTALL)
_WITHOUT = re.compile(r"^- `([a-z.-]+)`: (.+?)$", re.MULTILINE)
_MODULES = (world, town, denotation, theorems, town_theorems)


@cache
def text() -> str:
    return files("lockproof.spec.chapters").joinpath("assumptions.md").read_text(encoding="utf-8")


@cache
def assumptions() -> Mapping[str, str]:
    """Each by its name."""
    return {name: " ".join(said.split()) for name, said in _DEFINED.findall(text())}


@cache
def without_theorem() -> Mapping[str, str]:
    """Clauses of which the model has nothing to say, and why."""
    return dict(_WITHOUT.findall(text()))


@cache
def assumed_by(theorem: Theorem | TownTheorem) -> tuple[str, ...]:
    """Assumptions that the theorem names, or a function that its claim or one of its events calls."""
    module = theorems if isinstance(theorem, Theorem) else town_theorems
    starts = [vars(module)[theorem.name]]
    if isinstance(theorem, Theorem):
        starts += [vars(world)[event] for event in theorem.events if event in vars(world)]
    named = {name for function in _reached(starts) for name in re.findall(r"`([a-z-]+)`", function.__doc__ or "")}
    return tuple(name for name in assumptions() if name in named)


def _reached(starts: list[FunctionType]) -> Iterator[FunctionType]:
    """These functions, and those of the modules of the proofs that they call, and so on."""
    seen: set[FunctionType] = set()
    waiting = list(starts)
    while waiting:
        function = inspect.unwrap(waiting.pop())
        if function in seen:
            continue
        seen.add(function)
        yield function
        names = _names(function)
        waiting += [found for name in names for found in _functions(function, name)]


def _names(function: FunctionType) -> set[str]:
    """Names in its code and in what it encloses."""
    codes, names = [function.__code__], set()
    while codes:
        code = codes.pop()
        names |= set(code.co_names)
        codes += [constant for constant in code.co_consts if inspect.iscode(constant)]
    return names


def _functions(function: FunctionType, name: str) -> Iterator[FunctionType]:
    found = function.__globals__.get(name)
    if isinstance(found, FunctionType) and found.__module__ in {module.__name__ for module in _MODULES}:
        yield found
    for module in _MODULES:  # called through its module, as in means.is_ready
        through = vars(module).get(name)
        if isinstance(through, FunctionType) and through.__module__ == module.__name__ and found is None:
            yield through
