"""`lockproof certify`: a signed statement about a run that certifies its box, or every reason why there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lockproof.conformance import certifiable, key_files, pics, production_record, real_hour, stating
from lockproof.conformance.envelope import signed
from lockproof.conformance.evidence import Evidence
from lockproof.conformance.real_hour import RealHour
from lockproof.conformance.reporting import STATEMENT
from lockproof.conformance.visible import visible
from lockproof.conformance.whole_files import write_new
from lockproof.spec.observable import BadInput

LONGEST_NAME = 200  # characters


def certify(runs: Sequence[Path], key: Path, name: str, role: str, declaration: Path | None, out: Path | None) -> int:
    """Write the statement; the exit code: 0, or 1 where the run certifies nothing. Raises `BadInput`.

    `runs`: the one that judged the box, and one more at most, in which an expiry was waited for.
    """
    if len(runs) > 2:  # noqa: PLR2004 (said just above)
        raise BadInput("RUN: name the run that judged the box, and one more at most, in which an expiry was waited for")
    if role not in stating.ROLES:
        raise BadInput(f"--as {role}: write self for whoever makes the box, or lab for whoever judges it for others")
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadInput(f"--signer: say who signs, in 1 to {LONGEST_NAME} characters that can be seen")
    signer = key_files.private_key(key)
    path = out or runs[0] / STATEMENT
    if path.exists():
        raise BadInput(f"{path}: it exists, and a statement that was signed stays; name another file with --out")
    evidence = Evidence.of(runs[0])
    reasons = list(why_not(evidence))
    if declaration is not None:
        reasons += _another(declaration, evidence)
    checked = production_record.of_run(runs[0])
    if checked:
        reasons += production_record.why_not(checked)
    other = Evidence.of(runs[1]) if runs[1:] else None
    hour = the_hour(evidence, other) if not reasons else None
    if other and not reasons:
        reasons += hour_why_not(evidence, other)
    if reasons:
        sys.stdout.write(f"{runs[0]}: no statement, since this run does not certify the box:\n")
        sys.stdout.write("".join(f"    {visible(reason)}\n" for reason in reasons))
        return 1
    who = {"name": name, "as": role, "keyid": signer.public_key.keyid}
    said = stating.predicate(evidence, who, hour, checked)
    _write(path, signed(stating.subjects(evidence), stating.PREDICATE_TYPE, said, signer))
    for line in _told(path, evidence, said, key):
        sys.stdout.write(f"{visible(line)}\n")
    return 0


def why_not(evidence: Evidence) -> Iterator[str]:
    """Every reason why a run does not certify its box; none where it does."""
    yield from evidence.against_the_declaration()
    yield from evidence.unnamed()
    yield from evidence.against_its_beginning()
    yield from evidence.against_the_plan()
    yield from certifiable.why_not(evidence.result, evidence.head)
    yield from evidence.against_the_report()
    yield from evidence.against_the_suite()


def the_hour(evidence: Evidence, other: Evidence | None) -> tuple[Evidence, RealHour] | None:
    """The expiry that was waited for: in the other run, or, where there is none, in the one that judged the box."""
    run = other or evidence
    found = real_hour.find(run)
    return (run, found) if found else None


def hour_why_not(evidence: Evidence, other: Evidence) -> Iterator[str]:
    """Why the other run can't be taken in."""
    where = other.parts.report.parent
    yield from (f"{where}: {each}" for each in real_hour.why_not_of_the_same(evidence, other))
    yield from (f"{where}: {each}" for each in (*other.against_the_report(), *other.against_the_suite()))
    if other.result.exit_code == 1:
        yield f"{where}: the verdict of that run is {other.result.verdict}"
    if real_hour.find(other) is None:
        yield (
            f"{where}: no scenario of {real_hour.CLAUSE} passed there whose hour was waited for, on a line and in real time;"
            " play one with --clock wall-clock --wait 1h"
        )


def _another(path: Path, evidence: Evidence) -> Iterator[str]:
    declared = pics.read(path)
    if declared.recorded()["sha256"] != (evidence.head.get("pics") or {}).get("sha256"):
        yield f"{path}: the run was judged by another declaration"
    yield from pics.wrong_images(declared)


def _write(path: Path, text: str) -> None:
    try:
        write_new(path, text.encode())
    except OSError as error:
        raise BadInput(f"{path}: the statement can't be written: {error.strerror}; name another file with --out") from None


def _told(path: Path, evidence: Evidence, said: dict[str, Any], key: Path) -> Iterator[str]:
    passed = sum(row["verdict"] == "pass" for row in said["clauses"].values())
    yield f"{path}: {evidence.result.firmware}, {passed} clauses passed, signed by key {said['signer']['keyid']}"
    yield "what it does not show:"
    yield from (f"    {what}: {words}" for what, words in said["unproven"].items())
    yield f"hand over the folder of each run, the statement and {key_files.public_of(key)}; to verify: lockproof verify {path} --key PUB"
