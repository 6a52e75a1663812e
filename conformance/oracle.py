"""The oracle: is there a behaviour that the standard allows and that explains everything in the journal so far?

A journal with exact times in which every answer came is judged by running the model (`exact`). As soon as something is not
known (an answer that was lost, a box that booted of itself) the same model, as terms, is put to a solver (`explaining`),
which takes over with all that was seen before; a box whose clock runs it judges from the beginning. It never fails what the
standard allows, and what it cannot tell is inconclusive.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from lockproof.conformance.exact import ExactJudge
from lockproof.conformance.journal import Record
from lockproof.conformance.story import OF_THE_LINE, StoryJudge
from lockproof.conformance.verdict import Finding, ScenarioResult

if TYPE_CHECKING:
    from lockproof.conformance.explaining import ExplainingJudge


class Judge(Protocol):
    """Sees the records of one scenario in order."""

    @property
    def finding(self) -> Finding | None: ...

    @property
    def error(self) -> str: ...

    @property
    def undecided(self) -> bool:
        """Something was seen already that shows nothing."""

    @property
    def may_decide(self) -> bool:
        """What shows nothing may show something if it is played again."""

    @property
    def is_over(self) -> bool:
        """It is complete, or something was wrong: what is recorded after that is not of this scenario."""

    @property
    def seen(self) -> int:
        """Records, those of the line not counted."""

    def see(self, record: Record) -> None: ...

    def result(self, *, explain: bool = False) -> ScenarioResult: ...


class Oracle:
    """Judges one scenario: by the model as long as that can tell, by the solver from then on. Takes what `StoryJudge` takes."""

    def __init__(self, **given: Any) -> None:
        self._given = given
        runs = given["scenario"].get("running") is not None
        self._judge: StoryJudge = _explaining(given, []) if runs else ExactJudge(**given)
        self._records: list[Record] = []

    @property
    def scenario(self) -> Record:
        """The head of its records."""
        return self._judge.scenario

    @property
    def finding(self) -> Finding | None:
        return self._judge.finding

    @property
    def error(self) -> str:
        return self._judge.error

    @property
    def undecided(self) -> bool:
        return self._judge.undecided

    @property
    def may_decide(self) -> bool:
        return self._judge.may_decide

    @property
    def is_over(self) -> bool:
        return self._judge.is_over

    @property
    def seen(self) -> int:
        return self._judge.seen

    def see(self, record: Record) -> None:
        """Take one record into account. Raises `Contradiction` for a scenario that the model contradicts."""
        if record["record"] in OF_THE_LINE:
            return
        if isinstance(self._judge, ExactJudge) and not self._judge.can_tell(record):
            self._judge = _explaining(self._given, self._records)
        self._records.append(record)
        self._judge.see(record)

    def result(self, *, explain: bool = False) -> ScenarioResult:
        """With `explain`, a finding names the observations that contradict each other, which takes a moment."""
        result = self._judge.result()
        if not explain or result.finding is None:
            return result
        doubting = _explaining({**self._given, "doubt": True}, self._records)
        return replace(result, finding=replace(result.finding, contradicting=doubting.contradicting()))


def _explaining(given: dict[str, Any], records: list[Record]) -> ExplainingJudge:
    from lockproof.conformance.explaining import ExplainingJudge  # noqa: PLC0415 (z3 only where something is uncertain)

    judge = ExplainingJudge(**given)
    for record in records:
        judge.see(record)
    return judge
