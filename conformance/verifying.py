"""`lockproof verify`: whether a signed statement holds, by its signature and by judging the run again, without the device.

Of the run nothing is believed but what the bench wrote down: every verdict and list is found anew and compared with what is claimed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lockproof.conformance import certifiable, certifying, digests, envelope, key_files, production_record, stating, suite
from lockproof.conformance.envelope import Enveloped, canonical, exact
from lockproof.conformance.evidence import Evidence, Parts
from lockproof.conformance.real_hour import RealHour
from lockproof.conformance.visible import visible
from lockproof.conformance.words import counted
from lockproof.spec.observable import BadInput

TOLD = 10  # differences of one part
_SHORT = 200  # characters of a value
_NEITHER = object()
_NO_SENSE = (LookupError, TypeError, AttributeError, ValueError, RecursionError)
_HOLDS, _FAILS, _OPEN = 0, 1, 4


@dataclass(slots=True)
class Checks:
    """What was checked, a line each, in order."""

    lines: list[str] = field(default_factory=list)
    wrong: int = 0
    unknown: int = 0

    def say(self, part: str, wrong: Iterable[str], well: str) -> bool:
        """`well` is said where nothing is wrong with this part; whether that is so."""
        found = list(_to_the_end(wrong))
        self.wrong += bool(found)
        for each in found[:TOLD]:
            self._line("wrong", f"{part}: {each}")
        if len(found) > TOLD:
            self._line("wrong", f"{part}: and {len(found) - TOLD} more")
        if not found:
            self._line("ok", f"{part}: {well}")
        return not found

    def leave_open(self, part: str, why: str) -> None:
        self.unknown += 1
        self._line("unknown", f"{part}: {why}")

    def note(self, part: str, what: str) -> None:
        self._line("note", f"{part}: {what}")

    def _line(self, word: str, text: str) -> None:
        self.lines.append(f"{word:<8}{visible(text)}")


def _to_the_end(wrong: Iterable[str]) -> Iterator[str]:
    """A journal may say whatever somebody wrote there, and what can't be looked at is wrong, too."""
    try:
        yield from wrong
    except _NO_SENSE as error:
        yield f"the journal says what none does ({type(error).__name__}: {error})"


def verify(path: Path, key: Path | None, runs: Sequence[Path]) -> int:
    """Print each check; the exit code: 0 if all hold, 1 if one does not, 4 if all do but nobody knows who signed.

    `runs`: the folder of the run, where the statement stands if none is named, and that of the one in which an expiry was waited
    for. Raises `BadInput` for a file that is no statement, or a key or folder that is none.
    """
    public = key_files.public_key(key) if key else None
    stated = envelope.read(path)
    claimed = stated.statement["predicate"]
    checks = Checks()
    folders = list(runs) or [path.parent]
    if _is_ours(checks, stated) and _signature(checks, stated, public):
        _look(checks, stated, claimed, folders)
    for line in checks.lines:
        sys.stdout.write(f"{line}\n")
    code = _FAILS if checks.wrong else _OPEN if checks.unknown else _HOLDS
    sys.stdout.write(f"{_sum(checks, claimed, code)}\n")
    return code


def _sum(checks: Checks, claimed: Any, code: int) -> str:
    if code == _FAILS:
        return f"it does not hold: {counted(checks.wrong, 'part')} of it {'is' if checks.wrong == 1 else 'are'} wrong"
    signer = claimed["signer"]
    who = visible(f"{signer['name']} ({'its maker' if signer['as'] == 'self' else 'a lab'})", _SHORT)
    if code == _OPEN:
        return f"what it says of the run holds; nothing is shown about who signed it, which claims to be {who}"
    return f"it holds, and the key is the one given, of which it says: {who}; what it does not show stands in it under unproven"


def _is_ours(checks: Checks, stated: Enveloped) -> bool:
    claimed = stated.statement["predicate"]
    wrong = []
    if stated.statement["predicateType"] != stating.PREDICATE_TYPE or not isinstance(claimed, dict):
        wrong.append(f"its predicate type is not {stating.PREDICATE_TYPE}")
    elif claimed.get("format") != stating.FORMAT:
        wrong.append(f"its format is not {stating.FORMAT}; use a lockproof of its version")
    elif not _is_a_signer(claimed.get("signer")):
        wrong.append("it does not say who signs")
    return checks.say("statement", wrong, f"an in-toto Statement, {stating.FORMAT}")


def _is_a_signer(told: Any) -> bool:
    texts = isinstance(told, dict) and {*told} == {"name", "as", "keyid"} and all(isinstance(each, str) for each in told.values())
    return texts and told["as"] in stating.ROLES


def _signature(checks: Checks, stated: Enveloped, public: Any) -> bool:
    """Whether to go on: what nobody signed is not compared with anything."""
    signer = stated.statement["predicate"]["signer"]
    if signer["keyid"] != stated.keyid:
        return checks.say("signature", [f"by key {stated.keyid}, and the statement says key {signer['keyid']}"], "")
    if public is None:
        checks.leave_open(
            "signature",
            f"not checked, since no public key was given (--key PUB); it claims key {stated.keyid}, which anybody can write there",
        )
        return True
    wrong = []
    if public.keyid != stated.keyid:
        wrong.append(f"by key {stated.keyid}, and the key given is {public.keyid}")
    elif not stated.is_signed_by(public):
        wrong.append("this key did not sign this statement: it was changed, or the signature was; nothing else is compared")
    return checks.say("signature", wrong, f"by key {public.keyid}")


def _look(checks: Checks, stated: Enveloped, claimed: dict[str, Any], folders: Sequence[Path]) -> None:
    main, other = _the_runs(checks, claimed, folders)
    if main is None:
        return
    is_declared = checks.say("declaration", main.against_the_declaration(), "as the journal keeps it, and as the box said hello")
    checks.say("box", main.against_its_beginning(), "one hello from the beginning to the end")
    checks.say("plan", main.against_the_plan(), "what was left out is what a box of this hello is not asked to play")
    checks.say("report.json", main.against_the_report(), "what the journal gives")
    checks.say("scenarios", main.against_the_suite(), "those that passed were played as the packaged ones are written")
    if is_declared:
        checks.say("certifiable", _why_not(main), "nothing stands in the way, judged again")
        _compare(checks, stated, claimed, main, other)
    _kits(checks, main)


def _why_not(main: Evidence) -> Iterator[str]:
    yield from main.unnamed()
    yield from certifiable.why_not(main.result, main.head)


def _the_runs(
    checks: Checks, claimed: dict[str, Any], folders: Sequence[Path]
) -> tuple[Evidence | None, tuple[Evidence, RealHour] | None]:
    """The run that judged the box, and the one in which an expiry was waited for, if that is claimed."""
    waited = claimed.get("expiry_waited_for")
    main = _run(checks, "run", _of(claimed, "run"), folders[0])
    if waited is None:
        if folders[1:]:
            checks.note("run", f"{folders[1]}: the statement says nothing of a second run")
        return main, None
    journal, of_main = _of(waited, "run", "chain"), _of(claimed, "run", "chain")
    if journal == of_main:
        other = main
    elif not folders[1:]:
        checks.say("expiry_waited_for", ["it stands in a second run; name that, too, with another --run"], "")
        return main, None
    else:
        other = _run(checks, "expiry_waited_for", _of(waited, "run"), folders[1])
    hour = certifying.the_hour(other, None) if other else None
    if main and other and other is not main:
        checks.say("expiry_waited_for", certifying.hour_why_not(main, other), "of the same box, in a second run")
    return main, hour


def _run(checks: Checks, part: str, claimed: Any, folder: Path) -> Evidence | None:
    """A run judged again. What is another than was signed is told of each file, and the journal is judged all the same."""
    try:
        parts = Parts.of(folder)
        found = parts.digests()
    except BadInput as wrong:
        checks.say(part, [str(wrong)], "")
        return None
    files = _of(claimed, "files")
    for name, digest in found.items():
        signed = _of(files, name)
        differs = [] if signed == digest else [f"its SHA-256 is {digest}, and {_told(signed)} was signed"]
        checks.say(f"{part}: {name}", differs, f"SHA-256 {digest}")
    try:
        evidence = Evidence.of(folder)
    except BadInput as wrong:
        checks.say(f"{part}: {parts.journal.name}", [str(wrong)], "")
        return None
    ends = _of(claimed, "chain"), _of(claimed, "records")
    wrong_end = (
        []
        if ends == (evidence.chain, evidence.records)
        else [
            f"it ends after {evidence.records} records with {evidence.chain}, and was signed ending after {_told(ends[1])} with {_told(ends[0])}"
        ]
    )
    checks.say(f"{part}: chain", wrong_end, f"whole, {evidence.records} records")
    return evidence


def _compare(
    checks: Checks, stated: Enveloped, claimed: dict[str, Any], main: Evidence, hour: tuple[Evidence, RealHour] | None
) -> None:
    """Everything that is stated, with what the run gives."""
    try:
        checked = production_record.of_run(main.parts.report.parent)
        wrong = list(production_record.why_not(checked)) if checked else []
    except BadInput as error:
        checked, wrong = None, [str(error)]
    try:
        found = stating.predicate(main, claimed["signer"], hour, checked)
        subjects = stating.subjects(main)
    except _NO_SENSE as error:
        checks.say("statement", [f"none can be made of this journal ({type(error).__name__}: {error})"], "")
        return
    if wrong:
        checks.say("production_check", wrong, "")
    checks.say("subject", differences(stated.statement["subject"], exact(subjects), "subject"), "the images as they are declared")
    for part in sorted({*found, *claimed} - {"signer", "format"}):  # which were looked at with the signature
        one, another = claimed.get(part, _NEITHER), found.get(part, _NEITHER)
        checks.say(part, differences(one, another, part), _well(part, found))


def _well(part: str, found: Mapping[str, Any]) -> str:
    match part:
        case "clauses":
            return f"the same verdict, evidence and clocks of each of {len(found[part])}"
        case "scenarios":
            return ", ".join(f"{len(names)} {kind.replace('_', ' ')}" for kind, names in found[part].items())
        case "unproven":
            return f"it says what is not shown: {', '.join(found[part])}"
        case "expiry_waited_for" | "production_check" if found[part] is None:
            return "none is claimed"
    return "what the run gives"


def differences(claimed: Any, found: Any, where: str) -> Iterator[str]:
    """Where what is claimed is not what is found, innermost first, a line each."""
    if isinstance(claimed, dict) and isinstance(found, dict):
        for name in sorted({*claimed, *found}):
            yield from differences(claimed.get(name, _NEITHER), found.get(name, _NEITHER), f"{where}.{name}")
    elif type(claimed) is not type(found) or (claimed is not _NEITHER and canonical(claimed) != canonical(found)):
        yield f"{where}: {_told(claimed)} is claimed, and the run gives {_told(found)}"


def _told(value: Any) -> str:
    return "nothing" if value is _NEITHER or value is None else f"{value!r:.{_SHORT}}"


def _of(value: Any, *names: str) -> Any:
    """What stands there, None where nothing does."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _kits(checks: Checks, main: Evidence) -> None:
    """A run is compared whatever it was judged by; a reader is told."""
    of_run, here = main.head.get("kit") or {}, {**digests.kit(), "suite": digests.suite(suite.packaged())}
    others = [name for name, value in here.items() if {**of_run, "suite": main.head.get("suite")}.get(name) != value]
    if others:
        checks.note(
            "kit",
            f"this one differs from that of the run in its {', '.join(others)}; every verdict was compared all the same, as this one judges",
        )
    else:
        checks.note("kit", f"the same as that of the run, {here['version']}")
