"""What a command of the access system says: lines for people, or one JSON document for programs."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lockproof.conformance.access.desk import name_of, short
from lockproof.conformance.access.times import told
from lockproof.conformance.words import spoken
from lockproof.reference.directory import IssuedCode, IssuedGrant
from lockproof.spec.clauses import clause
from lockproof.spec.profile import DEFAULT

_BESIDE = "    "
_WIDEST = 40  # places of a column


@dataclass(frozen=True, slots=True)
class Told:
    """`accepted` is false for what was refused: by the authority, or by a box."""

    data: Any
    lines: Sequence[str]
    accepted: bool = True

    def text(self, *, as_json: bool) -> str:
        lines = [as_document(self.data)] if as_json else self.lines
        return "".join(f"{line}\n" for line in lines)


def as_document(data: Any) -> str:
    """JSON, in plain ASCII where the output has not got every character."""
    return json.dumps(data, ensure_ascii=(sys.stdout.encoding or "").lower() != "utf-8", indent=2)


def instant(at: int | None, zone: str) -> dict[str, Any] | None:
    """For programs: seconds since 1970, UTC, and what a clock in the zone shows."""
    return None if at is None else {"utc": at, "local": told(at, zone)}


def refused(clauses: Iterable[str], what: str, **data: Any) -> Told:
    """With the sentence of each clause that forbids it."""
    found = tuple(clauses)
    lines = [f"refused   {what}", *(f"{_BESIDE}{each}: {clause(each).sentence}" for each in found)]
    return Told({"accepted": False, "clauses": list(found), **data}, lines, accepted=False)


def granted(grant: IssuedGrant) -> Told:
    start, end = told(grant.start, grant.zone), told(grant.end, grant.zone)
    lines = [
        f"granted   {grant.grant}",
        f"{_BESIDE}{grant.email} may open {name_of(grant.box_id)}, {grant.address},",
        f"{_BESIDE}from {start} until {end} ({spoken(grant.end - grant.start)}), with the app and an account of that email",
        f"{_BESIDE}to end it at any time: lockproof access revoke {short(grant)}",
    ]
    return Told({"accepted": True, **of_grant(grant)}, lines)


def generated(code: IssuedCode, digits: str, message: str) -> Told:
    half = len(digits) // 2
    day = f"{told(code.day_start, code.zone)} until {told(code.day_end, code.zone)}"
    lines = [
        f"generated   {code.code}",
        f"{_BESIDE}{digits[:half]} {digits[half:]}   for {code.name}, at {name_of(code.box_id)}, {code.address}",
        f"{_BESIDE}first use on {code.date}, from {day}; from then on it works for {spoken(DEFAULT.code_life)}",
        f"{_BESIDE}it can't be revoked, and nobody is notified of its uses",
        "instructions, to be sent on:",
        f"{_BESIDE}{message}",
        f"{_BESIDE}as an email: lockproof access share {short(code)} --email ADDRESS",
    ]
    return Told({"accepted": True, **of_code(code), "digits": digits, "message": message}, lines)


def of_grant(grant: IssuedGrant) -> dict[str, Any]:
    zone = grant.zone
    return {
        "grant": grant.grant,
        "box": name_of(grant.box_id),
        "property": grant.address,
        "by": grant.by,
        "email": grant.email,
        "role": grant.role,
        "zone": zone,
        "tzdata": grant.tzdata,
        "granted": instant(grant.granted, zone),
        "start": instant(grant.start, zone),
        "end": instant(grant.end, zone),
        "state": state_of_grant(grant),
        "revocation": _revocation(grant),
    }


def of_code(code: IssuedCode) -> dict[str, Any]:
    zone = code.zone
    return {
        "code": code.code,
        "box": name_of(code.box_id),
        "property": code.address,
        "by": code.by,
        "name": code.name,
        "role": code.role,
        "seller_permission": code.seller_permission,
        "zone": zone,
        "tzdata": code.tzdata,
        "generated": instant(code.generated, zone),
        "date": code.date,
        "day_start": instant(code.day_start, zone),
        "day_end": instant(code.day_end, zone),
        "index": code.index,
        "first_use": instant(code.first_use, zone),
    }


def state_of_grant(grant: IssuedGrant) -> str:
    """Whether it was ended, and by what; when it holds is in its window."""
    return "revoked" if grant.revoked else "ended: its box was moved" if grant.moved else "granted"


def _revocation(grant: IssuedGrant) -> dict[str, Any] | None:
    """Its three instants (`connect.revoke.bound`)."""
    if grant.ended is None:
        return None
    return {
        "requested": instant(grant.ended, grant.zone),
        "delivered": instant(grant.delivered, grant.zone),
        "effective_by": instant(grant.ended + DEFAULT.ticket_life, grant.zone),
    }


def revocation_lines(grant: IssuedGrant) -> list[str]:
    if grant.ended is None:
        return []
    heard = told(grant.delivered, grant.zone) if grant.delivered is not None else "not yet"
    return [
        f"{_BESIDE}requested {told(grant.ended, grant.zone)}",
        f"{_BESIDE}the box has heard: {heard}; effective at the latest by {told(grant.ended + DEFAULT.ticket_life, grant.zone)}",
    ]


def _places(text: str) -> int:
    """How many a text takes on a screen."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in {"W", "F"} else 1 for each in text
    )


def table(heading: str, rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows in columns, below a line that says how many there are. One long text moves only what stands behind it."""
    widths = [min(max(map(_places, column)), _WIDEST) for column in zip(*rows, strict=True)]
    lines = [
        _BESIDE + "   ".join(text + " " * (width - _places(text)) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return [f"{heading}: {len(rows) or 'none'}", *lines]
