"""Tables of the standard: which to use, the profile, the bound on guessing, the life cycles, and what leads to what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

from lockproof.reference.advice import advise
from lockproof.spec import guessing
from lockproof.spec.clauses import Clause
from lockproof.spec.observable import Role
from lockproof.spec.profile import Profile, ProfileOfOwnCodes
from making import assumed, diagram, life_cycles
from making.markdown import Page, clause_link, clause_links, clause_page, framed, lasting, link, literal, table
from making.rooms import Rooms

WHICH, PROFILE, GUESS, CYCLES, TRACE = "which-to-use", "profile", "guessing", "life-cycles", "traceability"
_STANDARD = ("The standard",)


# Which to use


def which_to_use(profile: Profile) -> Page:
    """The source's comparison, and one answer for each kind of recipient."""
    rows = [
        (
            "it is for",
            "a REALTOR, typically of another board",
            "a contractor, an appraiser, an inspector, another professional who comes for the seller",
            ("eligibility.advice",),
        ),
        (
            "the seller's written permission",
            "is not asked for",
            "is needed, and recorded, but for a REALTOR",
            ("eligibility.code-seller-permission",),
        ),
        (
            "who gives it",
            "listing agent, listing office, or owner of the box, while it is assigned to a property",
            "the same, with the right PIN",
            ("connect.grantor", "code.grantor", "code.pin"),
        ),
        ("what is recorded", "the recipient's email address", "a name", ("connect.recipient-email", "code.record")),
        ("what the visitor needs", "the app, with an account of that address", "the digits", ("connect.account", "code.digits")),
        (
            "when it opens",
            f"in a window of {lasting(profile.window_shortest)} to {lasting(profile.window_longest)}",
            _code_opens(profile),
            ("connect.window.length", "connect.window.bounds", "code.day"),
        ),
        ("how far ahead", "as far as one likes", f"{profile.code_days_ahead} days at most", ("code.date",)),
        (
            "how often it opens",
            "as often as a ticket is fetched",
            f"as often as one likes, for {lasting(profile.code_life)} from first use",
            ("connect.ticket", "code.expiry.after-first-use", "code.expiry.not-extended"),
        ),
        (
            "revocation",
            f"at any time; a box that has not heard opens for {lasting(profile.ticket_life)} more at most, by its own timer",
            "none",
            ("connect.revoke.any-time", "connect.revoke.bound", "code.irrevocable"),
        ),
        ("showing notification", "one for each opening", "never", ("connect.notify-once", "code.notify-never")),
        ("access report", "issue, use and revocation", "issue, use, and a revocation that was refused", ("report.once",)),
        ("for a consumer", "never", "never", ("eligibility.consumer-never",)),
    ]
    advice = [_advice(role) for role in Role]
    text = [
        "# Which to use?",
        "One answer for each kind of recipient. Whoever the board bars gets neither.",
        table(("who comes", "use", "because", "clause"), advice),
        "## Side by side",
        table(
            ("what", "Connect grant", "One Day Code", "clauses"),
            ((f"**{what}**", grant, code, clause_links(WHICH, clauses)) for what, grant, code, clauses in rows),
        ),
        f"The numbers are those of [the profile]({link(WHICH, PROFILE)}), the kinds those of the policy of the reference authority.",
    ]
    return Page(WHICH, "Which to use?", "\n\n".join(text) + "\n", wide=True)


def _code_opens(profile: Profile) -> str:
    ends = ", and not after it" if profile.code_ends_with_its_day else ""
    return f"first at any instant of its day{ends}"


def _advice(role: Role) -> Sequence[str]:
    said = advise(role, barred=False)
    word = {"connect": "**a Connect grant**", "code": "**a One Day Code**", "neither": "**neither**"}[said.recommendation]
    return role.value if role is not Role.REALTOR else "REALTOR", word, said.reason, clause_link(WHICH, said.clause)


# Profile


def profile_page(profile: Profile) -> Page:
    own_codes = {limit.name: limit.metadata for limit in fields(ProfileOfOwnCodes)}
    rows = []
    for limit in fields(Profile):
        said = limit.metadata
        unit, most = said["unit"], said["most"]
        value = getattr(profile, limit.name)
        legal = (
            "yes or no"
            if unit == "yes/no"
            else f"{said['least']:,} to {most:,}"
            if most is not None
            else f"at least {said['least']:,}"
        )
        if (longer := own_codes[limit.name]["most"]) != most:
            legal += f" ({longer:,} for a maker's own codes)"
        told = ("yes" if value else "no") if unit == "yes/no" else f"{value:,} {unit}"
        also = f" ({lasting(value)})" if unit == "s" and "second" not in lasting(value) else ""
        rows.append((f"`{limit.name}`", told + also, legal, said["why"], clause_link(PROFILE, said["clause"])))
    text = [
        "# The profile",
        (
            "Every limit and duration of the standard by its name, with its default and what is legal. The default is the text of the source."
            " Every theorem is proved for every legal profile."
        ),
        table(("name", "default", "legal", "what it is", "clause"), rows),
        "`window_shortest` must not be more than `window_longest`. What is *declared* a box says of itself.",
    ]
    return Page(PROFILE, "The profile", "\n\n".join(text) + "\n", _STANDARD)


# Guessing


def guess_page(profile: Profile) -> Page:
    found = guessing.guessing(profile)
    rows = []
    for digits in range(7, 10):
        other = guessing.guessing(replace(profile, code_digits=digits))
        rows.append((f"{digits}{' (this profile)' if digits == profile.code_digits else ''}", f"1 in {int(1 / other.bound):,}"))
    factors = (
        (
            "entries",
            f"{found.entries:,} entries are examined at most in a day of {guessing.LONGEST_DAY // 3600} hours",
            guessing.CARRIED_BY["entries"],
        ),
        ("codes", f"{found.codes} codes are in service at most at one instant", guessing.CARRIED_BY["codes"]),
        (
            "row",
            f"{found.row * guessing.TRUNCATED} of 2^31 is the share of the likeliest row of digits",
            guessing.CARRIED_BY["row"],
        ),
    )
    text = [
        "# How likely a stranger guesses a code",
        (
            f"**At most 1 in {int(1 / found.bound):,}** for a whole day at the keypad, whoever guesses and however each guess is chosen."
            f" The bound is computed in exact fractions from [the profile]({link(GUESS, PROFILE)}): {literal(str(found))}."
        ),
        table(
            ("factor", "value", "carried by"),
            ((what, said, ", ".join(f"`{name}`" for name in names)) for what, said, names in factors),
        ),
        table(("digits of a code", "probability of a day of guessing, at most"), rows),
        (
            "In the days after a change of zone two sets of days are in service, and it at most doubles:"
            f" 1 in {int(1 / guessing.guessing(profile, 2).bound):,}."
        ),
        (
            f"It rests on [digits-spread]({link(GUESS, 'assumptions#digits-spread')}) and"
            f" [mac-unforgeable]({link(GUESS, 'assumptions#mac-unforgeable')}); the clauses are"
            f" {clause_links(GUESS, ('box.wrong-entry.bound', 'code.digits', 'code.index'))}. For a maker's own codes the bound is"
            " declared, and not tested."
        ),
    ]
    return Page(GUESS, "The bound on guessing", "\n\n".join(text) + "\n", _STANDARD)


# Life cycles


def cycles_page(profile: Profile) -> Page:
    text = [
        "# The two life cycles",
        (
            "These diagrams are drawn from what the model does: from every state, everything is tried at every instant at which something may"
            " change. The box is ready and its keypad enabled, and a ticket answers a fresh nonce."
        ),
    ]
    for number, cycle in enumerate((life_cycles.of_a_code(profile), life_cycles.of_a_grant(profile))):
        svg = diagram.life_cycle(cycle, f"cycle{number}-")
        rows = ((edge.start, "; ".join(_linked(label) for label in edge.labels), edge.end) for edge in cycle.edges)
        text += [
            f"## {cycle.title}",
            framed(svg, f"{cycle.title}, a diagram"),
            cycle.about,
            table(("from", "what happens", "to"), rows),
            f"{cycle.tried} situations were tried.",
        ]
    return Page(CYCLES, "Two life cycles", "\n\n".join(text) + "\n", _STANDARD, wide=True)


def _linked(label: str) -> str:
    said, bracket, clauses = label.partition(" (")
    return said + (f" ({clause_links(CYCLES, clauses.rstrip(')').split(', '))})" if bracket else "")


# What leads to what


def gaps(rooms: Rooms) -> dict[str, list[str]]:
    """Clauses that lack something, by what they lack. What has its reason elsewhere is counted apart."""
    reasons = assumed.without_theorem()
    named = list(rooms.clauses)
    return {
        "neither a sentence of the source nor a decision": [
            clause.id for clause in rooms.clauses.values() if not (clause.sources or clause.decisions)
        ],
        "no theorem, and no reason why": [name for name in named if not rooms.theorems_about(name) and name not in reasons],
        "no theorem, for a reason": [name for name in named if not rooms.theorems_about(name) and name in reasons],
        "no scenario": [name for name in named if not (rooms.plays_about(name) or rooms.synthesized_about(name))],
        "no faulty box or authority": [name for name in named if not rooms.faults_of(name)],
    }


def trace_page(rooms: Rooms) -> Page:
    found = gaps(rooms)
    quoted: dict[str, list[str]] = {}
    for clause in rooms.clauses.values():
        for sentence in clause.sources:
            quoted.setdefault(sentence, []).append(clause.id)
    text = [
        "# From the source to the faulty box",
        (
            f"{len(quoted)} quotations of the source, {len(rooms.clauses)} clauses, {len(list(rooms.theorems))} theorems,"
            f" {len(rooms.plays)} written and {len(rooms.synthesized)} synthesized scenarios, {len(rooms.faults)} faulty boxes and"
            " authorities. What the source"
            f" says and no clause takes up stands under [left out, and why]({link(TRACE, 'left-out')})."
        ),
        "## Gaps",
        table(
            ("a clause that has", "how many", "which"),
            ((what, str(len(clauses)), clause_links(TRACE, clauses) or "none") for what, clauses in found.items()),
        ),
        "## Clause by clause",
        table(
            ("clause", "decided by", "source", "decisions", "theorems", "scenarios", "synthesized", "faulty ones"),
            (_trace(rooms, clause) for clause in rooms.clauses.values()),
        ),
        "## Sentence by sentence",
        table(
            ("the source says", "clauses"),
            ((literal(sentence), clause_links(TRACE, clauses)) for sentence, clauses in quoted.items()),
        ),
    ]
    return Page(TRACE, "Traceability", "\n\n".join(text) + "\n", _STANDARD, wide=True)


def _trace(rooms: Rooms, clause: Clause) -> Sequence[str]:
    page = clause_page(clause.id)
    has_reason = clause.id in assumed.without_theorem()
    return (
        clause_link(TRACE, clause.id),
        str(clause.decider),
        _count(page, len(clause.sources), "why", gap=not clause.decisions),
        _count(page, len(clause.decisions), "why", gap=not clause.sources),
        _count(page, len(rooms.theorems_about(clause.id)), "proved", gap=not has_reason),
        _count(page, len(rooms.plays_about(clause.id)), "shown", gap=not rooms.synthesized_about(clause.id)),
        _count(page, len(rooms.synthesized_about(clause.id)), "shown", gap=False),
        _count(page, len(rooms.faults_of(clause.id)), "broken-and-caught", gap=True),
    )


def _count(page: str, number: int, anchor: str, *, gap: bool) -> str:
    if number:
        return f"[{number}]({link(TRACE, f'{page}#{anchor}')})"
    return '<span class="gap">gap</span>' if gap else '<span class="no">none</span>'


def table_pages(rooms: Rooms) -> Iterator[Page]:
    yield which_to_use(rooms.profile)
    yield cycles_page(rooms.profile)
    yield profile_page(rooms.profile)
    yield guess_page(rooms.profile)
    yield trace_page(rooms)
