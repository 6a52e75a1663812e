"""A run as JUnit XML: as readers of it have it, whatever a box says."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as Xml

import pytest
from lockproof.conformance import junit, suite
from lockproof.conformance.run import run
from lockproof.conformance.targets import target
from lockproof.conformance.verdict import RunResult, ScenarioResult, Verdict

HOUR = "the-hour-is-over"
# What the schema of Jenkins' plugin allows: the attributes of each element, and what may stand in it, in this order
ALLOWED = {
    "testsuites": ({"tests", "failures", "errors", "skipped", "time"}, ["testsuite"]),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
        ["properties", "testcase", "system-out", "system-err"],
    ),
    "properties": (set(), ["property"]),
    "property": ({"name", "value"}, []),
    "testcase": (
        {"classname", "name", "time", "file", "line"},
        ["properties", "skipped", "error", "failure", "system-out", "system-err"],
    ),
    "failure": ({"message", "type"}, []),
    "error": ({"message", "type"}, []),
    "skipped": ({"message"}, []),
    "system-out": (set(), []),
    "system-err": (set(), []),
}


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """A run of a faulty box."""
    folder = tmp_path_factory.mktemp("run")
    return run(target("fault:expires-one-second-late"), suite.select(suite.packaged(), [HOUR]), folder, seed="s1")


def written(tmp_path, *results: RunResult) -> Xml.Element:
    junit.write(tmp_path / "junit.xml", results)
    return Xml.parse(tmp_path / "junit.xml").getroot()


def check(element: Xml.Element) -> None:
    attributes, order = ALLOWED[element.tag]
    assert set(element.attrib) <= attributes
    places = [order.index(child.tag) for child in element]
    assert places == sorted(places)
    for child in element:
        check(child)


def test_it_is_as_the_schema_has_it(failed, tmp_path):
    gone = RunResult("socket://box", "", "", error="it is gone", began="2026-11-28T04:09:28.077224+00:00")
    check(written(tmp_path, failed, gone))


def test_what_the_schema_does_not_allow_is_seen():
    with pytest.raises((AssertionError, KeyError, ValueError)):
        check(Xml.fromstring("<testsuite><system-out/><testcase/></testsuite>"))


def test_a_case_says_its_clauses_its_file_and_the_story_of_its_failure(failed, tmp_path):
    root = written(tmp_path, failed)
    case = root.find(f".//testcase[@name='{HOUR}']")
    assert [(each.get("name"), each.get("value")) for each in case.iter("property")] == [
        ("clause", "code.expiry.after-first-use"),
        ("clause", "code.expiry.not-extended"),
    ]
    assert (case.get("file"), case.get("line")) == ("scenarios/code/the-hour-is-over.yaml", "1")
    failure = case.find("failure")
    assert failure.get("type") == "code.expiry.after-first-use, code.expiry.not-extended"
    assert '"Using a One Day Code again does not extend it." (code.expiry.not-extended)' in failure.text.splitlines()
    story = case.find("system-out").text.splitlines()
    assert story[-3].startswith("2027-03-03 15:19:51   enter anns-code")
    assert story[-2] == f"again: lockproof replay {failed.journal.removesuffix('/journal.jsonl')} --scenario {HOUR}"


def test_counts_are_those_of_the_cases(failed, tmp_path):
    others = [
        ScenarioResult(str(n), verdict, (), message="why") for n, verdict in enumerate(Verdict) if verdict is not Verdict.FAIL
    ]
    root = written(tmp_path, replace(failed, scenarios=[*failed.scenarios, *others]))
    for element in (root, root.find("testsuite")):
        cases = element.findall(".//testcase")
        assert element.get("tests") == str(len(cases))
        for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            in_it = sum(case.find(tag) is not None for case in cases)
            assert element.get(name) == str(in_it), name
    assert [each.get("message") for each in root.iter("skipped")] == ["inconclusive: why", "not-applicable: why"]


def test_what_xml_forbids_is_spelt_out(failed, tmp_path):
    says = "a\x00b\x1b[31m\ud800\ufffe<&>"
    bad = ScenarioResult(says, Verdict.ERROR, (), message=says)
    root = written(tmp_path, replace(failed, target=says, firmware=says, error=says, scenarios=[bad]))
    told = "a\\x00b\\x1b[31m\\ud800\\ufffe<&>"
    assert root.find(".//error").text == told
    assert root.find(".//testcase").get("name") == told
    assert root.find(".//system-err").text == told
