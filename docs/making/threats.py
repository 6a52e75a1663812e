"""The threat model: who attacks, what holds, by which clauses and theorems, what that rests on, and what remains.

Every number is computed: of the profile, by the functions of `spec.guessing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from lockproof.spec import guessing
from lockproof.spec.profile import DAY, Profile
from making import assumed
from making.clause_pages import first_sentence
from making.markdown import Page, clause_links, lasting, link, table
from making.rooms import NotPublished, Rooms

THREATS = "threats"
TIMES = {"a day": guessing.LONGEST_DAY, "a week": 7 * DAY, "30 days": 30 * DAY, "a year": 365 * DAY}
_ONE_A_SECOND = "an entry each second, and nothing that counts them"


@dataclass(frozen=True, slots=True)
class Threat:
    """One who attacks. `by` are clauses, `proved` theorems, `rests` assumptions, by their names.

    `remains` is what nothing here stops.
    """

    who: str
    tries: str
    holds: str
    remains: str
    by: Sequence[str]
    proved: Sequence[str] = ()
    rests: Sequence[str] = ()


def threats(profile: Profile) -> Iterator[Threat]:
    """All of them, with the numbers of a profile."""
    burst, refill = profile.keypad_burst, lasting(profile.keypad_refill)
    day = chance(guessing.LONGEST_DAY, profile)
    late = profile.ticket_life + profile.timer_drift
    yield Threat(
        "A stranger at the keypad",
        "guesses digits, as many as the box lets through, for as long as nobody comes.",
        f"In a day {within(guessing.LONGEST_DAY, profile):,} entries are examined at most, of anybody: {burst} at once, then one"
        f" more every {refill}. They open with a probability of at most {one_in(day)}. One who holds a right code and enters it in"
        " between gains nothing.",
        "The probability grows with the days, and at most doubles in those after a change of zone; see [the numbers](#numbers).",
        ("box.wrong-entry.bound", "code.digits", "code.index"),
        (
            "wrong_entries_stay_within_the_bound",
            "a_wrong_entry_costs_one_charge_and_a_right_one_none",
            "no_row_of_digits_has_more_than_its_share",
        ),
        ("digits-spread", "mac-unforgeable"),
    )
    yield Threat(
        "A stranger who wants nobody to get in",
        "enters junk until the keypad is disabled, and again whenever it is enabled.",
        f"A keypad that nobody touches is enabled again within {refill}. Tickets are not stopped by a disabled keypad. What is"
        f" refused meanwhile is counted and written down once in {lasting(profile.refusals_written_every)} at most, so that it"
        " wears out no memory.",
        "Whoever stands there can go on, and keeps out those who have a code and no app.",
        ("box.wrong-entry.bound", "box.log", "connect.ticket"),
        ("an_emptied_keypad_is_enabled_again_after_refill", "a_ticket_is_neither_charged_nor_stopped"),
    )
    yield Threat(
        "One who has had a code",
        f"comes back after {lasting(profile.code_life)}, or on another day; pulls the battery, sets the clock back, enters it again"
        " and again.",
        f"The code opens for {lasting(profile.code_life)} from its first use, which the box has written down before anything moves."
        " No later use moves that end, no power cut loses it, and no decision is made at an instant before an earlier one. A clock"
        " that was lost for too long is not believed.",
        f"A code that nobody has used opens at any instant of its day, and one whose box was without power for more than"
        f" {lasting(profile.holdover)} opens nothing until the time is known again.",
        (
            "code.expiry.after-first-use",
            "code.expiry.not-extended",
            "code.day",
            "box.first-use.durable",
            "box.clock.never-back",
            "box.power",
        ),
        (
            "a_ready_box_opens_for_a_code_iff_entitled",
            "reuse_never_extends_a_code",
            "decisions_never_go_back_in_time",
            "ended_entitlement_never_returns",
            "a_cut_leaves_entitlement_before_or_after",
        ),
        ("storage-atomic", "outage-noticed", "clock-within-skew"),
    )
    yield Threat(
        "One whose grant was revoked",
        "keeps the phone away from the box, or has fetched tickets beforehand.",
        f"A ticket answers a nonce that the box has just made, and lives for {lasting(profile.ticket_life)}; none is issued after the"
        f" revocation. So nothing opens {lasting(late)} or more after it in true time, also at a box that has not heard:"
        f" {profile.ticket_life} s, and {profile.timer_drift} s for the drift of the box's timer.",
        f"By the instant that the report states it can be {profile.authority_skew} s later, which is the skew of the authority's"
        " clock. A One Day Code cannot be revoked at all.",
        ("connect.revoke.bound", "connect.ticket", "code.irrevocable"),
        (
            "revocation_takes_effect_within_ticket_life",
            "revocation_takes_effect_after_the_reported_instant",
            "no_ticket_after_the_end",
        ),
        ("nonce-fresh", "timer-within-drift", "authority-clock"),
    )
    yield Threat(
        "One who listens",
        "records tickets, time orders and log entries, and holds them out later, twice, or in another order.",
        "Of all messages for one nonce one is taken at most. A revocation order may be said again, since it takes nothing from"
        " anyone. A log entry that arrives twice is told once.",
        "Digits that were watched being typed are as good as told.",
        ("connect.ticket", "connect.notify-once", "report.once"),
        (
            "a_nonce_serves_one_message",
            "an_overtaken_ticket_or_time_order_is_refused",
            "a_received_connect_opening_notifies_once",
        ),
        ("nonce-fresh",),
    )
    yield Threat(
        "One who forges",
        "makes a ticket, an order or digits without the keys, or uses those of another box.",
        "What does not verify under the box's own keys changes nothing. What is entitled at one box is not at another, equal digits"
        " by chance excepted.",
        "A secret that is read out of one box opens that box, and no other.",
        ("box.authentic", "box.isolation", "interop.message"),
        ("what_does_not_verify_changes_nothing", "nothing_valid_here_is_entitled_there"),
        ("mac-unforgeable", "keys-secret"),
    )
    yield Threat(
        "One who tells the box a wrong time",
        "delays a time order, holds out an old one, or sets the clock itself back.",
        f"An order answers the box's nonce, and one that is taken is less than {late + profile.authority_skew} s behind true time,"
        f" and {profile.authority_skew} s ahead at most. One below the last decision is refused.",
        "A clock that drifts further than it is declared to is not noticed by the box itself.",
        ("box.clock.never-back", "box.clock.accuracy", "box.ready"),
        (
            "a_delayed_time_order_is_at_most_so_far_behind",
            "only_a_time_order_makes_the_time_known",
            "a_clock_found_behind_is_not_trusted_again",
        ),
        ("clock-within-skew", "timer-within-drift", "authority-clock"),
    )
    yield Threat(
        "A phone that keeps the log to itself",
        "delivers no log entry, or only some of them.",
        "Entries are numbered; a gap in what has arrived is an alert. The box decides the same whether anybody reads its log.",
        "Nothing says that an entry ever arrives: a showing that nobody uploads is notified to nobody.",
        ("report.alerts", "box.log"),
        ("only_an_arrival_notifies",),
        ("log-unaltered", "never-is-not-late"),
    )
    yield Threat(
        "One who is no grantor",
        "grants, revokes or generates a code, or tries PINs.",
        f"Only a grantor of now does, and nothing is granted or generated while the box has no property. Of one person's PINs {burst}"
        f" wrong ones are examined at once, then one more every {refill}.",
        "A grantor's own account and PIN in other hands.",
        ("connect.grantor", "code.grantor", "code.pin"),
        ("only_grantors_issue_and_revoke", "wrong_pins_stay_within_the_bound"),
        ("facts-looked-up", "one-person-one-account"),
    )
    yield Threat(
        "A consumer whom somebody helps",
        "is named as a REALTOR or a contractor.",
        "To a consumer nothing is ever issued, under no profile and no policy of a board.",
        "The role is what the grantor says. A protocol cannot see that a “REALTOR” is none.",
        ("eligibility.consumer-never", "eligibility.connect-realtor", "eligibility.code-seller-permission"),
        ("no_credential_for_a_consumer",),
        ("word-of-the-grantor",),
    )
    yield Threat(
        "One with a crowbar, or the mechanical key",
        "opens the box without asking it.",
        "Nothing here.",
        "All of it: this standard is about what the box decides.",
        (),
        (),
        ("mechanism",),
    )


def threats_page(rooms: Rooms) -> Page:
    profile = rooms.profile
    text = [
        "# The threat model",
        (
            "Who might want to open the box or keep others from it, what they can do, and what then holds. What holds is said by"
            f" clauses and proved by theorems; what the proofs rest on has [a name]({link(THREATS, 'assumptions')}). What remains is"
            " said, too. The box, its memory and the authority are trusted to be what they say; a visitor's phone and everybody at"
            " the keypad are not."
        ),
    ]
    for threat in threats(profile):
        text += [f"## {threat.who}", f"{threat.who} {threat.tries}", f"**What holds.** {threat.holds}"]
        text += [f"**What remains.** {threat.remains}", "\n".join(_because(rooms, threat))]
    text += ["## Numbers", *numbers(profile)]
    return Page(THREATS, "The threat model", "\n\n".join(text) + "\n", ("The standard",))


def _because(rooms: Rooms, threat: Threat) -> Iterator[str]:
    """Its clauses, theorems and assumptions. Raises `NotPublished` for one that there is not."""
    theorems = {theorem.name: theorem for theorem in rooms.theorems}
    for known, names in ((rooms.clauses, threat.by), (theorems, threat.proved), (assumed.assumptions(), threat.rests)):
        if missing := [name for name in names if name not in known]:
            raise NotPublished(
                f"{THREATS}: {threat.who!r} names {', '.join(missing)}, and there is no such clause, theorem or assumption"
            )
    if threat.by:
        yield f"- Clauses: {clause_links(THREATS, threat.by)}"
    if threat.proved:
        yield f"- Proved: {' '.join(first_sentence(theorems[name]) for name in threat.proved)}"
    if threat.rests:
        named = (f"[{name}]({link(THREATS, 'assumptions#' + name)})" for name in threat.rests)
        yield f"- Rests on: {', '.join(named)}"


# Numbers


def within(seconds: int, profile: Profile) -> int:
    """How many wrong entries are examined at most in so much true time, for a box whose clock is off by its skew at either end."""
    return guessing.entries_within(seconds + 2 * profile.clock_skew, profile)


def chance(seconds: int, profile: Profile) -> Fraction:
    """The probability, at most, that one of the entries of so much time opens (`spec/guessing.py`, for any time)."""
    row = guessing.likeliest_row(profile.code_digits)
    return min(Fraction(1), within(seconds, profile) * guessing.codes_in_service(profile) * row)


def reaches(probability: Fraction, profile: Profile) -> int:
    """The most seconds of guessing for which the bound stays within this probability."""
    entries = int(probability / (guessing.codes_in_service(profile) * guessing.likeliest_row(profile.code_digits)))
    return (entries - profile.keypad_burst + 1) * profile.keypad_refill - 2 * profile.clock_skew


def one_in(probability: Fraction) -> str:
    return f"1 in {int(1 / probability):,}"


def numbers(profile: Profile) -> Iterator[str]:
    codes, row = guessing.codes_in_service(profile), guessing.likeliest_row(profile.code_digits)
    yield (
        f"At any instant {codes} codes are in service at most: {profile.code_indices} of the day, and those of the days before whose"
        f" {lasting(profile.code_life)} may still run; in the days after a change of zone twice as many, and what follows at most"
        f" doubles. The likeliest row of {profile.code_digits} digits has a probability of"
        f" {row * guessing.TRUNCATED} / 2^31. So at most, somebody at the keypad all the time:"
    )
    digits = range(7, 10)
    yield table(
        (
            "time",
            "entries examined",
            *(f"{number} digits{' (this profile)' if number == profile.code_digits else ''}" for number in digits),
        ),
        (
            (
                name,
                f"{within(seconds, profile):,}",
                *(one_in(chance(seconds, replace(profile, code_digits=number))) for number in digits),
            )
            for name, seconds in TIMES.items()
        ),
    )
    late = profile.ticket_life + profile.timer_drift
    unbounded = min(Fraction(1), guessing.LONGEST_DAY * codes * row)
    yield (
        f"Before the bound reaches 1 in 100, somebody stands there for {reaches(Fraction(1, 100), profile) // DAY} days. With"
        f" {_ONE_A_SECOND}, one day would give {one_in(unbounded)}. How the bound of a day is put together:"
        f" [the bound on guessing]({link(THREATS, 'guessing')})."
    )
    yield table(
        ("what", "at most"),
        (
            ("from a revocation to the last opening, in true time", f"less than {late} s"),
            (
                "the same, from the instant that the report states",
                f"less than {late + profile.authority_skew} s",
            ),
            (
                "a time order that is taken, behind true time",
                f"less than {late + profile.authority_skew} s",
            ),
            ("box time against true time, either way", f"{profile.clock_skew} s, as declared"),
            ("a box without power that still knows the time", f"{lasting(profile.holdover)}, as declared"),
        ),
    )
