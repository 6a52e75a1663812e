"""Power that is cut as a write begins: whichever command it strikes, the box boots and is as it was before."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import CutClass, NoAnswer, PowerCut, Provisioning, ZoneTable

ZONE, OTHER_ZONE = (ZoneTable(((1_700_000_000, offset),), 1_900_000_000) for offset in (0, 3600))
BOX_ID, SECRET = bytes(range(16)), bytes(32)


@pytest.mark.parametrize(
    "struck",
    [
        lambda box: box.provision(Provisioning(bytes(16), SECRET, ZONE)),
        lambda box: box.provision(Provisioning(BOX_ID, SECRET, OTHER_ZONE)),
        lambda box: box.enter("12345678"),
    ],
    ids=["another identity", "another zone", "a refusal that is counted"],
)
def test_a_box_boots_whichever_write_is_struck(struck: Callable[[ReferenceBox], object]) -> None:
    box = ReferenceBox()
    box.provision(Provisioning(BOX_ID, SECRET, ZONE))
    before, days, writes = box.hello(), box.days.zones, box.store.writes
    box.cut_power(PowerCut(CutClass.NTH_WRITE, off_for=5, nth=1))
    with pytest.raises(NoAnswer, match="power was cut as a write began"):
        struck(box)
    after = box.hello()
    assert after.session != before.session
    assert after.reset_cause == "power-cut"
    assert (after.identity, box.days.zones, box.store.writes) == (before.identity, days, writes)
    struck(box)
    assert box.store.writes == writes + 1, "the cut is over"


def test_a_cut_that_stays_armed_over_provision_is_as_long_as_it_was_to_be() -> None:
    box = ReferenceBox()
    box.hold_clock(True)
    clock = box.clock()
    box.cut_power(PowerCut(CutClass.NTH_WRITE, off_for=60, nth=2))
    box.provision(Provisioning(BOX_ID, SECRET, ZONE))
    with pytest.raises(NoAnswer):
        box.enter("12345678")
    assert box.clock() == clock + 60


def test_reset_disarms_the_cut_before_it_writes() -> None:
    box = ReferenceBox()
    session = box.session
    box.cut_power(PowerCut(CutClass.NTH_WRITE, nth=1))
    box.reset()
    assert box.session == session
