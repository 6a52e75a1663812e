"""The rooms' public names, read off their source: what a module is about, its functions and classes, and what their docstrings say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from making.markdown import Page, fenced, link, literal, outside_code, with_clauses_linked
from making.rooms import ROOT

API = "api"
ROOMS = {
    "spec": "What is true: clauses, profile, model, theorems.",
    "reference": "A system that does it: authority and box.",
    "hw_adapter": "A box at the other end of a wire.",
    "conformance": "Does that box do it? Scenarios, oracle, verdicts, reports, the command.",
}


def api_pages() -> Iterator[Page]:
    rows = "\n".join(f"- [`lockproof.{room}`]({link(API, f'{API}/{room}')}): {said}" for room, said in ROOMS.items())
    text = f"# The packages\n\nFour packages; each imports only those above it.\n\n{rows}\n"
    yield Page(API, "Packages", text, ("More", "Packages"))
    for room, said in ROOMS.items():
        page = f"{API}/{room}"
        parts = [f"# lockproof.{room}", said]
        for path in sorted((ROOT / room).rglob("*.py")):
            parts += _module(page, path)
        yield Page(page, f"lockproof.{room}", "\n\n".join(parts) + "\n", ("More", "Packages"), search="exclude: true")


def _module(page: str, path: Path) -> Iterator[str]:
    if {"firmware", "build"} & set(path.parts):
        return
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    public = [node for node in tree.body if _is_public(node)]
    said = ast.get_docstring(tree)
    if not said and not public:
        return
    yield f"## lockproof.{name} {{ #{name.replace('.', '-')} }}"
    yield _told(page, said or "")
    for node in public:
        yield from _named(page, node)


def _is_public(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")


def _named(page: str, node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef):
        yield fenced(_signature(node), "python")
        yield _told(page, ast.get_docstring(node) or "")
    elif isinstance(node, ast.ClassDef):
        fields = [ast.unparse(each) for each in node.body if isinstance(each, ast.AnnAssign | ast.Assign)]
        own = [each for each in node.body if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")]
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        head = f"class {node.name}({bases}):" if bases else f"class {node.name}:"
        body = [*fields, *(_signature(each) for each in own)] or ["..."]
        yield fenced("\n".join([head, *(f"    {line}" for part in body for line in part.splitlines())]), "python")
        yield _told(page, ast.get_docstring(node) or "")
        for each in own:
            if said := ast.get_docstring(each):
                yield f"`{each.name}`: {_told(page, said)}"


def _signature(node: ast.FunctionDef) -> str:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    line = f"def {node.name}({ast.unparse(node.args)}){returns}"
    return line if len(line) <= 110 else f"def {node.name}(\n    {ast.unparse(node.args)}\n){returns}"  # noqa: PLR2004 (a line)


def _told(page: str, said: str) -> str:
    """A docstring as Markdown: what is set in by four is code there, too, and nothing in it is markup but code."""
    plain = outside_code(said, lambda line: line if line.startswith("    ") else _escaped(line))
    return with_clauses_linked(page, plain).strip()


def _escaped(line: str) -> str:
    parts = re.split(r"(`[^`]*`)", line)
    return "".join(part if part.startswith("`") else literal(part) for part in parts)
