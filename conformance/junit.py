"""A run as JUnit XML, as Jenkins and what reads it on GitHub and elsewhere take it: a suite per box, a case per scenario.

`inconclusive` is a skip that says so: neither a failure nor a pass is to be counted. Whatever comes from a box is text without
characters that XML forbids.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as Xml

from lockproof.conformance import report
from lockproof.conformance.verdict import RunResult, ScenarioResult, Verdict
from lockproof.conformance.visible import visible
from lockproof.conformance.whole_files import write_over
from lockproof.spec import clauses

_COUNTED = {"failures": {Verdict.FAIL}, "errors": {Verdict.ERROR}, "skipped": {Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE}}
_SECONDS = len("2026-11-28T04:09:28")  # of an instant that began; the schema has neither fractions nor offsets


def write(path: Path, results: Sequence[RunResult]) -> None:
    """Raises `OSError`."""
    root = Xml.Element("testsuites", _counts([each for result in results for each in result.scenarios], results))
    for result in results:
        suite = Xml.SubElement(root, "testsuite", {"name": visible(result.target), **_counts(result.scenarios, [result])})
        if result.began:
            suite.set("timestamp", result.began[:_SECONDS])
        told = {
            "verdict": str(result.verdict),
            **{name: getattr(result, name) for name in ("identity", "firmware", "seed")},
            "kit": result.kit.get("version", ""),
            "spec": result.kit.get("spec", ""),
        }
        _properties(suite, [(name, value) for name, value in told.items() if value])
        for scenario in result.scenarios:
            _case(suite, result, scenario)
        if result.error:
            Xml.SubElement(suite, "system-err").text = visible(result.error)
    Xml.indent(root)
    write_over(path, Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def _counts(scenarios: Sequence[ScenarioResult], results: Sequence[RunResult]) -> dict[str, str]:
    counted = {name: str(sum(each.verdict in verdicts for each in scenarios)) for name, verdicts in _COUNTED.items()}
    return {"tests": str(len(scenarios)), **counted, "time": f"{sum(result.seconds for result in results):.3f}"}


def _case(suite: Xml.Element, result: RunResult, scenario: ScenarioResult) -> None:
    file, _, line = scenario.where.rpartition(":")
    place = {"file": visible(file), "line": visible(line)} if file else {}
    name = {"classname": visible(f"lockproof.{result.target}"), "name": visible(scenario.id)}
    case = Xml.SubElement(suite, "testcase", {**name, "time": f"{scenario.seconds:.3f}", **place})
    _properties(case, [("clause", clause) for clause in scenario.clauses])
    found = scenario.finding
    if found:
        message = f"{found.did}: {found.saw}; {found.must}"
        failure = Xml.SubElement(case, "failure", message=visible(message), type=visible(", ".join(found.clauses) or "failure"))
        known = clauses.all_clauses()
        sentences = [f'"{known[clause].sentence}" ({clause})' for clause in found.clauses if clause in known]
        failure.text = visible("\n".join([message, *sentences, found.where]))
        story = [*found.history, *report.next_commands(result, scenario.id, found.where)]
        Xml.SubElement(case, "system-out").text = visible("\n".join(story), None)
    elif scenario.verdict is Verdict.ERROR:
        Xml.SubElement(case, "error", message=visible(scenario.message), type="error").text = visible(scenario.message)
    elif scenario.verdict is not Verdict.PASS:
        Xml.SubElement(case, "skipped", message=visible(f"{scenario.verdict}: {scenario.message}"))


def _properties(of: Xml.Element, told: Sequence[tuple[str, str]]) -> None:
    if told:
        properties = Xml.SubElement(of, "properties")
        for name, value in told:
            Xml.SubElement(properties, "property", name=name, value=visible(value))
