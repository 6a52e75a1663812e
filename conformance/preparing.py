"""What a run is going to be, once its box has said hello: the plan, what stands in the `run` record, and no command sent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockproof.conformance import certifiable, digests, suite
from lockproof.conformance.authorities import Judged
from lockproof.conformance.estimating import estimate
from lockproof.conformance.options import Exploration
from lockproof.conformance.outbox import Line
from lockproof.conformance.own_codes import generator_of
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.pics import Declaration, refuse_unless_agreed
from lockproof.conformance.planning import Cost, Plan, Timing, declared_profile, make_plan, timing_of
from lockproof.conformance.scenario import DEFAULT_TODAY, Scenario
from lockproof.conformance.targets import Target, opened, opened_authority
from lockproof.reference.authority import Generator
from lockproof.spec.observable import BadInput, Box, Decision, Declined, Hello
from lockproof.spec.profile import Profile

if TYPE_CHECKING:
    from lockproof.conformance.resuming import Earlier  # which judges what an earlier run has left, and so knows runs


@dataclass(frozen=True, slots=True)
class Prepared:
    """`head` are the fields of the `run` record that follow from hello and the plan."""

    hello: Hello
    profile: Profile
    generator: Generator | None
    timing: Timing
    plan: Plan
    head: dict[str, Any]
    judged: Judged | None = None


def said_hello(box: Box) -> tuple[Hello, float]:
    """What the box says of itself, and how long that took, in seconds. Raises `BenchError`."""
    asked = time.perf_counter()
    return box.hello(), time.perf_counter() - asked


def prepare(
    box: Box,
    said: tuple[Hello, float],
    target: Target,
    scenarios: Sequence[Scenario],
    today: str = DEFAULT_TODAY,
    *,
    rehearse: bool = True,
    codes: Path | None = None,
    clock: ClockMode | None = None,
    longest_wait: int | None = None,
    pics: Declaration | None = None,
    seed: str = "",
    explore: Exploration | None = None,
    earlier: Earlier | None = None,
    judged: Judged | None = None,
) -> Prepared:
    """The arguments are those of `run.run`; `said` is what `said_hello` gave, `judged` the authority, where one is. The plan of a run
    that is gone on with is its own.

    Raises `BadInput` for a declaration that the box contradicts, and for what it does not declare; `BenchError` for what no box
    may declare; `Contradiction` and `ScenarioError` for a scenario that can't be played.
    """
    hello, round_trip = said
    if pics is not None:
        refuse_unless_agreed(pics, target.name, hello)
    profile = declared_profile(asdict(hello))
    generator = generator_of(box, hello, codes)
    if judged is not None:
        profile = judged.agree(hello, profile, generator)
    timing = timing_of(hello, target, clock, longest_wait)
    if earlier and earlier.so_far.head:
        drawn = {"today": today, "seed": seed, "clock": timing.mode, "wait": timing.longest_wait, "grown_by": grown_by(explore)}
        plan = earlier.plan(hello, target, scenarios, pics, codes, drawn, judged)
    else:
        has_codes, listed = generator is not None, generator if codes else None
        has = judged.hello.requests if judged else None
        plan = make_plan(
            scenarios, hello, profile, target, today, timing, rehearse=rehearse, has_codes=has_codes, listed=listed, has=has
        )
    plan.authority = f"{judged.hello.name} {judged.hello.version}".strip() if judged else ""
    head = {
        "planned": {each.id: each.clauses for each in plan.selected},
        "left_out": {each.id: (plan.left_out[each.id], each.clauses) for each in scenarios if each.id in plan.left_out},
        "brought": [each.id for each in scenarios if not suite.is_packaged(each)],
        "judged_authority": target.judges_authority,
        **({"authority": judged.told(), "judged_box": target.judges_box} if judged else {}),
        "clock": timing.mode,
        "wait": timing.longest_wait,
        "hello": asdict(hello),
        "cost": {each.name: getattr(plan, each.name) for each in fields(Cost)},
        "supply": plan.supply,
        "kit": digests.kit(),
        "suite": digests.suite(scenarios),
        **({"grown_by": grown_by(explore)} if explore else {}),
        **({"codes": digests.of_file(codes)} if codes else {}),
        **({"pics": pics.recorded()} if pics else {}),
    }
    plan.not_certifiable = certifiable.why_not_planned(head) + (pics.unnamed() if pics else [])
    if rehearse and earlier is None:
        plan.estimate = estimate(plan, hello, target, timing, round_trip, together=isinstance(box, Line))
    return Prepared(hello, profile, generator, timing, plan, head, judged)


def grown_by(explore: Exploration | None) -> str | None:
    """What the scenarios of an exploration come from, beside the seed: another one has others under the same ids."""
    return f"hypothesis {version('hypothesis')}" if explore else None


def declined(box: Box, hello: Hello) -> dict[str, str]:
    """How a box that declares that it has no app declines what only an app sends; of another box nothing, which is not asked.

    Raises `BadInput` for one that takes it: what it declares is not so, and scenarios with tickets would be left out.
    """
    if "code-only" not in hello.classes or hello.production:
        return {}
    found = {name: _declines(box, name) for name in certifiable.WITHOUT_AN_APP}
    if taken := [name for name, why in found.items() if why != certifiable.WITHOUT_AN_APP[name]]:
        told = " and ".join(f"{_IN_WORDS[name]} ({found[name]})" for name in taken)
        raise BadInput(
            f"the box declares class code-only, a box without an app, and did not answer with unsupported: {told};"
            " let it answer both with unsupported, status 4 on a line, or leave the class out of its hello"
        )
    return found


def _declines(box: Box, name: str) -> str:
    try:
        decision: Decision = getattr(box, name)(_NO_MESSAGE)
    except Declined as no:
        return no.why
    return "it was opened for" if decision.accepted else "it was decided"


_NO_MESSAGE = bytes(16)
_IN_WORDS = {"present": "a ticket", "revocation_order": "a revocation order"}


def plan_of(target: Target, scenarios: Sequence[Scenario], today: str = DEFAULT_TODAY, **options: Any) -> Prepared:
    """What `run.run` would play, with the same options: the box is asked for its hello, and for nothing else.

    Raises as `prepare` does, and `BenchError` where the box can't be reached.
    """
    with opened_authority(target) as judged, opened(target, beside=judged) as box:
        ready = prepare(box, said_hello(box), target, scenarios, today, judged=judged, **options)
        target.refuse_beyond_budget(ready.plan.writes, ready.plan.cuts)
        return ready
