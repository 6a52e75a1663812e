"""Traces in the Informal Trace Format (ITF) of Quint and Apalache: ours written out, and anybody's read.

The format is that of Apalache's ADR 015; which action was taken with which picks is told as `quint run --mbt` tells it. Of
another model no more is needed than that: each action an event of `spec/world.py`, each pick one of its arguments. It may
also say where it begins (`world`), for which profile, and what it claims that each event comes to (`outcome`). Whatever else
stands in the file is its own affair.
"""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from lockproof.conformance.moves import MIDNIGHT, START
from lockproof.conformance.telling import LOOKS
from lockproof.spec import clauses
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import DAY, DEFAULT, Profile, ProfileError
from lockproof.spec.theorems import REASONS, Step
from lockproof.spec.traces import Moment, Trace
from lockproof.spec.world import EVENTS, World

FORMAT = "https://apalache-mc.org/docs/adr/015adr-trace.html"
ACTION, PICKS = "mbt::actionTaken", "mbt::nondetPicks"  # as Quint writes them; read without the mbt::, which TLA+ cannot write
WORLD, OUTCOME, PROFILE = "world", "outcome", "profile"
META, OURS = "#meta", "lockproof"
MOST_DIGITS = 12  # instants of the next thirty thousand years, in seconds

Json = dict[str, Any]


class ItfError(BadInput):
    """A trace that cannot be read or played: the file, the state, what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a file says that an event comes to; None where it does not say for which clauses."""

    accepted: bool
    refused_for: tuple[str, ...] | None = None
    because_of: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in a file. State n of the file is the one after `trace.moments[n - 1]`, of which it claims `claims[n - 1]`.

    `shows` are the clauses that the last event is about, where the file says so: by its own answer, or, if `looked_for`, by
    what is seen when one looks afterwards.
    """

    file: str
    trace: Trace
    claims: tuple[Claim | None, ...]
    description: str = ""
    shows: tuple[str, ...] = ()
    looked_for: bool = False


# Writing


def export(trace: Trace, *, description: str = "", shows: Sequence[str] = (), looked_for: bool = False) -> Json:
    """The trace as ITF: state 0 is where it begins, state n what the nth event has made of it."""
    steps = list(trace.steps())
    picks = list(dict.fromkeys(name for step in steps for name in step.given))
    own = {OURS: {"shows": list(shows), "looked_for": looked_for}} if shows else {}
    return {
        META: {"format": "ITF", "format-description": FORMAT, "description": description, **own},
        "params": [PROFILE],
        "vars": [WORLD, OUTCOME, ACTION, PICKS],
        "states": [
            {
                META: {"index": 0},
                PROFILE: _written(trace.profile),
                WORLD: _written(trace.start),
                OUTCOME: _NONE,
                ACTION: "init",
                PICKS: dict.fromkeys(picks, _NONE),
            },
            *(_state(number, step, picks) for number, step in enumerate(steps, 1)),
        ],
    }


def as_text(exported: Json) -> str:
    """A variable of each state on a line."""
    heads = [f" {_line(name)}: {_line(value)}," for name, value in exported.items() if name != "states"]
    states = (",\n".join(f"   {_line(name)}: {_line(value)}" for name, value in state.items()) for state in exported["states"])
    return "\n".join(["{", *heads, ' "states": [', ",\n".join(f"  {{\n{state}\n  }}" for state in states), " ]", "}"]) + "\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


_NONE = {"tag": "None", "value": {"#tup": []}}


def _state(number: int, step: Step, picks: Iterable[str]) -> Json:
    outcome = step.outcome
    said = {"accepted": outcome.accepted, "refused_for": outcome.clauses(), "because_of": outcome.because()}
    return {
        META: {"index": number},
        WORLD: _written(step.after),
        OUTCOME: _some(said),
        ACTION: step.event,
        PICKS: {name: _some(step.given[name]) if name in step.given else _NONE for name in picks},
    }


def _some(value: Any) -> Json:
    return {"tag": "Some", "value": _written(value)}


def _written(value: Any) -> Any:
    """Integers as big ones wherever they stand, so that no reader rounds an instant."""
    if is_dataclass(value):
        return {f.name: _written(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {name: _written(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_written(each) for each in value]
    return {"#bigint": str(value)} if isinstance(value, int) and not isinstance(value, bool) else value


# The traces of the published vectors


def of_vector(vector: Json) -> Found:
    """What `lockproof scenarios synthesize` wrote down of a trace: its events, and the day of its code."""
    steps = vector["scenario"]["steps"]
    trace = Trace(
        beginning(START, vector["code"]["day_start"]),
        replace(DEFAULT, **vector["profile"]),
        tuple(Moment(each["event"], _given_of(each)) for each in vector["trace"]),
    )
    said = tuple(Claim(e["accepted"], tuple(e["refused_for"]), tuple(e["because_of"])) for e in vector["trace"])
    looked_for = any("shows" in step and set(step) & set(LOOKS) for step in steps)
    return Found(vector["id"], trace, said, vector["scenario"]["story"], tuple(vector["clauses"]), looked_for)


def _given_of(each: Json) -> dict[str, Any]:
    kinds = arguments(each["event"])
    return {name: kinds[name](**value) if isinstance(value, dict) else value for name, value in each["given"].items()}


def arguments(event: str) -> dict[str, Any]:
    """The arguments of an event, each with its kind: `bool`, `int`, or a state of these."""
    hints = typing.get_type_hints(EVENTS[event])
    return {name: kind for name, kind in hints.items() if name not in {"world", "profile", "return"}}


def nothing(kind: Any) -> Any:
    """No, nought, or a state of these."""
    if not is_dataclass(kind):
        return kind()
    hints = typing.get_type_hints(kind)
    return kind(**{f.name: nothing(hints[f.name]) for f in fields(kind)})  # type: ignore[operator]


def beginning(true: int, day_start: int) -> World:
    """A box from the factory, just provisioned, at this instant; our code is for the day that begins at `day_start`."""
    blank: World = nothing(World)
    code = replace(blank.code, day_start=day_start, day_end=day_start + DAY)
    return replace(blank, true=true, authority=true, box=replace(blank.box, next_entry=1), code=code)


# Reading


def load(path: Path) -> Found:
    """Read one file. Raises `ItfError`."""
    try:
        return read(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ItfError(f"{path}: cannot be read: {error}\n    name a trace in ITF, which is JSON in UTF-8") from None


def read(text: str, file: str) -> Found:
    """Read a trace from its text; messages call it `file`. Raises `ItfError`."""
    try:
        return _Reader(file).found(_data(text, file))
    except RecursionError:
        raise ItfError(f"{file}: it is nested too deep to be a trace\n    {_HOW}") from None


def _data(text: str, file: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ItfError(f"{file}: no JSON: {error}\n    {_HOW}") from None


_HOW = "write it with quint run --mbt --out-itf=FILE, or see lockproof scenarios itf for what one looks like"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a file something stands, for messages."""

    file: str
    inside: tuple[str, ...] = ()

    def __truediv__(self, name: str) -> _Place:
        return _Place(self.file, (*self.inside, name))

    def error(self, what: str, remedy: str) -> ItfError:
        return ItfError(f"{self.file}: {', '.join(self.inside)}{': ' if self.inside else ''}{what}\n    {remedy}")


def _shown(value: Any) -> str:
    """As it stands in the file, but short, and of characters that every terminal has."""
    text = json.dumps(value)
    return text if len(text) <= _WIDE else text[:_WIDE] + "…"


_WIDE = 60


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = _Place(file)

    def found(self, root: Any) -> Found:
        states = root.get("states") if isinstance(root, dict) else None
        if not isinstance(states, list) or not states:
            raise self.file.error("it has no states", _HOW)
        for number, state in enumerate(states):
            if not isinstance(state, dict):
                raise self.state(number).error(f"{_shown(state)} is no state", "a state gives each variable its value")
        profile = self.profile(states[0])
        start = self.start(states[0])
        events = list(self.events(start, profile, states))
        trace = Trace(start, profile, tuple(moment for moment, _ in events))
        shows, looked_for = self.shown(root)
        return Found(self.file.file, trace, tuple(claim for _, claim in events), self.description(root), shows, looked_for)

    def state(self, number: int) -> _Place:
        return self.file / f"state {number}"

    def events(self, world: World, profile: Profile, states: list[Json]) -> Iterator[tuple[Moment, Claim | None]]:
        """Run our own model with the file's picks: the event of each state but the first, and what is claimed of it."""
        for number, state in enumerate(states[1:], 1):
            at = self.state(number)
            event = self.action(at, state)
            picks = self.record(at / PICKS, self.variable(at, state, PICKS, {}))
            given = self.given(at / event, event, picks, world, profile)
            premise, after, _ = EVENTS[event](world, profile, **given)
            if premise is not True or _is_both(given):
                raise (at / event).error("this cannot happen here", f"it needs that {NEEDED.get(event, 'nothing')}")
            yield Moment(event, given), self.claim(at, event, state)
            world = after

    def variable(self, at: _Place, state: Json, name: str, otherwise: Any) -> Any:
        """A variable by its name, or by the end of it, after the module that another model keeps it in."""
        if name in state:
            return state[name]
        short = name.rpartition("::")[2]
        named = [each for each in state if each.rpartition("::")[2] == short]
        if len(named) > 1:
            raise at.error(f"{' and '.join(map(_shown, named))} may both be meant by {name}", f"call one of them {name}")
        return state[named[0]] if named else otherwise

    # Each state

    def action(self, at: _Place, state: Json) -> str:
        found = self.option(self.variable(at, state, ACTION, None))
        if found is None:
            raise at.error(f"it does not say which action was taken ({ACTION})", "write the trace with quint run --mbt")
        event = found.rpartition("::")[2] if isinstance(found, str) else ""
        if event not in EVENTS:
            near = get_close_matches(event, EVENTS, n=1)
            hint = f"did you mean {near[0]}?   " if near else ""
            raise at.error(f"no event is called {_shown(found)}", f"{hint}({', '.join(EVENTS)})")
        return event

    def given(self, at: _Place, event: str, picks: Json, world: World, profile: Profile) -> dict[str, Any]:
        """The event's arguments: those picked, and for those left out what a bench makes of them."""
        kinds = arguments(event)
        picked = {name: self.option(picks.get(name)) for name in kinds}
        said = {name: self.of(at / name, kinds[name], value) for name, value in picked.items() if value is not None}
        for name in kinds:
            if name not in said and (event, name) not in _LEFT_OUT:
                raise at.error(f"it needs the pick {name}", f"add it to {PICKS} (it takes {', '.join(kinds)})")
        for name in kinds:
            if name not in said:
                said[name] = _LEFT_OUT[event, name](_Unsaid(world, profile, event, said))
                if said[name] is None:
                    raise at.error(f"what is not ours needs the pick {name}", f"add it to {PICKS}, or let it be ours")
        return {name: said[name] for name in kinds}

    def claim(self, at: _Place, event: str, state: Json) -> Claim | None:
        """What is claimed of an event that is decided; to any other a model's outcome is that of some earlier one."""
        found = self.option(self.variable(at, state, OUTCOME, None))
        if found is None or event not in REASONS:
            return None
        if isinstance(found, bool):
            return Claim(found)
        at = at / OUTCOME
        record = self.record(at, found)
        if not isinstance(accepted := self.option(record.get("accepted")), bool):
            raise at.error(f"{_shown(found)} does not say whether it is accepted", "write {accepted: true} or {accepted: false}")
        said = {name: self.option(record.get(name)) for name in ("refused_for", "because_of")}
        return Claim(accepted, **{name: self.clauses(at / name, value) for name, value in said.items() if value is not None})

    def clauses(self, at: _Place, value: Any) -> tuple[str, ...]:
        found = self.unwrapped(value, "#set", "#tup")
        if not isinstance(found, list):
            raise at.error(f"{_shown(value)} is no list of clauses", 'write ["code.day"], or {"#set": ["code.day"]}')
        for each in found:
            if not isinstance(each, str):
                raise at.error(f"{_shown(each)} is no clause", "write the id of one (all clauses: lockproof clauses)")
            try:
                clauses.clause(each)
            except clauses.UnknownClause as error:
                what, _, remedy = str(error).partition("\n")
                raise at.error(what, remedy.strip() or "all clauses: lockproof clauses") from None
        return tuple(dict.fromkeys(found))

    # Where it begins

    def profile(self, first: Json) -> Profile:
        at = self.state(0) / PROFILE
        found = self.option(self.variable(self.state(0), first, PROFILE, None))
        try:
            profile: Profile = DEFAULT if found is None else self.of(at, Profile, found, DEFAULT)
        except ProfileError as error:
            what, _, remedy = str(error).partition("; ")
            raise at.error(what, remedy or "give a profile that the standard allows") from None
        return profile

    def start(self, first: Json) -> World:
        """As every bench begins, but for what the file says; the code's day is then that of the start."""
        at = self.state(0) / WORLD
        found = self.option(self.variable(self.state(0), first, WORLD, None))
        if found is None:
            return beginning(START, MIDNIGHT)
        record = self.record(at, found)
        true = self.of(at / "true", int, record.get("true", START))
        world: World = self.of(at, World, found, beginning(true, true - true % DAY))
        return world

    # The file as a whole

    def description(self, root: Json) -> str:
        meta = root.get(META)
        said = meta.get("description") if isinstance(meta, dict) else ""
        words = "".join(char if char.isprintable() else " " for char in said) if isinstance(said, str) else ""
        return " ".join(words.split())

    def shown(self, root: Json) -> tuple[tuple[str, ...], bool]:
        """What an export of ours is about, which nobody else says."""
        meta = root.get(META)
        own = meta.get(OURS) if isinstance(meta, dict) else None
        if own is None:
            return (), False
        at = self.file / META / OURS
        told = self.record(at, own)
        looked_for = told.get("looked_for", False)
        if not isinstance(looked_for, bool):
            raise at.error(f"{_shown(looked_for)} is neither true nor false", "write looked_for: false, or leave it out")
        return self.clauses(at / "shows", told.get("shows", [])), looked_for

    # Values

    def of(self, at: _Place, kind: Any, value: Any, otherwise: Any = None) -> Any:
        """A value of this kind; fields that a record leaves out are those of `otherwise`, if that is given."""
        if kind is bool:
            if not isinstance(value, bool):
                raise at.error(f"{_shown(value)} is neither true nor false", "write one of the two")
            return value
        if kind is int:
            return self.whole(at, value)
        record = self.record(at, value)
        hints = typing.get_type_hints(kind)
        names = [f.name for f in fields(kind)]
        for name in record:
            if name not in names:
                raise at.error(f"there is no {_shown(name)} here", f"it has {', '.join(names)}")
        found = {}
        for name in names:
            before = None if otherwise is None else getattr(otherwise, name)
            if name in record:
                found[name] = self.of(at / name, hints[name], record[name], before if is_dataclass(before) else None)
            elif otherwise is None:
                raise at.error(f"it has no {name}", f"add it (it has {', '.join(names)})")
            else:
                found[name] = before
        return kind(**found)

    def whole(self, at: _Place, value: Any) -> int:
        """An integer, plain or `{"#bigint": "12"}`."""
        text = value.get("#bigint") if isinstance(value, dict) and len(value) == 1 else value
        if isinstance(text, bool) or not isinstance(text, int if text is value else str):
            raise at.error(f"{_shown(value)} is no whole number", 'write 12, or {"#bigint": "12"}')
        if not re.fullmatch(r"-?[0-9]+", str(text), re.ASCII):
            raise at.error(f"{_shown(value)} is no whole number", 'write 12, or {"#bigint": "12"}')
        if len(str(text).lstrip("-")) > MOST_DIGITS:
            raise at.error(f"{_shown(value)} is too large", "instants are whole seconds since 1970, and so are durations")
        return int(text)

    def record(self, at: _Place, value: Any) -> Json:
        """A record, or a map from names, or nothing at all written as an empty tuple."""
        found = self.unwrapped(value, "#map", "#tup")
        if isinstance(found, list) and all(isinstance(pair, list) and len(pair) == len(("key", "value")) for pair in found):
            found = {str(key): each for key, each in found}
        if not isinstance(found, dict):
            raise at.error(f"{_shown(value)} is no record", 'write {"name": value}')
        return found

    def unwrapped(self, value: Any, *marks: str) -> Any:
        """What stands in `{"#set": …}` and the like."""
        if isinstance(value, dict) and len(value) == 1:
            (mark,) = value
            return value[mark] if mark in marks else value
        return value

    def option(self, value: Any) -> Any:
        """What is in an option, None if that is nothing; a value that is no option is what it is."""
        if isinstance(value, dict) and set(value) == {"tag", "value"} and value["tag"] in ("Some", "None"):
            return value["value"] if value["tag"] == "Some" else None
        return value


def _is_both(given: Mapping[str, Any]) -> bool:
    recipient = given.get("recipient")
    return recipient is not None and recipient.consumer and recipient.realtor


# What a file may leave out


@dataclass(frozen=True, slots=True)
class _Unsaid:
    """An event of which not all has been said."""

    world: World
    profile: Profile
    event: str
    said: Mapping[str, Any]

    @property
    def passed(self) -> int:
        """Seconds of true time that go by in it."""
        return int(self.said["off_for"] if "off_for" in self.said else self.said["true"] - self.world.true)

    def nothing_if_ours(self) -> Any:
        return nothing(arguments(self.event)["other"]) if self.said["ours"] else None

    def heard(self) -> bool:
        return not self.said["ours"] and self.said["other"].authentic and self.world.heard

    def issued(self) -> bool:
        _, _, outcome = EVENTS[self.event](self.world, self.profile, **self.said, remember=True)
        return bool(outcome.accepted)


_LEFT_OUT: dict[tuple[str, str], Callable[[_Unsaid], Any]] = {
    ("time_passes", "authority"): lambda unsaid: unsaid.said["true"],
    ("time_passes", "clock"): lambda unsaid: unsaid.world.box.clock + unsaid.passed,
    ("time_passes", "timer"): lambda unsaid: unsaid.world.box.timer + unsaid.passed,
    ("power_fails", "true"): lambda unsaid: unsaid.world.true + unsaid.passed,
    ("power_fails", "authority"): lambda unsaid: unsaid.said["true"],
    ("power_fails", "clock"): lambda unsaid: unsaid.world.box.clock + unsaid.passed,
    ("power_fails", "kept"): lambda unsaid: unsaid.world.ghosts.run_written,
    ("entry_is_made", "other"): lambda unsaid: nothing(arguments(unsaid.event)["other"]),
    ("entry_is_decided", "other"): lambda unsaid: nothing(arguments(unsaid.event)["other"]),
    ("ticket_is_presented", "other"): _Unsaid.nothing_if_ours,
    ("ticket_is_presented", "other_heard"): _Unsaid.heard,
    ("time_order_arrives", "other"): _Unsaid.nothing_if_ours,
    ("ticket_is_issued", "remember"): _Unsaid.issued,
    **{
        (event, "remember"): lambda _: True
        for event in ("entry_is_made", "entry_is_decided", "ticket_is_presented", "time_order_is_issued")
    },
}
"""Picks that another model need not have: all clocks go on together, and the first of everything is ours."""

NEEDED = {
    "time_passes": "no clock goes back, and each stays within the profile's skew and drift of true time",
    "clock_jumps": "a clock that the box may trust stays within the profile's skew of true time",
    "power_fails": "no clock but the box's goes back, that one stays within its skew while it is trusted, and as many refusals"
    " are kept as were written down, or more, up to all",
    "entry_is_charged": "no entry is under way",
    "entry_is_decided": "an entry is charged",
    "entry_is_made": "no entry is under way",
    "ticket_is_issued": "the nonce is one that the box has given",
    "ticket_is_presented": "no entry is under way, and a ticket of ours was issued before, with remember",
    "grant_is_asked_for": "none was granted before, and nobody is both a REALTOR and a consumer",
    "code_is_asked_for": "nobody is both a REALTOR and a consumer",
    "revocation_is_heard": "our grant has ended, or the order is none of ours, or forged",
    "time_order_is_issued": "the nonce is one that the box has given",
    "time_order_arrives": "no entry is under way, an order of ours was issued before, and the clock is then within its skew",
    "entry_arrives": "an entry was remembered",
}
"""What must be so for an event to happen at all, as its premise has it."""
