"""Going on with a run that was stopped: by Ctrl-C, a kill, a host that lost its power, a line that was lost.

What the journal says is judged, and what was decided there is not asked of the box again. What was being played when it was stopped
is played anew, from a reset on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lockproof.conformance import digests
from lockproof.conformance.authorities import Judged
from lockproof.conformance.journal import Journal
from lockproof.conformance.judging import SoFar, judge_so_far
from lockproof.conformance.pics import Declaration
from lockproof.conformance.planning import Plan
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import ScenarioResult, Verdict
from lockproof.reference.chain import plain
from lockproof.spec.observable import BadInput, BenchError, Hello

_OF_A_BOOT = ("session", "reset_cause", "writes")
"""What a hello says of now, and not of the box."""
_DRAWN = {
    "today": "the date of today",
    "seed": "the seed",
    "clock": "how its clock is dealt with",
    "wait": "the longest wait",
    "grown_by": "the version of Hypothesis, by which explored scenarios grow,",
}


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a run that was stopped has left: its journal, which is gone on with, and what is decided."""

    journal: Journal
    so_far: SoFar
    results: list[ScenarioResult]

    @classmethod
    def of(cls, path: Path) -> Self:
        """Raises `BadInput` for a file that is no journal or was changed, and `BenchError` where a run still writes to it."""
        journal = Journal.go_on(path)
        try:
            so_far = judge_so_far(path)
        except BaseException:
            journal.close()
            raise
        results = list(so_far.scenarios)
        if not so_far.is_over and results and results[-1].verdict in {Verdict.INCONCLUSIVE, Verdict.ERROR}:
            results.pop()  # it was to be played again, or is to be now
        return cls(journal, so_far, results)

    @property
    def tries(self) -> int:
        """How often what comes next was played to an end already."""
        return self.so_far.tries if len(self.results) < len(self.so_far.scenarios) else 0

    def plan(
        self,
        hello: Hello,
        target: Target,
        scenarios: Sequence[Scenario],
        pics: Declaration | None,
        codes_file: Path | None,
        drawn: Mapping[str, Any],
        judged: Judged | None = None,
    ) -> Plan:
        """What the run planned, and what all of it costs. Raises `BenchError` for another box than it began with, and `BadInput` where
        anything else that it was begun with is another: bench, scenarios, declaration, codes, this lockproof, and what `drawn` says
        by name, of how scenarios become commands and instants.
        """
        head = self.so_far.head
        known = self.so_far.any_identity or hello.identity in self.so_far.identities
        for name, now in plain(hello).items():
            was = head["hello"].get(name)
            if now != was and name not in _OF_A_BOOT and not (name == "identity" and known):
                raise BenchError(
                    f"this run began with another box: its {name} was {was!r}, this one's is {now!r};"
                    " connect the box that it began with, or begin a new run"
                )
        bench = target.board.settings() if target.board else {}
        codes = None if codes_file is None else digests.of_file(codes_file)
        for what, of_run, here in (
            ("what it is to judge", head["target"], target.name),
            ("the file of codes", head.get("codes"), codes),
            ("this lockproof", head.get("kit"), plain(digests.kit())),
            ("a scenario", head.get("suite"), digests.suite(scenarios)),
            ("the declaration", head.get("pics"), plain(pics.recorded()) if pics else None),
            ("the box's part of the bench file", head.get("bench"), plain(bench)),
            *((_DRAWN[name], head.get(name), now) for name, now in drawn.items()),
            ("what the authority declares", head.get("authority"), plain(judged.told()) if judged else None),
        ):
            if of_run != here:
                raise BadInput(f"{what} is not what the run began with; put it back, or begin a new run")
        by_id = {each.id: each for each in scenarios}
        plan = Plan(**head["cost"], left_out={name: why for name, (why, _) in head["left_out"].items()}, supply=head["supply"])
        plan.selected = [by_id[name] for name in head["planned"]]
        return plan
