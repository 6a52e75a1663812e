"""Boxes with one fault each, and the clause that each fault breaks.

A fault is the reference box with one difference, a few lines in one of these modules; its docstring says what it does. The
kit must catch every one of them; `lockproof faults` shows by which scenarios.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import TypeVar

from lockproof.reference.box import ReferenceBox
from lockproof.spec import clauses
from lockproof.spec.observable import BadInput

MODULES = ("codes", "clock", "connect", "degenerate", "keypad", "log", "power")


@dataclass(frozen=True, slots=True)
class Fault:
    """A faulty box: its name in kebab case, the clause that it breaks (None for the degenerate), and what it does.

    `unseen` says why no bench can see the fault, for one that shows in nothing that a box answers; it survives the suite.
    """

    name: str
    breaks: str | None
    does: str
    unseen: str = ""


@dataclass(frozen=True, slots=True)
class FaultyReference(Fault):
    """The reference box with a fault: `make` is its class."""

    make: type[ReferenceBox] = ReferenceBox


FAULTS: dict[str, FaultyReference] = {}


def fault(breaks: str | None, unseen: str = "") -> Callable[[type[ReferenceBox]], type[ReferenceBox]]:
    """Register a faulty box under its class's name. Raises `UnknownClause` for a clause that does not exist."""

    def register(box: type[ReferenceBox]) -> type[ReferenceBox]:
        name = re.sub(r"(?<!^)(?=[A-Z])", "-", box.__name__).lower()
        breaks_id = clauses.clause(breaks).id if breaks else None
        FAULTS[name] = FaultyReference(name, breaks_id, " ".join((box.__doc__ or "").split()), unseen, box)
        return box

    return register


def all_faults() -> dict[str, FaultyReference]:
    """Every faulty box by name, in the order of the modules, whichever of them was imported first."""
    order = [import_module(f"lockproof.conformance.faults.{module}").__name__ for module in MODULES]
    return dict(sorted(FAULTS.items(), key=lambda item: order.index(item[1].make.__module__)))


def named(name: str) -> FaultyReference:
    """The faulty box of that name. Raises `BadInput` with the nearest name."""
    return one_of(all_faults(), name)


Found = TypeVar("Found", bound=Fault)


def one_of(known: Mapping[str, Found], name: str) -> Found:
    """The same, of these."""
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?   " if near else ""
        raise BadInput(f"no fault is called {name}\n    {hint}(all faults: lockproof box --list-faults)")
    return known[name]
