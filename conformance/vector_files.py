"""Reads the synthesized scenarios from their files: one JSON file for each clause, in the form of `vectors/schema.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from lockproof.spec.observable import BadInput

FOLDER = Path(str(files("lockproof.conformance.vectors")))
VERSION = 1
SCHEMA, INDEX = "schema.json", "index.json"

Json = dict[str, Any]


def read(folder: Path = FOLDER) -> Iterator[tuple[str, Json, int]]:
    """Each vector with the name of its file and the line on which it begins. Raises `BadInput`."""
    for path in sorted(folder.glob("*.json")):
        if path.name not in {SCHEMA, INDEX}:
            yield from _read(path)


def _read(path: Path) -> Iterator[tuple[str, Json, int]]:
    name = str(path.relative_to(path.parents[1]))
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text)
        version = found["version"]
        if version != VERSION:
            raise BadInput(f"{path}: vectors of version {version}, and this release reads {VERSION}; make them anew")
        vectors = [(str(each["id"]), each) for each in list(found["vectors"]) if each["scenario"].items()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(f"{path}: no vectors: {error}; make them with lockproof scenarios synthesize") from None
    for known, each in vectors:
        place = text.find(f'"id": {json.dumps(known)}')
        yield name, each, text.count("\n", 0, max(place, 0)) + 1
