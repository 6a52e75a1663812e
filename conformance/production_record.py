"""What `lockproof box --production PORT --out FILE` leaves: a check of a production build, as a file that a statement can take in."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from lockproof.conformance import digests
from lockproof.conformance.envelope import parsed
from lockproof.conformance.production import HARM, Report
from lockproof.conformance.verdict import Verdict
from lockproof.conformance.whole_files import bounded, write_new
from lockproof.hw_adapter.messages import COMMANDS
from lockproof.spec.observable import BadInput

NAME: Final = "production.json"
"""Where `lockproof certify` looks for it, in the folder of the run."""
_FORMAT: Final = "lockproof-production/1"
_FIELDS: Final = {"format": str, "began": str, "port": str, "who": str, "verdict": str, "reason": str, "tried": list, "kit": dict}
_LARGEST = 1_000_000  # bytes


def began() -> str:
    """Now, as ISO 8601 has it."""
    return dt.datetime.now(dt.UTC).isoformat()


def write(path: Path, report: Report, port: str, begun: str) -> None:
    """Raises `BadInput` where something is there already, or nothing can be written."""
    record = {"format": _FORMAT, "began": begun, "port": port, **asdict(report), "kit": dict(digests.kit())}
    try:
        write_new(path, f"{json.dumps(record, indent=1, sort_keys=True)}\n".encode())
    except OSError as error:
        raise BadInput(
            f"{path}: the record of the check can't be written: {error.strerror}; name another file with --out"
        ) from None


def of_run(run: Path) -> dict[str, Any] | None:
    """The record in the folder of a run, None where there is none. Raises `BadInput` for what is no such record."""
    path = run / NAME
    if not os.path.lexists(path):
        return None
    if path.is_symlink():
        raise BadInput(f"{path}: a symbolic link, and a run has its files in its own folder; put the file there")
    with bounded(path, _LARGEST, "a check of a production build") as file:
        found = parsed(path, file.read(), "record")
    if {*found} != {*_FIELDS} or found["format"] != _FORMAT or not all(isinstance(found[n], k) for n, k in _FIELDS.items()):
        raise BadInput(f"{path}: no record of a check; lockproof box --production PORT --out FILE writes one")
    return found


def why_not(record: Mapping[str, Any]) -> Iterator[str]:
    """Why it does not say that every test command was refused, a line each."""
    if record["verdict"] != Verdict.PASS:
        yield f"{NAME}: the production build did not pass ({record['verdict']}): {record['reason']}"
    wanted = [{"command": COMMANDS[code].name, "verdict": "pass"} for code in HARM]
    tried = [{name: each.get(name) for name in ("command", "verdict")} for each in record["tried"] if isinstance(each, dict)]
    if record["verdict"] == Verdict.PASS and tried != wanted:
        yield f"{NAME}: it does not say that every test command was refused"
