"""What a verdict was reached with, as SHA-256 in hex: the spec, the protocol, the vectors, the kit that judges, and the scenarios.

A run records them, so that whoever judges it again, goes on with it or signs it can tell whether these are still the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from lockproof.conformance.scenario import Scenario

_ROOMS: Final = ("spec", "reference", "hw_adapter", "conformance")
_NO_PART_OF_IT: Final = {"firmware", "__pycache__"}  # folders: the port kit in C is a box, and judges nothing


@cache
def kit() -> Mapping[str, str]:
    """Of this installation: its `version`, and the digests of `spec` (clauses, profile, model, theorems), `protocol` (its page and
    CDDL), `vectors`, and `judge`, all of its Python.
    """
    python = [(f"{room}/{name}", path) for room in _ROOMS for name, path in _files(room, ".py")]
    return {
        "version": metadata.version("lockproof"),
        "spec": _of(_files("spec", ".md", ".py")),
        "protocol": _of(_files("hw_adapter", "PROTOCOL.md", ".cddl")),
        "vectors": _of([*_files("hw_adapter", "vectors.json"), *_files("conformance", ".json")]),
        "judge": _of(python),
    }


def suite(scenarios: Iterable[Scenario]) -> str:
    """Of what these scenarios say, in any order and wherever they stand."""
    digest = hashlib.sha256()
    for each in sorted(scenarios, key=lambda scenario: scenario.id):
        digest.update(_said(each))
    return digest.hexdigest()


def scenario(one: Scenario) -> str:
    """Of everything that it says, its times and its zones too, wherever it stands."""
    return hashlib.sha256(_said(one)).hexdigest()


def _said(one: Scenario) -> bytes:
    said: dict[str, Any] = asdict(one)
    del said["where"]
    for step in said["steps"]:
        del step["where"]
    return json.dumps(said, sort_keys=True, default=bytes.hex).encode() + b"\n"


def of_file(path: Path) -> str:
    """Of its bytes. Raises `OSError`."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _of(named: Iterable[tuple[str, Path]]) -> str:
    digest = hashlib.sha256()
    for name, path in named:
        digest.update(f"{name} {of_file(path)}\n".encode())
    return digest.hexdigest()


def _files(room: str, *endings: str) -> Iterator[tuple[str, Path]]:
    """Those below a room whose name ends so, with their path below it, in the order of their paths."""
    folder = Path(str(files(f"lockproof.{room}")))
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.name.endswith(endings) and not _NO_PART_OF_IT & set(name.parts):
            yield name.as_posix(), path
