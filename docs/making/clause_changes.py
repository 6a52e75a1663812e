"""What has become of each clause from version to version, from the page that people write; and a page for each that was withdrawn."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from making.markdown import Page, clause_page, link, literal, with_clauses_linked
from making.rooms import ROOT, NotPublished

CHANGES, FILE = "clause-changes", "docs/pages/clause-changes.md"
_VERSION = re.compile(r"^## (\S+)")
_ENTRY = re.compile(r"^- `([^`]+)`: (\w+)(?:: (.+))?$")


class Kind(StrEnum):
    """What became of a clause in a version."""

    NEW = "new"
    REWORDED = "reworded"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry. `said` is what was reworded, or what holds instead of what was withdrawn."""

    clause: str
    kind: Kind
    version: str
    said: str = ""


def changes(text: str) -> Iterator[Change]:
    """The entries of the page, in the order in which they stand there. Raises `NotPublished` for one that can't be read."""
    version = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := _VERSION.match(line):
            version = heading[1]
        elif line.startswith("- "):
            entry = _ENTRY.match(line)
            if entry is None or entry[2] not in set(Kind) or not version or (entry[2] != Kind.NEW and not entry[3]):
                raise NotPublished(
                    f"{FILE}:{number}: {line!r} is no entry; write, under a version, - `box.log`: new,"
                    " or reworded or withdrawn, and then a colon and what, or what holds instead"
                )
            yield Change(entry[1], Kind(entry[2]), version, entry[3] or "")


def written() -> list[Change]:
    """Those of the page as it stands."""
    return list(changes((ROOT / FILE).read_text(encoding="utf-8")))


def refuse_unless_told(told: Sequence[Change], clauses: Iterable[str]) -> None:
    """Raises `NotPublished` for a clause that came or went without an entry: its link would be new without a word, or lead nowhere."""
    standing = list(clauses)
    new = Counter(change.clause for change in told if change.kind is Kind.NEW)
    withdrawn = {change.clause for change in told if change.kind is Kind.WITHDRAWN}
    for clause in (*standing, *new, *withdrawn):
        if new[clause] != 1:
            raise NotPublished(
                f"{FILE}: {clause} is new {new[clause]} times; it must be so once, in the version since which it holds"
            )
        if clause in standing and clause in withdrawn:
            raise NotPublished(f"{FILE}: {clause} is withdrawn, and the chapters still have it; an id does not come back")
        if clause not in standing and clause not in withdrawn:
            raise NotPublished(
                f"{FILE}: {clause} was published, and the chapters have it no more; its link must not move: give the clause its id back,"
                " or say here, under the next version, that it is withdrawn and what holds instead"
            )


def since(told: Sequence[Change], clause: str) -> str:
    """Since which version a clause holds, and in which its sentence was last said better, in words."""
    own = [change for change in told if change.clause == clause]
    new = next(change.version for change in own if change.kind is Kind.NEW)
    reworded = [change.version for change in own if change.kind is Kind.REWORDED]
    return f"since {new}" + (f", reworded in {', '.join(reworded)}" if reworded else "")


def withdrawn_pages(told: Sequence[Change]) -> Iterator[Page]:
    """Where the link of a clause that was withdrawn leads, for ever."""
    for change in told:
        if change.kind is Kind.WITHDRAWN:
            page = clause_page(change.clause)
            said = with_clauses_linked(page, change.said).strip()
            text = (
                f"# {literal(change.clause)}\n\nThis clause was withdrawn in version {literal(change.version)}: {said}\n\n"
                f"[Changes of the clauses]({link(page, CHANGES)})\n"
            )
            yield Page(page, change.clause, text)
