"""The page "Try it": situations along a time axis, answered by the model itself; and the examples, answered when the page is made."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lockproof.spec import civil
from lockproof.spec.clauses import all_clauses
from lockproof.spec.profile import DAY, HOUR, MINUTE, Profile
from making import javascript, situations
from making.markdown import Page, asset, clause_link, clause_links, clause_page, lasting, link, table
from making.rooms import Rooms
from making.situations import Situation, Step
from markupsafe import Markup, escape

TRY = "try-it"
ZONE = "America/Chicago"
SCRIPTS = Path(__file__).parents[1] / "assets"
MODEL, TIMELINE = "assets/model.js", "assets/timeline.js"
_BEFORE, _AFTER = 8 * HOUR, 16 * HOUR  # of the day, on the axis
_LEAD = HOUR  # before the axis: no ticket of the page is fetched earlier than that


@dataclass(frozen=True, slots=True)
class AxisDay:
    """A day of the property, and how far the axis reaches around it. `offsets` are those in force, each from its instant.

    At `known_from` it begins for the box; what happens first on the axis may have been prepared a little before.
    """

    title: str
    begins: int
    ends: int
    known_from: int
    first: int
    last: int
    offsets: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A situation with a title, and the name that a link to it has. `midnight`: under the other reading, codes end with their day."""

    name: str
    title: str
    situation: Situation
    midnight: bool = False


@dataclass(frozen=True, slots=True)
class Handle:
    """Something that can be moved: an instant on the axis, or a number up to `most`. `if_said`: the truth that turns it on."""

    name: str
    label: str
    if_said: str = ""
    of: str = "both"  # "connect", "code"
    most: int = 0
    unit: str = ""


def handles(profile: Profile) -> tuple[Handle, ...]:
    """In the order of the page."""
    return (
        Handle("presented_at", "Presented"),
        Handle("begins", "Window begins", of="connect"),
        Handle("ends", "Window ends", of="connect"),
        Handle("used_at", "Used before", "uses"),
        Handle("revoked_at", "Revocation asked for", "revokes"),
        Handle("heard_at", "The box hears of it", "hears", of="connect"),
        Handle("back_at", "Clock set back", "sets_back"),
        Handle("back_by", "Clock set back by", "sets_back", most=DAY, unit="s"),
        Handle("cut_at", "Power fails", "cuts"),
        Handle("off_for", "Power fails for", "cuts", most=profile.holdover + 12 * HOUR, unit="s"),
        Handle("wrong", "Wrong digits just before", of="code", most=profile.keypad_burst + 3, unit="entries"),
        Handle("fetched_before", "Ticket fetched, before that", of="connect", most=2 * profile.ticket_life, unit="s"),
    )


def try_page(rooms: Rooms) -> Page:
    text = [
        "# Try it",
        (
            "Pick a credential, move what happens along the axis of time, and see whether the box opens, and by which clauses."
            f" It is [the model]({link(TRY, 'model')}) that answers: the same functions that are proved and that judge boxes, printed as a"
            " script when this page was made."
        ),
        _form(rooms.profile),
        "## Examples",
        f"As the model answered them when this page was made. Times are those of a property in `{ZONE}`.",
        _examples_table(rooms.profile),
        "## What the picture leaves out",
        _left_out(rooms.profile),
    ]
    return Page(TRY, "Try it", "\n\n".join(text) + "\n", wide=True, brings={MODEL: script(rooms.profile)})


def script(profile: Profile) -> str:
    """The model's functions, and whatever of the standard the page shows: no number and no sentence of it stands in the page's own script."""
    data = {
        "profiles": {"standard": profile, "midnight": replace(profile, code_ends_with_its_day=True)},
        "days": days(),
        "examples": examples(profile),
        "handles": handles(profile),
        "sentences": {clause.id: clause.sentence.replace("`", "") for clause in all_clauses().values()},
        "pages": {clause: asset(TRY, f"{clause_page(clause)}/index.html") for clause in all_clauses()},
    }
    return javascript.script("lockproof", {"play": situations.play, "Situation": Situation}, data)


# Days and examples


def days() -> tuple[AxisDay, ...]:
    """A day of 24 hours, one of 23 and one of 25."""
    named = {
        "a day of 24 hours": dt.date(2027, 6, 15),
        "of 23, as clocks go forward": dt.date(2027, 3, 14),
        "of 25, as clocks go back": dt.date(2027, 11, 7),
    }
    return tuple(_day(title, date) for title, date in named.items())


def _day(title: str, date: dt.date) -> AxisDay:
    day = civil.day_bounds(date, ZONE)
    first, last = day.start - _BEFORE, day.end + _AFTER
    known_from = first - _LEAD
    offsets = civil.zone_pairs(ZONE, known_from, last + 1)
    return AxisDay(f"{date}, {title}", day.start, day.end, known_from, first, last, offsets)


def quiet(day: AxisDay, *, connect: bool) -> Situation:
    """Nothing but a presentation; what may happen besides is turned off, and stands where it would be seen."""
    at = day.begins
    return Situation(
        connect=connect,
        known_from=day.known_from,
        begins=at + 10 * HOUR if connect else day.begins,
        ends=at + 16 * HOUR if connect else day.ends,
        uses=False,
        used_at=at + 11 * HOUR,
        revokes=False,
        revoked_at=at + 12 * HOUR,
        hears=False,
        heard_at=at + 13 * HOUR,
        sets_back=False,
        back_at=at + 13 * HOUR,
        back_by=2 * HOUR,
        by_order=True,
        cuts=False,
        cut_at=at + 13 * HOUR,
        off_for=MINUTE,
        wrong=0,
        fetched_before=5,
        presented_at=at + 14 * HOUR + 20 * MINUTE,
    )


def examples(profile: Profile) -> tuple[Example, ...]:
    """Each bound of the standard from both sides, and what people ask first."""
    day, _, long = days()
    code, grant = quiet(day, connect=False), quiet(day, connect=True)
    at, life, ticket = code.used_at, profile.code_life, profile.ticket_life
    used, revoked = replace(code, uses=True), replace(grant, revokes=True)
    late = replace(code, uses=True, used_at=day.ends - life // 2, presented_at=day.ends + life // 3)
    fetched = replace(revoked, fetched_before=ticket - 1, presented_at=revoked.revoked_at - 1 + ticket - 1)
    failing = replace(code, cuts=True, cut_at=day.first + HOUR)
    back = replace(used, sets_back=True, back_at=at + life + HOUR, back_by=life + HOUR, presented_at=at + life + HOUR + MINUTE)
    return (
        _example("A One Day Code, within its day", code),
        _example("Used before, the last second of its life", replace(used, presented_at=at + life - 1)),
        _example("Used before, its life is over", replace(used, presented_at=at + life)),
        _example("Used late, presented after midnight", late),
        _example("The same use, where codes end with their day", late, midnight=True),
        _example("The last second of a day of 25 hours", replace(quiet(long, connect=False), presented_at=long.ends - 1)),
        _example("Its day is over, and it was never used", replace(code, presented_at=day.ends)),
        _example("A grantor asks for its revocation", replace(code, revokes=True)),
        _example("A time order says the instant of the last decision", back),
        _example("A time order says one second before the last decision", replace(back, back_by=back.back_by + 1)),
        _example(
            "The clock itself falls behind the last decision",
            replace(back, back_by=back.back_by + 1, by_order=False, presented_at=back.back_at),
        ),
        _example("Wrong digits, as many as are examined", replace(code, wrong=profile.keypad_burst)),
        _example("Wrong digits, one fewer", replace(code, wrong=profile.keypad_burst - 1)),
        _example("No power, as long as the clock goes on", _without_power(failing, profile.holdover)),
        _example("No power, one second longer", _without_power(failing, profile.holdover + 1)),
        _example("A Connect grant, within its window", grant),
        _example("The last second of the window", replace(grant, presented_at=grant.ends - 1)),
        _example("The window is over", replace(grant, presented_at=grant.ends)),
        _example("The ticket is one second too old", replace(grant, fetched_before=ticket)),
        _example(
            "Power fails between ticket and presentation",
            replace(grant, fetched_before=9, cuts=True, cut_at=grant.presented_at - 5, off_for=2),
        ),
        _example("Revoked, the box has not heard, the ticket is in hand", fetched),
        _example(
            "Revoked, not heard, and the ticket is one second older",
            replace(fetched, fetched_before=ticket, presented_at=fetched.presented_at + 1),
        ),
        _example(
            "Revoked, the ticket is in hand, but the box has heard", replace(fetched, hears=True, heard_at=fetched.revoked_at + 1)
        ),
        _example("Revoked: no ticket is issued", revoked),
        _example(
            "A window that is too short",
            replace(grant, ends=grant.begins + profile.window_shortest - 1, presented_at=grant.begins),
        ),
    )


def _example(title: str, situation: Situation, *, midnight: bool = False) -> Example:
    return Example(re.sub(r"\W+", "-", title.lower()), title, situation, midnight)


def _without_power(situation: Situation, off_for: int) -> Situation:
    return replace(situation, off_for=off_for, presented_at=situation.cut_at + off_for + 1)


def answer(example: Example, profile: Profile) -> Step:
    """What the model says to an example."""
    ends = profile.code_ends_with_its_day or example.midnight
    _, answered = situations.play(example.situation, replace(profile, code_ends_with_its_day=ends))
    return answered


def _examples_table(profile: Profile) -> str:
    rows = []
    for example in examples(profile):
        answered = answer(example, profile)
        decided = answered.outcome.because() or answered.outcome.clauses()
        said = "opens" if answered.outcome.accepted else f"refused by the {answered.by}"
        presented = civil.local_text(example.situation.presented_at, ZONE)
        named = f'<a id="{example.name}" href="#{example.name}">{example.title}</a>'
        rows.append((named, f'<span class="when">{presented}</span>', said, clause_links(TRY, decided)))
    return table(("situation", "presented", "answer", "by"), rows)


def _left_out(profile: Profile) -> str:
    skew = link(TRY, "clauses/box.clock.accuracy")
    return "\n".join(
        (
            "- There is one box, one credential, one visitor. What keeps several apart is proved, and not drawn: "
            + clause_links(TRY, ("box.isolation", "connect.revoke.only-it"))
            + ".",
            (
                f"- Clocks are exact until they are set back; a real one may be off by what [its maker declares]({skew}). A box goes by its own:"
                " where that falls back by a fault, but not behind its last decision, it cannot know."
            ),
            (
                "- The box gets to know the time an hour before the axis begins, and the grant is given or the code generated then, to"
                " somebody who may have one. An axis of two days has no room for a window of"
                f" {lasting(profile.window_longest)}."
            ),
            (
                "- Keys and digits: a ticket and an order are genuine here, and wrong digits are nobody's. The chance of guessing right has"
                f" [a page of its own]({link(TRY, 'guessing')})."
            ),
            (
                "- What happens while the box has no power does not reach it, and is not tried again. A power cut within a decision has"
                f" scenarios: {clause_link(TRY, 'box.power')}."
            ),
            (
                "- The strip shows what a presentation would come to at each instant of the axis, and is asked of the model some hundred"
                " times; what lasts less than one step may be missing from it. The answer above it is exact to the second."
            ),
        )
    )


# The form


def _form(profile: Profile) -> str:
    """What the page's script brings to life. Without it the form stays hidden, and the examples are there."""
    first, *others = handles(profile)
    parts = [
        '<noscript><p class="admonition-like">Without a script nothing moves here: the examples below have the model\'s answers.</p></noscript>',
        '<form id="try" class="try" autocomplete="off" hidden data-search-exclude>',
        '<div class="picks">',
        _select("Example", "example", [example.title for example in examples(profile)], "one of your own"),
        _choice("Credential", "credential", {"code": "One Day Code", "connect": "Connect grant"}),
        _select("Day", "day", [day.title for day in days()]),
        "</div>",
        '<div class="answer"><div id="try-answer" role="status" aria-live="polite" aria-atomic="true"></div><p id="try-at"></p></div>',
        '<div id="try-picture" class="picture"></div>',
        '<p class="help">The strip says what a presentation would come to at each instant: it opens where it is filled,',
        " is refused where it is dashed, and not decided where it is grey, for want of power.",
        " What stands in the picture can be dragged, too.</p>",
        _row(first),
        '<div class="fine" role="group" aria-labelledby="try-moves"><span id="try-moves">Move <b id="try-which"></b> by</span>',
        *(f'<button type="button" data-by="{by}">{said}</button>' for said, by in _STEPS.items()),
        "</div>",
        '<div class="fine">',
        '<button type="button" data-change="-1">Last second before the change</button>',
        '<button type="button" data-change="1">First second after the next change</button>',
        "</div>",
        *map(_row, others),
        '<label class="other of-code"><input type="checkbox" name="midnight">',
        " Codes end with their day, the other reading of the source</label>",
        '<p class="help">A slider moves by one second with the arrow keys, with Shift by one minute, with Page Up and Page Down by one hour.',
        " The address of this page carries the situation, so that it can be sent as a link.</p>",
        '<details class="more"><summary>What was looked at</summary><div id="try-needs"></div></details>',
        '<details class="more"><summary>What happened, in order</summary><ol id="try-told"></ol></details>',
        "</form>",
        f'<script src="{asset(TRY, MODEL)}" defer></script><script src="{asset(TRY, TIMELINE)}" defer></script>',
    ]
    return "".join(parts)


_STEPS: Mapping[str, int] = {
    "\u22121 h": -HOUR,
    "\u22121 min": -MINUTE,
    "\u22121 s": -1,
    "+1 s": 1,
    "+1 min": MINUTE,
    "+1 h": HOUR,
}


def _choice(legend: str, name: str, options: Mapping[str, str]) -> str:
    said = "".join(
        Markup('<label><input type="radio" name="{}" value="{}"> {}</label>').format(name, value, label)
        for value, label in options.items()
    )
    return f'<fieldset class="pick"><legend>{escape(legend)}</legend>{said}</fieldset>'


def _select(label: str, name: str, options: list[str], none: str = "") -> str:
    """`none`: what it says where the situation is none of them."""
    said = [Markup('<option value="{}">{}</option>').format(number, option) for number, option in enumerate(options)]
    said += [Markup('<option value="-1" hidden disabled>{}</option>').format(none)] if none else []
    return f'<label class="pick">{escape(label)} <select name="{name}">{"".join(said)}</select></label>'


def _row(handle: Handle) -> str:
    label = escape(handle.label)
    limits = f'min="0" max="{handle.most}"' if handle.most else ""
    what = f'<label for="try-{handle.name}">{label}</label>'
    if handle.if_said and not handle.most:
        what = f'<label><input type="checkbox" name="{handle.if_said}"> {label}</label>'
    if handle.name == "back_at":
        what += _BY_ORDER
    return (
        f'<div class="row of-{handle.of}" data-name="{handle.name}"><span class="what">{what}</span>'
        f'<output for="try-{handle.name}"></output>'
        f'<input type="range" id="try-{handle.name}" name="{handle.name}" step="1" {limits} aria-label="{label}"></div>'
    )


_BY_ORDER = (
    ' <select name="by_order" aria-label="How the clock is set back"><option value="1">by a time order</option>'
    '<option value="0">by a fault of its own</option></select>'
)
