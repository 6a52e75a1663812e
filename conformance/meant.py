"""The box as the scenario means it: each command in its second, by a clock that stands where it was set to and never drifts.

A clock that runs stands elsewhere, within what it declares, and one that is behind is waited for. A refusal then comes for another
condition than the scenario has, or for two at once, and shows nothing of the one that it was about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from lockproof.conformance.belief import COURSES, NEVER_GIVEN, Belief, Course, after_simple
from lockproof.conformance.journal import Record
from lockproof.spec.observable import CutClass
from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import Truth, watched


def conditions(decide: Callable[[], Course]) -> list[tuple[str, Truth]]:
    """The named conditions of the model, as they are looked at on the way to a decision."""
    found: list[tuple[str, Truth]] = []

    def watch(name: str, holds: Truth) -> Truth:
        found.append((name, holds))
        return holds

    with watched(watch):
        decide()
    return found


def _nearly_all(size: int) -> Iterator[list[bool]]:
    """All true, then all but one: such as that a grant was revoked."""
    yield [True] * size
    for place in range(size):
        yield [other != place for other in range(size)]


@dataclass(slots=True)
class Meant:
    """A box of which everything is known, since nothing of it is seen."""

    profile: Profile
    belief: Belief
    at: int  # of the scenario, in seconds
    nonces: list[int] = field(default_factory=list)

    def comes_to(self, command: Record) -> Course:
        """What is decided, at the instant that the scenario has for it."""
        box, gone = self.belief.box, command["at"] - self.at
        self.belief = replace(self.belief, box=replace(box, clock=box.clock + gone, timer=box.timer + gone))
        self.at = command["at"]
        meaning = {**command["meaning"], "value": command["meaning"].get("meant", command["meaning"].get("value"))}
        if "nonce" in meaning:
            number = meaning["nonce"]
            meaning["nonce"] = self.nonces[number - 1] if 0 < number <= len(self.nonces) else NEVER_GIVEN
        return COURSES[command["name"]](self.belief, meaning, self.profile)

    def forbids(self, command: Record, number: int) -> bool:
        """Whether the condition of this number, in the order of `conditions`, decides alone: where all others are as it takes to accept."""
        size = len(conditions(lambda: self.comes_to(command)))
        accepting = next((truths for truths in _nearly_all(size) if self._accepts(command, truths)), None)
        if accepting is None:
            return True
        return not self._accepts(command, [truth is (place != number) for place, truth in enumerate(accepting)])

    def _accepts(self, command: Record, truths: Sequence[bool]) -> bool:
        looked_at = iter(truths)
        with watched(lambda _, __: next(looked_at)):
            return bool(self.comes_to(command).outcome.accepted)

    def carried_out(self, command: Record) -> None:
        """It was, and wholly."""
        if command["name"] in COURSES:
            self.belief = self.comes_to(command).after
            return
        name, given, box = command["name"], command["arguments"], self.belief.box
        gone = command["at"] - self.at
        box, self.at = replace(box, clock=box.clock + gone, timer=box.timer + gone), command["at"]
        self.belief = replace(self.belief, box=box)
        if name == "advance_clock":  # which is time of the scenario, and went by already
            return
        self.belief = after_simple(self.belief, command, lambda: box.refusals_written, self.profile)
        if name == "challenge":
            self.nonces.append(self.belief.box.nonce)
        elif name == "cut_power" and given["cut"] != CutClass.NTH_WRITE:
            self.at += given["off_for"]
