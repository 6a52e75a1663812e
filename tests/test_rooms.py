"""The four rooms: arrows point down only, and every clause id that is written anywhere exists and is used."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from lockproof.spec.clauses import all_clauses

ROOT = Path(__file__).parent.parent
FILES = (".py", ".yaml", ".json", ".xml", ".sql", ".html", ".css", ".js")
MAY_IMPORT = {
    "spec": {"spec"},
    "reference": {"reference", "spec"},
    "hw_adapter": {"hw_adapter", "spec"},
    "conformance": {"conformance", "reference", "hw_adapter", "spec"},
}


def imports_of(source: str) -> set[str]:
    """The rooms that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [a.name for a in node.names]
            if isinstance(node, ast.Import)
            else []
        )
        if isinstance(node, ast.ImportFrom) and node.module == "lockproof":
            names = [f"lockproof.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("lockproof.")}
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_lies_above_it(room):
    for path in (ROOT / room).rglob("*.py"):
        assert imports_of(path.read_text(encoding="utf-8")) <= MAY_IMPORT[room], path


@pytest.mark.parametrize(
    "source", ["from lockproof.reference import box", "import lockproof.reference.box", "from lockproof import reference"]
)
def test_an_arrow_that_points_up_is_seen(source):
    assert imports_of(source) == {"reference"}


def quoted_ids(text: str) -> set[str]:
    """What looks like a clause id, between quotation marks or backquotes."""
    families = "|".join({clause.split(".")[0] for clause in all_clauses()})
    return set(re.findall(rf"[\"`]((?:{families})(?:\.[a-z]+(?:-[a-z]+)*)+)[\"`]", text))


def test_every_clause_id_in_the_rooms_exists():
    for room in MAY_IMPORT:
        for path in (ROOT / room).rglob("*.py"):
            for clause in quoted_ids(path.read_text(encoding="utf-8")):
                if not clause.endswith(FILES):
                    assert clause in all_clauses(), f"{path}: {clause}"


def test_every_clause_is_used_outside_the_chapters():
    used = set()
    for pattern in ("spec/**/*.py", "reference/**/*.py", "conformance/**/*.py"):
        for path in ROOT.glob(pattern):
            used |= quoted_ids(path.read_text(encoding="utf-8"))
    for path in (ROOT / "conformance" / "scenarios").rglob("*.yaml"):
        used |= {clause for clause in all_clauses() if clause in path.read_text(encoding="utf-8")}
    assert set(all_clauses()) - used == set()
