"""The start page: what this is, in one screen, with one picture."""

from __future__ import annotations

from lockproof.conformance.words import spoken
from lockproof.spec.profile import MINUTE, Profile
from making.markdown import Page, link
from making.rooms import Rooms
from making.tables import CYCLES, TRACE, WHICH
from markupsafe import Markup


def start_page(rooms: Rooms) -> Page:
    theorems, scenarios = len(list(rooms.theorems)), len(rooms.plays) + len(rooms.synthesized)
    text = [
        "# Who may open the lockbox, and when",
        "An open standard for electronic real-estate lockboxes. A **Connect grant** lets one person in, with an app, within a window of time,"
        " until it is revoked. A **One Day Code** lets in whoever has its digits, on one day, and nobody can take it back.",
        f'<div class="pic" data-search-exclude tabindex="0" role="region" aria-label="a grant and a code, a picture">{picture(rooms.profile)}</div>',
        f"Every rule is [one sentence with an id]({link('', 'clauses')}): {len(rooms.clauses)} of them. One model says what they mean together;"
        f" two solvers prove its {theorems} theorems for all time; {scenarios} scenarios judge a box by it, and"
        f" {len(rooms.faults)} faulty boxes show what the scenarios notice.",
        f"[Which to use?]({link('', WHICH)}){{ .md-button .md-button--primary }}"
        f" [The clauses]({link('', 'clauses')}){{ .md-button }}"
        f" [Judge your box]({link('', 'protocol')}){{ .md-button }}",
        f"Also: [the two life cycles]({link('', CYCLES)}), [how likely a code is guessed]({link('', 'guessing')}),"
        f" [from the source to the faulty box]({link('', TRACE)}).",
    ]
    return Page("", "Start", "\n\n".join(text) + "\n")


def picture(profile: Profile) -> str:
    """A grant and a code on one axis of time, with the numbers of the profile."""
    life, ticket = spoken(profile.code_life), spoken(profile.ticket_life)
    hour = 130 * min(2.0, max(0.5, profile.code_life / (60 * MINUTE)))
    used = 430
    return Markup(
        '<svg role="img" class="first" aria-labelledby="first-t first-d" viewBox="0 0 860 262" width="860" height="262">'
        '<title id="first-t">A Connect grant and a One Day Code, over time</title>'
        '<desc id="first-d">A Connect grant opens within its window, from {shortest} to {longest} long, until it is revoked; a box that has not heard'
        " opens {ticket} longer at most. A One Day Code is used first at any instant of its day, opens for {life} from then, and then never"
        " again.</desc>"
        '<text class="who" x="8" y="20">Connect grant</text>'
        '<text class="note" x="8" y="38">a window of {shortest} to {longest}</text>'
        '<rect class="day" x="120" y="50" width="340" height="22" rx="3"/><rect class="gone" x="460" y="50" width="180" height="22" rx="3"/>'
        '<circle class="in" cx="200" cy="61" r="7"/><circle class="in" cx="360" cy="61" r="7"/><circle class="out" cx="560" cy="61" r="7"/>'
        '<path class="mark" d="M460 42v38"/>'
        '<text class="label" x="200" y="90">opens</text><text class="label" x="360" y="90">opens</text>'
        '<text class="label" x="460" y="36">revoked: {ticket} more at most</text><text class="label" x="560" y="90">refused</text>'
        '<text class="who" x="8" y="132">One Day Code</text>'
        '<text class="note" x="8" y="150">{digits} digits, for one day</text>'
        '<rect class="day" x="60" y="162" width="{before}" height="22" rx="3"/><rect class="hour" x="{used}" y="162" width="{hour}" height="22" rx="3"/>'
        '<rect class="gone" x="{ended}" y="162" width="{rest}" height="22" rx="3"/>'
        '<circle class="in" cx="{used}" cy="173" r="7"/><circle class="in" cx="{again}" cy="173" r="7"/><circle class="out" cx="{late}" cy="173" r="7"/>'
        '<text class="label" x="{used}" y="202">first use</text><text class="label" x="{again}" y="202">opens again</text>'
        '<text class="label" x="{late}" y="202">refused</text><text class="label" x="{middle}" y="155">{life}, and then never again</text>'
        '<path class="axis" d="M8 226H852"/><path class="axis" d="M60 220v12M800 220v12"/>'
        '<text class="label" x="60" y="250">the day begins</text><text class="label" x="800" y="250">the day ends</text></svg>'
    ).format(
        shortest=spoken(profile.window_shortest),
        longest=spoken(profile.window_longest),
        ticket=ticket,
        life=life,
        digits=profile.code_digits,
        used=used,
        hour=round(hour),
        before=used - 60,
        ended=round(used + hour),
        rest=round(800 - used - hour),
        again=round(used + hour * 0.62),
        late=round(used + hour + 60),
        middle=round(used + hour / 2 + 20),
    )
