"""The days that a box can tell, from its zone tables alone, and the digits of their codes (`code.digits`, `code.day`)."""

from __future__ import annotations

from lockproof.reference.credentials import BoxKeys, Digits, code_digits, is_dead
from lockproof.reference.hardware import LATEST
from lockproof.reference.zone_tables import days_within, last_day_end
from lockproof.spec.observable import BenchError, CodeIndex, ZoneTable
from lockproof.spec.profile import DAY, Profile

Zones = list[tuple[ZoneTable, int | None]]
"""Zone tables, the one in force last, each with the instant until which it may still serve; None for the one in force."""

ROOM = 4  # for zone tables, the one in force included; of any box at least so many
DAYS_BACK = 3  # every day whose service can touch one that is still in service, and yesterday's code is told from junk


class Days:
    """What a box with these keys and zone tables makes of digits: those of class interop, or `own` ones of its maker."""

    def __init__(self, keys: BoxKeys | None, zones: Zones, own: Digits | None = None) -> None:
        self.keys = keys
        self.own = own
        self.zones = zones
        self._known: dict[tuple[tuple[int, int], ...], dict[str, list[CodeIndex]]] = {}

    def indices_of(self, digits: str, now: int, profile: Profile) -> list[CodeIndex]:
        """The live indices with these digits, of all days near enough to be told."""
        if self.keys is None:
            return []
        days = self.near(now, profile)
        if days not in self._known:
            self._known = {days: self._by_digits(days, profile)}
        return self._known[days].get(digits, [])

    def near(self, now: int, profile: Profile) -> tuple[tuple[int, int], ...]:
        """From the day before yesterday to the last day for which a code may be issued, in every table, in order."""
        first, last = now - DAYS_BACK * DAY, now + (profile.code_days_ahead + 1) * DAY
        found = {
            day
            for table, until in self.zones
            for day in days_within(table, first, last)
            if until is None or day[1] + profile.code_life <= until
        }
        return tuple(sorted(found))

    def replaced_by(self, zone: ZoneTable, now: int, sure: int, profile: Profile) -> Zones:
        """The tables after this one has come. What it replaces stays until the last day that can have been served is over.

        `now`: the later of clock and mark; `sure`: the clock where it is trusted, else the mark. Only what is over by then makes
        room. Raises `BenchError` where there is no room.
        """
        if self.zones and self.zones[-1][0] == zone:
            return self.zones
        kept = [
            (table, min(last_day_end(table, now, profile) + profile.code_life, LATEST) if until is None else until)
            for table, until in self.zones
        ]
        if len(kept) == ROOM:
            first = min(kept, key=lambda old: old[1])
            if first[1] > sure:
                raise BenchError(f"there is room for {ROOM} zone tables, and codes of each may still be good")
            kept.remove(first)
        return [*kept, (zone, None)]

    def digits_of(self, index: CodeIndex, profile: Profile) -> str:
        if self.own:
            return self.own(index)
        assert self.keys is not None
        return code_digits(self.keys.code, self.keys.box_id, index, profile.code_digits)

    def _by_digits(self, days: tuple[tuple[int, int], ...], profile: Profile) -> dict[str, list[CodeIndex]]:
        """Live indices by their digits. Only where two share their digits can one of them be dead, which is rare."""
        found: dict[str, list[CodeIndex]] = {}
        for day in days:
            for number in range(profile.code_indices):
                index = CodeIndex(*day, number)
                found.setdefault(self.digits_of(index, profile), []).append(index)

        def digits_of(index: CodeIndex) -> str:
            return self.digits_of(index, profile)

        return {
            digits: indices if len(indices) == 1 else [i for i in indices if not is_dead(i, days, digits_of, profile)]
            for digits, indices in found.items()
        }
