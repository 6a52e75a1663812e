"""How this standard compares with others and with products of the field, each fact with the public page that says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lockproof.spec import guessing
from lockproof.spec.profile import Profile
from making.markdown import Page, clause_links, lasting, link, table
from making.rooms import NotPublished, Rooms

COMPARED = "compared"
SOURCES: Mapping[str, tuple[str, str]] = {
    "chip-73903": (
        "connectedhomeip, issue 73903: ExpiringUser is not implemented, and the test only round-trips the attribute",
        "https://github.com/project-chip/connectedhomeip/issues/73903",
    ),
    "chip-73910": (
        "connectedhomeip, pull request 73910: what section 5.2.6.18.8 asks for",
        "https://github.com/project-chip/connectedhomeip/pull/73910",
    ),
    "matterjs-4398": (
        "matter.js, issue 4398: schedules and ExpiringUser are stored and not enforced",
        "https://github.com/matter-js/matter.js/issues/4398",
    ),
    "matterbridge-628": (
        "matterbridge, pull request 628: the attribute ExpiringUserTimeout",
        "https://github.com/Luligu/matterbridge/pull/628",
    ),
    "matter-cluster": (
        "Apple, Matter: the cluster Door Lock, with its attributes and commands",
        "https://developer.apple.com/documentation/matter/mtrclusterdoorlock",
    ),
    "zwave-year-day": (
        "Grizzly, Schedule Entry Lock: a year-day schedule",
        "https://hexdocs.pm/grizzly/Grizzly.ZWave.Commands.ScheduleEntryLockYearDaySet.html",
    ),
    "zwave-daily": (
        "Grizzly, Schedule Entry Lock: a daily repeating schedule",
        "https://hexdocs.pm/grizzly/Grizzly.ZWave.Commands.ScheduleEntryLockDailyRepeatingSet.html",
    ),
    "zwave-user": (
        "Silicon Labs, User Credential: a user with its minutes until expiry",
        "https://docs.silabs.com/z-wave/latest/zwave-api/u3c-user-t",
    ),
    "osdp-iec": (
        "IEC 60839-11-5, scope: OSDP between a control unit and peripheral devices",
        "https://standards.globalspec.com/std/14300626/iec-60839-11-5",
    ),
    "sentrilock-fcbr": (
        "A board on SentriLock's 1 day codes: they end at midnight, two weeks ahead at most",
        "https://fcbr.org/sentrilock/one-day-codes/",
    ),
    "sentrilock-rmls": (
        "RMLS on SentriLock's one day codes: an hour from first use, between 8 and 22 only",
        "https://rmls.helpjuice.com/en_US/sentrilock-support/how-to-use-a-one-day-code",
    ),
    "sentriconnect": ("SentriLock on SentriConnect", "https://www.sentrilock.com/resources/sentriconnect-resources/"),
    "supra-gbrar": ("A board on Supra's Non-Member Access", "https://gbrar.com/nma/"),
    "codebox-showmojo": (
        "ShowMojo on CodeBox: the day of a code, and two hours from its first use",
        "http://showmojo.helpjuice.com/27769-codebox/256311-time-limits-of-a-codebox-access-code",
    ),
    "codebox-showinghero": (
        "ShowingHero on CodeBox: past midnight, 14 codes a day, hours of access",
        "https://support.showinghero.com/help/topic/335004",
    ),
    "igloohome-pins": (
        "igloohome: kinds of PIN, and the first use of an algoPIN",
        "https://support.igloohome.co/support/solutions/articles/35000183356-what-types-of-pin-codes-can-i-create-",
    ),
    "igloohome-delete": (
        "igloohome: where a PIN can be deleted",
        "https://support.igloohome.co/support/solutions/articles/35000162987-i-need-to-delete-or-revoke-a-pin-how-do-i-do-this-",
    ),
    "ttlock-33": ("33Lock on the passcodes of TTLock", "https://help.33lock.com/passcode-types"),
    "masterlock-sdk": ("Master Lock: temporary codes", "https://sdkdocs.masterlockvault.com/docs/CoreConcepts/TemporaryCode"),
}
"""What each is, and where it stands."""
NOT_FOUND = "we found nothing public"


@dataclass(frozen=True, slots=True)
class Product:
    """What is published of one product: when its temporary code opens, how long, how it ends early; and who says so."""

    name: str
    first_use: str
    lasts: str
    taken_back: str
    sources: Sequence[str]


STANDARDS = (
    (
        "Matter and Zigbee, cluster Door Lock",
        (
            "Users and credentials that a controller writes into a lock, schedules, and an attribute, `ExpiringUserTimeout`: so many"
            " minutes after its first use the credential of an `ExpiringUser` is to stop. That is the nearest relative of a One Day"
            " Code. It is one number for the whole lock, in minutes, and knows no day. The two open implementations that we read of"
            " stored it and never ended a code; the certification test that is named there writes the attribute and reads it back. A change"
            " that was proposed keeps the first use in working memory, which a power cut empties."
        ),
        ("matter-cluster", "chip-73910", "chip-73903", "matterjs-4398", "matterbridge-628"),
    ),
    (
        "Z-Wave, command classes User Code, User Credential and Schedule Entry Lock",
        (
            "A controller writes codes into slots. A year-day schedule has a start and an end with hour and minute, a daily one"
            " weekdays, a start and a duration. A user of User Credential may have minutes until expiry of their own. How a lock"
            " knows the time, and what a power cut does to it, the pages that we read do not say."
        ),
        ("zwave-year-day", "zwave-daily", "zwave-user"),
    ),
    (
        "OSDP (IEC 60839-11-5)",
        (
            "Commands and replies between a control unit and peripheral devices, such as readers, on a line. It is about the line:"
            " who may open, and when, the control unit decides by rules that OSDP does not have. The box test protocol here is on a"
            " line, too, and is there to judge the decisions."
        ),
        ("osdp-iec",),
    ),
)


def names(profile: Profile) -> Iterator[tuple[str, str, str, Sequence[str]]]:
    """What is named here and elsewhere, and how it differs; the clauses."""
    life = lasting(profile.code_life)
    yield (
        f"the {life} of a One Day Code",
        "`ExpiringUser` with `ExpiringUserTimeout` (Matter, Zigbee); `ExpiringTimeoutMinutes` (Z-Wave)",
        "a One Day Code has a day for its first use as well; the first use outlives a power cut",
        ("code.expiry.after-first-use", "code.day", "box.first-use.durable"),
    )
    yield (
        "a code that opens once",
        "`DisposableUser` (Matter, Zigbee)",
        f"a One Day Code is none: it opens as often as one likes for {life}",
        ("code.expiry.not-extended",),
    )
    yield (
        "the window of a Connect grant",
        "`YearDayScheduleUser`, `ScheduleRestrictedUser` (Matter, Zigbee); year-day schedule (Z-Wave); `nbf` and `exp` (CWT)",
        "in UTC, by the second, half-open; not local time that a change of zone shifts",
        ("connect.window.bounds", "time.half-open"),
    )
    yield (
        "a ticket",
        "an access token with `exp` or `exi` (CWT, ACE)",
        f"bound to a nonce of the box, for {lasting(profile.ticket_life)} by its timer; no clocks need agree",
        ("connect.ticket",),
    )
    yield (
        "the bound on wrong entries",
        "`WrongCodeEntryLimit` with `UserCodeTemporaryDisableTime` (Matter, Zigbee)",
        f"a rate ({profile.keypad_burst} at once, one more every {lasting(profile.keypad_refill)}); no success and no power cut resets it",
        ("box.wrong-entry.bound",),
    )
    yield (
        "who says why it opened",
        "`OperationSource` (Matter, Zigbee)",
        "the credential stands in the log itself",
        ("box.log",),
    )
    yield (
        "authority and box",
        "ACU and PD (OSDP)",
        "here the box decides at the door, without a line to the authority",
        ("box.ready",),
    )


def products(profile: Profile) -> Iterator[Product]:
    """This standard first."""
    ends = "not after its day" if profile.code_ends_with_its_day else "also past midnight"
    yield Product(
        "**a One Day Code here**",
        f"at any instant of one day of the property, {profile.code_days_ahead} days ahead at most",
        f"{lasting(profile.code_life)} from first use, {ends}",
        "never",
        (),
    )
    yield Product(
        "SentriLock, one day code",
        "on its date, which can be two weeks ahead; one board allows 8 to 22 only",
        "one board: until midnight; another: an hour from first use",
        "the source of this standard: it cannot be revoked",
        ("sentrilock-fcbr", "sentrilock-rmls"),
    )
    yield Product(
        "CodeBox, access code",
        "on its date, within the hours of access of the box",
        "two hours from first use, also past midnight",
        NOT_FOUND,
        ("codebox-showmojo", "codebox-showinghero"),
    )
    yield Product(
        "igloohome, algoPIN",
        "within 24 hours of its start",
        "as said when it was made",
        "within Bluetooth range of the lock only; of older locks all PINs at once",
        ("igloohome-pins", "igloohome-delete"),
    )
    yield Product(
        "TTLock, offline passcode",
        "within 24 hours; a one-time code within 6",
        "as said when it was made, by the hour",
        "by Bluetooth at the lock",
        ("ttlock-33",),
    )
    yield Product(
        "Master Lock, temporary code",
        "in a fixed slot of time, as a rule 4 hours, counted from midnight UTC",
        "to the end of the slot, whenever it was used first",
        NOT_FOUND,
        ("masterlock-sdk",),
    )
    yield Product(
        f"**a Connect grant here** ({lasting(profile.window_shortest)} to {lasting(profile.window_longest)})",
        "in its window, with the app",
        "to the end of its window",
        f"at any time; {lasting(profile.ticket_life)} more at most, by the timer of the box",
        (),
    )
    yield Product(
        "SentriLock, SentriConnect",
        "with the app, for whoever was granted access",
        f"the source of this standard says; elsewhere {NOT_FOUND}",
        "the source of this standard: at any time; how soon it takes effect, it does not say",
        ("sentriconnect",),
    )
    yield Product(
        "Supra, Non-Member Access",
        "one person, one box, between two instants, with the app",
        "to the second of them",
        NOT_FOUND,
        ("supra-gbrar",),
    )


def compared_page(rooms: Rooms) -> Page:
    profile = rooms.profile
    found = guessing.guessing(profile)
    text = [
        "# How it compares",
        (
            "What other standards and products of the field say in public of the question that this one answers. Each fact has its"
            " source, read in 2026; pages change, and a product may do more than its pages say. A number without a source is that"
            " of this standard."
        ),
        "## Other standards",
    ]
    for name, said, sources in STANDARDS:
        text += [f"### {name}", f"{said} {_sources(sources)}"]
    text += [
        "### By name",
        table(
            ("here", "elsewhere", "what differs", "clauses"),
            ((here, there, differs, clause_links(COMPARED, clauses)) for here, there, differs, clauses in names(profile)),
        ),
        "## Products",
        table(
            ("what", "first use", "then it opens", "taken back", "sources"),
            (
                (product.name, product.first_use, product.lasts, product.taken_back, _sources(product.sources))
                for product in products(profile)
            ),
        ),
        "## What we did not find",
        (
            "Of none of these products did we find in public: what a power cut does to a running code, what happens when the clock is set"
            " back, how soon a revocation takes effect at a box without a line, and how likely a code is guessed. Here the last is"
            f" at most 1 in {int(1 / found.bound):,} in [a day of guessing]({link(COMPARED, 'guessing')}); the first three are"
            f" {clause_links(COMPARED, ('box.first-use.durable', 'box.clock.never-back', 'connect.revoke.bound'))}. That we found"
            " nothing does not say that a product lacks it."
        ),
        "## Sources",
        "\n".join(f'1. <a id="{name}"></a>[{said}]({where})' for name, (said, where) in SOURCES.items()),
    ]
    return Page(COMPARED, "How it compares", "\n\n".join(text) + "\n", ("The standard",), wide=True)


def _sources(named: Sequence[str]) -> str:
    """Where they stand in the list. Raises `NotPublished` for one that is not there."""
    if missing := [name for name in named if name not in SOURCES]:
        raise NotPublished(f"{COMPARED}: there is no source called {', '.join(missing)}; add it to SOURCES")
    order = list(SOURCES)
    return " ".join(f"[[{order.index(name) + 1}]](#{name})" for name in named)
