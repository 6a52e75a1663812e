"""The packaged scenarios, and scenarios from files that somebody names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from lockproof.conformance import vector_files
from lockproof.conformance.scenario import Scenario, ScenarioError, Where, from_data, load
from lockproof.spec.observable import BadInput

TRACE = ".itf.json"
_FOLDER = Path(str(files("lockproof.conformance.scenarios")))


class Suite(StrEnum):
    """Which of the packaged scenarios: those written by people, those synthesized from the model, both, or the controls alone."""

    WRITTEN = "written"
    SYNTHESIZED = "synthesized"
    ALL = "all"
    NONE = "none"


def packaged(which: Suite = Suite.ALL) -> tuple[Scenario, ...]:
    """The packaged scenarios, controls first; the controls are written ones and belong to every suite. Raises `ScenarioError`."""
    if which is Suite.WRITTEN:
        return written()
    own = synthesized() if which is not Suite.NONE else ()
    return tuple(each for each in written() if which is Suite.ALL or each.control) + own


def is_packaged(scenario: Scenario) -> bool:
    """It is one of the packaged ones, and not from a file that somebody named. Where none was loaded, none is, and none is loaded."""
    return bool(written.cache_info().currsize) and _by_id().get(scenario.id) == scenario


@cache
def _by_id() -> dict[str, Scenario]:
    return {scenario.id: scenario for scenario in packaged()}


def path_of(scenario: Scenario) -> Path:
    """The file of a written scenario."""
    return _FOLDER.parent / scenario.where.file


def text_of(scenario: Scenario) -> str:
    """A packaged scenario as it is written; a synthesized one in the form in which people would write it."""
    if scenario in written():
        return path_of(scenario).read_text(encoding="utf-8")
    data = next(data for _, data, _ in vector_files.read() if data["id"] == scenario.id)
    return as_yaml(data["scenario"])


def as_yaml(scenario: dict[str, Any]) -> str:
    """A scenario as a file, a step on a line."""
    lines = [f"{key}: {_in_a_line(value)}" for key, value in scenario.items() if key != "steps"]
    return "\n".join([*lines, "steps:", *(f"  - {_in_a_line(step)}" for step in scenario["steps"])]) + "\n"


def _in_a_line(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
    return text.removesuffix("...\n").strip()


@cache
def synthesized() -> tuple[Scenario, ...]:
    """Every synthesized scenario, by clause. Raises `ScenarioError`, and `BadInput` for a file that holds none."""
    found = tuple(from_data(data["scenario"], file, line) for file, data, line in vector_files.read())
    _refuse_twins((*written(), *found))
    return found


@cache
def written() -> tuple[Scenario, ...]:
    """Every packaged scenario, controls first, then by folder and name. Raises `ScenarioError`."""
    found = [load(path, shown=str(path.relative_to(_FOLDER.parent))) for path in sorted(_FOLDER.rglob("*.yaml"))]
    _refuse_twins(found)
    return tuple(sorted(found, key=lambda scenario: not scenario.control))


def from_files(paths: Sequence[Path]) -> tuple[Scenario, ...]:
    """Scenarios from files and folders, also from traces in ITF. Raises `ScenarioError`, and `BadInput` for a bad trace."""
    found: list[Scenario] = []
    for path in paths:
        inside = sorted([*path.rglob("*.yaml"), *path.rglob(f"*{TRACE}")]) if path.is_dir() else [path]
        if not inside:
            raise ScenarioError(
                Where(str(path), 1), "no scenario in this folder", f"name a folder that has *.yaml or *{TRACE} files"
            )
        found += [_from_trace(each) if each.name.endswith(TRACE) else load(each) for each in inside]
    _refuse_twins(found)
    return tuple(found)


def _from_trace(path: Path) -> Scenario:
    from lockproof.conformance.itf_playing import scenario_in  # noqa: PLC0415 (traces come with the solver, which is slow to load)

    return scenario_in(path)


def select(
    scenarios: Iterable[Scenario], ids: Sequence[str], *, box: bool = True, authority: bool = False
) -> tuple[Scenario, ...]:
    """The scenarios with these ids, and the controls of what is judged; all, if no id is given.

    Raises `BadInput` for an id that none has.
    """
    known = {scenario.id: scenario for scenario in scenarios}
    for wanted in ids:
        if wanted not in known:
            from difflib import get_close_matches  # noqa: PLC0415 (for the message only)

            near = get_close_matches(wanted, known, n=1)
            hint = f"did you mean {near[0]}?   " if near else ""
            raise BadInput(f"no scenario is called {wanted}\n    {hint}(all scenarios: lockproof scenarios list)")
    return tuple(s for s in known.values() if not ids or s.id in ids or (s.control and (box if s.uses_box else authority)))


def _refuse_twins(scenarios: Iterable[Scenario]) -> None:
    first: dict[str, Scenario] = {}
    for scenario in scenarios:
        twin = first.setdefault(scenario.id, scenario)
        if twin is not scenario:
            raise ScenarioError(scenario.where, f"{scenario.id} already stands in {twin.where}", "give one of the two another id")
