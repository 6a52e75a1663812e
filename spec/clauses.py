"""The clauses of the standard, read from the chapters: one normative sentence each, a frozen id, and who decides it.

A chapter is Markdown under `spec/chapters/`, named `1-time.md` and so on in reading order. A clause is a block of it:

    **code.expiry.after-first-use** · box
    A One Day Code goes on opening for sixty minutes from its first use, and then never again.

    Precisely: …
    > Source: "…" · "…" · Decision: [title](decisions.md#anchor)

`Precisely:` and the quoted lines may be left out. Prose stands under a heading, before its first clause.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_ID = re.compile(r"[a-z]+(\.[a-z]+(-[a-z]+)*)+")  # names the rule and never a number
_ID_LINE = re.compile(r"\*\*(?P<id>[^*]*)\*\*\s*(·\s*(?P<decider>.*))?")
_CHAPTER = re.compile(r"\d+-[a-z-]+\.md")
_SOURCE = re.compile(r'"([^"]+)"')
_DECISION = re.compile(r"\]\(decisions\.md#([a-z0-9-]+)\)")


class ClauseError(ValueError):
    """A chapter that cannot be read: `file:line: what was found; what to do`."""


class UnknownClause(LookupError):  # noqa: N818  (reads as what is wrong)
    """An id that no clause has; the message names the nearest one."""

    def __init__(self, clause_id: str, known: Iterable[str]) -> None:
        near = get_close_matches(clause_id, list(known), n=1)
        where = "all clauses: lockproof clauses"
        hint = f"did you mean {near[0]}?   ({where})" if near else where
        super().__init__(f"no clause is called {clause_id}\n    {hint}")


class Decider(StrEnum):
    """Who decides a clause. Nobody is credited with a clause that another decides."""

    BOX = "box"
    AUTHORITY = "authority"
    SYSTEM = "system"  # only both together


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause. `detail` is its paragraph "Precisely: …" without that word, empty where there is none.

    `sources` are its quotations from the source; `decisions` are anchors on the page `decisions.md`. `chapter` is the name
    of the file and `line` that of the line with the id, from 1.
    """

    id: str
    decider: Decider
    sentence: str
    detail: str
    sources: tuple[str, ...]
    decisions: tuple[str, ...]
    chapter: str
    line: int


def clause(clause_id: str) -> Clause:
    """The clause of that id. Raises `UnknownClause`."""
    clauses = all_clauses()
    if clause_id not in clauses:
        raise UnknownClause(clause_id, clauses)
    return clauses[clause_id]


@cache
def all_clauses() -> Mapping[str, Clause]:
    """Every clause by its id, in reading order. Raises `ClauseError` where the chapters are not in order."""
    pages = {page.name: page for page in files("lockproof.spec.chapters").iterdir() if _CHAPTER.fullmatch(page.name)}
    return gather(found for name in sorted(pages) for found in parse(pages[name].read_text(encoding="utf-8"), name))


def gather(clauses: Iterable[Clause]) -> Mapping[str, Clause]:
    """Clauses by id, in the order in which they come. Raises `ClauseError` where an id comes twice."""
    by_id: dict[str, Clause] = {}
    for found in clauses:
        if (first := by_id.setdefault(found.id, found)) is not found:
            _refuse(
                found.chapter,
                found.line,
                f"{found.id} already stands at {first.chapter}:{first.line}; give one of the two clauses another id",
            )
    return MappingProxyType(by_id)


def parse(text: str, filename: str) -> tuple[Clause, ...]:
    """The clauses of one chapter, in order. Raises `ClauseError` at the first line that is not as it should be."""
    return tuple(_clause(lines, filename, number) for number, lines in _blocks(text.splitlines()))


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Each line that starts in bold, by number, with what follows it as far as the next one or the next heading."""
    begin, fenced = None, False
    for number, line in enumerate([*lines, "#"]):
        fenced ^= line.startswith("```")
        if fenced or not line.startswith(("**", "#")):
            continue
        if begin is not None:
            yield begin + 1, lines[begin:number]
        begin = number if line.startswith("**") else None


def _clause(lines: list[str], filename: str, number: int) -> Clause:
    clause_id, decider = _head(lines[0], filename, number)
    body = [line for line in lines[1:] if not line.startswith(">")]
    notes = [line.removeprefix(">").strip() for line in lines[1:] if line.startswith(">")]
    sentence, _, rest = "\n".join(body).strip().partition("\n\n")
    if not sentence or sentence.startswith("Precisely:"):
        _refuse(filename, number, f"{clause_id} has no sentence; write it on the line below the id")
    if "\nPrecisely:" in sentence:
        _refuse(filename, number, f'{clause_id} has "Precisely:" in the paragraph of its sentence; leave a line free above it')
    detail = rest.strip()
    if detail and not detail.startswith("Precisely:"):
        _refuse(filename, number, f'{clause_id} has a second paragraph that is not "Precisely: …"; begin it so, or take it out')
    sources, decisions = _notes(" ".join(notes), clause_id, filename, number)
    return Clause(
        id=clause_id,
        decider=decider,
        sentence=" ".join(sentence.split()),
        detail=detail.removeprefix("Precisely:").strip(),
        sources=sources,
        decisions=decisions,
        chapter=filename,
        line=number,
    )


def _head(line: str, filename: str, number: int) -> tuple[str, Decider]:
    head = _ID_LINE.fullmatch(line.rstrip())
    if head is None or not _ID.fullmatch(head["id"]):
        named = repr(head["id"]) if head else repr(line)
        _refuse(
            filename,
            number,
            f"{named} is no clause id; write two or more dotted words, small letters and no number, as in **code.day** · box",
        )
    try:
        return head["id"], Decider(head["decider"] or "")
    except ValueError:
        said = f"{head['decider']!r} decides nothing" if head["decider"] else "nobody decides it"
        _refuse(filename, number, f"{head['id']}: {said}; write · and then one of {', '.join(Decider)}")


def _notes(notes: str, clause_id: str, filename: str, number: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    quoted, _, linked = notes.partition("Decision:")
    sources, decisions = tuple(_SOURCE.findall(quoted)), tuple(_DECISION.findall(linked))
    empty = ("Source:" in quoted) != bool(sources) or ("Decision:" in notes) != bool(decisions)
    if empty or bool(notes) != bool(sources or decisions):
        _refuse(
            filename,
            number,
            f'{clause_id} has a note that cannot be read; write > Source: "…" · Decision: [title](decisions.md#anchor)',
        )
    return sources, decisions


def _refuse(filename: str, number: int, what: str) -> NoReturn:
    raise ClauseError(f"{filename}:{number}: {what}")
