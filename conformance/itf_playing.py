"""A trace from an ITF file as a scenario: whether its claims are the standard's, whether a bench can do it, and its steps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from lockproof.conformance import moves, suite, vector_files
from lockproof.conformance.disturbances import ANOTHERS
from lockproof.conformance.itf import (
    Claim,
    Found,
    ItfError,
    Json,
    arguments,
    as_text,
    beginning,
    export,
    load,
    nothing,
    of_vector,
)
from lockproof.conformance.scenario import Scenario, from_data
from lockproof.conformance.story import Contradiction
from lockproof.conformance.telling import FAR, MOST_CODES, ZONE, CannotTell, instant, told
from lockproof.conformance.words import spoken
from lockproof.spec import clauses
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import DAY, DEFAULT, Profile
from lockproof.spec.symbolic import leaves
from lockproof.spec.theorems import REASONS, Step
from lockproof.spec.traces import Moment, Trace
from lockproof.spec.vocabulary import Truth
from lockproof.spec.world import EVENTS, World

FIRST_TOLD = len(moves.SET_UP)
MOST_TOLD = 4  # decisions before the one that is claimed wrongly, in a message
SHIFTED = {"true", "authority", "window_start", "window_end", "value", "day_start", "day_end"}
"""Arguments that are instants; what the box's clock shows is moved with what it showed before."""


class Disagreement(Contradiction):
    """A model claims what the standard does not say: the state, the event, what led there, and what each says and why."""

    def __init__(self, message: str) -> None:
        BadInput.__init__(self, message)


def exported(name: str) -> str:
    """The trace of a synthesized scenario as the text of an ITF file. Raises `BadInput` for any other id."""
    chosen = next(each for each in suite.select(suite.packaged(), [name]) if each.id == name)
    vector = next((data for _, data, _ in vector_files.read() if data["id"] == name), None)
    if vector is None:
        raise BadInput(
            f"{name} was written by a person, and has no trace of the model ({chosen.where})"
            "\n    name a synthesized one: lockproof scenarios list --suite synthesized"
        )
    found = of_vector(vector)
    return as_text(export(found.trace, description=found.description, shows=found.shows, looked_for=found.looked_for))


def scenario_in(path: Path) -> Scenario:
    """The scenario that a file of a trace becomes. Raises `ItfError`, `Disagreement` and `ScenarioError`."""
    return from_data(as_scenario(load(path)), str(path), 1)


def as_scenario(found: Found) -> Json:
    """As a scenario file has it. What must be answered is what the file claims, which is also what the standard says.

    Raises `ItfError` where no bench can play it, and `Disagreement`.
    """
    agree(found)
    trace, cut = _shown_part(found)
    trace = _on_the_bench(found, trace)
    _check_moves(found, trace)
    shows = found.shows or _decided_by(trace.last())
    try:
        steps = told(trace, shows=shows, in_answer=not found.looked_for)
    except CannotTell as reason:
        raise ItfError(f"{found.file}: no bench can play this: {reason}\n    {_MEND}") from None
    return {
        "id": _id(found.file),
        "clauses": list(shows),
        "story": (found.description or f"Told from the trace in {Path(found.file).name}").rstrip(".") + "." + cut,
        "zone": ZONE,
        "start": instant(trace.start.true),
        **_profile(trace.profile),
        "steps": steps,
    }


_MEND = "mend the trace; what a bench can make happen stands in conformance/moves.py"


# Does it say what the standard says?


def agree(found: Found) -> None:
    """Every claim of the file is the standard's. Raises `Disagreement` for the first that is not."""
    steps = list(found.trace.steps())
    wrong = [n for n, (step, claim) in enumerate(zip(steps, found.claims, strict=True)) if claim and not _agrees(step, claim)]
    if not wrong:
        return
    number, begun = wrong[0], found.trace.start.true
    claim, step = found.claims[number], steps[number]
    assert claim is not None
    earlier = [n for n in range(FIRST_TOLD, number) if steps[n].event in REASONS][-MOST_TOLD:]
    rows = [(*_head(n, steps[n], begun), _ours(steps[n])) for n in earlier]
    rows += [(*_head(number, step, begun), f"{_word(claim)}, says the file"), ("", "", "", f"{_ours(step)}, says the standard")]
    more = f"\n    and they do in state {', '.join(str(n + 1) for n in wrong[1:])}" if wrong[1:] else ""
    raise Disagreement(
        f"{found.file}: state {number + 1}, {step.event}: the model that wrote this and the standard disagree"
        f"{_table(rows)}{_sentences(step, claim)}{more}"
        "\n    mend that model; or, if it is right, the clause (CONTRIBUTING.md, To change a clause); no box was judged"
    )


def _agrees(step: Step, claim: Claim) -> bool:
    """Clauses count where any are given: no refusal is for none."""
    outcome = step.outcome
    said, so = (claim.because_of, outcome.because()) if claim.accepted else (claim.refused_for, outcome.clauses())
    return claim.accepted == outcome.accepted and (not said or set(said) == set(so))


def _head(number: int, step: Step, begun: int) -> tuple[str, str, str]:
    """Which state, how long after the start, and what happened."""
    gone = step.before.true - begun
    return f"state {number + 1}", f"{spoken(gone)} after the start" if gone else "at the start", step.event


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "".join(f"\n    {line}" for line in lines)


def _ours(step: Step) -> str:
    return _word(Claim(bool(step.outcome.accepted), step.outcome.clauses(), step.outcome.because()))


def _word(claim: Claim) -> str:
    because = claim.because_of if claim.accepted else claim.refused_for
    return ("accepted" if claim.accepted else "refused") + (f" for {', '.join(because)}" if because else "")


def _sentences(step: Step, claim: Claim) -> str:
    """The clauses of which only one of the two speaks; the standard's, where the file names none."""
    ours = set(step.outcome.because() if step.outcome.accepted else step.outcome.clauses())
    theirs = set((claim.because_of if claim.accepted else claim.refused_for) or ())
    between = ours ^ theirs if claim.accepted == step.outcome.accepted else ours | theirs
    return "".join(f"\n    {each}: {clauses.clause(each).sentence}" for each in sorted(between))


# Can a bench do it?


def _error(found: Found, number: int, what: str, remedy: str = _MEND) -> ItfError:
    event = found.trace.moments[number - 1].event if number else "world"
    return ItfError(f"{found.file}: state {number}, {event}: {what}\n    {remedy}")


def _shown_part(found: Found) -> tuple[Trace, str]:
    """The trace up to the last event that is decided, and a word on what that leaves out."""
    moments = found.trace.moments
    for number, event in enumerate(moves.SET_UP):
        if number >= len(moments) or moments[number].event != event:
            raise ItfError(
                f"{found.file}: state {number + 1} is not {event}, and every scenario is set up by {' and '.join(moves.SET_UP)}"
                f"\n    put them in front, or play the trace from where they are; {_SET_UP_PICKS}"
            )
    shows = [number for number, moment in enumerate(moments) if number >= FIRST_TOLD and _has_control(moment)]
    last = len(moments) - 1 if found.looked_for else max(shows, default=0)
    if last < FIRST_TOLD:
        raise ItfError(f"{found.file}: nothing is decided in it after the set-up, so nothing can be seen\n    {_MEND}")
    after = f" What comes after state {last + 1} is left out: nothing of it shows anything." if last + 1 < len(moments) else ""
    return replace(found.trace, moments=moments[: last + 1]), after


def _has_control(moment: Moment) -> bool:
    """It is decided, and another of its kind comes out otherwise; the end of somebody else's grant is only ever taken."""
    return moment.event in REASONS and (moment.event != "revocation_is_heard" or bool(moment.given["ours"]))


_SET_UP_PICKS = "the time order is another than ours, authentic, for nonce 1, and its value is true time"


def _decided_by(step: Step) -> tuple[str, ...]:
    """The clauses that made the answer what it was: those that forbade, or entitled, or might have forbidden."""
    outcome = step.outcome
    if step.event == "pin_is_entered":
        return ("code.pin",)  # it is asked for by asking for a code, and that is what is seen
    applied = tuple(dict.fromkeys(need.clause for need in outcome.needs if need.applies))
    return outcome.clauses() or outcome.because() or applied


def _on_the_bench(found: Found, trace: Trace) -> Trace:
    """The trace, moved by whole seconds, so that its code is for the bench's today or tomorrow, as every bench's is."""
    start = trace.start
    day_start, day_end = start.code.day_start, start.code.day_end
    ahead = (day_start - start.true + DAY - 1) // DAY
    if day_end - day_start != DAY or ahead not in (0, 1):
        raise _error(
            found,
            0,
            f"the code's day is from {day_start} to {day_end}, and the trace begins at {start.true}",
            "on a bench a code is for the day of 24 hours in which the trace begins, or the next: move the start, or the day",
        )
    _check_start(found, start)
    by = moves.MIDNIGHT + ahead * DAY - day_start
    return _moved(found, trace, by) if by else trace


def _check_start(found: Found, start: World) -> None:
    """The hour apart, a trace begins as every bench does."""
    first = replace(start, true=moves.START, authority=moves.START + start.authority - start.true)
    ours = beginning(moves.START, moves.MIDNIGHT)
    first = replace(first, code=replace(first.code, day_start=ours.code.day_start, day_end=ours.code.day_end))
    if moves.begins(first):
        return
    usual = leaves(beginning(start.true, moves.MIDNIGHT))
    odd = [name for name, value in leaves(first).items() if not moves.begins(_with(ours, name.split(), value))]
    told = ", ".join(f"{name} {leaves(start)[name]} instead of {usual[name]}" for name in odd)
    raise _error(found, 0, f"no bench can begin so: {told}", "leave those out of the start, and let events bring them about")


def _with(state: Any, path: list[str], value: Any) -> Any:
    name, *rest = path
    return replace(state, **{name: _with(getattr(state, name), rest, value) if rest else value})


def _moved(found: Found, trace: Trace, by: int) -> Trace:
    """Everything as much later, also what the box's clock shows from when it has the time. Raises `ItfError`."""
    start = trace.start
    code = replace(start.code, day_start=start.code.day_start + by, day_end=start.code.day_end + by)
    world = replace(start, true=start.true + by, authority=start.authority + by, code=code)
    moved = replace(trace, start=world, moments=tuple(_moved_moments(trace, world, by)))
    for number, (one, other) in enumerate(zip(_outcomes(trace), _outcomes(moved), strict=True), 1):
        if one != other:
            raise _error(
                found, number, "on the day of a bench this comes out otherwise", "let the trace begin at an instant of today"
            )
    return moved


def _moved_moments(trace: Trace, world: World, by: int) -> Iterator[Moment]:
    for step in trace.steps():
        given = {name: _moved_value(step, world, name, by) for name in step.given}
        yield Moment(step.event, given)
        _, world, _ = EVENTS[step.event](world, trace.profile, **given)


def _moved_value(step: Step, world: World, name: str, by: int) -> Any:
    value = step.given[name]
    if name == "clock":
        return world.box.clock + value - step.before.box.clock
    if name == "other" and value != nothing(arguments(step.event)[name]):
        return replace(value, **{f.name: getattr(value, f.name) + by for f in fields(value) if f.name in SHIFTED})
    return value + by if name in SHIFTED else value


def _outcomes(trace: Trace) -> list[tuple[Any, ...]]:
    """Of each event: whether it could happen, and what it came to."""
    world, found = trace.start, []
    for moment in trace.moments:
        premise, world, outcome = EVENTS[moment.event](world, trace.profile, **moment.given)
        found.append((premise, outcome.accepted, outcome.clauses(), outcome.because()))
    return found


def _check_moves(found: Found, trace: Trace) -> None:
    """Every event is one that a bench can make happen."""
    steps = list(trace.steps())
    for number, step in enumerate(steps, 1):
        if step.event in {"entry_is_charged", "entry_is_decided"}:
            raise _error(found, number, "at a keypad both are one", "write entry_is_made for the two of them")
        allowed = moves.EVENTS[step.event]
        if number == len(steps):
            allowed = moves.AT_LAST.get(step.event, allowed)
        if not (allowed(step) or _ALSO.get(step.event, _no)(step)):
            raise _error(found, number, f"no bench can do this: {_BENCH[step.event]}")
        if _is_anothers(step) and any(_is_anothers(each) and each.outcome.accepted for each in steps[: number - 1]):
            raise _error(
                found, number, "another's code opened before, and is unused here", "let another's code open once, at most"
            )
    _check_indices(found, steps)


def _check_indices(found: Found, steps: Sequence[Step]) -> None:
    """Whether an index is free is true of the codes that were given, and a bench takes all of a day by giving them."""
    today, ours = 0, (steps[0].before.code.day_start - moves.MIDNIGHT) // DAY
    given = Counter([today, today, ours])  # another's and a control's, and ours, which a scenario gives if it needs them
    for number, step in enumerate(steps, 1):
        if step.event not in {"pin_is_entered", "code_is_asked_for"}:
            continue
        asked, free = step.given.get("days_ahead", FAR), step.given.get("index_free", True)
        wanted = (step.before.true - moves.MIDNIGHT) // DAY + asked
        if given[wanted] >= MOST_CODES if free else given[wanted]:
            raise _error(
                found,
                number,
                f"of the {MOST_CODES} codes of that day {given[wanted]} are given by then, and here one is {'' if free else 'not '}free",
                "ask for codes of another day; all of a day are taken at once, where none of it was given before",
            )
        given[wanted] += step.outcome.accepted if free else MOST_CODES


def _no(_: Step) -> Truth:
    return False


def _is_anothers(step: Step) -> bool:
    """Another code of today, and nobody has used it."""
    return step.event == "entry_is_made" and not step.given["ours"] and step.given["matches"] and step.given["other"] == ANOTHERS


def _is_anothers_revocation(step: Step) -> bool:
    return not step.given["ours"] and step.given["authentic"]


def _is_minted(step: Step) -> Truth:
    """A genuine ticket for our grant for a nonce that has a name, whatever the authority would say."""
    other, before = step.given["other"], step.before
    window = (other.window_start, other.window_end) == (before.grant.window_start, before.grant.window_end)
    named = moves.FIRST_NAMED <= other.nonce <= before.box.nonce
    genuine = not step.given["ours"] and other.authentic and step.given["other_heard"] == before.heard
    return bool(before.ghosts.granted) and window and named and genuine


_ALSO: dict[str, Callable[[Step], Truth]] = {
    "entry_is_made": _is_anothers,
    "revocation_is_heard": _is_anothers_revocation,
    "ticket_is_presented": _is_minted,
}
"""What can be told beside what a search has to choose from: it comes between in disturbed vectors."""

_BENCH = {
    "time_passes": "there true time, both clocks and the timer go on together, by 1 s to 40 days (leave all picks but true out)",
    "clock_jumps": "there a clock falls back, by at most a day",
    "power_fails": "there the clock and true time go on together while the power is away, for up to 40 days (leave all picks but"
    " off_for out)",
    "entry_is_made": "there the digits are those of our code (ours, matches), those with a digit wrong (ours), or none's (neither, and"
    " other all nought), or another's (matches, and other an unused code of the bench's today)",
    "ticket_is_issued": "there a ticket is asked for with a nonce from the second on, once something was granted, and is kept if it"
    " is issued",
    "ticket_is_presented": "there a ticket is ours; or ours with another tag (other as ours, not authentic, not heard); or one minted"
    " for our grant with nonce 0, or with one from the second on",
    "grant_is_asked_for": "there a window begins at most 8 days from now, either way, and lasts up to 40 days, and a box without a"
    " property has its owner for grantor",
    "grant_is_revoked": "there a grant is revoked by its reference, which there is only once it was granted",
    "revocation_is_heard": "there an order is for our grant, after that has ended, or a forgery of it; or a genuine one for another's",
    "time_order_arrives": "there the first order has nonce 1 and is for true time, and later ones have a nonce from the second on, and"
    " are for at most a day from true time, and no more than a day before the last decision",
    "time_order_is_issued": "there an order is kept, and has a nonce from the second on",
    "code_is_asked_for": "there a code is for yesterday to 40 days ahead, with a PIN that is right and looked at; a box without a"
    " property has no grant and its owner for grantor; and the indices of a day run out only for days from the second ahead on that a"
    " code may be for",
}
"""What there is to choose where a bench plays an event, in words: what `conformance/moves.py` has of each."""


# The scenario around it


def _id(file: str) -> str:
    """A scenario's id from the name of the file."""
    words = re.findall(r"[a-z0-9]+", Path(file).name.removesuffix(suite.TRACE).lower())
    return "-".join(words if len(words) > 1 else ["trace", *(words or ["nameless"])])


def _profile(profile: Profile) -> Json:
    """What a target must have declared, where that is not the default."""
    said = {}
    for limit in fields(Profile):
        value = getattr(profile, limit.name)
        if value != getattr(DEFAULT, limit.name):
            said[limit.name] = spoken(value) if limit.metadata["unit"] == "s" else value
    return {"profile": said} if said else {}
