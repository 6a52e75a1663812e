"""The start page: what this is, in one screen, with one picture."""

from __future__ import annotations

from lockproof.spec.profile import HOUR, Profile
from making.markdown import Page, clause_page, framed, lasting, link
from making.rooms import Rooms
from making.tables import CYCLES, TRACE, WHICH
from making.try_it import TRY
from markupsafe import Markup

USED = "code.expiry.after-first-use"
"""What most people ask first; one link leads there."""


def start_page(rooms: Rooms) -> Page:
    theorems, scenarios = len(list(rooms.theorems)), len(rooms.plays) + len(rooms.synthesized)
    text = [
        "# Who may open the lockbox, and when",
        (
            "An open standard for electronic real-estate lockboxes. A **Connect grant** lets one person in, with an app, within a window of"
            " time, until it is revoked. A **One Day Code** lets in whoever has its digits, on one day, for"
            f" [{lasting(rooms.profile.code_life)} from its first use]({link('', clause_page(USED))}), and nobody can take it back."
        ),
        framed(picture(rooms.profile), "a grant and a code, a picture"),
        (
            f"Every rule is [one sentence with an id]({link('', 'clauses')}): {len(rooms.clauses)} of them. One model says what they mean"
            f" together; two solvers prove its {theorems} theorems for all time; {scenarios} scenarios judge a box by it, and"
            f" {len(rooms.faults)} faulty boxes and authorities show what the scenarios notice."
        ),
        (
            f"[Which to use?]({link('', WHICH)}){{ .md-button .md-button--primary }}"
            f" [Try it]({link('', TRY)}){{ .md-button }}"
            f" [The clauses]({link('', 'clauses')}){{ .md-button }}"
            f" [Port your box]({link('', 'porting')}){{ .md-button }}"
        ),
        (
            f"Also: [the two life cycles]({link('', CYCLES)}), [the threat model]({link('', 'threats')}) and"
            f" [how likely a code is guessed]({link('', 'guessing')}), [from the source to the faulty box]({link('', TRACE)}),"
            f" [the latest results]({link('', 'results')}), [how it compares]({link('', 'compared')})."
        ),
    ]
    return Page("", "Start", "\n\n".join(text) + "\n")


def picture(profile: Profile) -> str:
    """A grant and a code on one axis of time, with the numbers of the profile."""
    hour = 80 * min(1.5, max(0.5, profile.code_life / HOUR))
    used, ended = 240, 240 + hour
    return Markup(
        '<svg role="img" class="first" aria-labelledby="first-t first-d" viewBox="0 0 470 236" width="470" height="236">'
        '<title id="first-t">A Connect grant and a One Day Code, over time</title>'
        '<desc id="first-d">A Connect grant opens within its window, from {shortest} to {longest} long, until it is revoked; a box that has not'
        " heard opens {ticket} longer at most, by its timer. A One Day Code is used first at any instant of its day, opens for {life}"
        " from then, and then never again.</desc>"
        '<text class="who" x="8" y="18">Connect grant</text><text class="note" x="146" y="18">a window of {shortest} to {longest}</text>'
        '<rect class="day" x="60" y="48" width="190" height="20" rx="3"/><rect class="gone" x="250" y="48" width="110" height="20" rx="3"/>'
        '<circle class="in" cx="100" cy="58" r="7"/><circle class="in" cx="190" cy="58" r="7"/><circle class="out" cx="310" cy="58" r="7"/>'
        '<path class="mark" d="M250 41v34"/>'
        '<text class="label" x="100" y="85">opens</text><text class="label" x="190" y="85">opens</text>'
        '<text class="label" x="250" y="37">revoked: {ticket} more at most, by the timer of the box</text>'
        '<text class="label" x="310" y="85">refused</text>'
        '<text class="who" x="8" y="118">One Day Code</text><text class="note" x="146" y="118">{digits} digits, for one day</text>'
        '<rect class="day" x="30" y="146" width="{before}" height="20" rx="3"/>'
        '<rect class="hour" x="{used}" y="146" width="{hour}" height="20" rx="3"/>'
        '<rect class="gone" x="{ended}" y="146" width="{rest}" height="20" rx="3"/>'
        '<circle class="in" cx="{used}" cy="156" r="7"/><circle class="in" cx="{again}" cy="156" r="7"/>'
        '<circle class="out" cx="{late}" cy="156" r="7"/>'
        '<text class="label" x="{first}" y="183">first use</text><text class="label" x="{again}" y="183">opens again</text>'
        '<text class="label" x="{late}" y="183">refused</text><text class="label" x="{middle}" y="138">{life}, and then never again</text>'
        '<path class="axis" d="M8 202H462M30 196v12M440 196v12"/>'
        '<text class="label" x="48" y="226">the day begins</text><text class="label" x="424" y="226">the day ends</text></svg>'
    ).format(
        shortest=lasting(profile.window_shortest),
        longest=lasting(profile.window_longest),
        ticket=lasting(profile.ticket_life),
        life=lasting(profile.code_life),
        digits=profile.code_digits,
        used=used,
        first=used - 24,
        hour=round(hour),
        before=used - 30,
        ended=round(ended),
        rest=round(440 - ended),
        again=round(used + hour * 0.7),
        late=round(ended + 60),
        middle=round(used + hour / 2 + 10),
    )
