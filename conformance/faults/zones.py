"""Faults in what a box makes of the zone table that it was told."""

from __future__ import annotations

from dataclasses import replace

from lockproof.conformance.faults import Kind, fault
from lockproof.reference.box import ReferenceBox
from lockproof.reference.days import Zones
from lockproof.spec.model import box as model
from lockproof.spec.observable import ZoneTable
from lockproof.spec.profile import DAY, HOUR

Pairs = tuple[tuple[int, int], ...]


class _ReadsTheTableOtherwise(ReferenceBox):
    """Names its days by a table that is not quite the one that it was told."""

    def altered(self, pairs: Pairs) -> Pairs:
        raise NotImplementedError

    def _boot_days(self, zones: Zones) -> None:
        super()._boot_days([(replace(table, pairs=self.altered(table.pairs)), until) for table, until in zones])


@fault(breaks="code.day")
class OffsetsInWholeHours(_ReadsTheTableOtherwise):
    """Offsets are kept in hours: where clocks are half an hour off, days begin too late."""

    def altered(self, pairs: Pairs) -> Pairs:
        return tuple((utc, offset // HOUR * HOUR) for utc, offset in pairs)


@fault(breaks="code.day")
class OneOffsetForEver(_ReadsTheTableOtherwise):
    """Of a table the first offset alone is kept, and clocks never change."""

    def altered(self, pairs: Pairs) -> Pairs:
        return pairs[:1]


@fault(breaks="code.day")
class ClocksChangeAnHourLate(_ReadsTheTableOtherwise):
    """The instants of a table are taken for local time, so that each change comes later or earlier by its offset."""

    def altered(self, pairs: Pairs) -> Pairs:
        return (pairs[0], *((utc + offset, offset) for utc, offset in pairs[1:]))


@fault(breaks="code.day")
class ClocksOnlyGoForward(_ReadsTheTableOtherwise):
    """A change to an earlier offset is passed over."""

    def altered(self, pairs: Pairs) -> Pairs:
        kept = list(pairs[:1])
        for utc, offset in pairs[1:]:
            kept += [(utc, offset)] if offset > kept[-1][1] else []
        return tuple(kept)


@fault(breaks="code.day")
class OffsetsEastOnly(_ReadsTheTableOtherwise):
    """The sign of an offset is lost."""

    def altered(self, pairs: Pairs) -> Pairs:
        return tuple((utc, abs(offset)) for utc, offset in pairs)


@fault(breaks="code.day")
class OffsetsUpToTwelveHours(_ReadsTheTableOtherwise):
    """An offset beyond twelve hours is taken for twelve: Auckland's summer and the Line Islands."""

    def altered(self, pairs: Pairs) -> Pairs:
        return tuple((utc, max(-DAY // 2, min(DAY // 2, offset))) for utc, offset in pairs)


@fault(breaks="box.power", kind=Kind.PERSISTENCE)
class TheZoneIsLostAtACut(ReferenceBox):
    """The zone table is kept in memory that a power cut clears: after it no code opens."""

    def recover(self, state: model.Box) -> model.Box:
        self.cut = self._reset_cause == "power-cut"
        return super().recover(state)

    def _boot_days(self, zones: Zones) -> None:
        super()._boot_days([] if self.__dict__.pop("cut", False) else zones)


@fault(breaks="code.irrevocable", kind=Kind.PERSISTENCE)
class OldTablesAreLostAtACut(ReferenceBox):
    """After a power cut only the newest zone table is there: codes of the place before are not known any more."""

    def _boot_days(self, zones: Zones) -> None:
        super()._boot_days(zones[-1:] if self._reset_cause == "power-cut" else zones)


@fault(breaks="code.day")
class TheTableNeverExpires(ReferenceBox):
    """Names days beyond the end of its table, by the last offset that it has."""

    def _boot_days(self, zones: Zones) -> None:
        super()._boot_days([(ZoneTable(table.pairs, table.expiry + 40_000 * DAY), until) for table, until in zones])
