"""Traces of theorems as files: what `lockproof prove` writes of theorems that hold, to be played, and of those that do not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from lockproof.conformance.journal import Journal
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.scenario import DEFAULT_TODAY, from_data
from lockproof.conformance.suite import as_yaml
from lockproof.conformance.verdict import ScenarioResult, Verdict
from lockproof.conformance.witnesses import Told, counterexample, witness
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import DEFAULT
from lockproof.spec.theorems import THEOREMS
from rich.console import Console


def show_witnesses(console: Console, folder: Path) -> bool:
    """A shortest trace of each theorem, written to the folder and played on the reference box; whether all were as they must be."""
    played, unseen, wrong = 0, [], []
    for each in map(witness, THEOREMS.values()):
        if each.scenario is None:
            unseen.append(each)
            continue
        path = _write(each, folder)
        result = play(each)
        played += 1
        if result.verdict is not Verdict.PASS:
            wrong.append(f"{path}: {result.verdict}: {result.finding.must if result.finding else result.message}")
    for each in unseen:
        _say(console, f"no scenario: {each.theorem.name}\n           {each.reason}")
    for told in wrong:
        _say(console, told)
    _say(
        console,
        f"{played - len(wrong)} of {played} shortest traces of theorems, in {folder}, come out on the reference box as proved",
    )
    return not wrong


def show_counterexamples(console: Console, names: Iterable[str], folder: Path) -> None:
    """Of each theorem that is false, a trace that `lockproof run` plays; or why no bench can show it."""
    for theorem in (THEOREMS[name] for name in names if name in THEOREMS):
        found = counterexample(theorem)
        if found.scenario is None:
            _say(console, f"{theorem.name}: {found.reason}")
        else:
            _say(console, f"{theorem.name} fails on a bench: lockproof run {_write(found, folder)} --box reference")


def play(told: Told) -> ScenarioResult:
    """The scenario of a theorem on the reference box, with the profile that it needs."""
    assert told.scenario is not None
    scenario = from_data(told.scenario, told.theorem.name, 1)
    profile = replace(DEFAULT, **scenario.profile)
    return Player(ReferenceBox(profile=profile), authority_for_a_bench(profile), Journal(), DEFAULT_TODAY, profile).play(scenario)


def _write(told: Told, folder: Path) -> Path:
    """Raises `BadInput` where nothing can be written."""
    assert told.scenario is not None
    path = folder / f"{told.scenario['id']}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(as_yaml(told.scenario), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path}: the trace cannot be written: {error.strerror}; name another folder") from None
    return path


def _say(console: Console, words: str) -> None:
    console.print(words, highlight=False, markup=False, soft_wrap=True)
