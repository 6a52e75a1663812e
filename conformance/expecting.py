"""What the standard says of a scenario that is still growing, whatever box will play it.

The exact judge asks the model what each command may come to. This one does so, too, and goes on with all of that instead of
what was answered: after a power cut at a write, several boxes may be in the right, and what they do next may differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lockproof.conformance.covering import Covered
from lockproof.conformance.exact import ExactJudge, World
from lockproof.conformance.journal import Record
from lockproof.conformance.verdict import ScenarioResult
from lockproof.spec.model import box as model
from lockproof.spec.observable import CodeIndex
from lockproof.spec.vocabulary import Outcome

_ANY = 10  # of log entries, whose numbers decide nothing


@dataclass(kw_only=True)
class Foreteller(ExactJudge):
    """Sees what is recorded of a rehearsal. `outcomes`: what the decisions of the last step may come to, in each way in
    which the box may stand.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    asked: tuple[bool, tuple[str, ...]] | None = None  # what the authority last said in this step, and because of which clauses
    covered: Covered | None = None

    @property
    def worlds(self) -> list[World]:
        """The ways in which a box may stand that has kept to the standard."""
        return self._worlds

    @property
    def accepted(self) -> bool | None:
        """What must come out; None where either may."""
        found = {bool(outcome.accepted) for outcome in self.outcomes}
        return found.pop() if len(found) == 1 else None

    @property
    def because(self) -> tuple[str, ...]:
        """The clauses that forbid it in each of those ways."""
        return _common([outcome.clauses() for outcome in self.outcomes])

    @property
    def shows(self) -> tuple[str, ...]:
        """The clauses that decide: those that forbid it, or those by which it is right."""
        return _common([outcome.clauses() or outcome.because() for outcome in self.outcomes])

    def result(self, *, explain: bool = False) -> ScenarioResult:
        del explain
        return super().result()

    def _see_step(self, record: Record) -> None:
        self.outcomes, self.asked = [], None
        super()._see_step(record)

    def _see_authority(self, record: Record) -> None:
        self.asked = record["answer"]["accepted"], tuple(record["answer"]["clauses"])

    def _decided(self, value: Record, record: Record) -> None:
        del value, record
        self._cover_decision()
        courses = [course for world in self._worlds for course in self._courses(world)]
        self.outcomes += [course.outcome for course in courses]
        after = [course.after for course in courses]
        if self._armed is not None:  # another box may write more often, and be struck where this one was not
            stages = [stage for course in courses for stage in (*course.on_the_way, course.after)]
            after += [cut for stage in [*self._worlds, *stages] for cut in self._cut(stage, self._armed["off_for"])]
        self._worlds = _apart(after)

    def _see_no_answer(self, record: Record) -> None:
        self._cover_decision()
        super()._see_no_answer(record)
        self._worlds = _apart(self._worlds)

    def _read_clock(self, value: Record) -> None:
        """Whatever it shows: that is judged where it is played."""

    def _read_log(self, value: Record) -> None:
        """Whatever it says; refusals that were counted are written before."""
        del value
        self._worlds = _apart(replace(world, box=model.write_refusals(world.box)[0]) for world in self._worlds)

    def _cut(self, world: World, off_for: int) -> Iterator[World]:
        self._cover("power_fails", {"box": world.box}, _power_cut(world.box, off_for))
        yield from super()._cut(world, off_for)

    # Coverage

    def _cover_decision(self) -> None:
        if self._command["name"] in _EVENTS and self._worlds:
            world, meaning = self._worlds[0], self._command["meaning"]
            self._cover(*_EVENTS[self._command["name"]](world, meaning))

    def _cover(self, event: str, changes: dict[str, Any], given: dict[str, Any]) -> None:
        if self.covered is not None:
            self.covered.look(event, changes, given)


def _apart(worlds: Iterable[World]) -> list[World]:
    """The worlds that differ in more than what the log says of earlier entries."""
    return list(dict.fromkeys(replace(w, log=w.log[-1:], box=replace(w.box, next_entry=_ANY)) for w in worlds))


def _common(told: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """What all of them name."""
    return tuple(name for name in told[0] if all(name in other for other in told)) if told else ()


_Event = tuple[str, dict[str, Any], dict[str, Any]]
"""An event of `spec.world`, what of a world it happens in, and its arguments."""


def _entry(world: World, meaning: Record) -> _Event:
    index = CodeIndex(*meaning["code"]) if meaning["code"] else None
    code = world.code(index) if index else model.Code(0, 0, False, 0)
    given = {"ours": index is not None, "matches": index is not None, "other": code, "remember": False}
    return "entry_is_made", {"box": world.box, "code": code}, given


def _ticket(world: World, meaning: Record) -> _Event:
    ticket = model.Ticket(meaning["window_start"], meaning["window_end"], meaning["nonce"], meaning["authentic"])
    given = {"ours": False, "other": ticket, "other_heard": meaning["grant"] in world.heard, "remember": False}
    return "ticket_is_presented", {"box": world.box}, given


def _order(world: World, meaning: Record) -> _Event:
    heard = meaning["grant"] in world.heard
    return "revocation_is_heard", {"box": world.box, "heard": heard}, {"ours": True, "authentic": meaning["authentic"]}


def _time(world: World, meaning: Record) -> _Event:
    order = model.TimeOrder(meaning["value"], meaning["nonce"], meaning["authentic"])
    return "time_order_arrives", {"box": world.box}, {"ours": False, "other": order}


def _power_cut(box: model.Box, off_for: int) -> dict[str, Any]:
    back = box.clock + off_for
    return {"true": 0, "authority": 0, "clock": back, "off_for": off_for, "kept": box.refusals_written}


_EVENTS = {"enter": _entry, "present": _ticket, "revocation_order": _order, "time_order": _time}
