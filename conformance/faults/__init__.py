"""Boxes and authorities with one fault each, and the clause that each fault breaks.

A fault is the reference box, or the reference authority, with one difference, a few lines in one of these modules; its docstring
says what it does. The kit must catch every one of them; `lockproof faults` shows by which scenarios.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from importlib import import_module
from typing import TypeVar

from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.box import ReferenceBox
from lockproof.spec import clauses
from lockproof.spec.observable import BadInput

OF_AUTHORITIES = ("granting", "revoking", "codes", "telling", "degenerate")
MODULES = ("codes", "clock", "connect", "degenerate", "keypad", "log", "messages", "power", "replies", "zones")


class Kind(StrEnum):
    """What goes wrong in a faulty box, or where."""

    CODES = "codes"  # digits and indices
    CONNECT = "connect"  # windows, tickets and revocations
    TIME = "time"
    ZONE = "zone"
    PERSISTENCE = "persistence"  # what a power cut leaves, or takes
    CRYPTO = "crypto"
    LOG = "log"
    LOCKOUT = "lockout"
    ISOLATION = "isolation"
    PROTOCOL = "protocol"  # replies, retries, and what is carried out when
    DEGENERATE = "degenerate"
    AUTHORITY = "authority"  # in no box


_KINDS = {
    "box.authentic": Kind.CRYPTO,
    "box.clock.accuracy": Kind.TIME,
    "box.clock.never-back": Kind.TIME,
    "box.first-use.durable": Kind.PERSISTENCE,
    "box.isolation": Kind.ISOLATION,
    "box.log": Kind.LOG,
    "box.power": Kind.PERSISTENCE,
    "box.ready": Kind.TIME,
    "box.wrong-entry.bound": Kind.LOCKOUT,
    "code.day": Kind.ZONE,
    "code.digits": Kind.CODES,
    "code.expiry.after-first-use": Kind.TIME,
    "code.expiry.not-extended": Kind.TIME,
    "code.irrevocable": Kind.ISOLATION,
    "connect.available": Kind.CONNECT,
    "connect.revoke.bound": Kind.CONNECT,
    "connect.revoke.only-it": Kind.ISOLATION,
    "connect.ticket": Kind.CONNECT,
    "connect.window.bounds": Kind.TIME,
    "interop.code": Kind.CODES,
    "interop.message": Kind.CRYPTO,
    "time.box-time": Kind.TIME,
    "time.half-open": Kind.TIME,
}


def kind_of(breaks: str | None) -> Kind:
    """Of a fault of which nothing else is said, by the clause that it breaks."""
    return Kind.DEGENERATE if breaks is None else _KINDS[breaks]


@dataclass(frozen=True, slots=True)
class Fault:
    """A faulty box or authority: its name in kebab case, the clause that it breaks (None for the degenerate), what it does, and its kind.

    `unseen` says why no bench can see the fault, for one that shows in nothing that a box answers; it survives the suite.
    """

    name: str
    breaks: str | None
    does: str
    kind: Kind
    unseen: str = ""


@dataclass(frozen=True, slots=True)
class FaultyReference(Fault):
    """The reference box with a fault: `make` is its class."""

    make: type[ReferenceBox] = ReferenceBox


@dataclass(frozen=True, slots=True)
class FaultyAuthority(Fault):
    """The reference authority with a fault."""

    make: type[ReferenceAuthority] = ReferenceAuthority


FAULTS: dict[str, FaultyReference] = {}
AUTHORITIES: dict[str, FaultyAuthority] = {}


def fault(breaks: str | None, unseen: str = "", kind: Kind | None = None) -> Callable[[type[ReferenceBox]], type[ReferenceBox]]:
    """Register a faulty box under its class's name; its `kind` follows from the clause if it is not said.

    Raises `UnknownClause` for a clause that does not exist.
    """

    def register(box: type[ReferenceBox]) -> type[ReferenceBox]:
        name, breaks_id, does = _said_of(box, breaks)
        FAULTS[name] = FaultyReference(name, breaks_id, does, kind or kind_of(breaks_id), unseen, box)
        return box

    return register


def authority_fault(breaks: str | None) -> Callable[[type[ReferenceAuthority]], type[ReferenceAuthority]]:
    """The same of a faulty authority."""

    def register(authority: type[ReferenceAuthority]) -> type[ReferenceAuthority]:
        name, breaks_id, does = _said_of(authority, breaks)
        AUTHORITIES[name] = FaultyAuthority(name, breaks_id, does, Kind.AUTHORITY, make=authority)
        return authority

    return register


def _said_of(made: type, breaks: str | None) -> tuple[str, str | None, str]:
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", made.__name__).lower()
    return name, clauses.clause(breaks).id if breaks else None, " ".join((made.__doc__ or "").split())


def all_faults() -> dict[str, FaultyReference]:
    """Every faulty box by name, in the order of the modules, whichever of them was imported first."""
    order = [import_module(f"lockproof.conformance.faults.{module}").__name__ for module in MODULES]
    return dict(sorted(FAULTS.items(), key=lambda item: order.index(item[1].make.__module__)))


def all_authorities() -> dict[str, FaultyAuthority]:
    """Every faulty authority by name."""
    for module in OF_AUTHORITIES:
        import_module(f"lockproof.conformance.faults.authorities.{module}")
    return dict(AUTHORITIES)


def authority_named(name: str) -> FaultyAuthority:
    """The faulty authority of that name. Raises `BadInput` with the nearest name."""
    return one_of(all_authorities(), name)


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
