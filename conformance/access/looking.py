"""What the commands of the access system show: who and what there is, the access report, notifications and alerts."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from lockproof.conformance import words
from lockproof.conformance.access import telling, times
from lockproof.conformance.access.desk import Desk, begins, name_of, short
from lockproof.conformance.access.telling import Told
from lockproof.reference.directory import KnownBox, Line
from lockproof.reference.history import Head
from lockproof.spec import civil
from lockproof.spec.observable import BadInput

FORMS = ("tsv", "csv", "json")
_UTC = "UTC"


# Lists

Listed = tuple[Sequence[Mapping[str, Any]], Sequence[tuple[str, ...]]]
"""For programs and, each beside it, for people."""


def _people(desk: Desk) -> Listed:
    found = desk.directory.people()
    data = [{"person": each.person, "name": each.name, "office": each.office} for each in found]
    return data, [(each.person, each.name, each.office or "-") for each in found]


def _properties(desk: Desk) -> Listed:
    found = desk.directory.properties()
    data = [
        {"property": each.prop, "address": each.address, "zone": each.zone, "agent": each.agent, "office": each.office}
        for each in found
    ]
    rows = [(each.address, each.zone, f"agent {each.agent}", f"office {each.office or '-'}") for each in found]
    return data, rows


def _boxes(desk: Desk) -> Listed:
    found = desk.directory.boxes()
    data = [
        {
            "box": name_of(each.box_id),
            "id": each.box_id.hex(),
            "owners": list(each.owners),
            "property": _address(desk, each),
            "since": telling.instant(each.since, desk.zone_of(each)),
        }
        for each in found
    ]
    rows = [
        (
            name_of(each.box_id),
            _address(desk, each) or "at no property",
            f"since {times.told(each.since, desk.zone_of(each))}" if each.since is not None else "",
            f"owners {', '.join(each.owners) or '-'}",
        )
        for each in found
    ]
    return data, rows


def _accounts(desk: Desk) -> Listed:
    found = desk.directory.accounts()
    data = [
        {"email": each.email, "registered": telling.instant(each.registered, _UTC), "closed": telling.instant(each.closed, _UTC)}
        for each in found
    ]
    rows = [(each.email, "open" if each.closed is None else f"closed {times.told(each.closed, _UTC)}") for each in found]
    return data, rows


def _grants(desk: Desk) -> Listed:
    found = desk.directory.grants()
    rows = [
        (
            short(each),
            each.email,
            name_of(each.box_id),
            f"{times.told(each.start, each.zone)} until {times.told(each.end, each.zone)}",
            telling.state_of_grant(each),
        )
        for each in found
    ]
    return [telling.of_grant(each) for each in found], rows


def _codes(desk: Desk) -> Listed:
    found = desk.directory.codes()
    rows = [
        (
            short(each),
            each.name,
            name_of(each.box_id),
            each.date,
            f"first use {times.told(each.first_use, each.zone)}" if each.first_use is not None else "no use known",
        )
        for each in found
    ]
    return [telling.of_code(each) for each in found], rows


LISTS: dict[str, Callable[[Desk], Listed]] = {
    "people": _people,
    "properties": _properties,
    "boxes": _boxes,
    "accounts": _accounts,
    "grants": _grants,
    "codes": _codes,
}


def show(desk: Desk, what: str, of: str) -> Told:
    """One of the lists, or all of them; only what this person, office, property, box or email is named in, or what is called so."""
    if what and what not in LISTS:
        raise BadInput(f"list {what}: name one of {', '.join(LISTS)}, or none for all of them")
    data: dict[str, list[Mapping[str, Any]]] = {}
    lines: list[str] = []
    for name in [what] if what else LISTS:
        found = [(datum, row) for datum, row in zip(*LISTS[name](desk), strict=True) if not of or _names(datum, of)]
        data[name] = [datum for datum, _ in found]
        lines += telling.table(name, [row for _, row in found])
    return Told(data[what] if what else data, lines)


def _names(datum: Mapping[str, Any], wanted: str) -> bool:
    words = [
        word.casefold()
        for each in datum.values()
        for word in (each if isinstance(each, list) else [each])
        if isinstance(word, str)
    ]
    reference = datum.get("grant") or datum.get("code")
    return wanted.casefold() in words or (reference is not None and begins(reference, wanted))


# The access report


def report(desk: Desk, form: str, place: str, box: str, person: str, since: str, until: str) -> Told:
    """By property, by box, by person (who let in, or who was let in), and by when it happened."""
    if form not in FORMS:
        raise BadInput(f"--form {form}: name one of {', '.join(FORMS)}")
    found = _chosen(desk, desk.directory.lines(), place, box, person, since, until)
    data = [_of_line(each) for each in found]
    return Told(data, _FORMED[form](found, data))


def _chosen(desk: Desk, lines: Iterable[Line], place: str, box: str, person: str, since: str, until: str) -> list[Line]:
    prop = desk.property_at(place).prop if place else None
    box_id = desk.box(box).box_id if box else None
    before = _before(desk)
    return [
        each
        for each in lines
        if prop in {None, each.prop}
        and box_id in {None, each.box_id}
        and (
            not person or person.casefold() in {each.told.grantor_id.casefold(), each.told.grantor.casefold(), each.to.casefold()}
        )
        and (not since or not before(since, each))
        and (not until or before(until, each))
    ]


def _before(desk: Desk) -> Callable[[str, Line], bool]:
    """Whether a line is of before a date, or a time, at its property. A date that its zone left out is a bound like any other."""

    @cache
    def edge(text: str, zone: str) -> int:  # once for each zone: it may be asked about
        return times.instant(text, times.calendar(zone, desk.now), desk.now, desk.asking.which_instant(zone))

    def before(text: str, line: Line) -> bool:
        if ":" in text:
            return line.told.occurred < edge(text, line.zone)
        day = times.date(text, times.calendar(line.zone, desk.now))
        return civil.date_at(line.told.occurred, line.zone).isoformat() < day

    return before


def _of_line(line: Line) -> dict[str, Any]:
    told = line.told
    return {
        "occurred": telling.instant(told.occurred, line.zone),
        "received": telling.instant(told.received, line.zone),
        "kind": told.kind.value,
        "detail": told.detail,
        "location": told.location,
        "box": name_of(line.box_id),
        "to": line.to,
        "grantor": told.grantor,
        "grantor_id": told.grantor_id,
    }


def _as_csv(_: Sequence[Line], data: Sequence[dict[str, Any]]) -> list[str]:
    """RFC 4180, but for the line ends; instants with their offsets."""
    text = io.StringIO()
    names = ("occurred", "received", "kind", "detail", "location", "box", "to", "grantor", "grantor_id")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for each in data:
        writer.writerow([each[name]["local"] if name in {"occurred", "received"} else each[name] for name in names])
    return text.getvalue().splitlines()


_FORMED: dict[str, Callable[[Sequence[Line], Sequence[dict[str, Any]]], list[str]]] = {
    "tsv": lambda found, _: [each.told.text() for each in found],
    "csv": _as_csv,
    "json": lambda _, data: [telling.as_document(data)],
}


# What is told


def notifications(desk: Desk) -> Told:
    """Showing notifications: of openings with a Connect grant, and of nothing else."""
    grants = {each.grant: each for each in desk.directory.grants()}
    data, rows = [], []
    for each in desk.authority.notifications():
        known = grants.get(each.grant)
        zone = known.zone if known else _UTC
        email, address = (known.email, known.address) if known else ("a grant that nobody knows", "")
        occurred, received = telling.instant(each.occurred, zone), telling.instant(each.received, zone)
        data.append(
            {
                "grant": each.grant,
                "email": email,
                "property": address,
                "box": name_of(each.box_id),
                "occurred": occurred,
                "received": received,
            }
        )
        late = f"   received {times.told(each.received, zone)}" if each.received != each.occurred else ""
        rows.append((f"{times.told(each.occurred, zone)}", "SentriConnect", email, address, name_of(each.box_id) + late))
    return Told(data, telling.table("showing notifications", rows))


def alerts(desk: Desk) -> Told:
    found = desk.authority.alerts()
    zones = {each.box_id: desk.zone_of(each) for each in desk.directory.boxes()}
    data = [
        {
            "kind": each.kind.value,
            "box": name_of(each.box_id),
            "epoch": each.epoch,
            "first": each.first,
            "last": each.last,
            "received": telling.instant(each.received, zones[each.box_id]),
        }
        for each in found
    ]
    rows = [
        (
            each.kind.value,
            name_of(each.box_id),
            f"{_entries(each.first, each.last)} of log {each.epoch}",
            times.told(each.received, zones[each.box_id]),
        )
        for each in found
    ]
    return Told(data, telling.table("alerts", rows))


def _entries(first: int, last: int) -> str:
    return f"entry {first}" if first == last else f"entries {first} to {last}"


# The history


def history(desk: Desk) -> Told:
    """Every request that was answered and may have changed something, from the first on."""
    data, rows = [], []
    for each in desk.authority.history():
        accepted = each.answered.get("accepted", True) if isinstance(each.answered, dict) else True
        written = telling.instant(each.written, _UTC)
        data.append(
            {
                "number": each.number,
                "written": written,
                "instant": telling.instant(each.instant, _UTC),
                "request": each.kind,
                "asked": each.asked,
                "answered": each.answered,
                "changed": [list(change) for change in each.changed],
                "digest": each.digest,
            }
        )
        outcome = words.counted(len(each.changed), "row") if accepted else f"refused: {', '.join(each.answered['clauses'])}"
        rows.append((str(each.number), times.told(each.written, _UTC), each.kind, each.digest[:12], outcome))
    return Told(data, telling.table("records", rows))


def audit(desk: Desk, noted: str) -> Told:
    """Whether the history is whole, and the tables say what it says; `noted` is a head that was noted earlier."""
    found = desk.authority.audit(Head.of(noted) if noted else None)
    findings = [{"kind": each.kind.value, "where": each.where, "message": each.message} for each in found.findings]
    data = {"clean": found.clean, "head": str(found.head), "findings": findings}
    if found.clean:
        lines = [
            f"the history is whole, {words.counted(found.head.number, 'record')}, and the tables say what it says",
            f"    note its head where nobody can change it, and name it next time: --head {found.head}",
        ]
        return Told(data, lines)
    return Told(data, [f"wrong: {len(findings)}", *(f"    {each.kind.value}: {each}" for each in found.findings)], accepted=False)


def _address(desk: Desk, box: KnownBox) -> str | None:
    place = desk.place_of(box)
    return place.address if place else None
