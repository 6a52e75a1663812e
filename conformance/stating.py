"""What a statement says of a run. It follows from what the run has left, so that whoever has that can make it again and compare."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from lockproof.conformance.certifiable import mandatory
from lockproof.conformance.envelope import canonical, exact
from lockproof.conformance.evidence import Evidence
from lockproof.conformance.planning import FOR_THE_DEFAULT
from lockproof.conformance.real_hour import RealHour
from lockproof.conformance.targets import IN_PROCESS
from lockproof.conformance.verdict import ONLY_HELD, ScenarioResult, Verdict
from lockproof.conformance.words import counted
from lockproof.spec.clauses import Decider
from lockproof.spec.observable import SELF_REPORTED, CutClass
from lockproof.spec.profile import DEFAULT, MINUTE

PREDICATE_TYPE: Final = "urn:uuid:d9bf9804-3a18-4997-89e0-cea43041526a"
"""Names what the predicate is. A UUID is nobody's domain, and nothing is to be found at it."""
FORMAT: Final = "lockproof-conformance/1"
ROLES: Final = ("self", "lab")
IMAGES: Final = {"test": "test image", "production": "production image"}


def subjects(evidence: Evidence) -> list[dict[str, Any]]:
    """The images that are declared, by SHA-256; where none is, the box, by that of what it calls itself."""
    declared = evidence.declaration()
    assert declared is not None
    named = [(told, declared.images[name].sha256) for name, told in IMAGES.items() if declared.images[name].sha256]
    if not named:
        called = canonical({"firmware": evidence.result.firmware, "identity": evidence.result.identity})
        named = [("box identity, no image named", hashlib.sha256(called).hexdigest())]
    return [{"name": name, "digest": {"sha256": digest}} for name, digest in named]


def predicate(
    evidence: Evidence, signer: Mapping[str, str], hour: tuple[Evidence, RealHour] | None, production: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Everything that is stated, with `signer` as it names itself.

    `hour`: a run with an expiry that was waited for; `production`: what a check of the production build has left.
    """
    head, result, declared = evidence.head, evidence.result, evidence.declaration()
    assert declared is not None
    stated = {
        "format": FORMAT,
        "signer": signer,
        "box": {
            "vendor": declared.vendor,
            "product": declared.product,
            "identity": result.identity,
            "firmware": result.firmware,
            "hello": head["hello"],
        },
        "bench": {
            "target": result.target,
            "settings": head["bench"],
            "clock": head["clock"],
            "longest_wait": head["wait"],
            "supply": head["supply"],
            "observed_by": _all_of(each.observed_by for each in result.scenarios),
            "power_cuts": Counter(cut for each in result.scenarios for cut in each.cuts),
            "authority_judged": head["judged_authority"],
        },
        "declaration": {
            "sha256": head["pics"]["sha256"],
            "images": {name: declared.images[name].sha256 for name in IMAGES},
            "said_to_be_of_one_source": declared.one_source,
        },
        "digests": {**head["kit"], "suite": head["suite"]},
        "run": _run(evidence) | {"today": head["today"], "verdict": result.verdict},
        "clauses": _clauses(evidence),
        "scenarios": _scenarios(result.scenarios),
        "retries": {"gone_on_with": len(evidence.resumed), "played_again": evidence.played_again},
        "expiry_waited_for": _hour(hour) if hour else None,
        "production_check": production,
        "unproven": dict(_unproven(evidence, hour, production)),
    }
    return dict(exact(stated))


def _run(evidence: Evidence) -> dict[str, Any]:
    return {
        "began": evidence.result.began,
        "seed": evidence.result.seed,
        "files": evidence.digests,
        "records": evidence.records,
        "chain": evidence.chain,
    }


def _all_of(told: Any) -> list[str]:
    return sorted({each for some in told for each in some})


def _clauses(evidence: Evidence) -> dict[str, Any]:
    """By id. Clauses of the authority only where one was judged."""
    needed = mandatory(evidence.head["hello"]["classes"])
    return {
        row.id: {
            "decided_by": row.decider,
            "must_be_shown": row.id in needed,
            "verdict": row.verdict,
            "why": row.reason,
            "clocks": row.clocks,
            "power_cuts": row.cuts,
            "observed_by": row.observed_by,
            "evidence": row.scenarios,
        }
        for row in evidence.result.clauses
        if row.decider != Decider.AUTHORITY or evidence.head["judged_authority"]
    }


def _scenarios(results: Sequence[ScenarioResult]) -> dict[str, Any]:
    not_played = {each.id: each for each in results if each.verdict is Verdict.NOT_APPLICABLE}
    return {
        "played": {each.id: each.verdict for each in results if each.id not in not_played},
        "inconclusive": {each.id: each.message for each in results if each.verdict is Verdict.INCONCLUSIVE},
        "not_applicable": {name: each.message for name, each in not_played.items() if not each.left_out},
        "left_out": {name: each.message for name, each in not_played.items() if each.left_out},
    }


def _hour(hour: tuple[Evidence, RealHour]) -> dict[str, Any]:
    evidence, found = hour
    return {
        "scenario": found.scenario,
        "first_use": found.first_use,
        "refused": found.refused,
        "bench_seconds": found.bench_seconds,
        "clock": evidence.head["clock"],
        "run": _run(evidence),
    }


def _unproven(
    evidence: Evidence, hour: tuple[Evidence, RealHour] | None, production: Mapping[str, Any] | None
) -> Iterator[tuple[str, str]]:
    """What nobody has shown, in so many words."""
    scenarios = evidence.result.scenarios
    cuts = {cut for each in scenarios for cut in each.cuts}
    yield "the bench", _THE_BENCH
    yield "the keys", _THE_KEYS
    yield "the images", _of_images(evidence)
    yield "the production build", _PRODUCTION_UNCHECKED if production is None else _PRODUCTION_CHECKED
    if any(SELF_REPORTED in each.observed_by for each in scenarios):
        yield "the openings", _SELF_REPORTED
    if hour is None:
        yield "the hour", _NO_HOUR
    if any(each.verdict is Verdict.NOT_APPLICABLE and each.message.startswith(ONLY_HELD) for each in scenarios):
        yield "the drift", "The drift of the clock is as declared; it was not measured, since the clock was held."
    if CutClass.SUPPLY not in cuts:
        yield "the power cuts", f"Power was never cut at the supply, but {_by_itself(cuts)}."
    yield from _of_one_box(evidence)
    yield from _of_ours(evidence)


def _of_images(evidence: Evidence) -> str:
    declared = evidence.declaration()
    assert declared is not None
    if unnamed := [told for name, told in IMAGES.items() if not declared.images[name].sha256]:
        return f"No digest is declared of the {' and the '.join(unnamed)}. {_WHICH_IMAGE}"
    return f"{_SAID_TO_BE_ONE if declared.one_source else _NOT_SAID_TO_BE_ONE} {_WHICH_IMAGE}"


def _by_itself(cuts: Iterable[str]) -> str:
    return f"by the box itself: {', '.join(sorted(cuts))}" if cuts else "nowhere"


def _of_one_box(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What nobody has written for a box like this, and whether it was one box."""
    if unfit := sum(each.message == FOR_THE_DEFAULT for each in evidence.result.scenarios):
        yield "the profile", f"Not played: {counted(unfit, 'scenario')} {_FOR_THE_DEFAULT}"
    if "code-only" in evidence.head["hello"]["classes"]:
        yield "the app", _NO_APP
    if evidence.strange:
        names = ", ".join(name or "nothing" for name in evidence.strange)
        yield "the one box", f"The run was gone on with, and the box then called itself {names}, {_NOT_KNOWN_AS}"


def _of_ours(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Of the reference box, with which an authority is judged, and of which a statement is for trying out."""
    if not evidence.head["judged_authority"]:
        yield "the authority", "No authority was judged: clauses that the authority alone decides are no part of this."
    elif evidence.result.target == IN_PROCESS:
        yield "the box", "It lived in the kit's own process and in its time, and is the reference box, not a product."
    else:
        yield "the box", "It is the reference box, which comes with the kit, and not a product."


_THE_BENCH: Final = (
    "The journal is what the signer's bench wrote down. Whoever has the bench can write answers that no box gave, and nobody can find"
    " that out from the journal: for the bench the signer is trusted."
)
_THE_KEYS: Final = "The keys of the box that stand in the journal are test secrets; a box that is sold must not have them."
_WHICH_IMAGE: Final = "Which image was on the box is the signer's word: the box said no more than the name of its firmware."
_SAID_TO_BE_ONE: Final = "That both images are built from one source is what the vendor says; what was judged is the test image."
_NOT_SAID_TO_BE_ONE: Final = "Nobody says that both images are built from one source; what was judged is the test image."
_SELF_REPORTED: Final = "That the box opened, or did not, is what it reported of itself; nobody looked at the shackle."
_NO_HOUR: Final = (
    "No expiry was waited for in real time: hours passed by command, or not at all, so how long"
    f" {DEFAULT.code_life // MINUTE} minutes take is not shown."
)
_FOR_THE_DEFAULT: Final = (
    "written for the default profile; of the one that this box declares, others show its clauses, and less of them."
)
_NO_APP: Final = (
    "The box declares that it has no app. Before the run it answered a ticket and a revocation order, neither of them genuine, as"
    " unsupported; that it does so for genuine ones is what it says."
)
_NOT_KNOWN_AS: Final = "by which it was not known: that it is the box with which the run began is the signer's word."
_PRODUCTION_UNCHECKED: Final = "That a production build refuses every test command was not checked."
_PRODUCTION_CHECKED: Final = (
    "The check of a production build left no journal: its result is the signer's word, and so is which box that was."
)
