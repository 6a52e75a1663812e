"""The page of a run: what stands in it, that it is whole, and that the journal alone gives it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from lockproof.conformance import html_report, recording, replaying, suite, unit_test
from lockproof.conformance.judging import judged_anew
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.played import Kind, Moment, Played
from lockproof.conformance.report import EXPLAINED
from lockproof.conformance.reporting import report_anew
from lockproof.conformance.run import run
from lockproof.conformance.targets import target
from lockproof.conformance.timeline import picture
from lockproof.conformance.timeline import told as told_of
from lockproof.conformance.verdict import Verdict
from lockproof.conformance.visible import visible
from lockproof.spec.observable import BadInput

HOUR, CUT, REVOKED = "the-hour-is-over", "a-power-cut-at-the-first-use", "a-refusal-notifies-nobody"
LATE = "expires-one-second-late"


def judged(folder: Path, *boxes: str, only=(HOUR,), clock=None, first=0):
    """Runs of these boxes, as the command makes them: a folder each below the run's."""
    results = []
    for number, box in enumerate(boxes, first):
        place = folder / f"box_{number}"
        place.mkdir(parents=True)
        chosen = suite.select(suite.packaged(), list(only))
        results.append(run(target(box), chosen, place, seed="s1", explain=EXPLAINED, clock=clock))
    return results


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """The folder and the page of a run of a faulty box on a line, and of one that is as it should be."""
    folder = tmp_path_factory.mktemp("runs")
    results = judged(folder, f"pty:{LATE}") + judged(folder, "reference", only=(HOUR, CUT), first=1)
    return folder, html_report.page(results)


def parsed(page: str) -> Xml.Element:
    """The page as XML, which it is, too: so every element is closed where it should be."""
    return Xml.fromstring(page.removeprefix("<!DOCTYPE html>").strip())


def text_of(element: Xml.Element | None) -> str:
    assert element is not None
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def failure_in(page: str) -> Xml.Element:
    found = parsed(page).find(".//article[@class='failure']")
    assert found is not None
    return found


# The same bytes


def test_the_journals_alone_give_the_page_that_the_run_wrote(failed):
    folder, page = failed
    path, results = report_anew(folder, folder / "again.html")
    assert path.read_text(encoding="utf-8") == page
    assert [result.verdict for result in results] == [Verdict.FAIL, Verdict.PASS]


@pytest.mark.parametrize(
    ("box", "clock"),
    [
        ("fault:drifts-more-than-it-declares", ClockMode.WALL_CLOCK),
        ("reference", ClockMode.WALL_CLOCK),
        ("fault:opens-once", None),
        ("socket://127.0.0.1:1", None),
    ],
)
def test_so_they_do_of_a_clock_that_runs_and_of_a_box_that_never_answered(box, clock, tmp_path):
    page = html_report.page(judged(tmp_path, box, only=(HOUR, "codes-and-grants-do-not-touch-each-other"), clock=clock))
    assert html_report.page(judged_anew(tmp_path)) == page
    parsed(page)


def test_another_journal_gives_another_page(failed, tmp_path):
    assert html_report.page(judged(tmp_path, "reference")) not in failed[1]


def test_a_run_without_its_last_record_still_has_a_page(failed, tmp_path):
    """As a run that was killed leaves it."""
    lines = (failed[0] / "box_1/journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert '"record":"over"' in lines[-1]
    (tmp_path / "journal.jsonl").write_text("\n".join(lines[:-3]) + "\n", encoding="utf-8")
    page = html_report.page(judged_anew(tmp_path))
    assert "the scenario was not played to its end" in text_of(parsed(page))


def test_what_no_report_can_be_made_of_is_bad_input(tmp_path):
    (tmp_path / "journal.jsonl").write_text("")
    with pytest.raises(BadInput, match="no run begins in it"):
        report_anew(tmp_path, None)
    judged(tmp_path / "run", "reference")
    with pytest.raises(BadInput, match="the page can't be written: No such file or directory; name another file with --out"):
        report_anew(tmp_path / "run", tmp_path / "no-folder" / "page.html")


# It is whole, and nothing in it leads out


def test_ids_are_unique_and_every_link_leads_somewhere(failed):
    root = parsed(failed[1])
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    links = {element.get("href") for element in root.iter() if element.get("href")}
    assert {link for link in links if not link.startswith("#")} == set()
    assert {link[1:] for link in links} - set(ids) == set()
    labels = {name for element in root.iter() for name in (element.get("aria-labelledby") or "").split()}
    assert labels - set(ids) == set()


def test_it_asks_for_nothing_and_allows_no_script_but_its_own(failed):
    page = failed[1]
    root = parsed(page)
    policy = root.find(".//meta[@http-equiv='Content-Security-Policy']").get("content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert {element.tag for element in root.iter()} & {"link", "img", "iframe", "object", "form", "base"} == set()
    assert {name for element in root.iter() for name in element.attrib if name.startswith(("on", "style", "src"))} == set()
    assert "url(" not in page
    assert "@import" not in page


HOSTILE = "<script>alert('x')</script>\u202e\x00\ud800\"&'"


def hostile(folder: Path, tmp_path: Path, says: str, chains) -> str:
    """The page of a run in whose journal box and scenario say this, wherever they can; `chains` takes them off and puts them on."""
    unchained, rechain = chains
    lines = []
    for line in unchained(folder / "box_0/journal.jsonl"):
        record = json.loads(line)
        if record["record"] == "run":
            record["hello"] |= {"identity": says, "firmware": says, "reset_cause": says}
            record["bench"] = {"id": says, "notes": says}
        for name in ("story", "about", "message", "request"):
            if name in record:
                record[name] = says
        lines.append(json.dumps(record))
    rechain(tmp_path / "journal.jsonl", lines)
    return html_report.page(judged_anew(tmp_path))


def test_what_a_box_says_is_text(failed, tmp_path, unchained, rechain):
    page = hostile(failed[0], tmp_path, HOSTILE, (unchained, rechain))
    root = parsed(page)
    assert len(root.findall(".//script")) == 1
    assert "<script>alert('x')</script>\\u202e\\x00\\ud800\"&'" in text_of(root)
    assert {char for char in page if not char.isprintable()} <= {"\n", "\t"}


def test_what_goes_on_for_long_is_cut_off(failed, tmp_path, unchained, rechain):
    page = hostile(failed[0], tmp_path, "A" * 100_000, (unchained, rechain))
    assert "A" * 1900 in page
    assert "A" * 2001 not in page
    assert visible("A" * 2001) == "A" * 2000 + "… (1 more characters)"
    assert visible("A" * 2001, None) == "A" * 2001
    assert visible("tab\tand\nline é") == "tab\tand\nline é"


# What it says


def test_the_verdict_stands_in_one_sentence_for_each_box(failed):
    root = parsed(failed[1])
    assert [text_of(each) for each in root.findall(".//p[@class='sentence']")] == [
        "It does not do what the standard says: it breaks 2 clauses, seen in 1 of 3 scenarios.",
        "It did what the standard says in all 4 scenarios that were played; 5 clauses have been shown by that.",
    ]
    assert text_of(root.find("head/title")) == f"fail: pty:{LATE}, reference · lockproof"


def test_a_failure_says_clause_both_steps_bound_and_margin(failed):
    failure = failure_in(failed[1])
    assert (
        text_of(failure.find("blockquote/p"))
        == "A One Day Code goes on opening for sixty minutes from its first use, and then never again."
    )
    right, wrong = ([text_of(p) for p in side.findall("p")] for side in failure.findall(".//div[@class='sides']/div"))
    digits = right[1].split()[-1]
    assert right == ["2027-03-03 15:19:50 step 3", f"enter anns-code {digits}", "opened", "must open"]
    assert wrong == [
        "2027-03-03 15:19:51 step 4",
        f"enter anns-code {digits}",
        "✗ opened",
        "must refuse: not within its life (code.expiry.after-first-use, bound 2027-03-03 15:19:51, margin 0 s)",
        "box time ±0 s: its clock was held",
    ]
    assert [text_of(row) for row in failure.findall(".//table[@class='bounds']/tbody/tr[@class='turns']")] == [
        "anns-code from first use ends2027-03-03 15:19:51at that very second ← this decides"
    ]


def test_no_bound_of_a_code_decides_where_the_keypad_was_disabled(tmp_path):
    for box, scenario, decides in (
        ("fault:disabled-entries-are-charged", "two-runs-of-refusals-are-two-entries", False),
        ("fault:expires-one-second-early", HOUR, True),
    ):
        bounds = text_of(failure_in(html_report.page(judged(tmp_path / scenario, box, only=(scenario,)))).find("table"))
        assert bounds.startswith("How far from which bound that was")
        assert ("this decides" in bounds) is decides


def test_of_a_revocation_that_is_ignored_the_bound_is_when_it_was_heard_of(tmp_path):
    only = ("a-revocation-ends-one-grant-to-its-last-byte",)
    failure = failure_in(html_report.page(judged(tmp_path, "fault:ignores-revocations", only=only)))
    assert [text_of(row) for row in failure.findall(".//table[@class='bounds']/tbody/tr[@class='turns']")] == [
        "ticket is heard of as revoked2027-03-02 09:00:00at that very second ← this decides"
    ]
    assert "must refuse: heard of as revoked (connect.revoke.bound)" in text_of(failure)
    assert "window of ticket, revoked before" in [text_of(each) for each in failure.iter("text")]


def test_power_is_away_until_the_box_does_something_by_its_own_clock(tmp_path):
    """It was set to an earlier time, which it may be where it lost the time."""
    name = "an-expired-code-stays-so-when-the-time-was-lost"
    svg = picture_in(html_report.page(judged(tmp_path, "reference", only=(name,))), name)
    off = next(each for each in svg.findall("rect") if each.get("class") == "b off")
    end = float(off.get("x")) + float(off.get("width"))
    assert [float(each.get("x")) + 10 > end for each in svg.findall("use") if each.get("class") == "m t"] == [True]


def test_a_power_cut_has_its_time_also_where_the_line_is_recorded_by_the_clock_of_the_bench(tmp_path):
    name = "a-power-cut-forgets-the-nonce"
    page = html_report.page(judged(tmp_path, "pty", only=(name,)))
    rows = parsed(page).findall(f".//details[@id='s-{name}']//table/tbody/tr")
    cuts = [row for row in rows if "cut the power" in text_of(row)]
    assert cuts
    for cut in cuts:
        assert re.fullmatch(r"\d\d:\d\d:\d\d", text_of(cut[1])), "on the date of the line above it, and on a second"
    assert "#y-p" in [each.get("href") for each in picture_in(page, name).findall("use")]


def test_what_else_is_done_to_the_box_has_a_sign_and_a_word(tmp_path):
    moved, behind = "a-code-in-its-hour-outlives-a-move", "a-clock-that-fell-behind-is-found-at-the-keypad"
    page = html_report.page(judged(tmp_path, "reference", only=(moved, behind)))
    for name, word, did in ((moved, "replace", "replace its zone table"), (behind, "disturb", "disturb the clock")):
        svg = picture_in(page, name)
        assert "#y-b" in [each.get("href") for each in svg.findall("use")]
        assert word in [text_of(each) for each in svg.findall("text")]
        assert did in text_of(parsed(page).find(f".//details[@id='s-{name}']//table"))


def test_it_says_by_which_declaration_and_whether_such_a_run_can_certify(tmp_path):
    result = judged(tmp_path, "reference")[0]
    page = parsed(html_report.page([result]))
    said = [text_of(each) for each in page.findall(".//section/p[@class='note']")]
    (told,) = [each for each in said if each.startswith("certifies the box: ")]
    assert told.startswith("certifies the box: no: only 3 of the ")
    assert told.endswith(" packaged scenarios are chosen; it was not judged by a declaration")
    facts = {text_of(each.find("dt")): text_of(each.find("dd")) for each in page.findall(".//dl[@class='facts']/div")}
    assert facts["declaration"] == "none (PICS; lockproof run --pics)"
    assert facts["certifies the box"] == told.removeprefix("certifies the box: ")


def test_a_failure_has_commands_frames_and_the_test_in_c(failed, tmp_path):
    folder, page = failed
    failure = failure_in(page)
    again = f"lockproof replay {folder / 'box_0'} --scenario {HOUR}"
    assert [text_of(code) for code in failure.findall("dl[@class='try']//code")] == [again, f"{again} --box pty:{LATE}"]
    shown = [text_of(each) for each in failure.findall(".//code[@class='hex']")]
    assert shown == [passed.raw.hex(" ") for passed in replaying.frames_of(folder / "box_0/journal.jsonl", HOUR)]
    said = [recording.said(passed) for passed in replaying.frames_of(folder / "box_0/journal.jsonl", HOUR)]
    assert all(re.sub(r"\s+", " ", each) in text_of(failure) for each in said)
    unit_test.export(folder / "box_0/journal.jsonl", HOUR, tmp_path / "test.c")
    assert failure.find(".//pre[@class='c']").text == (tmp_path / "test.c").read_text(encoding="utf-8")


def test_a_box_in_this_process_says_why_there_are_no_frames(tmp_path):
    failure = failure_in(html_report.page(judged(tmp_path, f"fault:{LATE}")))
    assert "no line was recorded: this box stood in the same process as the kit" in text_of(failure)
    assert failure.find(".//pre[@class='c']") is None


def test_failures_against_the_same_clause_stand_together_the_plainest_first(tmp_path):
    ids = (HOUR, "an-hour-across-midnight", "two-codes-of-one-day-have-an-hour-each", "wrong-entries-leave-codes-alone")
    known = {each.id for each in suite.packaged()}
    page = html_report.page(judged(tmp_path, f"fault:{LATE}", only=[each for each in ids if each in known]))
    articles = parsed(page).findall(".//article[@class='failure']")
    assert len(articles) == 1
    assert text_of(articles[0].find("h3")).startswith(f"✗ fail {HOUR}, step 4")
    assert len(articles[0].findall("details[@class='others']/details[@class='again']")) >= 1


def test_scenarios_that_went_alike_on_two_boxes_are_shown_once(tmp_path):
    page = html_report.page(judged(tmp_path, "reference", "fault:log-entry-missing"))
    scene = parsed(page).find(f".//details[@id='s-{HOUR}']")
    assert len(scene.findall("p")) == 2
    assert len(scene.findall("table")) == 1


def test_a_clause_says_why_it_stands_so_and_what_showed_it(failed):
    clause = parsed(failed[1]).find(".//details[@id='c-box.power']")
    told = text_of(clause)
    assert told[1:].startswith(" not-applicable ✓ pass box.power A power cut at any commit")
    assert f"Shown in 1 scenario: {CUT}" in told
    assert "Clock: hold. Power cuts: cut-at-nth-write and reset. Openings told by: self-reported." in told
    assert "Precisely: " in told


def test_what_was_not_decided_says_why_and_what_to_do(tmp_path):
    clock = judged(tmp_path, "reference", only=("a-clock-that-runs-keeps-to-what-it-declares",))[0]
    undecided = replace(clock.scenarios[0], verdict=Verdict.INCONCLUSIVE, message="step 3: no answer came to enter")
    clock.scenarios = [undecided, *clock.scenarios[1:]]
    told = text_of(parsed(html_report.page([clock])))
    assert f"? inconclusive no answer came to enter 1 scenario: {undecided.id}" in told
    assert f"play again: lockproof run --box reference --scenario {undecided.id}" in told


def test_what_is_left_out_stands_in_the_plan_with_its_reason(tmp_path):
    told = text_of(parsed(html_report.page(judged(tmp_path, "pty", only=("a-clock-that-runs-keeps-to-what-it-declares", HOUR)))))
    assert "Left out: 1 scenario: only a clock that is held was judged; its clock would have to run for" in told


# The picture


def picture_in(page: str, scenario: str) -> Xml.Element:
    """That of a scenario which passed, or of the failure."""
    found = parsed(page).find(f".//details[@id='s-{scenario}']")
    svg = found.find("div[@class='pic']/svg") if found is not None else None
    assert svg is not None
    return svg


def test_the_picture_shows_day_hour_and_what_was_seen_in_its_place(tmp_path):
    svg = picture_in(html_report.page(judged(tmp_path, "reference")), HOUR)
    day, hour = svg.findall("rect")
    assert [each.get("class") for each in (day, hour)] == ["b day", "b hour"]
    signs = [(each.get("href"), float(each.get("x")) + 10) for each in svg.findall("use")]
    assert [name for name, _ in signs] == ["#y-a", "#y-o", "#y-o", "#y-r"]
    start, end = float(hour.get("x")), float(hour.get("x")) + float(hour.get("width"))
    assert [start <= x < end for _, x in signs] == [False, True, True, False], "the last entry lies at the end, which is outside"
    words = [text_of(each) for each in svg.findall("text")]
    assert [word for word in words if word in {"opened", "refused", "generate"}] == ["generate", "opened", "opened", "refused"]
    assert {"59m59s", "1s", "14:19:51", "15:19:50", "15:19:51", "2027-03-03"} <= set(words)
    assert svg.get("role") == "img"
    assert text_of(svg.find("title")) == f"When what was done: {HOUR}"
    assert "anns-code from first use: from 2027-03-03 14:19:51 to 2027-03-03 15:19:51" in text_of(svg.find("desc"))


def test_what_contradicts_the_standard_is_marked_by_sign_word_and_line(failed):
    svg = failure_in(failed[1]).find("div[@class='pic']/svg")
    assert [each.get("class") for each in svg.findall("use")][-1] == "m o x"
    assert [text_of(each) for each in svg.findall("text") if each.get("class") == "w x"] == ["✗ opened"]
    assert len(svg.findall("path[@class='x']")) == 1
    assert "Step 4 contradicts the standard: opened; must refuse" in text_of(svg.find("desc"))


def test_a_lost_answer_a_cut_and_a_first_use_that_nobody_knows_are_shown_as_such(failed):
    svg = picture_in(failed[1], CUT)
    assert "b hour u" in [each.get("class") for each in svg.findall("rect")]
    assert [each.get("href") for each in svg.findall("use")][1:3] == ["#y-p", "#y-l"]


def test_a_grant_is_shown_until_it_was_revoked(tmp_path):
    svg = picture_in(html_report.page(judged(tmp_path, "reference", only=(REVOKED,))), REVOKED)
    kinds = [each.get("class") for each in svg.findall("rect")]
    assert kinds.count("b window e") >= 1, "what is left of it"
    assert "revoked" in [text_of(each) for each in svg.findall("text")]


def test_where_its_clock_ran_the_picture_and_the_table_say_how_far_off_it_can_be(tmp_path):
    page = html_report.page(judged(tmp_path, "reference", clock=ClockMode.WALL_CLOCK))
    assert re.search(r"between \d\d:\d\d:\d\d and \d\d:\d\d:\d\d by the bench.s clock", page)


def test_a_scenario_without_a_box_has_no_picture():
    seen = Played("one", "", "UTC", [Moment(1, Kind.AUTHORITY, 0, "ask the authority to generate a code", "accepted")])
    assert picture(seen, "p") == ""
    seen.moments.append(Moment(2, Kind.OPENED, 0, "enter", "opened"))
    assert picture(seen, "p").startswith("<svg")
    assert told_of(seen, []) == "What was done stands in the table below, step by step."
