"""What the records of a journal are made of: what a judge and a report take from one, looked at before they do.

A field that is not listed is nobody's, or is looked at where it is judged. Numbers have bounds: what lies beyond them would
explain whatever was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from lockproof.conformance import journal as journals
from lockproof.conformance.bench import LONGEST_S
from lockproof.conformance.journal import Record
from lockproof.hw_adapter.declaration import MOST_DRIFT_PPM
from lockproof.hw_adapter.values import I63
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import HOUR


@dataclass(frozen=True, slots=True)
class _Kind:
    """What may stand in a field, in words and by a function; a map may also have `fields` that are looked at."""

    words: str
    fits: Callable[[Any], bool]
    fields: Mapping[str, _Kind] | None = None
    needed: bool = True
    null: bool = False


def read(path: Path) -> Iterator[Record]:
    """The records of a journal file. Raises `BadInput` for what `journal.read` does, and at the first field that can't be."""
    for number, record in enumerate(journals.read(path), 1):
        kind = record["record"]
        for wrong in _wrong(RECORDS.get(kind, {}), record, kind):
            raise BadInput(f"{path}:{number}: {wrong}; the file was changed or damaged: judge it as the run wrote it")
        yield record


def _wrong(fields: Mapping[str, _Kind], value: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, kind in fields.items():
        place = f"{where}.{name}"
        found: Any = value.get(name)
        if name not in value:
            if kind.needed:
                yield f"{place} is missing; {kind.words} belongs there"
        elif found is None and kind.null:
            continue
        elif not kind.fits(found):
            yield f"{place} is {found!r:.60}; {kind.words} belongs there"
        elif kind.fields:
            yield from _wrong(kind.fields, found, place)


def _maybe(kind: _Kind, *, null: bool = False) -> _Kind:
    """It may be missing, as in older journals, or where it has nothing to say."""
    return replace(kind, needed=False, null=null)


def _map(**fields: _Kind) -> _Kind:
    return _Kind("a map", lambda value: isinstance(value, dict), fields)


def _whole(least: int = -I63, most: int = I63) -> _Kind:
    return _Kind(f"a whole number from {least} to {most}", lambda value: type(value) is int and least <= value <= most)


def _number(least: float, most: float) -> _Kind:
    return _Kind(f"a number from {least:g} to {most:g}", lambda value: _is_number(value) and least <= value <= most)


def _is_number(value: Any) -> bool:
    return type(value) in {int, float}


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_left_out(value: Any) -> bool:
    match value:
        case [str(), cited]:
            return _are_texts(cited)
    return False


def _is_gauge(value: Any) -> bool:
    """As `running.Gauge` is told: three instants and two looks, any of which may be unknown."""
    match value:
        case [low, high, at, low_by, high_by]:
            instants = (each is None or _AN_INSTANT.fits(each) for each in (low, high, at))
            return all(instants) and all(each is None or _is_look(each) for each in (low_by, high_by))
    return False


def _is_look(value: Any) -> bool:
    match value:
        case [int(shown), at, int(put_on)]:
            return max(abs(shown), abs(put_on)) <= _FAR and _AN_INSTANT.fits(at)
    return False


_FAR = 2**40  # seconds: no clock stands there
_AN_INSTANT = _number(-_FAR, _FAR)
_TEXT = _Kind("a text", lambda value: isinstance(value, str))
_TEXTS = _Kind("a list of texts", _are_texts)
_TRUTH = _Kind("true or false", lambda value: isinstance(value, bool))
_GAUGE = _Kind("what is known of a counter", _is_gauge)
_PLANNED = _Kind(
    "the clauses of each scenario", lambda value: isinstance(value, dict) and all(_are_texts(each) for each in value.values())
)
_LEFT_OUT = _Kind(
    "a reason and clauses of each scenario", lambda value: isinstance(value, dict) and all(map(_is_left_out, value.values()))
)
_KIT = _map(version=_TEXT, spec=_TEXT, protocol=_TEXT, vectors=_TEXT, judge=_TEXT)
_RUNNING = _map(
    drift_ppm=_number(0, MOST_DRIFT_PPM),
    bench_ppm=_number(0, MOST_DRIFT_PPM),
    skew=_number(0, HOUR),
    tolerance=_number(0, LONGEST_S),
    slip=_number(0, 1),
    alive=_AN_INSTANT,
    clock=_GAUGE,
    timer=_GAUGE,
)

RECORDS: Final[Mapping[str, Mapping[str, _Kind]]] = {
    "run": {
        "target": _TEXT,
        "seed": _maybe(_TEXT),
        "bench": _maybe(_map(file=_maybe(_TEXT))),
        "clock": _maybe(_TEXT),
        "wait": _maybe(_whole(0), null=True),
        "began": _maybe(_TEXT),
        "hello": _map(
            identity=_TEXT,
            firmware=_TEXT,
            classes=_TEXTS,
            gives_reasons=_TRUTH,
            log_capacity=_whole(1),
            log_when_full=_TEXT,
            production=_maybe(_TRUTH),
        ),
        "pics": _maybe(_map(file=_TEXT, sha256=_TEXT, text=_TEXT)),
        "planned": _maybe(_PLANNED),
        "left_out": _LEFT_OUT,
        "brought": _maybe(_TEXTS),
        "judged_authority": _TRUTH,
        "authority": _maybe(_map(name=_TEXT, version=_TEXT, gives_reasons=_TRUTH)),
        "judged_box": _maybe(_TRUTH),
        "kit": _maybe(_KIT),
        "suite": _maybe(_TEXT),
        "codes": _maybe(_TEXT),
        "cost": _maybe(_map(commands=_whole(0), writes=_whole(0), cuts=_whole(0), resets=_whole(0), waits=_whole(0))),
        "supply": _maybe(_TRUTH),
    },
    "resumed": {"began": _TEXT, "hello": _map(identity=_TEXT, firmware=_TEXT)},
    "scenario": {
        "id": _TEXT,
        "clauses": _TEXTS,
        "zone": _TEXT,
        "profile": _map(),
        "clock": _maybe(_TEXT),
        "running": _maybe(_RUNNING, null=True),
        "shrinks": _maybe(_TRUTH),
        "written": _maybe(_TEXT),
    },
    "step": {"step": _whole(0), "where": _TEXT, "channel": _TEXT, "shows": _TEXTS},
    "command": {
        "name": _TEXT,
        "about": _TEXT,
        "arguments": _map(cut=_maybe(_TEXT)),
        "meaning": _map(),
        "at": _maybe(_whole()),
        "sent": _maybe(_number(0, _FAR)),
        "aimed": _maybe(_whole()),
    },
    "answer": {"received": _maybe(_number(0, _FAR)), "observed_by": _maybe(_TEXT), "reported": _maybe(_TRUTH)},
    "no-answer": {"received": _maybe(_number(0, _FAR)), "message": _maybe(_TEXT)},
    "booted": {"received": _maybe(_number(0, _FAR))},
    "authority": {"request": _TEXT, "answer": _map(accepted=_TRUTH, clauses=_TEXTS)},
    "check": {"what": _TEXT},
    "given-up": {"message": _TEXT},
    "error": {"message": _TEXT},
    "over": {
        "began": _TEXT,
        "target": _TEXT,
        "seed": _TEXT,
        "kit": _KIT,
        "bench": _map(file=_maybe(_TEXT)),
        "seconds": _number(0, _FAR),
        "link": _TEXT,
        "clock": _TEXT,
        "explored": _TEXT,
        "missed": _TEXTS,
        "error": _TEXT,
        "stopped": _TRUTH,
    },
}
"""By kind of record: its fields. Of other kinds nothing is taken."""
