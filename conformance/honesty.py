"""What is common to checks of what a vendor puts between the kit and what it judges: an adapter of a box, or an authority.

Each check does one thing and compares what is said with what must have been done. Where it may be what stands behind that is
wrong, and where there is no way to try, a check is inconclusive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter.guard import AdapterFault, AdapterGone
from lockproof.spec.observable import BenchError, Declined

Tried = TypeVar("Tried")


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one check, and what was seen."""

    check: str
    says: str
    verdict: Verdict
    seen: str


@dataclass(frozen=True, slots=True)
class Check(Generic[Tried]):
    """`says` is the sentence that must hold; `needs` names checks without which this one tells nothing."""

    id: str
    says: str
    try_it: Callable[[Tried], str]
    needs: tuple[str, ...] = ()


class Caught(Exception):  # noqa: N818  (reads as what happened)
    """What is checked did not do what the check says: what was seen."""


class Unable(Exception):  # noqa: N818  (reads as what happened)
    """This can't be tried, or says nothing: why."""


class Checks(dict[str, Check[Tried]]):
    """By id, in their order. As a decorator it enters a function."""

    def __call__(self, name: str, says: str, *needs: str) -> Callable[[Callable[[Tried], str]], Callable[[Tried], str]]:
        def register(try_it: Callable[[Tried], str]) -> Callable[[Tried], str]:
            self[name] = Check(name, says, try_it, needs)
            return try_it

        return register

    def try_all(self, trial: Tried, on_finding: Callable[[Finding], None] = lambda _: None) -> list[Finding]:
        """Each of them, in order."""
        findings: list[Finding] = []
        for check in self.values():
            finding = _tried(check, trial, {each.check: each for each in findings})
            findings.append(finding)
            on_finding(finding)
        return findings

    def tell_all(self, trial: Tried, write: Callable[[str], object]) -> int:
        """The checks, told as they go; the exit code."""

        def tell(finding: Finding) -> None:
            write(f"{finding.verdict:<13} {finding.check:<15} {finding.says}\n{'':<30}{finding.seen}\n")

        findings = self.try_all(trial, tell)
        counts = {verdict: sum(each.verdict is verdict for each in findings) for verdict in Verdict}
        write(", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count) + "\n")
        return exit_code(findings)


def exit_code(findings: list[Finding]) -> int:
    """0 all passed, 1 one failed, 4 one is inconclusive."""
    verdicts = {each.verdict for each in findings}
    return 1 if Verdict.FAIL in verdicts else 4 if verdicts != {Verdict.PASS} else 0


def _tried(check: Check[Tried], trial: Tried, before: dict[str, Finding]) -> Finding:
    for needed in check.needs:
        if before[needed].verdict is not Verdict.PASS:
            return Finding(check.id, check.says, Verdict.INCONCLUSIVE, f"{needed} did not pass, so that this says nothing")
    try:
        return Finding(check.id, check.says, Verdict.PASS, check.try_it(trial))
    except AdapterGone as gone:
        return Finding(check.id, check.says, Verdict.INCONCLUSIVE, f"not tried: {str(gone).partition(';')[0]}")
    except (Caught, AdapterFault) as caught:
        return Finding(check.id, check.says, Verdict.FAIL, str(caught))
    except Declined as declined:
        return Finding(check.id, check.says, Verdict.INCONCLUSIVE, f"declined: {declined}")
    except (Unable, BenchError) as unable:
        return Finding(check.id, check.says, Verdict.INCONCLUSIVE, str(unable))
