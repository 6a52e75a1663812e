"""When something may change: every instant at which a condition of the model turns, for what exists in a scenario by now."""

from __future__ import annotations

from collections.abc import Iterator

from lockproof.conformance.exact import World
from lockproof.conformance.growing import Growing
from lockproof.conformance.stage import Stage
from lockproof.spec.model import box as model
from lockproof.spec.profile import DAY, Profile

COUNTERS = (2**31 // 1000, 2**32 // 1000, 2**16)
"""Seconds after which a timer comes round that counts milliseconds in 32 bits, or seconds in 16."""


def instants(grown: Growing, only: str = "") -> list[int]:
    """Seconds of true time, from now on, in order; `only` for the credential of this name, if one is given."""
    found = {at for world in grown.judge.worlds for at in _turns(world, grown.stage, grown.bench.profile, only)}
    return sorted(at for at in found if at >= grown.now)


def _turns(world: World, stage: Stage, profile: Profile, only: str) -> Iterator[int]:
    box = world.box
    yield from (stage.now + at - box.clock for at in _of_codes(world, stage, profile, only))
    yield from (stage.now + at - box.clock for at in _of_grants(stage, only))
    if only:
        return
    yield from (stage.now + at - box.clock for at in _by_the_clock(box, profile))
    yield from (stage.now + at - box.timer for at in _by_the_timer(box, profile))
    yield from (ended.effective_by for ended in stage.authority.revocations())


def _of_codes(world: World, stage: Stage, profile: Profile, only: str) -> Iterator[int]:
    """What the clock of the box shows then, as in the two that follow."""
    used = dict(world.first_uses)
    for name, answer in stage.codes.items():
        if answer.code and only in {"", name}:
            yield from (answer.code.day_start, answer.code.day_end)
            yield answer.code.day_start + profile.code_life  # where a box takes an early entry for a first use
            yield answer.code.day_start + DAY  # where it takes every day for one of 24 hours
            if answer.code in used:
                yield used[answer.code] + profile.code_life


def _of_grants(stage: Stage, only: str) -> Iterator[int]:
    for name, (_, meaning) in stage.grants.items():
        if only in {"", name}:
            yield from (meaning["window_start"], meaning["window_end"])


def _by_the_clock(box: model.Box, profile: Profile) -> Iterator[int]:
    yield from (box.mark, box.arrival, box.arrival - profile.keypad_tolerance)
    if box.refusals > box.refusals_written:
        yield box.clock + profile.refusals_written_every


def _by_the_timer(box: model.Box, profile: Profile) -> Iterator[int]:
    """What its timer shows then; the last second of a nonce is still in its life."""
    if box.nonce_open:
        yield from (box.nonce_at + profile.ticket_life, box.nonce_at + profile.ticket_life + 1)
    yield from COUNTERS
