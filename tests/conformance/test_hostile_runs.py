"""The adapter on a hostile line in virtual time: the answers are those of a good line, or there is none; never a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lockproof.hw_adapter import frame
from lockproof.hw_adapter.adapter import SerialBox
from lockproof.hw_adapter.bench_time import VirtualTime
from lockproof.hw_adapter.hostile import Hostility, Kind, Struck, alone, of_all_kinds
from lockproof.hw_adapter.link import NotABox
from lockproof.hw_adapter.virtual import hostile_box
from lockproof.reference import credentials
from lockproof.reference.box import ReferenceBox
from lockproof.reference.hardware import Clock
from lockproof.spec.observable import BenchError, Box, Decision, NoAnswer, PowerCut, Provisioning, ZoneTable

BOX_ID, SECRET = bytes(range(16)), bytes(range(32))
NOON = 1_772_985_600
DAY = 86_400
ZONE = ZoneTable(((NOON - 40 * DAY, -18_000),), NOON + 60 * DAY)
KEYS = credentials.derive_keys(BOX_ID, SECRET)


def new_box(time: VirtualTime) -> Box:
    """A reference box with a held clock that knows the time, so that nothing depends on how long anything takes."""
    box = ReferenceBox(clock=Clock(host=time.now))
    box.hold_clock(True)
    box.provision(Provisioning(BOX_ID, SECRET, ZONE))
    assert box.time_order(credentials.seal_time_order(KEYS, credentials.TimeClaims(NOON, box.challenge()))).accepted
    return box


def on(hostility: Hostility, struck: Struck | None = None) -> tuple[SerialBox, VirtualTime]:
    return hostile_box(new_box, hostility, struck=struck)


ASKED: tuple[Callable[[Box], Any], ...] = (
    lambda box: box.hello().identity,
    lambda box: box.enter("12345678"),
    lambda box: box.present(b"no ticket"),
    lambda box: box.revocation_order(b"no order"),
    lambda box: box.read_clock().box_time,
    lambda box: box.read_log(1).epoch,
    lambda box: len(box.challenge()),
    lambda box: box.provision(Provisioning(BOX_ID, SECRET, ZONE)),
)
ANSWERS = (
    BOX_ID.hex(),
    Decision(False, "code.digits", NOON),
    Decision(False, "box.authentic", NOON),
    Decision(False, "box.authentic", NOON),
    NOON,
    2,
    16,
    None,
)


def test_a_good_line_gives_these_answers_and_takes_no_time() -> None:
    box, time = on(Hostility())
    assert tuple(ask(box) for ask in ASKED) == ANSWERS
    assert time.now() == 0.0
    assert box.counters.resent == box.counters.damaged == 0


def play(box: SerialBox, rounds: int) -> tuple[int, int]:
    """How many answers came and how many did not; each that came must be right, each that did not must be told as such."""
    answered = lost = 0
    for _ in range(rounds):
        for ask, right in zip(ASKED, ANSWERS, strict=True):
            try:
                answer = ask(box)
            except NoAnswer:
                lost += 1
            except NotABox:
                assert not answered, "said only of something that has never sent a frame"
            else:
                assert answer == right
                answered += 1
    return answered, lost


@settings(deadline=None, max_examples=100)
@given(
    st.builds(
        Hostility,
        drop=st.floats(0, 0.02),
        gap=st.floats(0, 0.3),
        flip=st.floats(0, 0.02),
        noise=st.floats(0, 0.02),
        stall=st.floats(0, 0.5),
        reboot=st.floats(0, 0.2),
        baud=st.sampled_from([0, 9600, 115_200]),
        latency_ms=st.sampled_from([0, 16]),
        stall_s=st.floats(0.01, 20),
        seed=st.integers(0, 2**32),
    )
)
def test_no_hostility_makes_a_wrong_answer(hostility: Hostility) -> None:
    play(on(hostility)[0], 2)


@pytest.mark.parametrize("kind", Kind)
def test_most_answers_get_through_a_mild_line_and_every_kind_strikes(kind: Kind) -> None:
    struck, answered, lost, resent = Struck(), 0, 0, 0
    for seed in range(10):
        box, _ = on(alone(kind, seed), struck)
        one = play(box, 5)
        answered, lost, resent = answered + one[0], lost + one[1], resent + box.counters.resent
    assert answered > 0.9 * 10 * 5 * len(ASKED)
    assert set(struck.by_kind) == {kind}
    assert resent or lost


def test_all_kinds_at_once_still_let_most_answers_through() -> None:
    struck = Struck()
    told = [play(on(of_all_kinds(seed), struck)[0], 5) for seed in range(10)]
    assert sum(answered for answered, _ in told) > 0.9 * 10 * 5 * len(ASKED)
    assert set(struck.by_kind) == set(Kind)


def test_a_run_repeats() -> None:
    def once() -> tuple[Any, ...]:
        struck = Struck()
        box, time = on(Hostility(drop=0.01, stall=0.2, noise=0.01, baud=9600, latency_ms=16, seed=4711), struck)
        told = play(box, 5)
        return told, time.now(), struck, box.counters

    assert once() == once()


def test_a_line_that_loses_everything_is_a_box_that_does_not_answer() -> None:
    box, time = on(Hostility(drop=1))
    with pytest.raises(NoAnswer, match=r"^hostile line: nothing answers: not a byte came back in 6\.0 s"):
        box.hello()
    assert time.now() == 6.0


def test_the_clock_of_the_box_goes_by_the_time_of_the_line() -> None:
    box, time = on(Hostility())
    box.hold_clock(False)
    before = box.read_clock()
    time.sleep(90)
    after = box.read_clock()
    assert after.box_time is not None
    assert before.box_time is not None
    assert (after.box_time - before.box_time, after.timer - before.timer) == (90, 90)


def test_an_exchange_on_a_paced_line_takes_the_time_of_its_bytes() -> None:
    struck = Struck()
    box, time = on(Hostility(baud=115_200), struck)
    box.hello()
    before, bytes_before = time.now(), struck.entered.total()
    box.enter("12345678")
    assert time.now() - before == pytest.approx((struck.entered.total() - bytes_before) * 10 / 115_200)


def test_a_cut_that_is_asked_for_is_over_when_it_returns() -> None:
    box, time = on(Hostility(baud=115_200, latency_ms=16))
    session = box.hello().session
    box.cut_power(PowerCut(off_for=5))
    assert box.hello().session != session
    assert 0.02 < time.now() < 0.2, "the box booted at once, and no request was lost to a box that booted"
    assert box.counters.resent == 0


def test_a_line_that_was_closed_is_not_used_again() -> None:
    box, _ = on(Hostility())
    box.close()
    with pytest.raises(BenchError, match="the line was closed, and is used again"):
        box.hello()


def test_without_the_crc_wrong_answers_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "crc32c", lambda _: bytes(4))
    wrong = 0
    for seed in range(20):
        box, _ = on(Hostility(flip=0.005, seed=seed))
        try:
            play(box, 2)
        except (AssertionError, BenchError):
            wrong += 1
    assert wrong > 5
