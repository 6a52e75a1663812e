"""One page for each written scenario: its story, its picture, what was done and seen, and its text; and the list of them."""

from __future__ import annotations

from collections.abc import Iterator

from lockproof.conformance.played import Moment, Played
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.timeline import SYMBOLS, picture
from lockproof.spec.civil import local_text
from making.markdown import Page, clause_links, fenced, framed, link, literal, table
from making.rooms import Play, Rooms

SYMBOLS_ONCE = f'<svg width="0" height="0" aria-hidden="true" class="none">{SYMBOLS}</svg>'
"""What the pictures of a page are made of; it stands once in each page that has one."""
SCENARIOS = "scenarios"
_MENU = "The kit"


def scenario_page(scenario: str) -> str:
    return f"{SCENARIOS}/{scenario}"


def drawn(rooms: Rooms, play: Play, ident: str = "p-") -> str:
    """Its picture, empty where it has none: where nothing was presented to a box."""
    if not play.is_played:
        return ""
    svg = picture(rooms.seen(play), ident)
    if not svg:
        return ""
    return framed(svg, f"when what was done: {play.scenario.id}")


def scenario_pages(rooms: Rooms) -> Iterator[Page]:
    yield _list(rooms)
    for play in rooms.plays.values():
        yield Page(scenario_page(play.scenario.id), play.scenario.id.replace("-", " "), _page(rooms, play))


def _list(rooms: Rooms) -> Page:
    families: dict[str, list[Play]] = {}
    for play in rooms.plays.values():
        families.setdefault(_family(play.scenario), []).append(play)
    text = [
        "# The scenarios",
        (
            f"{len(rooms.plays)} scenarios were written by people, and {len(rooms.synthesized)} were"
            f" [synthesized from the model]({link(SCENARIOS, 'vectors')}). Each page has the picture of what was done when."
        ),
    ]
    for family, plays in sorted(families.items()):
        rows = ((_linked(play), literal(play.scenario.story)) for play in plays)
        text += [f"## {family.capitalize()}", table(("scenario", "story"), rows)]
    return Page(SCENARIOS, "Scenarios", "\n\n".join(text) + "\n", (_MENU,))


def _linked(play: Play) -> str:
    return f"[{play.scenario.id.replace('-', ' ')}]({link(SCENARIOS, scenario_page(play.scenario.id))})"


def _family(scenario: Scenario) -> str:
    return scenario.where.file.replace("\\", "/").rpartition("/")[0].rpartition("/")[2]


def _page(rooms: Rooms, play: Play) -> str:
    page = scenario_page(play.scenario.id)
    parts = [
        f"# {play.scenario.id.replace('-', ' ').capitalize()}",
        literal(play.scenario.story),
        f"Cites {clause_links(page, play.scenario.clauses)}.",
    ]
    if picture_of := drawn(rooms, play):
        parts += [SYMBOLS_ONCE, picture_of]
    if play.is_played:
        seen = rooms.seen(play)
        parts += [
            "## What was done, and what the reference box did { data-search-exclude }",
            table(("step", "time", "what was done", "what was seen"), _rows(page, seen)),
        ]
    else:
        parts.append(f"The reference box does not play it: {literal(play.result.message)}.")
    parts += [
        "## As it is written { data-search-exclude }",
        fenced(play.text, "yaml"),
        (
            f"The words that may stand there: [the format of scenarios]({link(page, 'scenario-format')}). Play it on a box:"
            f" `lockproof run --box PORT --scenario {play.scenario.id}`."
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _rows(page: str, seen: Played) -> Iterator[tuple[str, ...]]:
    for moment in seen.moments:
        if moment.step:
            shows = f" (shows {clause_links(page, moment.shows)})" if moment.shows else ""
            yield str(moment.step), _time(moment, seen), _did(moment), f"**{literal(moment.saw)}**{shows}"


def _did(moment: Moment) -> str:
    times = f" \u00d7{moment.times}" if moment.times > 1 else ""
    return literal(moment.did) + times


def _time(moment: Moment, seen: Played) -> str:
    if moment.at is None:
        return ""
    return local_text(moment.at, seen.zone) if moment.at >= 0 else str(moment.at)
