"""How scenarios are written, from what their reader takes."""

from __future__ import annotations

from lockproof.conformance.cast import CAST
from lockproof.conformance.verbs import VERBS, Verb
from making.markdown import Page, fenced, link, literal, table
from making.rooms import Rooms
from making.scenario_pages import scenario_page

FORMAT, EXAMPLE = "scenario-format", "the-hour-is-over"


def format_page(rooms: Rooms) -> Page:
    verbs = (
        (f"`{name}`", verb.channel, _arguments(verb), f"`{verb.accepts}` or `refuses`" if verb.accepts else "")
        for name, verb in VERBS.items()
    )
    people = (
        (f"`{name}`", literal(person.name), str(person.role or ""), person.email, _grants(person.office, person.person))
        for name, person in CAST.items()
    )
    text = [
        "# The format of scenarios",
        (
            "A scenario is one YAML file that people can read aloud. It says who does what, when, and what must be observed. For example"
            f" [this one]({link(FORMAT, scenario_page(EXAMPLE))}):"
        ),
        fenced(rooms.plays[EXAMPLE].text, "yaml"),
        (
            "Each step has one verb. Before it may stand a time, `at` (`tomorrow 14:19:51`, `last second of tomorrow`, `1s before the end of"
            " ritas-grant`) or `after` (`59m59s`); beside it what must come of it, `box` or `authority`, and `because`, the clauses that forbid"
            " it. `shows` says which clauses its outcome shows. A step that shows nothing is a control: it must come out right before what"
            " the others show counts. `times` and `every` do it again and again. `lockproof scenarios check FILE` reads a file, says line and"
            " remedy for whatever is wrong, and plays it on the model."
        ),
        "## Verbs",
        table(("verb", "goes through", "says", "comes to"), verbs),
        "## People",
        "What each may do follows from the property and the box, and not from the name.",
        table(("in a scenario", "name", "role", "email", "as a grantor"), people),
    ]
    return Page(FORMAT, "The format of scenarios", "\n\n".join(text) + "\n", ("The kit",))


def _arguments(verb: Verb) -> str:
    needed = [f"`{name}` ({what})" for name, what in verb.needs.items()]
    return ", ".join(
        [*needed, *(f"`{name}`, if wanted ({what})" for name, what in verb.arguments.items() if name not in verb.needs)]
    )


def _grants(office: str | None, person: str) -> str:
    return f"{person}, of {office}" if office else person
