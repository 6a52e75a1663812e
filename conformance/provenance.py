"""What judged: the version of the kit, and which text of the standard."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from lockproof.spec import clauses


@cache
def kit() -> str:
    """The version that is installed, such as `0.1.0`; empty where it is not installed."""
    try:
        return version("lockproof")
    except PackageNotFoundError:
        return ""


@cache
def spec() -> str:
    """Twelve digits that are others as soon as a clause is: of its id, who decides it, its sentence or what that means precisely."""
    told = "\n".join(f"{each.id}\n{each.decider}\n{each.sentence}\n{each.detail}" for each in clauses.all_clauses().values())
    return hashlib.sha256(told.encode()).hexdigest()[:12]
