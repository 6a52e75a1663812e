"""What holds of an authority's file at any instant, whoever writes to it: asked of its tables and its history, not of the code.

An audit says whether the file is what the authority made of it; this says whether the authority made it well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lockproof.reference.history import Change, Record
from lockproof.reference.store import Store

_OF_TABLES = {
    "a code's index is issued once (code.index)": """
        SELECT 1 FROM codes GROUP BY box, day_start, day_end, day_index HAVING count(*) > 1
    """,
    "at most eight codes a day (code.index)": """
        SELECT 1 FROM codes GROUP BY box, day_start, day_end HAVING count(*) > 8
    """,
    "a box is at one place, where it was put last": """
        SELECT 1 FROM assignments AS one JOIN assignments AS later USING (box)
        WHERE one.ended IS NULL AND later.assignment > one.assignment
    """,
    "an opening with a grant is notified once, and nothing else is (connect.notify-once)": """
        SELECT 1 FROM receipts LEFT JOIN notifications USING (box, epoch, number)
        WHERE (accepted AND kind = 'connect') <> (notifications.received NOT NULL)
    """,
    "an opening is reported once or is an alert, and nothing else is (report.once)": """
        SELECT 1 FROM receipts
        LEFT JOIN (SELECT box, epoch, number, count(*) AS reported FROM lines GROUP BY box, epoch, number) USING (box, epoch, number)
        LEFT JOIN unissued_uses USING (box, epoch, number)
        LEFT JOIN grants ON grants.grant_id = receipts.grant_id AND grants.box = receipts.box
        WHERE coalesce(reported, 0) + (unissued_uses.received NOT NULL) <> CASE
            WHEN accepted AND kind = 'code' THEN 1
            WHEN accepted AND kind = 'connect' THEN grants.grant_id NOT NULL
            ELSE 0
        END
    """,
    "whatever is issued or revoked is reported once (report.once)": """
        SELECT 1 WHERE (SELECT count(*) FROM lines WHERE kind = 'SentriConnect Access Granted') <> (SELECT count(*) FROM grants)
        OR (SELECT count(*) FROM lines WHERE kind = '1 Day Code Generated') <> (SELECT count(*) FROM codes)
        OR (SELECT count(*) FROM lines WHERE kind = 'SentriConnect Access Revoked')
            <> (SELECT count(*) FROM grants WHERE revoked)
    """,
    "nothing is issued to whom it is never issued (eligibility)": """
        SELECT role FROM grants WHERE role <> 'realtor' UNION ALL SELECT role FROM codes WHERE role = 'consumer'
    """,
}
_BY_A_GRANTOR = "grantors alone grant, generate and revoke (connect.grantor, code.grantor, connect.revoke.any-time)"
_STAYS_ENDED = "a grant that is ended stays ended, and as it ended (connect.property)"
_NO_TICKET = "tickets are for grants in force, and for their accounts (connect.revoke.bound, connect.account)"
_UNUSED = "an index that was used is never issued (code.index)"
_MOVED = "a grant whose box has moved is ended (connect.property)"
INVARIANTS = (*_OF_TABLES, _BY_A_GRANTOR, _STAYS_ENDED, _NO_TICKET, _UNUSED, _MOVED)
"""All that are looked at, in the words in which one that is broken is named."""


def broken(store: Store) -> tuple[str, ...]:
    """The invariants that do not hold."""
    of_history = _Replay()
    for record in store.history():
        of_history.see(record)
    found = {name for name, violations in _OF_TABLES.items() if store.row(violations)} | set(of_history.found())
    return tuple(name for name in INVARIANTS if name in found)


_Row = dict[str, Any]


@dataclass(slots=True)
class _Replay:
    """The history gone through once more, with the rows as they were at each request."""

    rows: dict[str, dict[tuple[Any, ...], _Row]] = field(default_factory=lambda: defaultdict(dict))
    live: dict[str, tuple[Any, ...]] = field(default_factory=dict)  # box -> the assignment in force
    granted_in: dict[str, tuple[Any, ...]] = field(default_factory=dict)  # grant -> the assignment in force when it was issued
    used: set[tuple[Any, ...]] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)

    def see(self, record: Record) -> None:
        if isinstance(record.answered, dict) and record.answered.get("accepted"):
            self.broken |= set(self._of_an_answer(record.kind, record.asked, record.answered))
        for change in record.changed:
            self._carry_out(change)

    def found(self) -> Iterator[str]:
        yield from self.broken
        for grant, assignment in self.granted_in.items():
            row = self.rows["grants"][(grant,)]
            if not row["moved"] and self.live.get(row["box"]) != assignment:
                yield _MOVED

    def _of_an_answer(self, kind: str, asked: Any, answered: Any) -> Iterator[str]:
        box, grant = asked.get("box_id"), answered.get("reference")
        if kind == "revoke":
            box = self.rows["grants"][(grant,)]["box"]
        if "by" in asked and not self._is_grantor(box, asked["by"]):
            yield _BY_A_GRANTOR
        if kind == "grant_connect":
            self.granted_in[grant] = self.live.get(box, ())
        if kind == "generate_code":
            code = answered["code"]
            if (box, code["day_start"], code["day_end"], code["index"]) in self.used:
                yield _UNUSED
        if kind == "issue_ticket":
            row, account = self.rows["grants"][(grant,)], asked["account"].strip(" ").casefold()
            known = self.rows["accounts"].get((account,), {"closed": 0})
            if row["revoked"] or row["moved"] or account != row["email"].casefold() or known.get("closed") is not None:
                yield _NO_TICKET

    def _is_grantor(self, box: str, person: str) -> bool:
        if (box, person) in self.rows["owners"]:
            return True
        if box not in self.live:
            return False
        prop = self.rows["properties"][(self.rows["assignments"][self.live[box]]["property"],)]
        office = prop.get("office")
        return prop["agent"] == person or (office is not None and office == self.rows["people"][(person,)].get("office"))

    def _carry_out(self, change: Change) -> None:
        table, key = self.rows[change.table], tuple(change.key)
        if change.values is None:
            del table[key]
            return
        before, row = table.get(key, {}), {**table.get(key, {}), **change.values}
        table[key] = row
        if change.table == "grants" and (before.get("revoked") or before.get("moved")):
            unchanged = (
                row["ended_at"] == before["ended_at"] and row["revoked"] >= before["revoked"] and row["moved"] >= before["moved"]
            )
            self.broken |= set() if unchanged else {_STAYS_ENDED}
        if change.table == "receipts" and row["accepted"] and row.get("day_index") is not None:
            self.used.add((key[0], row["day_start"], row["day_end"], row["day_index"]))
        if change.table == "assignments" and row.get("ended") is None:
            self.live[row["box"]] = key
        elif change.table == "assignments" and self.live.get(row["box"]) == key:
            del self.live[row["box"]]
