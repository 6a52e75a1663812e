"""Pages that people wrote, where they stand in the rooms: taken over word for word, with their links mended for the site."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import dirname, join

from lockproof.spec.clauses import all_clauses
from making.markdown import (
    Page,
    asset,
    clause_link,
    fenced,
    link,
    literal,
    normal,
    outside_code,
    outside_fences,
    with_clauses_linked,
    with_lists_apart,
)
from making.rooms import ROOT, NotPublished

FILES = "files"
"""The folder of the site that holds files of the project which a page links to and which are no pages."""
_LINK = re.compile(r"\[((?:`[^`]*`|[^\[\]`])*)\]\(([^)\s]+)\)")
_HEAD = re.compile(r"^\*\*([a-z][a-z.-]+)\*\* · (\w+)$")
_NAMED = re.compile(r"^\*\*([a-z]+(?:-[a-z]+)*)\*\*: ")


@dataclass(frozen=True, slots=True)
class Manual:
    """A page of the project: where it stands, its folder in the site, its title in the menu, and where in the menu."""

    file: str
    path: str
    title: str
    menu: tuple[str, ...] = ()


_STANDARD, _READ, _BUILD, _KIT, _MORE = "The standard", ("The standard", "Chapters"), "For makers", "The kit", "More"
MANUALS = (
    Manual("spec/chapters/1-time.md", "chapters/time", "Time", _READ),
    Manual("spec/chapters/2-eligibility.md", "chapters/eligibility", "Eligibility", _READ),
    Manual("spec/chapters/3-connect.md", "chapters/connect", "Connect grants", _READ),
    Manual("spec/chapters/4-code.md", "chapters/code", "One Day Codes", _READ),
    Manual("spec/chapters/5-report.md", "chapters/report", "The access report", _READ),
    Manual("spec/chapters/6-box.md", "chapters/box", "The box", _READ),
    Manual("spec/chapters/7-interop.md", "chapters/interop", "Interoperation", _READ),
    Manual("spec/chapters/decisions.md", "decisions", "Decisions", (_STANDARD,)),
    Manual("spec/chapters/left-out.md", "left-out", "Left out, and why", (_STANDARD,)),
    Manual("spec/chapters/assumptions.md", "assumptions", "Assumptions", (_STANDARD,)),
    Manual("hw_adapter/PORTING.md", "porting", "Port your box", (_BUILD,)),
    Manual("hw_adapter/PROTOCOL.md", "protocol", "The box test protocol", (_BUILD,)),
    Manual("hw_adapter/firmware/README.md", "port-kit", "The port kit", (_BUILD,)),
    Manual("hw_adapter/ADAPTERS.md", "adapters", "Adapters", (_BUILD,)),
    Manual("examples/adapter/README.md", "adapters/example", "An adapter, whole", (_BUILD,)),
    Manual("hw_adapter/AUTHORITIES.md", "authorities", "Authorities", (_BUILD,)),
    Manual("examples/authority/README.md", "authorities/example", "An authority, whole", (_BUILD,)),
    Manual("hw_adapter/PICS.md", "declaration", "Declare", (_BUILD,)),
    Manual("hw_adapter/CERTIFYING.md", "certifying", "Certify and verify", (_BUILD,)),
    Manual("reference/ACCESS.md", "access", "The access system", (_KIT,)),
    Manual("conformance/vectors/README.md", "vectors", "Vectors", (_KIT,)),
    Manual("examples/itf/README.md", "traces", "Traces of a model of your own", (_KIT,)),
    Manual("examples/ci/README.md", "ci", "In continuous integration", (_KIT,)),
    Manual("README.md", "readme", "The kit in brief", (_MORE,)),
    Manual("CONTRIBUTING.md", "contributing", "Contributing", (_MORE,)),
    Manual("CHANGELOG.md", "changes", "Changes", (_MORE,)),
)
_PAGES: Mapping[str, str] = {manual.file: manual.path for manual in MANUALS}
SCHEMA = Manual("hw_adapter/protocol.cddl", "protocol/cddl", "Its messages in CDDL", (_BUILD,))


def manual_pages() -> Iterator[Page]:
    for manual in MANUALS:
        if manual.path == "decisions":
            continue  # which decision_pages makes
        text = with_source_links(manual.path, (ROOT / manual.file).read_text(encoding="utf-8"), manual.file)
        if manual.path.startswith("chapters/"):
            text = _with_heads_linked(manual.path, text)
        elif manual.path == "assumptions":
            text = outside_code(text, lambda line: _NAMED.sub(r'<a id="\1"></a>**\1**: ', line))
        yield Page(manual.path, manual.title, with_lists_apart(with_clauses_linked(manual.path, text)), manual.menu)
        if manual.file == "hw_adapter/PROTOCOL.md":
            cddl = fenced((ROOT / SCHEMA.file).read_text(encoding="utf-8"), "text")
            page = (
                f"# The messages in CDDL\n\nThe bodies of [the box test protocol]({link(SCHEMA.path, manual.path)}),"
                f" which also stand [in frames, byte by byte]({link(SCHEMA.path, 'protocol/frames')}).\n\n{cddl}\n"
            )
            yield Page(SCHEMA.path, SCHEMA.title, page, SCHEMA.menu)


def _with_heads_linked(page: str, text: str) -> str:
    def linked(line: str) -> str:
        head = _HEAD.match(line)
        if head is None or head[1] not in all_clauses():
            return line
        return f'<a id="{head[1]}"></a>**{clause_link(page, head[1])}** · {head[2]}<br>'

    return outside_code(text, linked)


def with_source_links(page: str, text: str, file: str) -> str:
    """The links of a text that stands in `file`, as they are on a page of the site. Raises `NotPublished` for one that leads nowhere."""

    def mended(found: re.Match[str]) -> str:
        said, to = found[1], found[2]
        if to.startswith(("#", "http://", "https://", "mailto:")):
            return found[0]
        path, mark, anchor = to.partition("#")
        target = normal(join(dirname(file), path))
        if target in _PAGES:
            return f"[{said}]({link(page, _PAGES[target] + mark + anchor)})"
        if not (ROOT / target).is_file():
            raise NotPublished(f"{file}: it links to {to}, and there is no {target}; mend the link")
        return f"[{said}]({asset(page, f'{FILES}/{target}')})"

    return outside_fences(text, lambda stretch: _LINK.sub(mended, stretch))


def with_manuals_linked(page: str, text: str) -> str:
    """A literal text in which manuals of a room are named by their files, with links to their pages."""
    for manual in MANUALS:
        if dirname(manual.file):
            text = text.replace(literal(manual.file), f"[{manual.title}]({link(page, manual.path)})")
    return text


def linked_files(pages: Iterable[Page]) -> Iterator[str]:
    """Files of the project that a page links to."""
    for page in pages:
        for _, to in _LINK.findall(page.text):
            target = normal(join(page.path, to.partition("#")[0])) if not to.startswith(("#", "http", "mailto:")) else ""
            if target.startswith(f"{FILES}/"):
                yield target.removeprefix(f"{FILES}/")
