"""Every clause about behaviour is carried by a theorem; the page of assumptions says of the others why not."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from lockproof.spec import clauses, guessing, theorems, town, town_theorems, world

ASSUMPTIONS = (files("lockproof.spec") / "chapters" / "assumptions.md").read_text(encoding="utf-8")
REGISTERED = {**theorems.THEOREMS, **town_theorems.TOWN_THEOREMS}


def carried() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for theorem in REGISTERED.values():
        for clause in theorem.clauses:
            found.setdefault(clause, []).append(theorem.name)
    return found


def without_a_theorem() -> dict[str, str]:
    """By clause, the reason that the page gives."""
    section = ASSUMPTIONS.split("## Clauses without a theorem", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^- `([a-z.-]+)`: (.+?)\.$", re.sub(r"\n +", " ", section), flags=re.MULTILINE))


def test_every_clause_is_carried_by_a_theorem_or_has_a_reason():
    assert without_a_theorem().keys() == clauses.all_clauses().keys() - carried().keys()


def test_nothing_that_a_box_decides_is_without_a_theorem():
    boxes = {c.id for c in clauses.all_clauses().values() if c.decider is not clauses.Decider.AUTHORITY}
    assert not boxes & without_a_theorem().keys()


@pytest.mark.parametrize(
    "clause", [c.id for c in clauses.all_clauses().values() if c.id.startswith(("box.", "code.", "connect."))]
)
def test_theorems_about_every_event_are_not_all_that_carries_a_clause(clause):
    """The theorem of the reasons and that of the ranges name nearly every clause; each has one of its own beside them."""
    general = {"the_reasons_are_exactly_the_clauses_violated", "every_limit_is_proved_over_its_whole_range"}
    assert clause in without_a_theorem() or set(carried()[clause]) - general


def test_no_two_theorems_share_a_name():
    assert not theorems.THEOREMS.keys() & town_theorems.TOWN_THEOREMS.keys()


def test_every_theorem_about_a_town_says_a_sentence_and_names_clauses():
    for theorem in town_theorems.TOWN_THEOREMS.values():
        assert theorem.sentence.endswith(".")
        assert len(set(theorem.clauses)) == len(theorem.clauses) > 0
        assert set(theorem.clauses) <= clauses.all_clauses().keys()


@pytest.mark.parametrize("fate", ["delayed", "reordered", "duplicated", "never delivered"])
@pytest.mark.parametrize("message", ["a ticket", "a revocation order", "a time order", "a log entry"])
def test_the_page_says_which_theorem_is_that(message, fate):
    rows = [line for line in ASSUMPTIONS.splitlines() if line.startswith(f"| {message} |")]
    fates = [cell.strip() for cell in ASSUMPTIONS.split("| message |", 1)[1].split("\n", 1)[0].split("|")]
    cell = rows[0].split("|")[2:][fates.index(fate)]
    named = [name.replace(" ", "_") for name in re.findall(r"\*([a-z ]+)\*", cell)]
    assert named
    assert set(named) <= REGISTERED.keys()


def test_every_assumption_that_the_code_names_stands_on_the_page():
    sources = [world, town, town_theorems, theorems, guessing]
    functions = [value for module in sources for value in vars(module).values() if callable(value)]
    docs = [module.__doc__ for module in sources] + [function.__doc__ or "" for function in functions]
    named = {name for doc in docs for name in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", doc)}
    assert {"authority-clock", "clock-within-skew", "digits-spread", "keys-secret", "mac-unforgeable"} <= named
    assert named <= set(re.findall(r"^\*\*([a-z-]+)\*\*", ASSUMPTIONS, flags=re.MULTILINE))
