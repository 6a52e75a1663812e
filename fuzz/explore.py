"""Fuzzing with atheris: `python fuzz/explore.py TARGET [libFuzzer's options]`; `nox -s fuzz` does it for every target.

It begins with the frames of `hw_adapter/vectors.json`, and ends with how many inputs there were in how much time; an input that
something fails on is written to `crash-*` in the current folder.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["lockproof", "targets"]):
    import targets


def main() -> None:
    name, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        seed(name, Path(folder))
        atheris.Setup([sys.argv[0], folder, "-print_final_stats=1", *options], targets.TARGETS[name])
        atheris.Fuzz()


def seed(name: str, folder: Path) -> None:
    """Every text in hex in the vectors; for journals a small one."""
    if name == "journal":
        (folder / "0").write_bytes(b'{"record":"run"}\n{"record":"bytes","at":0.5,"direction":"in","hex":"00"}\n')
        return
    held = json.loads(files("lockproof.hw_adapter").joinpath("vectors.json").read_text(encoding="utf-8"))
    for number, data in enumerate(sorted(set(_hex_in(held)))):
        (folder / str(number)).write_bytes(b"\xff" + data if name == "host" else data)


def _hex_in(held: Any) -> list[bytes]:
    if isinstance(held, str):
        try:
            return [bytes.fromhex(held)]
        except ValueError:
            return []
    inside = held.values() if isinstance(held, dict) else held if isinstance(held, list) else ()
    return [data for each in inside for data in _hex_in(each)]


if __name__ == "__main__":
    main()
