"""Pages, and the few pieces of Markdown that they are made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from posixpath import relpath

from lockproof.spec.clauses import all_clauses
from lockproof.spec.profile import DAY, HOUR, MINUTE

_FENCE = re.compile(r"^\s*(```|~~~)")
_ITEM = re.compile(r"^(\s*)([-*+]|\d+\.) ")
_CODED = re.compile(r"(?<![\[`])`([a-z]+(?:\.[a-z]+(?:-[a-z]+)*)+)`(?![`\]])")


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `path` is its folder in the site, "" for the start page: its link is the folder, which never moves.

    A page outside the `menu` is reached from another one. A `wide` one needs the room that its list of headings would take. What it
    `brings` are files of the site that are made with it: their text by their path.
    """

    path: str
    title: str
    text: str
    menu: tuple[str, ...] = ()
    wide: bool = False
    search: str = ""  # what the search is told of it: its boost, or to leave it out
    brings: Mapping[str, str] = field(default_factory=dict)

    @property
    def file(self) -> str:
        return f"{self.path}/index.md" if self.path else "index.md"


def link(page: str, to: str) -> str:
    """The address of another page, or of its anchor, as a page writes it. Both are paths of pages."""
    target, mark, anchor = to.partition("#")
    file = relpath(f"{target}/index.md" if target else "index.md", page or ".")
    return file + mark + anchor


def asset(page: str, file: str) -> str:
    """The address of a file of the site that is no page."""
    return relpath(file, page or ".")


def clause_page(clause: str) -> str:
    return f"clauses/{clause}"


def clause_link(page: str, clause: str) -> str:
    return f"[`{clause}`]({link(page, clause_page(clause))})"


def clause_links(page: str, clauses: Iterable[str]) -> str:
    return ", ".join(clause_link(page, clause) for clause in clauses)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table, whose cells are Markdown; one that holds a line break or a bar is made to fit."""
    body = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join("---" for _ in heads) + " |"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in body)])


def literal(text: str) -> str:
    """Text that Markdown and HTML take for nothing but text."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", lambda found: f"&#{ord(found[1])};", text)


def fenced(text: str, language: str = "") -> str:
    return f"```{language}\n{text.rstrip()}\n```"


def folded(summary: str, body: str) -> str:
    """What opens when its summary is asked for."""
    return f'<details markdown="1" class="more"><summary>{summary}</summary>\n\n{body}\n\n</details>'


def framed(svg: str, label: str) -> str:
    """A picture, in a frame of its own that scrolls where the screen is narrow. Its words are no words of the page to a search."""
    return f'<div class="pic" data-search-exclude tabindex="0" role="region" aria-label="{literal(label)}">{svg}</div>'


def unsearched(body: str) -> str:
    """What a search does not look at."""
    return f'<div markdown="1" data-search-exclude>\n\n{body}\n\n</div>'


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text with every line outside fenced blocks changed."""
    return outside_fences(text, lambda block: "\n".join(map(change, block.split("\n"))))


def outside_fences(text: str, change: Callable[[str], str]) -> str:
    """The text with what stands between fenced blocks changed, each stretch as a whole."""
    done: list[str] = []
    stretch: list[str] = []
    fenced_now = False
    for line in text.splitlines():
        fence = bool(_FENCE.match(line))
        if not fenced_now and not fence:
            stretch.append(line)
            continue
        if stretch:
            done.append(change("\n".join(stretch)))
            stretch = []
        fenced_now ^= fence
        done.append(line)
    if stretch:
        done.append(change("\n".join(stretch)))
    return "\n".join(done) + "\n"


def with_clauses_linked(page: str, text: str) -> str:
    """Ids of clauses, which stand in code, lead to their pages."""

    def linked(found: re.Match[str]) -> str:
        return clause_link(page, found[1]) if found[1] in all_clauses() and page != clause_page(found[1]) else found[0]

    return outside_code(text, lambda line: line if line.startswith("#") else _CODED.sub(linked, line))


def with_lists_apart(text: str) -> str:
    """A list that follows its sentence without a free line is a list to some readers of Markdown only, as is one set in by two."""
    lines: list[str] = []
    code = False
    for line in text.splitlines():
        code ^= bool(_FENCE.match(line))
        before = lines[-1] if lines else ""
        starts = not code and _ITEM.match(line) and before.strip() and not _ITEM.match(before) and not before.startswith("  ")
        if starts and not before.startswith(("|", ">")):
            lines.append("")
        lines.append(line)
    return "\n".join(lines) + "\n"


def lasting(seconds: int) -> str:
    """A duration as a reader of the standard says it: in seconds up to two minutes, else in the largest unit that gives more than one."""
    for unit, size in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)):
        if seconds % size == 0 and seconds // size > 1 and seconds > 2 * MINUTE:
            return f"{seconds // size} {unit}s"
    return f"{seconds:,} second{'' if seconds == 1 else 's'}"


def normal(path: str) -> str:
    """A path without its dots."""
    parts: list[str] = []
    for part in PurePosixPath(path).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
