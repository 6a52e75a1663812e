"""The firmware as a process at a pseudo-terminal: judged by the kit, killed in the middle of writes, and started again."""

from __future__ import annotations

import random
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lockproof.hw_adapter.adapter import Patience, open_box
from lockproof.hw_adapter.channel import open_channel
from lockproof.reference import credentials
from lockproof.reference.zone_tables import day_at
from lockproof.spec.observable import (
    BenchError,
    ClockReading,
    CodeIndex,
    CutClass,
    Decision,
    Declined,
    NoAnswer,
    PowerCut,
    Provisioning,
    ZoneTable,
)
from lockproof.spec.profile import DEFAULT

NOON = 1772985600  # 2026-03-08 in Toronto
HOUR, DAY = 3600, 86400
POWER_GONE = 9  # how the host port ends when power goes in the middle of a write
PROVISIONED = Provisioning(
    bytes(range(16)), bytes(range(32)), ZoneTable(((NOON - 500_000, -18000), (1772953200, -14400)), NOON + 900_000)
)
SCENARIOS = (
    "a-power-cut-at-the-first-use",
    "five-wrong-entries-and-no-sixth",
    "a-new-nonce-replaces-the-one-before",
    "the-log-goes-on-over-power-cuts",
)


def digits(index: int, ago: int = 0) -> str:
    day = day_at(PROVISIONED.zone, NOON - ago)
    assert day is not None
    return credentials.interop_digits(PROVISIONED.box_id, PROVISIONED.secret, DEFAULT)(CodeIndex(*day, index))


def told_the_time(box: Any) -> None:
    order = credentials.TimeClaims(NOON, box.challenge())
    keys = credentials.derive_keys(PROVISIONED.box_id, PROVISIONED.secret)
    assert box.time_order(credentials.seal_time_order(keys, order)).accepted


def ready(box: Any) -> None:
    box.reset()
    box.hold_clock(True)
    box.provision(PROVISIONED)
    told_the_time(box)


def test_it_passes_scenarios_of_the_suite(host_port, tmp_path):
    host_port.start()
    assert lockproof(tmp_path, "run", "--box", host_port.line, *scenarios(*SCENARIOS)) == (0, "")


def test_a_box_whose_hour_is_a_second_too_long_fails(broken, tmp_path):
    port = broken("keypad.c", "return now < lp_plus(first_use, LP_CODE_LIFE);", "return now <= lp_plus(first_use, LP_CODE_LIFE);")
    port.start()
    code, said = lockproof(tmp_path, "run", "--box", port.line, *scenarios("the-hour-is-over"))
    port.kill()
    assert code == 1
    assert "code.expiry.after-first-use" in said


def test_a_production_build_refuses_every_test_command(built_with, tmp_path):
    with built_with("-DLOCKPROOF_PRODUCTION") as port:
        assert lockproof(tmp_path, "box", "--production", port.line) == (0, "")


def test_a_box_whose_clock_only_runs_refuses_to_hold_or_move_it(built_with):
    with built_with("-DLP_WALL_CLOCK_ONLY=1") as port, closing(open_box(port.line)) as box:
        assert box.hello().clock_modes == ("wall-clock",)
        box.provision(PROVISIONED)
        told_the_time(box)
        held = PowerCut(CutClass.RESET, off_for=1)
        for declines in (lambda: box.hold_clock(False), lambda: box.advance_clock(1), lambda: box.cut_power(held)):
            with pytest.raises(Declined, match="unsupported"):
                declines()
        assert box.enter(digits(0)).accepted
        box.cut_power(PowerCut())
        assert box.enter(digits(0)).accepted
        assert not box.read_clock().held


@pytest.mark.parametrize("build", ["-DLP_WALL_CLOCK_ONLY=1", "-DLOCKPROOF_PRODUCTION"])
def test_a_clock_that_was_held_runs_under_a_build_that_can_not_hold_it_and_is_not_trusted(build, host_port, built_with):
    """It has not counted while it was held, so what it shows is not the time until a time order says it."""
    host_port.start()
    with closing(open_box(host_port.line)) as box:
        ready(box)
    host_port.kill()
    other = built_with(build)
    other.start()
    with closing(open_box(other.line)) as box:
        assert (box.read_clock().held, box.read_clock().box_time) == (False, None)
        order = credentials.TimeClaims(NOON + DAY, box.challenge())
        keys = credentials.derive_keys(PROVISIONED.box_id, PROVISIONED.secret)
        assert box.time_order(credentials.seal_time_order(keys, order)).accepted
        assert box.read_clock().box_time in {NOON + DAY, NOON + DAY + 1}
    other.kill()


def test_a_test_build_is_no_production_build(host_port, tmp_path):
    host_port.start()
    assert lockproof(tmp_path, "box", "--production", host_port.line)[0] == 1


def test_a_killed_box_is_the_same_box_when_it_starts_again(host_port):
    host_port.start()
    with closing(open_box(host_port.line)) as box:
        ready(box)
        assert box.enter(digits(0)).accepted
        assert [box.enter("00000000").accepted for _ in range(3)] == [False] * 3
        session = box.session
        assert host_port.kill().count("the key tray opens") == 1
    host_port.start()
    with closing(open_box(host_port.line)) as box:
        assert box.session != session
        assert box.read_clock() == ClockReading(NOON, 0, held=True)
        box.advance_clock(3599)
        assert box.enter(digits(0)) == Decision(accepted=True, box_time=NOON + 3599)
        box.advance_clock(1)
        assert box.enter(digits(0)).reason == "code.expiry.after-first-use"
        page = box.read_log(1)
        assert [entry.accepted for entry in page.entries] == [True, False, False, False, True, False]


def test_the_wrong_entry_bound_outlives_a_kill(host_port):
    host_port.start()
    with closing(open_box(host_port.line)) as box:
        ready(box)
        assert {box.enter("00000000").reason for _ in range(5)} == {"code.digits"}
        host_port.kill()
    host_port.start()
    with closing(open_box(host_port.line)) as box:
        assert box.enter(digits(0)).reason == "box.wrong-entry.bound"
        box.advance_clock(300)
        assert box.enter(digits(0)).accepted


@pytest.mark.parametrize("nth", range(1, 24, 2))
def test_a_process_that_ends_in_the_middle_of_a_write_leaves_an_entry_before_or_after(host_port, nth):
    """Writes to the store are several to a commit; those of the journal come first, then what makes it valid, then the state."""
    host_port.start()
    with closing(open_box(host_port.line)) as box:
        ready(box)
        host_port.kill()
    host_port.start("--tear", str(nth))
    try:
        with closing(open_box(host_port.line, patience=Patience(sends=(0.3,)))) as box:
            assert box.enter(digits(1)).accepted
    except BenchError:  # at that write, of the boot or of the entry; later ones are not reached
        assert host_port.ended() == POWER_GONE
    else:
        host_port.kill()
    host_port.start()
    with closing(open_box(host_port.line)) as box:
        entries = box.read_log(1).entries
        box.advance_clock(HOUR)
        again = box.enter(digits(1))
    if entries:
        assert [(entry.accepted, entry.instant) for entry in entries] == [(True, NOON)]
        assert again.reason == "code.expiry.after-first-use"
    else:
        assert again.accepted


def test_power_goes_as_the_nth_commit_begins(host_port):
    host_port.start()
    with closing(open_box(host_port.line)) as box:
        ready(box)
        writes = box.hello().writes
        box.cut_power(PowerCut(CutClass.NTH_WRITE, off_for=30, nth=2))
        with pytest.raises(NoAnswer):
            box.enter(digits(0))
        after = box.hello()
        assert (after.reset_cause, after.writes) == ("power cut", writes + 1)
        assert box.read_log(1).entries == ()
        assert box.read_clock() == ClockReading(NOON + 30, 0, held=True)


def test_bytes_that_are_no_protocol_harm_nothing(host_port):
    """Seeded noise, with sanitizers on: it ends no process, and the box answers as before."""
    host_port.start()
    dice = random.Random(7)
    with closing(open_channel(host_port.line)) as channel:
        for _ in range(300):
            channel.send(dice.randbytes(dice.randrange(1, 400)) + bytes(dice.randrange(3)))
            channel.receive(0)
    with closing(open_box(host_port.line)) as box:
        ready(box)
        assert box.enter(digits(0)).accepted


def test_zone_tables_have_room_for_four(host_port):
    """The fifth is refused and changes nothing, as long as none is over; the same table again needs no room."""
    host_port.start()
    with closing(open_box(host_port.line)) as box:
        ready(box)
        for hours in (1, 2, 3):
            box.provision(in_zone(hours))
        box.provision(in_zone(3))
        with pytest.raises(Declined):
            box.provision(in_zone(4))
        assert box.enter(digits(0)).accepted
        box.advance_clock(17 * DAY)
        box.provision(in_zone(4))


def in_zone(hours: int) -> Provisioning:
    return replace(PROVISIONED, zone=ZoneTable(((NOON - 500_000, hours * HOUR),), NOON + 40 * DAY))


def scenarios(*ids: str) -> list[str]:
    return [word for each in ids for word in ("--scenario", each)]


def lockproof(where: Path, *words: str) -> tuple[int, str]:
    """The command's exit code, and what it said if that is not 0."""
    command = [sys.executable, "-m", "lockproof.conformance.command", *words]
    ran = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    return ran.returncode, "" if ran.returncode == 0 else ran.stdout + ran.stderr
