"""What the commands of the access system do, at a desk; each says what it did, or why it was refused."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from lockproof.conformance.access import at_a_box, telling, times
from lockproof.conformance.access.asking import NEXT_PIN_VARIABLE
from lockproof.conformance.access.desk import Desk, id_of, name_of, reference_of, short
from lockproof.conformance.access.telling import Told
from lockproof.conformance.whole_files import write_new
from lockproof.reference.credentials import SECRET_BYTES
from lockproof.reference.directory import IssuedGrant, KnownBox
from lockproof.reference.fields import an_email
from lockproof.reference.registry import check_zone
from lockproof.spec.observable import BadInput, Box, Decision, Role

ROLES = tuple(each.value for each in Role)


# Who and what there is


def add_person(desk: Desk, person: str | None, name: str | None, office: str | None) -> Told:
    person = desk.asking.text(person, "id of the person, such as 123456", "PERSON")
    name = desk.asking.text(name, "name", "--name")
    desk.authority.add_person(person, name, desk.asking.pin(new=True), office)
    return Told(
        {"person": person, "name": name, "office": office}, [f"added   {name} ({person})" + (f", {office}" if office else "")]
    )


def set_pin(desk: Desk, person: str | None) -> Told:
    """Whoever knows the PIN gives another."""
    person = desk.asking.found(person, "id of the person", "PERSON", desk.person)
    pin, next_pin = desk.asking.pin(), desk.asking.pin("new PIN", NEXT_PIN_VARIABLE, new=True)
    answer = desk.authority.set_pin(person, pin, next_pin, desk.now)
    if not answer.accepted:
        return telling.refused(answer.clauses, f"the PIN of {person} stays as it is")
    return Told({"accepted": True, "person": person}, [f"the PIN of {person} is another from now on"])


def add_property(
    desk: Desk, address: str | None, zone: str | None, agent: str | None, office: str | None, prop: str | None
) -> Told:
    address = desk.asking.text(address, "address", "ADDRESS")
    zone = desk.asking.found(zone, "time zone, such as America/Toronto", "--zone", _zone)
    agent = desk.asking.found(agent, "id of the listing agent", "--agent", desk.person)
    prop = prop or address
    desk.authority.add_property(prop, address, zone, agent, office)
    data = {"property": prop, "address": address, "zone": zone, "agent": agent, "office": office}
    return Told(data, [f"added   {address}, {zone}; listing agent {agent}" + (f", listing office {office}" if office else "")])


def add_box(desk: Desk, name: str | None, owners: tuple[str, ...]) -> Told:
    box_id = desk.asking.found(name, "name that stands on the box, such as LB-0042", "BOX", id_of)
    if any(each.box_id == box_id for each in desk.directory.boxes()):
        raise BadInput(f"box: there is a box {name_of(box_id)} already; use it, or give this one another name")
    desk.authority.add_box(box_id, secrets.token_bytes(SECRET_BYTES), owners)
    data = {"box": name_of(box_id), "id": box_id.hex(), "owners": list(owners)}
    return Told(data, [f"added   {name_of(box_id)}" + (f"; lockbox owner: {', '.join(owners)}" if owners else "")])


def assign(desk: Desk, name: str | None, place: str | None, port: str) -> Told:
    """Somebody hangs it there, and so stands at it."""
    box = desk.asking.found(name, "box", "BOX", desk.box)
    prop = desk.asking.found(place, "property", "PROPERTY", desk.property_at)
    with at_a_box.standing_at(desk, box, port) as standing:
        at_a_box.must_remember(desk, box, standing)
        desk.authority.assign(box.box_id, prop.prop, desk.now)
        visit = at_a_box.visit(desk, desk.box(name_of(box.box_id)), standing)
    data = {"box": name_of(box.box_id), "property": prop.address, "since": telling.instant(desk.now, prop.zone)}
    return Told({**data, **_of_visit(visit)}, [f"assigned   {name_of(box.box_id)} to {prop.address}", *_told_of(visit)])


def unassign(desk: Desk, name: str | None) -> Told:
    box = desk.asking.found(name, "box", "BOX", desk.box)
    if box.prop is None:
        raise BadInput(f"box {name_of(box.box_id)} hangs at no property; lockproof access list shows every box")
    desk.authority.assign(box.box_id, None, desk.now)
    return Told(
        {"box": name_of(box.box_id), "property": None},
        [f"unassigned   {name_of(box.box_id)}: its Connect grants are ended, its One Day Codes work on"],
    )


def set_owners(desk: Desk, name: str | None, owners: tuple[str, ...], *, nobody: bool) -> Told:
    """Who is not named has no such privileges any more, and so nobody is only where that is said."""
    if owners and nobody:
        raise BadInput("--nobody: somebody is named, too; give the one or the other")
    box = desk.asking.found(name, "box", "BOX", desk.box)
    if not (owners or nobody):
        question = "ids of all who are to have lockbox owner privileges, with spaces between"
        owners = desk.asking.found(None, question, "PERSON, or --nobody", lambda said: tuple(map(desk.person, said.split())))
    owners = tuple(dict.fromkeys(owners))
    desk.authority.set_owners(box.box_id, owners)
    return Told(
        {"box": name_of(box.box_id), "owners": list(owners)},
        [f"lockbox owners of {name_of(box.box_id)}: {', '.join(owners) or 'none'}"],
    )


def set_agent(desk: Desk, place: str | None, agent: str | None) -> Told:
    prop = desk.asking.found(place, "property", "PROPERTY", desk.property_at)
    agent = desk.asking.found(agent, "id of the listing agent", "PERSON", desk.person)
    desk.authority.set_agent(prop.prop, agent)
    return Told({"property": prop.address, "agent": agent}, [f"listing agent of {prop.address}: {agent}"])


def board(desk: Desk, bars: tuple[str, ...], lets_in: tuple[str, ...]) -> Told:
    """The table of policy (`eligibility.board`), changed where that is asked for."""
    for role in (*bars, *lets_in):
        if role not in ROLES:
            raise BadInput(f"board {role}: name one of {', '.join(ROLES)}")
    before = desk.directory.barred()
    barred = tuple(role for role in ROLES if role in {*before, *bars} - {*lets_in})
    if barred != tuple(role for role in ROLES if role in before):
        desk.authority.set_barred(tuple(Role(role) for role in barred))
    rows = [(role, which_words(desk.authority.which(Role(role)).recommendation)) for role in ROLES]
    return Told({"barred": list(barred), "table": dict(rows)}, telling.table("kinds of recipient", rows))


def which_words(recommendation: str) -> str:
    """A recommendation of `Advice`, for people (`eligibility.advice`)."""
    return {"connect": "a Connect grant", "code": "a One Day Code", "neither": "neither"}[recommendation]


def account(desk: Desk, email: str | None, *, close: bool) -> Told:
    email = desk.asking.found(email, "email", "EMAIL", _email)
    if close:
        desk.authority.close_account(email, desk.now)
    else:
        desk.authority.register_account(email, desk.now)
    return Told({"email": email, "open": not close}, [f"account {email}: {'closed' if close else 'open'}"])


# Access


def which(desk: Desk, role: str | None) -> Told:
    role = desk.asking.text(role, "who is to be let in", "ROLE", ROLES)
    advice = desk.authority.which(Role(role))
    data = {"role": role, "recommendation": advice.recommendation, "reason": advice.reason, "clause": advice.clause}
    return Told(data, [f"{role}: {which_words(advice.recommendation)}", f"    {advice.reason} ({advice.clause})"])


def grant(desk: Desk, by: str | None, name: str | None, email: str | None, role: str | None, window: str | None) -> Told:
    """The five steps of the source: who grants, which box, whose email, and the window."""
    by = desk.asking.found(by, "your id", "--by", desk.person)
    if email is None:  # one that is given is for the authority to refuse (connect.recipient-email)
        email = desk.asking.found(None, "email of the recipient", "--to", _email)
    box = desk.asking.found(name, "box", "BOX", desk.box)
    role = desk.asking.text(role, "who that is", "--role", ROLES)
    zone = desk.zone_of(box)
    start, end = desk.asking.found(
        window,
        "window, such as from 14:00 for 45 minutes",
        "--window",
        lambda said: times.window(said, desk.calendar_of(box), desk.now, desk.asking.which_instant(zone)),
    )
    answer = desk.authority.grant_connect(by, box.box_id, email, Role(role), start, end, desk.now)
    if not answer.accepted:
        what = f"no Connect grant for {email}, {times.told(start, zone)} until {times.told(end, zone)}"
        return telling.refused(answer.clauses, what)
    return telling.granted(desk.grant(answer.reference or ""))


def code(
    desk: Desk, by: str | None, name: str | None, date: str | None, who: str | None, role: str | None, permission: bool | None
) -> Told:
    """The eight steps of the source: box, date, name, PIN; the code with instructions comes back."""
    by = desk.asking.found(by, "your id", "--by", desk.person)
    box = desk.asking.found(name, "box", "BOX", desk.box)
    day = desk.asking.found(
        date, "date, such as tomorrow or 2027-03-03", "--date", lambda said: times.date(said, desk.calendar_of(box))
    )
    who = desk.asking.text(who, "name of the person who will use it", "--name")
    role = desk.asking.text(role, "who that is", "--role", ROLES)
    if role not in {Role.REALTOR, Role.CONSUMER}:
        permission = desk.asking.yes(permission, "is there the seller's written permission?", "--seller-permission")
    pin = desk.asking.pin()
    answer = desk.authority.generate_code(by, pin, box.box_id, day, who, Role(role), bool(permission), desk.now)
    if not answer.accepted:
        return telling.refused(answer.clauses, f"no One Day Code for {day}")
    reference = answer.reference or ""
    return telling.generated(desk.code(reference), answer.digits or "", desk.authority.share(reference))


def _zone(name: str) -> str:
    check_zone(name)
    return name


def _email(text: str) -> str:
    return an_email(text, "email")


def share(desk: Desk, reference: str | None, email: str, out: Path | None) -> Told:
    """As one text message; or as an email, which is written to a file."""
    found = desk.asking.found(reference, "code", "CODE", desk.code)
    if out and not email:
        raise BadInput("--out: that is the file of an email; say to whom it goes, with --email")
    if not email:
        message = desk.authority.share(found.code)
        return Told({"code": found.code, "text": message}, [message])
    place = out or Path(f"{found.code}.eml")
    _write_new(place, desk.authority.share_by_email(found.code, email))
    return Told({"code": found.code, "email": email, "file": str(place)}, [f"written   {place}: an email to {email}"])


def _write_new(place: Path, content: bytes) -> None:
    try:
        write_new(place, content)
    except FileExistsError:
        raise BadInput(f"{place} is there already, and was left as it is; name another file with --out") from None
    except OSError as error:
        raise BadInput(f"{place}: {error.strerror}; name another file with --out") from None


def revoke(desk: Desk, by: str | None, reference: str | None) -> Told:
    by = desk.asking.found(by, "your id", "--by", desk.person)
    found = desk.asking.found(reference, "grant", "GRANT", desk.issued)
    answer = desk.authority.revoke(reference_of(found), by, desk.now)
    if not answer.accepted:
        return telling.refused(answer.clauses, f"{reference_of(found)} stays as it is", reference=reference_of(found))
    assert isinstance(found, IssuedGrant)
    after = desk.grant(found.grant)
    lines = [f"revoked   {after.grant}, {after.email} at {after.address}", *telling.revocation_lines(after)]
    return Told({"accepted": True, **telling.of_grant(after)}, lines)


# At a box


def open_box(desk: Desk, name: str | None, account: str, digits: str, reference: str, port: str, *, offline: bool) -> Told:
    box = desk.asking.found(name, "box", "BOX", desk.box)
    if not (account or digits):
        said = desk.asking.text(None, "digits, or the email of the app's account", "--digits or --account")
        account, digits = (said, "") if "@" in said else ("", said)
    if digits and (account or reference):
        raise BadInput(
            "--digits: somebody comes with digits, or with the app, its --account and --grant; give the one or the other"
        )
    with at_a_box.standing_at(desk, box, port) as standing:
        if digits:
            at_a_box.must_be_ready(standing, box)
            told = _decided(desk, box, standing.enter("".join(digits.split())), "at the keypad")
        else:
            at_a_box.visit(desk, box, standing)
            told = _with_the_app(desk, box, standing, account, reference)
        if not offline:
            at_a_box.collect(desk, box, standing)
    return told


def sync(desk: Desk, name: str | None, port: str) -> Told:
    box = desk.asking.found(name, "box", "BOX", desk.box)
    with at_a_box.standing_at(desk, box, port) as standing:
        visit = at_a_box.visit(desk, box, standing)
    return Told({"box": name_of(box.box_id), **_of_visit(visit)}, [f"visited   {name_of(box.box_id)}", *_told_of(visit)])


def _with_the_app(desk: Desk, box: KnownBox, standing: Box, account: str, reference: str) -> Told:
    found = desk.grant(reference) if reference else _grant_for(desk, box, account)
    clauses, decision = at_a_box.present(desk, found, account, standing)
    if decision is None:
        return telling.refused(clauses, f"no ticket for {account} with grant {short(found)}", opened=False, grant=found.grant)
    return _decided(desk, box, decision, f"with the app of {account}, grant {short(found)}")


def _grant_for(desk: Desk, box: KnownBox, account: str) -> IssuedGrant:
    """The one that holds now; where none does, the newest, so that it is told why not."""
    known = [
        each for each in desk.directory.grants() if each.box_id == box.box_id and each.email.casefold() == account.casefold()
    ]
    if not known:
        raise BadInput(f"nothing was granted to {account} at {name_of(box.box_id)}\n    lockproof access list shows every grant")
    return next((each for each in reversed(known) if each.ended is None and each.start <= desk.now < each.end), known[-1])


def _decided(desk: Desk, box: KnownBox, decision: Decision, how: str) -> Told:
    zone = desk.zone_of(box)
    data = {"opened": decision.accepted, "box": name_of(box.box_id), "box_time": telling.instant(decision.box_time, zone)}
    at = (
        f", {times.told(decision.box_time, zone)} by its clock"
        if decision.box_time is not None
        else ", which does not know the time"
    )
    if decision.accepted:
        return Told({"accepted": True, "clauses": [], **data}, [f"opens   {name_of(box.box_id)} {how}{at}"])
    return telling.refused([decision.reason] if decision.reason else [], f"by {name_of(box.box_id)}, {how}{at}", **data)


def _of_visit(visit: at_a_box.Visit) -> dict[str, Any]:
    return {"done": visit.done, "entries": visit.entries}


def _told_of(visit: at_a_box.Visit) -> list[str]:
    return [f"    {each}" for each in (*visit.done, f"log entries taken along: {visit.entries}")]
