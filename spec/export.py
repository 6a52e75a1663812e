"""The obligations as files, one each, for whoever wants to check them with a solver of their own.

A folder holds one `.smt2` for each obligation and `obligations.json`, which says what each is. What a former export left behind
and this one does not write is removed, if it is still as it was written; no other file is touched.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lockproof.spec.obligations import Family, Obligation, obligations, of_one_world
from lockproof.spec.observable import BadInput
from lockproof.spec.smtlib import Writer, is_whole

INDEX = "obligations.json"
SCHEMA = "lockproof-obligations-1"
LONGEST = 150  # characters of a file's name before its ending; some systems take no more than 260 for the whole path


class Export:
    """A folder of obligations. Raises `BadInput` if it cannot be one, before anything is proved."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._entries: list[dict[str, Any]] = []
        self._taken: set[str] = set()
        self._make()

    @property
    def written(self) -> int:
        return len(self._entries)

    def add(self, obligation: Obligation, text: str) -> None:
        name = self._free_name(obligation)
        self._write(name, text)
        self._entries.append(_entry(name, obligation, text))

    def finish(self) -> None:
        """What a former export left is removed, and the index written."""
        for path in sorted(self.folder.glob("*.smt2")):
            if path.name.casefold() not in self._taken and not path.is_symlink() and path.is_file() and _is_ours(path):
                path.unlink()
        index = {"schema": SCHEMA, "obligations": self._entries}
        self._write(INDEX, json.dumps(index, indent=1, ensure_ascii=False) + "\n")

    def _make(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            probe = self.folder / f".lockproof-{os.getpid()}"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise BadInput(f"{self.folder}: no obligations can be written there: {error.strerror}; name another folder") from None
        index = self.folder / INDEX
        if index.exists() and not _is_index(index):
            raise BadInput(f"{index}: not written by an export; move it away, or name another folder")

    def _free_name(self, obligation: Obligation) -> str:
        name = file_name(obligation)
        if name.casefold() in self._taken:
            name = _with_digest(name.removesuffix(".smt2"), obligation)
        self._taken.add(name.casefold())
        return name

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        if name != INDEX and path.exists() and not _is_ours(path):
            raise BadInput(f"{path}: not written by an export, or changed since; move it away, or name another folder")
        part = self.folder / f".{hashlib.sha256(name.encode()).hexdigest()[:16]}-{os.getpid()}"
        try:
            part.write_bytes(text.encode())
            part.replace(path)
        except OSError as error:
            raise BadInput(f"{path}: cannot be written: {error.strerror}; make room, or name another folder") from None
        finally:
            part.unlink(missing_ok=True)


def export(folder: Path, families: Iterable[Family] = (of_one_world,)) -> int:
    """Write all obligations without asking anybody; how many there are."""
    files, writer = Export(folder), Writer()
    for obligation in (o for family in families for subject in family() for o in obligations(subject)):
        files.add(obligation, writer.text(obligation))
    files.finish()
    return files.written


def file_name(obligation: Obligation) -> str:
    """`theorem--event.smt2`, and with the question if it is not whether the theorem can fail; legal on every system."""
    parts = (obligation.subject.name, obligation.event, obligation.question)
    stem = "--".join(re.sub(r"[^A-Za-z0-9_-]+", "_", part).strip("_-") or "_" for part in parts if part)
    return f"{stem}.smt2" if len(stem) <= LONGEST else _with_digest(stem[:LONGEST], obligation)


def _with_digest(stem: str, obligation: Obligation) -> str:
    exactly = json.dumps([obligation.subject.name, obligation.event, obligation.question])
    return f"{stem}--{hashlib.sha256(exactly.encode()).hexdigest()[:12]}.smt2"


def _entry(name: str, obligation: Obligation, text: str) -> dict[str, Any]:
    subject = obligation.subject
    return {
        "file": name,
        str(subject.kind): subject.name,
        "sentence": subject.sentence,
        "clauses": list(subject.clauses),
        "event": obligation.event,
        "question": obligation.question or "can it fail",
        "expected": str(obligation.expected),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def _is_ours(path: Path) -> bool:
    try:
        return is_whole(path.read_bytes().decode())
    except (OSError, UnicodeDecodeError):
        return False


def _is_index(path: Path) -> bool:
    try:
        index = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(index, dict) and index.get("schema") == SCHEMA
