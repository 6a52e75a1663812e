"""The box's clock: how it runs, and what the box makes of one that was disturbed behind its back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lockproof.reference import credentials
from lockproof.reference.box import ReferenceBox
from lockproof.reference.hardware import Clock
from lockproof.spec.observable import CutClass, Declined, NoAnswer, PowerCut, Provisioning, ZoneTable

NOON = 1_772_985_600
HOUR = 3600
BOX_ID, SECRET = bytes(range(16)), bytes(range(32))
KEYS = credentials.derive_keys(BOX_ID, SECRET)
ZONE = ZoneTable(((0, -18_000),), 2_000_000_000)
WRONG = "00000000"


def told(box: ReferenceBox, instant: int) -> bool:
    """The box is told the time by an order that answers its nonce."""
    order = credentials.seal_time_order(KEYS, credentials.TimeClaims(instant, box.challenge()))
    return box.time_order(order).accepted


@pytest.fixture
def box() -> ReferenceBox:
    """Held at noon, which is the instant of its last decision."""
    box = ReferenceBox()
    box.hold_clock(True)
    box.provision(Provisioning(BOX_ID, SECRET, ZONE))
    assert told(box, NOON)
    return box


def reason(box: ReferenceBox) -> str | None:
    return box.enter(WRONG).reason


# The hardware


def test_a_held_clock_falls_behind_and_its_timer_does_not() -> None:
    clock = Clock(host=lambda: 0.0)
    clock.hold(True)
    clock.set(NOON)
    clock.advance(100)
    clock.fall_behind(30)
    assert clock.read() == (NOON + 70, 100)


def test_a_running_clock_runs_on_from_where_it_fell() -> None:
    host = [0.0]
    clock = Clock(host=lambda: host[0])
    clock.set(NOON)
    host[0] = 10.0
    clock.fall_behind(HOUR)
    assert clock.read() == (NOON + 10 - HOUR, 10)
    host[0] = 15.0
    assert clock.read() == (NOON + 15 - HOUR, 15)


def test_a_clock_that_fell_behind_is_behind_when_power_comes_back() -> None:
    clock = Clock(host=lambda: 0.0)
    clock.hold(True)
    clock.set(NOON)
    clock.fall_behind(HOUR)
    clock.restart(60)
    assert clock.read() == (NOON + 60 - HOUR, 0)


def test_a_clock_stays_at_the_latest_instant_that_a_message_can_name(box: ReferenceBox) -> None:
    """And the box boots with all that it has counted on from there."""
    latest = 2**63 - 1
    assert told(box, latest)
    box.provision(Provisioning(BOX_ID, SECRET, ZoneTable(((0, 0),), 2_000_000_000)))
    assert reason(box) == "code.digits"
    assert box.advance_clock(100).box_time == latest
    box.cut_power(PowerCut(off_for=100))
    assert (box.read_clock().box_time, reason(box)) == (latest, "code.digits")
    assert box.disturb_clock(300).box_time is None


# The box is not told


def test_the_reference_box_declares_that_its_clock_can_be_disturbed() -> None:
    assert ReferenceBox().hello().disturbs_clock


def test_disturbing_changes_what_the_clock_shows_and_nothing_else(box: ReferenceBox) -> None:
    box.advance_clock(100)
    mark, known, nonce, log, writes = box.state.mark, box.state.time_known, box.nonce, box.read_log(1), box.hello().writes
    reading = box.disturb_clock(30)
    assert (reading.box_time, reading.timer, reading.held) == (NOON + 70, 100, True)
    assert (box.state.mark, box.state.time_known, box.nonce) == (mark, known, nonce) == (NOON, True, box.nonce)
    assert (box.read_log(1), box.hello().writes) == (log, writes)


def test_to_the_mark_is_not_behind_it_and_a_second_more_is(box: ReferenceBox) -> None:
    box.advance_clock(60)
    assert box.disturb_clock(60).box_time == NOON
    assert reason(box) == "code.digits"
    assert box.disturb_clock(1).box_time is None
    assert box.state.time_known, "nobody has presented anything"
    assert reason(box) == "box.ready"
    assert not box.state.time_known


def test_reading_the_clock_and_asking_for_a_nonce_find_nothing(box: ReferenceBox) -> None:
    box.disturb_clock(HOUR)
    assert box.read_clock().box_time is None
    box.challenge()
    box.advance_clock(HOUR)
    assert box.read_clock().box_time == NOON
    assert reason(box) == "code.digits"


def test_what_was_found_stays_found_when_the_clock_has_run_past_the_mark(box: ReferenceBox) -> None:
    box.disturb_clock(HOUR)
    assert reason(box) == "box.ready"
    assert box.advance_clock(2 * HOUR).box_time is None
    assert reason(box) == "box.ready"
    box.cut_power(PowerCut())
    assert reason(box) == "box.ready"
    assert told(box, NOON)
    assert reason(box) == "code.digits"


def test_what_was_found_at_a_presentation_is_durable_at_once(box: ReferenceBox) -> None:
    """Also where the count of refusals was written a moment ago and is not due again."""
    for _ in range(6):
        box.enter(WRONG)
    writes = box.hello().writes
    assert reason(box) == "box.wrong-entry.bound"
    assert box.hello().writes == writes, "counted, and not written"
    box.disturb_clock(HOUR)
    assert reason(box) == "box.ready"
    assert box.hello().writes > writes
    box.cut_power(PowerCut(off_for=2 * HOUR))
    assert reason(box) == "box.ready"


def test_a_time_found_to_be_unknown_is_no_occasion_to_write_a_count(box: ReferenceBox) -> None:
    for _ in range(6):
        box.enter(WRONG)
    box.disturb_clock(HOUR)
    assert reason(box) == "box.ready"
    box.cut_power(PowerCut())
    assert [(entry.kind, entry.reason, entry.count) for entry in box.read_log(6).entries] == [
        ("refusals", "box.wrong-entry.bound", 1)
    ]


def test_a_count_written_with_a_decision_was_written(box: ReferenceBox) -> None:
    """The next one is not due before ten minutes have passed since then (`box.log`)."""
    for _ in range(7):
        box.enter(WRONG)
    box.advance_clock(300)
    assert reason(box) == "code.digits"
    writes = box.hello().writes
    box.advance_clock(299)
    assert reason(box) == "box.wrong-entry.bound"
    box.disturb_clock(1)
    box.advance_clock(1)
    assert (reason(box), box.hello().writes) == ("box.wrong-entry.bound", writes)


@pytest.mark.parametrize("made_new", [ReferenceBox.reset, lambda box: box.provision(Provisioning(bytes(16), SECRET, ZONE))])
def test_a_box_made_new_has_still_written_its_last_count_when_it_did(
    made_new: Callable[[ReferenceBox], object], box: ReferenceBox
) -> None:
    for _ in range(6):
        box.enter(WRONG)
    made_new(box)
    writes = box.hello().writes
    assert (reason(box), box.hello().writes) == ("box.ready", writes)
    box.advance_clock(600)
    assert (reason(box), box.hello().writes) == ("box.ready", writes + 1)


def test_a_time_order_that_a_cut_struck_was_not_taken(box: ReferenceBox) -> None:
    """One commit, whole or not at all: neither the mark nor the clock goes forward."""
    box.cut_power(PowerCut(CutClass.NTH_WRITE, nth=1))
    with pytest.raises(NoAnswer):
        told(box, NOON + HOUR)
    assert (box.state.mark, box.read_clock().box_time) == (NOON, NOON)
    assert told(box, NOON + HOUR)
    assert (box.state.mark, box.read_clock().box_time) == (NOON + HOUR, NOON + HOUR)


def test_it_is_found_at_power_up_and_kept(box: ReferenceBox) -> None:
    box.disturb_clock(HOUR)
    box.cut_power(PowerCut(off_for=HOUR - 1))
    assert not box.state.time_known
    box.cut_power(PowerCut(off_for=HOUR))
    assert reason(box) == "box.ready"


def test_a_clock_that_caught_up_while_the_power_was_away_is_trusted(box: ReferenceBox) -> None:
    box.disturb_clock(HOUR)
    box.cut_power(PowerCut(off_for=HOUR))
    assert reason(box) == "code.digits"


def test_an_armed_cut_is_not_struck_by_a_disturbance(box: ReferenceBox) -> None:
    box.cut_power(PowerCut(CutClass.NTH_WRITE, 0, 1))
    assert box.disturb_clock(HOUR).box_time is None
    with pytest.raises(NoAnswer):
        box.enter(WRONG)


def test_before_1970_no_clock_goes(box: ReferenceBox) -> None:
    with pytest.raises(Declined, match=f"the clock shows {NOON}, and {NOON + 1} s less would be before 1970") as refusal:
        box.disturb_clock(NOON + 1)
    assert refusal.value.why == "bad-arguments"
    assert box.read_clock().box_time == NOON
    assert box.disturb_clock(NOON).box_time is None
    assert box.clock() == 0


def test_a_box_in_a_file_reads_back_what_it_found(tmp_path: Path) -> None:
    def opened() -> ReferenceBox:
        clock = Clock()
        clock.hold(True)
        clock.set(NOON + HOUR)
        return ReferenceBox(tmp_path / "box.db", clock=clock)

    def kept(do: Callable[[ReferenceBox], object]) -> bool:
        box = opened()
        do(box)
        box.store.close()
        again = opened()
        known = again.state.time_known
        again.store.close()
        return known

    assert kept(lambda box: (box.provision(Provisioning(BOX_ID, SECRET, ZONE)), told(box, NOON)))
    assert kept(lambda box: box.disturb_clock(2 * HOUR)), "not found, so not kept"
    assert not kept(lambda box: (box.disturb_clock(2 * HOUR), box.enter(WRONG)))
