"""Who and what the authority knows: people and their PINs, offices, properties, boxes, and which box is where."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from dataclasses import dataclass

from lockproof.reference.credentials import BOX_ID_BYTES, SECRET_BYTES, BoxKeys, derive_keys
from lockproof.reference.fields import FieldError, a_filled_line, some_bytes, unknown
from lockproof.reference.pins import PinCost, PinHash, hash_pin, pin_matches
from lockproof.reference.reporting import Grantor, Place
from lockproof.reference.store import Store
from lockproof.reference.zone_tables import KeptTable, last_day_end, make_table
from lockproof.spec import civil
from lockproof.spec.model import authority as model
from lockproof.spec.model import limiter
from lockproof.spec.observable import ZoneTable
from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import Outcome

_ANY_DATE = dt.date(2000, 1, 1)  # which no zone left out

_IS_GRANTOR = """
    SELECT 1 FROM owners WHERE box = ?1 AND person = ?2
    UNION ALL
    SELECT 1 FROM assignments JOIN properties USING (property)
    WHERE box = ?1 AND ended IS NULL AND (agent = ?2 OR office = (SELECT office FROM people WHERE person = ?2))
"""
_ASSIGNED = """
    SELECT assignment, property, address, zone FROM assignments JOIN properties USING (property)
    WHERE box = ? AND ended IS NULL
"""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a box is."""

    number: int
    prop: str
    place: Place


@dataclass(frozen=True, slots=True)
class SentTable:
    """A zone table that a box was sent, with the release of the rules that it was made by."""

    kept: KeptTable
    tzdata: str


class Registry:
    """Its changes belong inside a request. Whom or what nobody knows raises `UnknownName`."""

    def __init__(self, store: Store, profile: Profile) -> None:
        self._store = store
        self._profile = profile

    # People

    def add_person(self, person: str, name: str, pin: PinHash, office: str | None) -> None:
        person, name = a_filled_line(person, "person"), a_filled_line(name, "name")
        self._must_be_new("person", person, self._people())
        row = {"person": person, "name": name, "office": self._office(office)}
        self._store.add("people", **row, **_columns(pin), pin_arrival=0)

    def set_pin(self, person: str, pin: PinHash) -> None:
        """What wrong ones of before were charged stays."""
        self._store.change("people", person, **_columns(pin))

    def grantor(self, person: str) -> Grantor:
        return Grantor(person, self._person(person)["name"])

    def is_grantor(self, box_id: bytes, person: str) -> bool:
        """Now: listing agent or listing office of where the box is, or an owner (`connect.grantor`, `code.grantor`)."""
        return self._store.row(_IS_GRANTOR, box_id, person) is not None

    def enter_pin(self, person: str, pin: str, now: int) -> Outcome:
        """While the bound disables it, a PIN is not looked at (`code.pin`)."""
        row = self._person(person)
        kept = PinHash(row["pin_salt"], row["pin_hash"], PinCost(row["pin_memory"], row["pin_passes"], row["pin_lanes"]))
        matches = limiter.enabled(row["pin_arrival"], now, self._profile) and pin_matches(pin, kept)
        arrival, outcome = model.enter_pin(row["pin_arrival"], matches, now, self._profile)
        if arrival != row["pin_arrival"]:
            self._store.change("people", person, pin_arrival=arrival)
        return outcome

    # Properties

    def add_property(self, prop: str, address: str, zone: str, agent: str, office: str | None) -> None:
        prop, address = a_filled_line(prop, "property"), a_filled_line(address, "address")
        self._must_be_new("property", prop, self._properties())
        check_zone(zone)
        self._person(agent)
        place = {"property": prop, "address": address, "zone": zone}
        self._store.add("properties", **place, agent=agent, office=self._office(office))

    def set_agent(self, prop: str, agent: str) -> None:
        self._zone(prop)
        self._person(agent)
        self._store.change("properties", prop, agent=agent)

    # Boxes

    def add_box(self, box_id: bytes, secret: bytes, owners: tuple[str, ...]) -> None:
        some_bytes(box_id, BOX_ID_BYTES, "box")
        some_bytes(secret, SECRET_BYTES, "secret")
        self._must_be_new("box", box_id.hex(), self._boxes())
        if self._store.row("SELECT 1 FROM boxes WHERE secret = ?", secret):
            raise FieldError("secret: another box has it already; make one for each box, at random")
        self._store.add("boxes", box=box_id, secret=secret)
        self._add_owners(box_id, owners)

    def set_owners(self, box_id: bytes, owners: tuple[str, ...]) -> None:
        self.secret(box_id)
        before = self._store.column("SELECT person FROM owners WHERE box = ?", box_id)
        self._add_owners(box_id, tuple(person for person in owners if person not in before))
        for person in before:
            if person not in owners:
                self._store.remove("owners", box=box_id, person=person)

    def secret(self, box_id: bytes) -> bytes:
        if row := self._store.row("SELECT secret FROM boxes WHERE box = ?", box_id):
            return bytes(row["secret"])
        raise unknown("box", box_id.hex(), self._boxes())

    def keys(self, box_id: bytes) -> BoxKeys:
        return derive_keys(box_id, self.secret(box_id))

    # What the board decides

    def set_barred(self, roles: tuple[str, ...]) -> None:
        before = self.barred()
        for role in dict.fromkeys(roles):
            if role not in before:
                self._store.add("barred", role=role)
        for role in before:
            if role not in roles:
                self._store.remove("barred", role=role)

    def barred(self) -> tuple[str, ...]:
        return tuple(self._store.column("SELECT role FROM barred ORDER BY rowid"))

    # Where a box is, and what it was told about the zone there

    def assigned(self, box_id: bytes) -> Assignment | None:
        row = self._store.row(_ASSIGNED, box_id)
        return Assignment(row["assignment"], row["property"], Place(row["address"], row["zone"])) if row else None

    def unassign(self, box_id: bytes, now: int) -> None:
        """The box is told nothing: its zone table stays in force until it is sent another."""
        if assigned := self.assigned(box_id):
            self._store.change("assignments", assigned.number, ended=now)

    def assign(self, box_id: bytes, prop: str, now: int) -> None:
        self._zone(prop)
        self._store.add("assignments", box=box_id, property=prop, began=now)

    def send_table(self, box_id: bytes, assignment: Assignment, now: int) -> ZoneTable:
        """A new table of the zone where the box is; the old one counts on for what may have been issued by it."""
        zone = assignment.place.zone
        try:
            table = make_table(zone, now)
        except civil.CivilError as error:
            raise FieldError(f"now: {error}") from error
        self._replace_tables(box_id, now)
        rules = {"zone": zone, "tzdata": civil.tzdata_version(), "pairs": json.dumps(table.pairs), "expiry": table.expiry}
        self._store.add("zone_tables", assignment=assignment.number, box=box_id, made=now, **rules)
        return table

    def tables(self, box_id: bytes) -> tuple[SentTable, ...]:
        """Every table that the box was sent, the newest last."""
        rows = self._store.rows("SELECT * FROM zone_tables WHERE box = ? ORDER BY zone_table", box_id)
        return tuple(SentTable(KeptTable(_table(row), row["last_day_end"]), row["tzdata"]) for row in rows)

    def _replace_tables(self, box_id: bytes, now: int) -> None:
        for row in self._store.rows("SELECT * FROM zone_tables WHERE box = ? AND last_day_end IS NULL", box_id):
            end = last_day_end(_table(row), now, self._profile)
            self._store.change("zone_tables", row["zone_table"], last_day_end=end)

    # By name

    def _person(self, person: str) -> sqlite3.Row:
        if row := self._store.row("SELECT * FROM people WHERE person = ?", person):
            return row
        raise unknown("person", person, self._people())

    def _zone(self, prop: str) -> str:
        if row := self._store.row("SELECT zone FROM properties WHERE property = ?", prop):
            return str(row["zone"])
        raise unknown("property", prop, self._properties())

    def _people(self) -> list[str]:
        return self._store.column("SELECT person FROM people")

    def _properties(self) -> list[str]:
        return self._store.column("SELECT property FROM properties")

    def _boxes(self) -> list[str]:
        return self._store.column("SELECT lower(hex(box)) FROM boxes")

    def _must_be_new(self, kind: str, name: str, known: list[str]) -> None:
        if name in known:
            raise FieldError(f"{kind}: there is a {kind} {name!r} already; use it, or give this one another id")

    def _office(self, office: str | None) -> str | None:
        """An office is known from its first mention on."""
        if office is None:
            return None
        office = a_filled_line(office, "office")
        if not self._store.row("SELECT 1 FROM offices WHERE office = ?", office):
            self._store.add("offices", office=office)
        return office

    def _add_owners(self, box_id: bytes, owners: tuple[str, ...]) -> None:
        for person in dict.fromkeys(owners):
            self._person(person)
            self._store.add("owners", box=box_id, person=person)


def new_pin(pin: str, cost: PinCost) -> PinHash:
    """What is kept of a PIN. Raises `FieldError` for an empty one."""
    if not pin:
        raise FieldError("PIN: nothing was entered; enter at least one character")
    return hash_pin(pin, cost)


def _columns(pin: PinHash) -> dict[str, int | bytes]:
    cost = pin.cost
    salted = {"pin_salt": pin.salt, "pin_hash": pin.digest}
    return {**salted, "pin_memory": cost.memory, "pin_passes": cost.passes, "pin_lanes": cost.lanes}


def _table(row: sqlite3.Row) -> ZoneTable:
    return ZoneTable(tuple((utc, offset) for utc, offset in json.loads(row["pairs"])), row["expiry"])


def check_zone(zone: str) -> None:
    """Raises `FieldError` for a zone that does not exist."""
    try:
        civil.day_bounds(_ANY_DATE, zone)
    except civil.CivilError as error:
        raise FieldError(f"zone: {error}") from error
