"""Faults in who may be let in, who grants, and what is granted."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from lockproof.conformance.faults import authority_fault
from lockproof.conformance.faults.authorities.remembering import AsksCode, AsksGrant, Remembering, values
from lockproof.reference.authority import ReferenceAuthority
from lockproof.spec.observable import (
    Advice,
    Answer,
    Role,
)

# Who may be let in


@authority_fault(breaks="eligibility.consumer-never")
class IssuesACodeToAConsumer(Remembering):
    """Issues a One Day Code to a consumer."""

    def before_code(self, asked: AsksCode) -> AsksCode:
        return replace(asked, role=Role.CONTRACTOR) if asked.role is Role.CONSUMER and asked.seller_permission else asked


@authority_fault(breaks="eligibility.consumer-never")
class GrantsToAConsumer(Remembering):
    """Grants Connect access to a consumer."""

    def before_grant(self, asked: AsksGrant) -> AsksGrant:
        return replace(asked, role=Role.REALTOR) if asked.role is Role.CONSUMER else asked


@authority_fault(breaks="eligibility.connect-realtor")
class GrantsToAnyProfession(Remembering):
    """Grants Connect access to contractors, inspectors and the like, too."""

    def before_grant(self, asked: AsksGrant) -> AsksGrant:
        return asked if asked.role is Role.CONSUMER else replace(asked, role=Role.REALTOR)


@authority_fault(breaks="eligibility.board")
class IgnoresTheBoard(ReferenceAuthority):
    """Issues codes to whomever the board bars."""

    def set_barred(self, roles: tuple[Role, ...]) -> None:
        """It is not kept."""


@authority_fault(breaks="eligibility.code-seller-permission")
class AsksNoSeller(Remembering):
    """Issues codes without the seller's written permission."""

    def before_code(self, asked: AsksCode) -> AsksCode:
        return replace(asked, seller_permission=True)


@authority_fault(breaks="eligibility.code-seller-permission")
class AsksTheSellerForARealtor(Remembering):
    """Issues no code to a REALTOR without the seller's permission either."""

    def before_code(self, asked: AsksCode) -> AsksCode:
        return replace(asked, role=Role.CONTRACTOR) if asked.role is Role.REALTOR else asked


@authority_fault(breaks="eligibility.advice")
class AdvisesACodeForEverybody(Remembering):
    """Recommends a One Day Code whoever comes."""

    def which(self, role: Role) -> Advice:
        return super().which(Role.CONTRACTOR)


# Who grants


@authority_fault(breaks="connect.grantor")
class AnOfficeHasNoSay(Remembering):
    """Takes the listing agent and the owner for grantors, and nobody of the listing office."""

    def add_person(self, person: str, name: str, pin: str, office: str | None = None) -> None:
        super().add_person(person, name, pin)


@authority_fault(breaks="connect.grantor")
class OwnersHaveNoSay(Remembering):
    """Ignores lockbox owner privileges."""

    def add_box(self, box_id: bytes, secret: bytes, owners: tuple[str, ...] = ()) -> None:
        super().add_box(box_id, secret)

    def set_owners(self, box_id: bytes, owners: tuple[str, ...]) -> None:
        """Nobody gets any."""


@authority_fault(breaks="connect.grantor")
class AnOwnerOwnsEveryBox(Remembering):
    """Takes whoever owns a box for an owner of all of them."""

    def after_grant(self, asked: AsksGrant, answer: Answer) -> Answer:
        owns = any(asked.by in owners for owners in self.owners.values())
        if answer.clauses != ("connect.grantor",) or not owns or asked.box_id not in self.places:
            return answer
        return ReferenceAuthority.grant_connect(self, *values(replace(asked, by=self.agents[self.places[asked.box_id]])))


@authority_fault(breaks="connect.grantor")
class AnAgentGrantsForEveryBox(Remembering):
    """Takes whoever has a listing for a grantor of every box, wherever it hangs."""

    def after_grant(self, asked: AsksGrant, answer: Answer) -> Answer:
        listing = asked.by in self.agents.values() and asked.box_id in self.places
        if answer.clauses != ("connect.grantor",) or not listing:
            return answer
        return ReferenceAuthority.grant_connect(self, *values(replace(asked, by=self.agents[self.places[asked.box_id]])))


@authority_fault(breaks="code.grantor")
class WhoLostTheListingStillMakesCodes(Remembering):
    """Never forgets who was a listing agent."""

    former: frozenset[str] = frozenset()

    def set_agent(self, prop: str, agent: str) -> None:
        self.former |= {self.agents[prop]}
        super().set_agent(prop, agent)

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.clauses != ("code.grantor",) or asked.by not in self.former:
            return answer
        agent = self.agents[self.places[asked.box_id]]
        return ReferenceAuthority.generate_code(self, *values(replace(asked, by=agent, pin=self.pins[agent])))


@authority_fault(breaks="code.grantor")
class AnybodyMakesCodes(Remembering):
    """Makes a code for everybody who has a PIN."""

    def after_code(self, asked: AsksCode, answer: Answer) -> Answer:
        if answer.clauses != ("code.grantor",) or asked.box_id not in self.places:
            return answer
        agent = self.agents[self.places[asked.box_id]]
        return ReferenceAuthority.generate_code(self, *values(replace(asked, by=agent, pin=self.pins[agent])))


@authority_fault(breaks="connect.grantor")
class GrantsForABoxOnNoProperty(Remembering):
    """Grants access to a box that is assigned to no property."""

    def after_grant(self, asked: AsksGrant, answer: Answer) -> Answer:
        nowhere = asked.box_id not in self.places and asked.by in self.owners[asked.box_id]
        if answer.clauses != ("connect.grantor",) or not nowhere:
            return answer
        return Answer(True, reference=hashlib.sha256(repr(asked).encode()).hexdigest()[:32])


# What is granted


@authority_fault(breaks="connect.window.length")
class GrantsASecondLessThanHalfAnHour(Remembering):
    """Grants 29 minutes and 59 seconds."""

    def made_with(self, given: dict[str, Any]) -> dict[str, Any]:
        profile = given["profile"]
        return {**given, "profile": replace(profile, window_shortest=profile.window_shortest - 1)}


@authority_fault(breaks="connect.window.length")
class GrantsASecondMoreThanTheLongest(Remembering):
    """Grants seven days and a second."""

    def made_with(self, given: dict[str, Any]) -> dict[str, Any]:
        profile = given["profile"]
        return {**given, "profile": replace(profile, window_longest=profile.window_longest + 1)}


@authority_fault(breaks="connect.window.length")
class CountsAWeekOnTheWall(Remembering):
    """Counts seven days on the clock at the property, so that a week in which clocks change is not 604,800 seconds long."""

    def after_grant(self, asked: AsksGrant, answer: Answer) -> Answer:
        if not answer.accepted:
            return answer
        start, end = (_on_the_wall(instant, self.zone_of(asked.box_id)) for instant in (asked.start, asked.end))
        return Answer(False, ("connect.window.length",)) if end - start > dt.timedelta(days=7) else answer


def _on_the_wall(instant: int, zone: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(instant, ZoneInfo(zone)).replace(tzinfo=None)


@authority_fault(breaks="connect.window.not-over")
class GrantsAWindowThatIsOver(Remembering):
    """Does not look whether a window has ended already."""

    def before_grant(self, asked: AsksGrant) -> AsksGrant:
        return replace(asked, now=min(asked.now, max(asked.end - 1, 0)))


@authority_fault(breaks="connect.window.not-over")
class GrantsNoWindowThatHasBegun(Remembering):
    """Refuses a window with a start in the past."""

    def after_grant(self, asked: AsksGrant, answer: Answer) -> Answer:
        return Answer(False, ("connect.window.not-over",)) if answer.accepted and asked.start < asked.now else answer


@authority_fault(breaks="connect.recipient-email")
class GrantsToNobodyInParticular(Remembering):
    """Needs no email address of whom it grants access."""

    def before_grant(self, asked: AsksGrant) -> AsksGrant:
        return asked if asked.email else replace(asked, email="nobody@example.org")


@authority_fault(breaks="connect.available")
class LosesOneOfTwoGrants(Remembering):
    """Keeps one grant for each person and box: the later of two replaces the earlier."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        asked = self.grants[grant]
        same = [name for name, each in self.grants.items() if (each.box_id, each.email) == (asked.box_id, asked.email)]
        return Answer(False, ("connect.account",)) if answer.accepted and grant != same[-1] else answer
