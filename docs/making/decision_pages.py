"""The decisions: what was decided where the source is silent, each on a page of its own with the clauses that rest on it; and all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from lockproof.spec.clauses import Clause, all_clauses
from making.manuals import with_source_links
from making.markdown import Page, clause_link, clause_links, link, table, with_clauses_linked, with_lists_apart
from making.rooms import ROOT

DECISIONS, FILE = "decisions", "spec/chapters/decisions.md"
_PART = re.compile(r"^# (.+)$", re.MULTILINE)
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_SAID = re.compile(r"^\*\*Decided\*\*: .+?(?=\n\n\*\*)", re.MULTILINE | re.DOTALL)
_BRIEF = "Below stands what was decided; each has a page of its own, which says the rest."
_HERE = re.compile(r"\]\(#([\w-]+)\)")


@dataclass(frozen=True, slots=True)
class Decision:
    """One of them: its title and its text as they stand in the chapter."""

    title: str
    text: str

    @property
    def anchor(self) -> str:
        """As a heading has it, by which clauses cite it."""
        return re.sub(r"[^\w -]", "", self.title).lower().replace(" ", "-")

    @property
    def page(self) -> str:
        return f"{DECISIONS}/{self.anchor}"

    @property
    def decided(self) -> str:
        """What was decided, and no more: of the fine print that is all there is."""
        said = _SAID.search(self.text)
        return said[0] if said else self.text

    @property
    def clauses(self) -> list[Clause]:
        return [clause for clause in all_clauses().values() if self.anchor in clause.decisions]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the chapter: its title, what stands before the first decision, and the decisions."""

    title: str
    about: str
    decisions: Sequence[Decision]


@cache
def parts() -> Sequence[Part]:
    """The chapter, read."""
    _, *told = _PART.split((ROOT / FILE).read_text(encoding="utf-8"))
    found = []
    for title, text in zip(told[::2], told[1::2], strict=True):
        about, *sections = _SECTION.split(text)
        decisions = [Decision(name, said.strip()) for name, said in zip(sections[::2], sections[1::2], strict=True)]
        found.append(Part(title, about.strip(), decisions))
    return found


@cache
def by_anchor() -> Mapping[str, Decision]:
    """Every decision by its anchor."""
    return {decision.anchor: decision for part in parts() for decision in part.decisions}


def decision_pages() -> Iterator[Page]:
    yield _list(parts())
    for decision in by_anchor().values():
        yield Page(decision.page, decision.title, _page(decision))


def _list(told: Sequence[Part]) -> Page:
    """All of them, in brief; the heading of each is an anchor that clauses and chapters lead to."""
    text = []
    for part in told:
        level = "#" if part is told[0] else "##"
        text += [f"{level} {part.title}", _text(DECISIONS, part.about), _BRIEF if part is told[0] else ""]
        for decision in part.decisions:
            whole = f"[Why, and who decides otherwise]({link(DECISIONS, decision.page)}). " if "**Why**" in decision.text else ""
            text += [f"{level}# {decision.title}", _text(DECISIONS, decision.decided), f"{whole}Clauses: {_clauses(decision)}."]
    return Page(DECISIONS, "Decisions", "\n\n".join(part for part in text if part) + "\n", ("The standard",))


def _clauses(decision: Decision) -> str:
    return clause_links(DECISIONS, (clause.id for clause in decision.clauses))


def _page(decision: Decision) -> str:
    rows = (
        (clause_link(decision.page, clause.id), str(clause.decider), with_clauses_linked(decision.page, clause.sentence).strip())
        for clause in decision.clauses
    )
    text = [
        f"# {decision.title}",
        _text(decision.page, decision.text),
        "## Clauses that rest on it",
        table(("clause", "decided by", "sentence"), rows),
        f"[All decisions]({link(decision.page, DECISIONS)})",
    ]
    return "\n\n".join(text) + "\n"


def _text(page: str, text: str) -> str:
    """The words of the chapter as a page has them: another decision is a page."""
    mended = with_source_links(page, text, FILE)
    elsewhere = _HERE.sub(lambda found: f"]({link(page, f'{DECISIONS}/{found[1]}')})", mended)
    return with_lists_apart(with_clauses_linked(page, elsewhere)).strip()
