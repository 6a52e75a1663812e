"""What a box keeps of the zone tables that were replaced (PROTOCOL.md, Zone tables): the codes of their days stay good."""

from __future__ import annotations

import pytest
from lockproof.reference import credentials
from lockproof.reference.box import ReferenceBox
from lockproof.reference.days import ROOM
from lockproof.reference.zone_tables import day_at, last_day_end
from lockproof.spec.observable import BenchError, CodeIndex, PowerCut, Provisioning, ZoneTable
from lockproof.spec.profile import DAY

NOON = 1_772_985_600
HOUR = 3600
BOX_ID, SECRET = bytes(range(16)), bytes(range(32))
KEYS = credentials.derive_keys(BOX_ID, SECRET)


def zone(hours: int) -> ZoneTable:
    return ZoneTable(((NOON - 30 * DAY, hours * HOUR),), NOON + 90 * DAY)


def told(box: ReferenceBox, instant: int) -> bool:
    return box.time_order(credentials.seal_time_order(KEYS, credentials.TimeClaims(instant, box.challenge()))).accepted


def comes(box: ReferenceBox, hours: int) -> None:
    box.provision(Provisioning(BOX_ID, SECRET, zone(hours)))


def code_of_its_day(box: ReferenceBox, hours: int, instant: int) -> str:
    day = day_at(zone(hours), instant)
    assert day
    return credentials.interop_digits(BOX_ID, SECRET, box.profile)(CodeIndex(*day, 0))


@pytest.fixture
def box() -> ReferenceBox:
    box = ReferenceBox()
    box.hold_clock(True)
    comes(box, 0)
    assert told(box, NOON)
    return box


def test_a_clock_that_is_not_trusted_ends_no_table(box):
    """`code.irrevocable`: thirty days by such a clock, which an order then says was one hour."""
    comes(box, 1)
    box.cut_power(PowerCut(off_for=30 * DAY))
    assert box.read_clock().box_time is None
    comes(box, 2)
    assert told(box, NOON + HOUR)
    assert box.enter(code_of_its_day(box, 0, NOON + HOUR)).accepted


def test_where_there_is_no_room_the_table_that_was_over_first_makes_it(box):
    for hours in range(1, ROOM):
        comes(box, hours)
    before = box.days.zones
    first, over = before[ROOM - 2]
    assert (first, over) == (zone(ROOM - 2), last_day_end(zone(ROOM - 2), NOON, box.profile) + HOUR), (
        "the day ends first in the east"
    )
    box.advance_clock(over - 1 - NOON)
    with pytest.raises(BenchError, match=r"^there is room for 4 zone tables, and codes of each may still be good$"):
        comes(box, ROOM)
    assert box.days.zones == before
    box.advance_clock(1)
    comes(box, ROOM)
    assert [table for table, _ in box.days.zones] == [zone(hours) for hours in range(ROOM + 1) if hours != ROOM - 2]


def test_the_mark_says_what_is_over_where_the_clock_is_not_trusted(box):
    for hours in range(1, ROOM):
        comes(box, hours)
    box.cut_power(PowerCut(off_for=30 * DAY))
    with pytest.raises(BenchError, match="room for 4"):
        comes(box, ROOM)
    assert told(box, NOON + 30 * DAY)
    comes(box, ROOM)


def test_the_table_in_force_again_is_no_commit(box):
    comes(box, 1)
    before, writes = box.days.zones, box.store.writes
    comes(box, 1)
    assert (box.days.zones, box.store.writes) == (before, writes)
