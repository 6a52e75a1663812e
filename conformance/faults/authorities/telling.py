"""Faults in what an authority tells: notifications, the report, alerts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from lockproof.conformance.faults import authority_fault
from lockproof.conformance.faults.authorities.remembering import Remembering
from lockproof.reference.authority import ReferenceAuthority
from lockproof.spec import civil
from lockproof.spec.observable import (
    Alert,
    AlertKind,
    Answer,
    LogEntry,
    LogKind,
    Notification,
    ReportKind,
    ReportLine,
)

CONNECT_LINES = (ReportKind.CONNECT_GRANTED, ReportKind.CONNECT_USED, ReportKind.CONNECT_REVOKED)


# Notifications


@authority_fault(breaks="code.notify-never")
class NotifiesForACode(Remembering):
    """Notifies of openings with a One Day Code, too."""

    def notifications(self) -> tuple[Notification, ...]:
        used = {(each.epoch, each.entry.number): each for each in self.events if each.entry.kind is LogKind.CODE}
        return (*super().notifications(), *(each.notification() for each in used.values() if each.entry.accepted))


@authority_fault(breaks="connect.notify-once")
class NotifiesAtEveryUpload(Remembering):
    """Notifies again of an opening that is uploaded again."""

    def notifications(self) -> tuple[Notification, ...]:
        found = (each for each in self.events if each.entry.kind is LogKind.CONNECT and each.entry.accepted)
        return tuple(each.notification() for each in found)


@authority_fault(breaks="connect.notify-once")
class NotifiesOfARefusal(Remembering):
    """Notifies of tickets that the box refused."""

    def notifications(self) -> tuple[Notification, ...]:
        refused = {
            (each.epoch, each.entry.number): each.notification()
            for each in self.events
            if each.entry.kind is LogKind.CONNECT and not each.entry.accepted
        }
        return (*super().notifications(), *refused.values())


@authority_fault(breaks="connect.notify-once")
class NotifiesOncePerGrant(Remembering):
    """Notifies of the first opening with a grant, and of none after it."""

    def notifications(self) -> tuple[Notification, ...]:
        return tuple({each.grant: each for each in reversed(super().notifications())}.values())[::-1]


@authority_fault(breaks="connect.notify-once")
class NotifiesOncePerNumber(Remembering):
    """Takes two entries of one number for one, also where the log has a new epoch."""

    def notifications(self) -> tuple[Notification, ...]:
        return tuple({(each.box_id, each.number): each for each in reversed(super().notifications())}.values())[::-1]


@authority_fault(breaks="report.late")
class NotifiesAsOfNow(Remembering):
    """Says of a showing that it was when the authority heard of it."""

    def notifications(self) -> tuple[Notification, ...]:
        return tuple(replace(each, occurred=each.received) for each in super().notifications())


@authority_fault(breaks="connect.notify-once")
class NotifiesNobody(Remembering):
    """Notifies of nothing."""

    def notifications(self) -> tuple[Notification, ...]:
        return ()


# The report


class _OtherTimes(Remembering):
    """Writes the time of a line in another zone."""

    def zone(self, line: ReportLine) -> str:
        raise NotImplementedError

    def report(self) -> tuple[ReportLine, ...]:
        lines = super().report()
        return tuple(replace(line, local_time=civil.local_text(line.occurred, self.zone(line))) for line in lines)


@authority_fault(breaks="report.lines")
class ReportsInUtc(_OtherTimes):
    """Writes the report in UTC."""

    def zone(self, line: ReportLine) -> str:
        return "UTC"


@authority_fault(breaks="report.lines")
class ReportsInStandardTime(_OtherTimes):
    """Knows no summer time."""

    def zone(self, line: ReportLine) -> str:
        return self.zones[line.location]

    def report(self) -> tuple[ReportLine, ...]:
        return tuple(replace(line, local_time=self._standard(line)) for line in super().report())

    def _standard(self, line: ReportLine) -> str:
        local = dt.datetime.fromtimestamp(line.occurred, ZoneInfo(self.zone(line)))
        return f"{(local - (local.dst() or dt.timedelta())).replace(tzinfo=None):%Y-%m-%d %H:%M:%S}"


@authority_fault(breaks="time.recorded")
class ReportsInTheZoneOfNow(_OtherTimes):
    """Writes the report in the zone of where the box is now."""

    def zone(self, line: ReportLine) -> str:
        first = next(iter(self.places), b"")
        return self.zone_of(first) if first else self.zones[line.location]


@authority_fault(breaks="time.recorded")
class ReportsInTheZoneOfAnotherProperty(_OtherTimes):
    """Writes the report in the zone of the property that was added last."""

    def zone(self, line: ReportLine) -> str:
        return list(self.zones.values())[-1]


@authority_fault(breaks="time.recorded")
class ReportsWhereTheBoxIsNow(Remembering):
    """Writes the address of where the box is now into every line."""

    def report(self) -> tuple[ReportLine, ...]:
        first = next(iter(self.places), b"")
        here = self.addresses[self.places[first]] if first else ""
        return tuple(replace(line, location=here or line.location) for line in super().report())


@authority_fault(breaks="report.lines")
class ReportsNoIdOfTheGrantor(Remembering):
    """Names the grantor, and not by which id."""

    def report(self) -> tuple[ReportLine, ...]:
        return tuple(replace(line, grantor_id="") for line in super().report())


@authority_fault(breaks="connect.recipient-email")
class ReportsNoEmail(Remembering):
    """Leaves the email address out of the lines about a grant."""

    def report(self) -> tuple[ReportLine, ...]:
        return tuple(replace(line, detail="SentriConnect") if line.kind in CONNECT_LINES else line for line in super().report())


@authority_fault(breaks="report.once")
class ASecondRevocationAddsALine(Remembering):
    """Reports every revocation of a grant, also of one that is revoked."""

    again: tuple[int, ...] = ()

    def after_revoke(self, reference: str, by: str, now: int, answer: Answer) -> Answer:
        if answer.accepted and reference in self.revoked:
            self.again += (now,)
        return answer

    def report(self) -> tuple[ReportLine, ...]:
        lines = super().report()
        like = next((line for line in lines if line.kind is ReportKind.CONNECT_REVOKED), None)
        added = [replace(like, occurred=at, received=at) for at in self.again] if like else []
        return tuple(sorted((*lines, *added), key=lambda line: line.occurred))


@authority_fault(breaks="report.lines")
class ReportsARevocationOfWhoGranted(Remembering):
    """Names who granted in the line of a revocation, and not who revoked."""

    def report(self) -> tuple[ReportLine, ...]:
        lines = super().report()
        granted = {line.detail: line for line in lines if line.kind is ReportKind.CONNECT_GRANTED}
        return tuple(
            replace(line, grantor=granted[line.detail].grantor, grantor_id=granted[line.detail].grantor_id)
            if line.kind is ReportKind.CONNECT_REVOKED
            else line
            for line in lines
        )


@authority_fault(breaks="report.once")
class ReportsWhatTheBoxRefused(Remembering):
    """Adds a line for a code that the box refused."""

    def report(self) -> tuple[ReportLine, ...]:
        lines = super().report()
        like = next((line for line in lines if line.kind is ReportKind.CODE_USED), None)
        refused = {(each.epoch, each.entry.number): each for each in self.events if not each.entry.accepted}
        added = [replace(like, occurred=each.occurred, received=each.received) for each in refused.values()] if like else []
        return tuple(sorted((*lines, *added), key=lambda line: line.occurred))


@authority_fault(breaks="report.once")
class ReportsNoRefusedRevocation(Remembering):
    """Leaves no trace of a revocation of a code that it refused."""

    def report(self) -> tuple[ReportLine, ...]:
        return tuple(line for line in super().report() if line.kind is not ReportKind.CODE_REVOCATION_REFUSED)


@authority_fault(breaks="report.once")
class AStrangersRequestAddsALine(Remembering):
    """Reports the refused revocation of a code also where a stranger has asked."""

    def after_revoke(self, reference: str, by: str, now: int, answer: Answer) -> Answer:
        told = (ReportKind.CODE_REVOCATION_REFUSED, by, now)
        if reference in self.codes and told not in {(line.kind, line.grantor_id, line.occurred) for line in super().report()}:
            ReferenceAuthority.revoke(self, reference, self.agents[self.places[self.codes[reference].box_id]], now)
        return answer


@authority_fault(breaks="report.once")
class ReportsAtEveryUpload(Remembering):
    """Adds a line for a use each time that it is uploaded."""

    def report(self) -> tuple[ReportLine, ...]:
        lines = super().report()
        keys = [(each.box_id, each.epoch, each.entry.number) for each in self.events if each.entry.accepted]
        most = max((keys.count(key) for key in keys), default=0)
        uses = [line for line in lines if line.kind in {ReportKind.CODE_USED, ReportKind.CONNECT_USED}]
        return tuple(sorted((*lines, *uses * (most - 1)), key=lambda line: line.occurred))


@authority_fault(breaks="report.once")
class TakesNoEntryOutOfOrder(Remembering):
    """Drops entries with a lower number than the highest that has come."""

    def receive(self, box_id: bytes, epoch: int, entries: tuple[LogEntry, ...], now: int) -> None:
        for entry in entries:
            come = [each.entry.number for each in self.events if (each.box_id, each.epoch) == (box_id, epoch)]
            if entry.number > max(come, default=0):
                super().receive(box_id, epoch, (entry,), now)


@authority_fault(breaks="report.once")
class ReportsOnlyTheFirstUse(Remembering):
    """Reports the first use of a code, and none after it."""

    def report(self) -> tuple[ReportLine, ...]:
        seen: set[str] = set()
        kept = []
        for line in super().report():
            if line.kind is not ReportKind.CODE_USED or line.detail not in seen:
                kept.append(line)
            seen |= {line.detail} if line.kind is ReportKind.CODE_USED else set()
        return tuple(kept)


@authority_fault(breaks="report.late")
class ForgetsWhenItHeard(Remembering):
    """Keeps of an event only when it occurred."""

    def report(self) -> tuple[ReportLine, ...]:
        return tuple(replace(line, received=line.occurred) for line in super().report())


@authority_fault(breaks="report.late")
class DatesEventsWhenTheyCome(_OtherTimes):
    """Dates an event by when the authority heard of it."""

    def zone(self, line: ReportLine) -> str:
        return self.zones[line.location]

    def report(self) -> tuple[ReportLine, ...]:
        lines = (replace(line, occurred=line.received) for line in super().report())
        return tuple(replace(line, local_time=civil.local_text(line.occurred, self.zone(line))) for line in lines)


# Alerts


class _FewerAlerts(Remembering):
    """Leaves out some alerts."""

    def raises(self, alert: Alert) -> bool:
        raise NotImplementedError

    def alerts(self) -> tuple[Alert, ...]:
        return tuple(alert for alert in super().alerts() if self.raises(alert))


@authority_fault(breaks="report.alerts")
class AlertsNoGap(_FewerAlerts):
    """Does not see that numbers are missing in a log."""

    def raises(self, alert: Alert) -> bool:
        return alert.kind is not AlertKind.LOG_GAP


@authority_fault(breaks="report.alerts")
class AlertsNoGapAtTheBeginning(_FewerAlerts):
    """Does not see that the first entry is missing."""

    def raises(self, alert: Alert) -> bool:
        return alert.kind is not AlertKind.LOG_GAP or alert.first > 1


@authority_fault(breaks="report.alerts")
class AlertsNoCodeThatWasNeverIssued(_FewerAlerts):
    """Takes the use of a code that was never issued for any other."""

    def raises(self, alert: Alert) -> bool:
        return alert.kind is not AlertKind.CODE_NEVER_ISSUED


@authority_fault(breaks="report.alerts")
class AlertsAtEveryUpload(Remembering):
    """Raises an alert anew whenever the same entries are uploaded."""

    def alerts(self) -> tuple[Alert, ...]:
        keys = [(each.epoch, each.entry.number) for each in self.events]
        most = max((keys.count(key) for key in keys), default=1)
        return tuple(alert for alert in super().alerts() for _ in range(most))


@authority_fault(breaks="report.alerts")
class NeverClosesAGap(Remembering):
    """Goes on alerting of a gap when the missing entries have arrived."""

    seen: tuple[Alert, ...] = ()

    def alerts(self) -> tuple[Alert, ...]:
        self.seen = tuple(dict.fromkeys((*self.seen, *super().alerts())))
        return self.seen
