"""Signed statements: what certifies nothing gets none, and whatever is another than was signed, or more than was shown, is found."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lockproof.conformance import digests, envelope, html_report, key_files, pics, report, stating, suite
from lockproof.conformance.certifying import certify, hour_why_not
from lockproof.conformance.evidence import Evidence, Parts
from lockproof.conformance.judging import judge_again
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.planning import FOR_THE_DEFAULT
from lockproof.conformance.production import HARM
from lockproof.conformance.production_record import NAME as PRODUCTION
from lockproof.conformance.real_hour import RealHour, find, why_not_of_the_same
from lockproof.conformance.reporting import report_anew
from lockproof.conformance.run import run
from lockproof.conformance.targets import Target, target
from lockproof.conformance.verdict import ScenarioResult, Verdict
from lockproof.conformance.verifying import verify
from lockproof.hw_adapter.bench_time import RealTime, VirtualTime
from lockproof.hw_adapter.messages import COMMANDS
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import BadInput, Decision, NoAnswer

DECLARED = Path(__file__).parents[2] / "examples" / "pics" / "reference.toml"
IMAGE = "ab" * 32
HOUR = "entry-is-made-within-life-within-its-life-fails"
LOOK = '"name":"read_clock","about":"read the clock","at":1803992400,"arguments":'
SAMPLES = {"box/journal.jsonl": 5, "report.json": 1, "report.html": 1}
seeded = random.Random(7)


def reports(folder: Path, result=None) -> None:
    """That of a run, as its journal gives it; a page that is there stays."""
    result = result or judge_again(folder / "box" / "journal.jsonl")
    report.write_json(folder / "report.json", [result])
    if not (folder / "report.html").exists():
        html_report.write(folder / "report.html", [result])


def judged(folder: Path, judged_target: Target, scenarios, seed="statement", **options) -> Path:
    (folder / "box").mkdir(parents=True)
    result = run(judged_target, scenarios, folder / "box", rehearse=False, seed=seed, **options)
    reports(folder, result)
    return folder


def said(path: Path) -> Any:
    return json.loads(base64.b64decode(json.loads(path.read_text())["payload"]))


@dataclass
class Signed:
    """A run with its statement and the key's file."""

    run: Path
    key: Path

    @property
    def statement(self) -> Path:
        return self.run / "statement.json"

    @property
    def public(self) -> Path:
        return key_files.public_of(self.key)


@pytest.fixture(scope="module")
def declared(tmp_path_factory):
    """A declaration that names the test image."""
    path = tmp_path_factory.mktemp("pics") / "pics.toml"
    before, test, after = DECLARED.read_text().partition("[images.test]")
    path.write_text(before + test + after.replace('sha256 = ""', f'sha256 = "{IMAGE}"', 1))
    return path


@pytest.fixture(scope="module")
def certified(tmp_path_factory, declared):
    """A whole run of the reference box in process, certified; nobody changes it."""
    folder = tmp_path_factory.mktemp("certified")
    key = folder / "a.key"
    key_files.generate(key, protected=False)
    place = judged(folder / "run", target("reference"), suite.packaged(), pics=pics.read(declared))
    assert certify([place], key, "Acme Locks", "self", declared, None) == 0
    return Signed(place, key)


@pytest.fixture(scope="module")
def evidence(certified):
    return Evidence.of(certified.run)


@pytest.fixture
def copied(certified, tmp_path):
    """The same, to be changed."""
    shutil.copytree(certified.run, tmp_path / "run")
    return Signed(tmp_path / "run", certified.key)


@pytest.fixture
def verified(capsys):
    """Verifies; the exit code and what was said."""

    def verifying(signed: Signed, *runs: Path, key: Path | None = None, without_key=False) -> tuple[int, str]:
        capsys.readouterr()
        code = verify(signed.statement, None if without_key else key or signed.public, runs)
        return code, capsys.readouterr().out

    return verifying


def wrong(told: str) -> list[str]:
    return [line.removeprefix("wrong   ") for line in told.splitlines() if line.startswith("wrong")]


@pytest.fixture
def forge(copied, unchained, rechain):
    """Changes the lines of a journal, mends its chain and the reports, and signs with a key of its own what was claimed before."""

    def forged(change: Callable[[list[str]], list[str]], claims: Callable[[dict[str, Any]], None] = lambda _: None) -> Signed:
        journal = copied.run / "box" / "journal.jsonl"
        claimed = said(copied.statement)["predicate"]
        rechain(journal, change(unchained(journal)))
        reports(copied.run)
        evidence = Evidence.of(copied.run)
        claimed["run"] |= {"files": evidence.digests, "chain": evidence.chain, "records": evidence.records}
        return sign_again(copied, claimed, claims)

    return forged


def sign_again(signed: Signed, claimed: dict[str, Any], claims: Callable[[dict[str, Any]], None], subjects=None) -> Signed:
    key = signed.run / "own.key"
    key_files.generate(key, protected=False)
    signer = key_files.private_key(key)
    claimed["signer"]["keyid"] = signer.public_key.keyid
    claims(claimed)
    subjects = said(signed.statement)["subject"] if subjects is None else subjects
    signed.statement.write_text(envelope.signed(subjects, stating.PREDICATE_TYPE, claimed, signer))
    return Signed(signed.run, key)


def claiming(signed: Signed, claims: Callable[[dict[str, Any]], None]) -> Signed:
    """Properly signed, and claiming something else."""
    return sign_again(signed, said(signed.statement)["predicate"], claims)


# What is stated


def test_it_says_what_was_shown_and_with_what(certified):
    statement = said(certified.statement)
    predicate = statement["predicate"]
    assert statement["subject"] == [{"name": "test image", "digest": {"sha256": IMAGE}}]
    assert statement["predicateType"] == "urn:uuid:d9bf9804-3a18-4997-89e0-cea43041526a"
    assert predicate["signer"] == {
        "name": "Acme Locks",
        "as": "self",
        "keyid": key_files.public_key(certified.public).keyid,
    }
    assert predicate["digests"] == {**digests.kit(), "suite": digests.suite(suite.packaged())}
    files = {path.name: digests.of_file(path) for path in certified.run.rglob("*.*") if path != certified.statement}
    assert predicate["run"]["files"] == files
    row = predicate["clauses"]["code.expiry.not-extended"]
    assert (row["verdict"], row["clocks"], row["observed_by"]) == ("pass", ["hold"], ["self-reported"])
    assert "the-hour-is-over" in row["evidence"]
    result = judge_again(certified.run / "box" / "journal.jsonl")
    assert {name: row["verdict"] for name, row in predicate["clauses"].items()} == {row.id: row.verdict for row in result.clauses}
    played = predicate["scenarios"]["played"]
    assert set(played.values()) == {"pass"}
    not_played = predicate["scenarios"]["not_applicable"] | predicate["scenarios"]["left_out"]
    assert {*played, *not_played} == {each.id for each in suite.packaged()}
    assert predicate["scenarios"]["left_out"] == {}  # in process waiting costs nothing


def test_it_says_what_nobody_has_shown(certified):
    unproven = said(certified.statement)["predicate"]["unproven"]
    assert list(unproven) == sorted(
        [
            "the bench",
            "the keys",
            "the images",
            "the production build",
            "the openings",
            "the hour",
            "the power cuts",
            "the box",
        ]
    )
    assert "for the bench the signer is trusted" in unproven["the bench"]
    assert "production image" in unproven["the images"]
    assert "test image" not in unproven["the images"]
    assert "never cut at the supply" in unproven["the power cuts"]
    assert "test secrets" in unproven["the keys"]
    assert "in the kit's own process" in unproven["the box"]


def test_the_same_run_is_stated_in_the_same_bytes(certified, tmp_path):
    out = tmp_path / "again.json"
    assert certify([certified.run], certified.key, "Acme Locks", "self", None, out) == 0
    assert out.read_bytes() == certified.statement.read_bytes()


def test_without_an_image_the_box_is_the_subject(certified, forge):
    """The declaration is another then, and so it is not the one that was signed."""
    other = forge(lambda lines: [_without_images(line) for line in lines])
    evidence = Evidence.of(other.run)
    (subject,) = stating.subjects(evidence)
    assert subject["name"] == "box identity, no image named"
    assert subject != stating.subjects(Evidence.of(certified.run))[0]
    found = stating.predicate(evidence, {}, None, None)["unproven"]
    assert found["the images"].startswith("No digest is declared of the test image and the production image.")


def of_kind(kind: str, change: Callable[[dict[str, Any]], None], name: str = "") -> Callable[[list[str]], list[str]]:
    """Changes the records of one kind, or the one whose id is this."""

    def changed(line: str) -> str:
        record = json.loads(line)
        if record["record"] != kind or (name and record["id"] != name):
            return line
        change(record)
        return json.dumps(record, separators=(",", ":"), ensure_ascii=False)

    return lambda lines: [changed(line) for line in lines]


def _without_images(line: str) -> str:
    record = json.loads(line)
    if record["record"] != "run":
        return line
    record["pics"]["text"] = record["pics"]["text"].replace(IMAGE, "")
    record["pics"]["sha256"] = hashlib.sha256(record["pics"]["text"].encode()).hexdigest()
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)


def test_the_page_names_every_field(certified):
    page = (Path(__file__).parents[2] / "hw_adapter" / "CERTIFYING.md").read_text()
    told = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert told == [name for name in sorted(said(certified.statement)["predicate"]) if name != "format"]
    assert stating.PREDICATE_TYPE in page
    assert HOUR in page


# What certifies nothing


def refused(capsys, place: Path, key: Path, *reasons: str, pics_file: Path | None = None) -> None:
    capsys.readouterr()
    assert certify([place], key, "Acme Locks", "lab", pics_file, place / "none.json") == 1
    told = capsys.readouterr().out
    for reason in reasons:
        assert reason in told, told
    assert not (place / "none.json").exists()


def test_a_run_without_a_declaration_certifies_nothing_nor_does_a_choice(tmp_path, certified, capsys):
    place = judged(tmp_path / "run", target("reference"), suite.select(suite.packaged(), ["the-hour-is-over"]))
    reasons = ["no declaration", f"only 3 of the {len(suite.packaged())} packaged scenarios are chosen"]
    refused(capsys, place, certified.key, *reasons)


def test_a_faulty_box_is_refused_with_the_clause(tmp_path, certified, capsys):
    chosen = suite.select(suite.packaged(), ["the-hour-is-over"])
    place = judged(tmp_path / "run", target("fault:expires-one-second-late"), chosen)
    refused(capsys, place, certified.key, "fail: code.expiry.after-first-use")


def test_a_report_that_says_otherwise_than_the_journal_is_refused(copied, capsys):
    told = (copied.run / "report.json").read_text()
    (copied.run / "report.json").write_text(told.replace('"verdict": "pass"', '"verdict": "fail"', 1))
    refused(capsys, copied.run, copied.key, "report.json: better")


def test_another_declaration_is_refused(copied, tmp_path, capsys):
    other = tmp_path / "other.toml"
    other.write_text(DECLARED.read_text())
    refused(capsys, copied.run, copied.key, "the run was judged by another declaration", pics_file=other)


@pytest.mark.parametrize("gone", ["report.html", "report.json", "box/journal.jsonl"])
def test_a_run_without_its_parts_is_bad_input(copied, gone):
    (copied.run / gone).unlink()
    with pytest.raises(BadInput, match=Path(gone).name):
        certify([copied.run], copied.key, "Acme Locks", "self", None, copied.run / "none.json")


def test_what_can_not_be_used_is_told(certified, tmp_path):
    def told(words: str, runs=(certified.run,), name="Acme", role="self", out=tmp_path / "a.json") -> None:
        with pytest.raises(BadInput, match=words):
            certify(runs, certified.key, name, role, None, out)

    told("it exists", out=certified.statement)
    told("write self", role="me")
    told("say who signs", name=" ")
    told("say who signs", name="Acme\u202e")
    told("one more at most", runs=(certified.run,) * 3)
    told("no folder", runs=(certified.run / "box" / "journal.jsonl",))
    told("none/statement.json: the statement can't be written", out=tmp_path / "none" / "statement.json")


def test_a_run_of_two_boxes_is_not_of_one(copied):
    shutil.copytree(copied.run / "box", copied.run / "other")
    with pytest.raises(BadInput, match="a run of 2 boxes"):
        certify([copied.run], copied.key, "Acme", "self", None, copied.run / "a.json")


# What holds


def test_it_holds(certified, verified):
    code, told = verified(certified)
    assert (code, wrong(told)) == (0, [])
    assert f"the same verdict, evidence and clocks of each of {len(said(certified.statement)['predicate']['clauses'])}" in told
    assert told.splitlines()[-1].startswith("it holds, and the key is the one given, of which it says: Acme Locks (its maker)")
    assert "the same as that of the run" in told


def test_without_a_key_nothing_is_said_of_who_signed(certified, verified):
    code, told = verified(certified, without_key=True)
    assert (code, wrong(told)) == (4, [])
    assert "unknown signature: not checked" in told
    assert told.splitlines()[-1].startswith("what it says of the run holds; nothing is shown about who signed it")


def test_a_run_is_found_wherever_it_was_taken(certified, verified, tmp_path):
    shutil.copytree(certified.run, tmp_path / "elsewhere" / "taken")
    (tmp_path / "elsewhere" / "taken" / "statement.json").rename(tmp_path / "statement.json")
    moved = Signed(tmp_path, certified.key)
    assert verified(moved, tmp_path / "elsewhere" / "taken")[0] == 0
    code, told = verified(moved)
    assert (code, wrong(told)[0].split(":")[0]) == (1, "run")


def test_another_kit_is_told_and_every_verdict_compared(certified, verified, monkeypatch):
    monkeypatch.setattr(digests, "kit", lambda: {**digests_before, "spec": "another"})
    code, told = verified(certified)
    assert code == 0
    assert "note    kit: this one differs from that of the run in its spec; every verdict was compared" in told


digests_before = dict(digests.kit())


def test_what_was_signed_is_not_made_anew_in_its_place(copied, verified, tmp_path):
    page = copied.run / "report.html"
    before = page.read_bytes()
    with pytest.raises(BadInput, match=r"statement\.json: this run was signed, .*; name another file with --out"):
        report_anew(copied.run, None)
    report_anew(copied.run, tmp_path / "page.html")
    assert b"<html" in (tmp_path / "page.html").read_bytes()
    assert page.read_bytes() == before
    assert verified(copied)[0] == 0
    page.unlink()
    assert report_anew(copied.run, None)[0] == page, "that it is missing is found already"


# What does not


def test_another_key_did_not_sign_it(certified, verified, tmp_path):
    key_files.generate(tmp_path / "b.key", protected=False)
    code, told = verified(certified, key=tmp_path / "b.key.pub")
    assert (code, len(wrong(told))) == (1, 1)
    assert wrong(told)[0].startswith("signature: by key")


def test_one_signed_again_by_somebody_else_is_not_the_signers(copied, verified):
    again = claiming(copied, lambda _: None)
    assert verified(again)[0] == 0
    code, told = verified(copied)
    assert code == 1
    assert wrong(told)[0].startswith("signature: by key")


def test_a_key_id_that_is_somebody_elses_is_told(certified, copied, verified):
    theirs = key_files.public_key(certified.public).keyid
    again = claiming(copied, lambda predicate: predicate["signer"].update(keyid=theirs))
    code, told = verified(again)
    assert (code, len(wrong(told))) == (1, 1)
    assert "the statement says key" in told


@pytest.mark.parametrize(("part", "place"), [(part, seeded.random()) for part in SAMPLES for _ in range(SAMPLES[part])])
def test_no_byte_of_a_part_can_be_another(copied, verified, part, place):
    path = copied.run / part
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)
    code, told = verified(copied)
    assert code == 1
    assert wrong(told)[0].startswith(f"run: {path.name}: its SHA-256 is")


@pytest.mark.parametrize("left", [1, 20_000])
def test_records_that_are_missing_at_the_end_are_told(copied, verified, left):
    """Its chain is whole."""
    path = copied.run / "box" / "journal.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-left]))
    code, told = verified(copied)
    assert code == 1
    assert any(line.startswith("run: chain: it ends after") for line in wrong(told))


def test_a_line_moved_or_left_out_breaks_the_chain(copied, verified):
    path = copied.run / "box" / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:500], *lines[501:]]))
    code, told = verified(copied)
    assert code == 1
    assert f"{path}:501:" in wrong(told)[-1]


def test_a_statement_of_another_run_is_told_and_so_are_swapped_runs(copied, certified, verified, tmp_path, unchained, rechain):
    other = tmp_path / "other"
    shutil.copytree(copied.run, other)
    journal = other / "box" / "journal.jsonl"
    rechain(journal, [line.replace('"seed":"statement"', '"seed":"another"') for line in unchained(journal)])
    reports(other)
    code, told = verified(certified, other)
    assert code == 1
    parts = [line.split(" ")[1].rstrip(":") for line in wrong(told)]
    assert {"journal.jsonl", "report.json", "chain"} <= {*parts}


@pytest.mark.parametrize("what", ["folder", "journal.jsonl", "report.json", "report.html"])
def test_links_out_of_the_run_are_not_followed(copied, verified, tmp_path, what):
    path = copied.run / "box" if what == "folder" else next(copied.run.rglob(what))
    path.rename(tmp_path / "outside")
    path.symlink_to(tmp_path / "outside")
    code, told = verified(copied)
    assert code == 1
    assert wrong(told)[0].endswith("a symbolic link, and a run has its files in its own folder; put the file there")


def test_names_in_a_statement_are_never_opened(copied, verified, tmp_path, monkeypatch):
    """They are compared with those of the parts, which are fixed."""
    (tmp_path / "secret").write_text("secret")
    outside = {"../secret": "0" * 64, str(tmp_path / "secret"): "1" * 64}
    again = claiming(copied, lambda predicate: predicate["run"]["files"].update(outside))
    opened = []
    path_open, read_bytes = Path.open, Path.read_bytes
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: opened.append(self) or path_open(self, *a, **k))
    monkeypatch.setattr(Path, "read_bytes", lambda self: opened.append(self) or read_bytes(self))
    code, told = verified(again)
    assert code == 1
    assert any("secret" in line for line in wrong(told))
    assert not any(path.name == "secret" for path in opened)


# Claims that go beyond what was shown, properly signed


def _set(*names: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(predicate: dict[str, Any]) -> None:
        for name in names[:-1]:
            predicate = predicate[name]
        predicate[names[-1]] = to

    return change


CLAIMS = {
    "clause": (_set("clauses", "code.day", "clocks", to=["wall-clock"]), "clauses.code.day.clocks"),
    "more clauses": (_set("clauses", "code.sold-out", to={"verdict": "pass"}), "clauses.code.sold-out"),
    "verdict": (_set("clauses", "box.clock.accuracy", "verdict", to="better"), "clauses.box.clock.accuracy.verdict"),
    "truth as a number": (_set("clauses", "code.day", "must_be_shown", to=1), "clauses.code.day.must_be_shown"),
    "evidence": (_set("clauses", "code.day", "evidence", to=["the-hour-is-over"]), "clauses.code.day.evidence"),
    "observation": (_set("bench", "observed_by", to=["sensed"]), "bench.observed_by"),
    "cuts": (_set("bench", "power_cuts", to={"supply": 160}), "bench.power_cuts.supply"),
    "not applicable": (_set("scenarios", "not_applicable", to={}), "scenarios.not_applicable."),
    "firmware": (_set("box", "firmware", to="Acme 2.0"), "box.firmware"),
    "vendor": (_set("box", "vendor", to="Acme Locks"), "box.vendor"),
    "image": (_set("declaration", "images", "production", to=IMAGE), "declaration.images.production"),
    "one source": (_set("declaration", "said_to_be_of_one_source", to=True), "declaration.said_to_be_of_one_source"),
    "spec": (_set("digests", "spec", to="0" * 64), "digests.spec"),
    "unproven": (_set("unproven", "the hour", to="An hour was waited for."), "unproven.the hour"),
    "began": (_set("run", "began", to="2030-01-01T00:00:00+00:00"), "run.began"),
    "gone on with": (_set("retries", "gone_on_with", to=3), "retries.gone_on_with"),
    "played again": (_set("retries", "played_again", to={HOUR: ["no answer"]}), f"retries.played_again.{HOUR}"),
    "more": (_set("certified", to=True), "certified"),
    "hour": (_set("expiry_waited_for", to={"scenario": HOUR}), "expiry_waited_for"),
    "production": (_set("production_check", to={"verdict": "pass"}), "production_check"),
}


def test_whatever_is_claimed_beyond_the_journal_is_found(copied, verified):
    def all_at_once(predicate: dict[str, Any]) -> None:
        for claims, _ in CLAIMS.values():
            claims(predicate)

    code, told = verified(claiming(copied, all_at_once))
    assert code == 1
    for name, (_, place) in CLAIMS.items():
        assert any(f": {place}" in line for line in wrong(told)), name


def without(name: str, why: str, cited: list[str] | None = None) -> Callable[[list[str]], list[str]]:
    """The records of a run that has left a scenario out, and says so."""

    def leave_out(head: dict[str, Any]) -> None:
        head["left_out"][name] = [why, head["planned"].pop(name) if cited is None else cited]
        head["planned"].pop(name, None)

    def left_out(lines: list[str]) -> list[str]:
        kept, is_it = [], False
        for line in lines:
            record = json.loads(line)
            is_it = record["id"] == name if record["record"] == "scenario" else is_it and record["record"] != "over"
            kept += [] if is_it else [line]
        return of_kind("run", leave_out)(kept)

    return left_out


@pytest.mark.parametrize(
    ("why", "cited", "told"),
    [
        ("it is of no interest", None, "(it is of no interest), and a box of this hello has to play it"),
        ("only a clock that is held was judged", None, "(only a clock that is held was judged), and a box of this hello has to"),
        ("not exercised: no time", [], "as one that cites other clauses"),
    ],
)
def test_a_scenario_that_was_left_out_for_no_reason_of_a_plan_is_found(forge, verified, capsys, why, cited, told):
    """A box that fails one would otherwise be signed for without it."""
    again = forge(without("the-hour-is-over", why, cited))
    code, said_of_it = verified(again)
    assert code == 1
    assert any(line.startswith(f"plan: the-hour-is-over: it was left out {told}") for line in wrong(said_of_it))
    refused(capsys, again.run, again.key, f"the-hour-is-over: it was left out {told}")


def test_what_such_a_box_is_not_asked_may_be_left_out(evidence):
    assert evidence.head["left_out"]
    assert list(evidence.against_the_plan()) == []
    assert list(evidence.against_its_beginning()) == []


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("written", "00", "its steps, times or places are others"),
        ("profile", {"code_days_ahead": 20}, "it was played with another profile"),
        ("theorem", "some", "it was played with another theorem"),
        ("clock", "advance", "it was played with another clock"),
        ("today", "2027-03-03", "it was played with another today"),
        ("seed", "another", "it was played with another seed"),
    ],
)
def test_a_scenario_that_a_judge_was_told_otherwise_of_is_found(forge, verified, field, value, told):
    again = forge(of_kind("scenario", lambda record: record.update({field: value}), "the-hour-is-over"))
    code, said_of_it = verified(again)
    assert code == 1
    wanted = f"scenarios: the-hour-is-over: {told}, and the packaged scenario of that name is written otherwise"
    assert wanted in wrong(said_of_it)


def test_a_clock_that_is_judged_otherwise_than_it_is_declared_is_found(evidence):
    """The bounds of a clock that runs stand in the scenario's own record."""
    (runs,) = [each for each in suite.packaged() if each.runs]
    begun = evidence.begun[runs.id]
    assert list(evidence.against_the_suite()) == []
    evidence.begun[runs.id] = {**begun, "running": {**begun["running"], "drift_ppm": 10_000}}
    (told,) = evidence.against_the_suite()
    assert told.startswith(f"{runs.id}: it was played with a clock that is judged otherwise than the box declares")
    evidence.begun[runs.id] = {**begun, "running": None}
    (told,) = evidence.against_the_suite()
    assert told.startswith(f"{runs.id}: it was played with a clock that ran, or was held, and is judged as if not")
    evidence.begun[runs.id] = begun


def gone_on_with(**changed: Any) -> Callable[[list[str]], list[str]]:
    """The records of a run that was gone on with at its end, with a box of another hello."""

    def with_another(lines: list[str]) -> list[str]:
        hello = {**next(json.loads(line)["hello"] for line in lines if '"record":"run"' in line), **changed}
        return [*lines, json.dumps({"record": "resumed", "began": "", "hello": hello, "decided": 0}), lines[-1]]

    return with_another


def test_a_run_that_was_gone_on_with_on_another_box_is_found(forge, verified):
    again = forge(gone_on_with(firmware="another 1.0", boot_ms=21, session=7, reset_cause="watchdog"))
    code, told = verified(again)
    assert code == 1
    assert "box: it was gone on with another box, whose hello says otherwise: boot_ms, firmware" in wrong(told)


def test_another_name_when_a_run_was_gone_on_with_is_told_as_unproven(forge, verified):
    again = forge(gone_on_with(identity="A2"))
    evidence = Evidence.of(again.run)
    told = stating.predicate(evidence, {}, None, None)["unproven"]["the one box"]
    assert told.startswith("The run was gone on with, and the box then called itself A2, by which it was not known")
    code, told = verified(again)
    assert code == 1
    assert any(line.startswith("unproven: unproven.the one box: nothing is claimed") for line in wrong(told))


def test_a_name_that_it_was_given_is_its_own(forge, verified, evidence):
    given = next(iter(evidence.names - {evidence.head["hello"]["identity"]}))
    again = forge(gone_on_with(identity=given))
    assert Evidence.of(again.run).strange == []
    code, told = verified(again)
    assert (code, wrong(told)) == (1, ["retries: retries.gone_on_with: 0 is claimed, and the run gives 1"]), "and nothing else"


def retries_of(run: Path) -> dict[str, Any]:
    return stating.predicate(Evidence.of(run), {}, None, None)["retries"]


def test_a_run_that_went_well_was_played_once(evidence):
    assert stating.predicate(evidence, {}, None, None)["retries"] == {"gone_on_with": 0, "played_again": {}}


def test_how_often_it_was_gone_on_with_is_stated_and_compared(forge, verified):
    again = forge(lambda lines: gone_on_with()(gone_on_with()(lines)))
    assert retries_of(again.run) == {"gone_on_with": 2, "played_again": {}}
    code, told = verified(again)
    assert (code, wrong(told)) == (1, ["retries: retries.gone_on_with: 0 is claimed, and the run gives 2"])


class HangsOnce(ReferenceBox):
    """Does not answer its third entry."""

    entered = 0

    def enter(self, digits: str) -> Decision:
        self.entered += 1
        decision = super().enter(digits)
        if self.entered == 3:
            raise NoAnswer("no answer to enter")
        return decision


def test_what_was_played_again_is_stated_with_the_reasons(tmp_path, declared):
    box = Target("hangs", reference=False, time=VirtualTime(), make=HangsOnce)
    run_of = judged(tmp_path / "run", box, suite.select(suite.packaged(), ["the-hour-is-over"]), pics=pics.read(declared))
    assert {each.id: each.attempts for each in Evidence.of(run_of).result.scenarios}["vital-signs"] == 2
    (name,), (why,) = zip(*retries_of(run_of)["played_again"].items(), strict=True)
    assert name == "vital-signs"
    assert len(why) == 1
    assert "no answer" in why[0]


@pytest.mark.parametrize("written", ['""', '"  "', '"\\u200b"'])
@pytest.mark.parametrize("name", ["vendor", "product"])
def test_a_box_of_nobody_gets_no_statement(copied, tmp_path, declared, capsys, name, written):
    """The text of the declaration is changed in the journal, and everything that hangs on it."""
    text = re.sub(rf"(?m)^{name} = .*$", lambda _: f"{name} = {written}", declared.read_text())
    (tmp_path / "nameless.toml").write_text(text)
    assert getattr(pics.read(tmp_path / "nameless.toml"), name).strip(" \u200b") == ""
    place = judged(
        tmp_path / "short",
        target("reference"),
        suite.select(suite.packaged(), [HOUR]),
        pics=pics.read(tmp_path / "nameless.toml"),
    )
    assert certify([place], copied.key, "Acme Locks", "self", None, None) == 1
    told = f"the declaration: its {name} is empty, so that nobody knows of which box the statement is; write it into [box]"
    assert told in capsys.readouterr().out
    assert not (place / "statement.json").exists()
    assert list(Evidence.of(copied.run).unnamed()) == []


def test_a_statement_of_a_box_of_nobody_does_not_verify(forge, verified):
    def nameless(record: dict[str, Any]) -> None:
        kept = record["pics"]
        kept["text"] = kept["text"].replace('vendor = "the authors of lockproof"', 'vendor = ""')
        kept["sha256"] = hashlib.sha256(kept["text"].encode()).hexdigest()

    code, told = verified(forge(of_kind("run", nameless)))
    assert code == 1
    assert any(line.startswith("certifiable: the declaration: its vendor is empty") for line in wrong(told))


def test_what_a_box_of_a_rare_kind_is_not_asked_is_told(evidence):
    def unproven() -> dict[str, str]:
        return stating.predicate(evidence, {}, None, None)["unproven"]

    assert not {"the profile", "the app"} & set(unproven())
    hello = evidence.head["hello"]
    evidence.result.scenarios.append(ScenarioResult("a", Verdict.NOT_APPLICABLE, (), message=FOR_THE_DEFAULT))
    evidence.head["hello"] = {**hello, "classes": ["core", "interop", "code-only"]}
    told = unproven()
    evidence.head["hello"] = hello
    evidence.result.scenarios.pop()
    assert told["the profile"].startswith("Not played: 1 scenario written for the default profile")
    assert told["the app"].startswith("The box declares that it has no app")


def test_and_alone(copied, verified):
    claims, place = CLAIMS["unproven"]
    code, told = verified(claiming(copied, claims))
    assert code == 1
    assert {line.split(": ")[0] for line in wrong(told)} == {place.split(".")[0]}


@pytest.mark.parametrize("value", [None, [1]])
def test_a_statement_that_claims_nothing_or_nonsense_is_told(copied, verified, value):
    def nothing(predicate: dict[str, Any]) -> None:
        for name in predicate.keys() - {"signer", "format"}:
            predicate[name] = value
        if value is None:
            del predicate["clauses"]

    code, told = verified(claiming(copied, nothing))
    assert code == 1
    assert any(line.startswith("clauses: ") for line in wrong(told))


def test_another_subject_is_found(copied, verified):
    predicate = said(copied.statement)["predicate"]
    again = sign_again(copied, predicate, lambda _: None, subjects=[{"name": "test image", "digest": {"sha256": "cd" * 32}}])
    code, told = verified(again)
    assert code == 1
    assert [line.split(":")[0] for line in wrong(told)] == ["subject"]


@pytest.mark.parametrize(
    "claims",
    [
        _set("format", to="lockproof-conformance/9"),
        _set("signer", "as", to="god"),
        _set("signer", "name", to=7),
        lambda predicate: predicate.clear(),
    ],
)
def test_a_statement_of_another_kind_is_told(copied, verified, claims):
    code, told = verified(claiming(copied, claims))
    assert (code, [line.split(":")[0] for line in wrong(told)]) == (1, ["statement"])


# Journals that were changed, with a chain that was mended, signed with a key of one's own


def _swap(old: str, new: str, *, in_scenario: str, nth: int = -1) -> Callable[[list[str]], list[str]]:
    """In the nth line of a scenario that has this text."""

    def change(lines: list[str]) -> list[str]:
        begins = next(n for n, line in enumerate(lines) if line.startswith(f'{{"record":"scenario","id":"{in_scenario}"'))
        ends = next(n for n, line in enumerate(lines) if n > begins and line.startswith('{"record":"end"'))
        place = [n for n in range(begins, ends) if old in lines[n]][nth]
        return [*lines[:place], lines[place].replace(old, new), *lines[place + 1 :]]

    return change


def test_a_failure_that_is_claimed_as_a_pass_is_found_by_judging_again(forge, verified):
    opens = ('{"accepted":false,"reason":"code.expiry.after-first-use"', '{"accepted":true,"reason":null')
    code, told = verified(forge(_swap(*opens, in_scenario="the-hour-is-over")))
    assert code == 1
    assert "clauses: clauses.code.expiry.after-first-use.verdict: 'pass' is claimed, and the run gives 'fail'" in wrong(told)
    assert "scenarios: scenarios.played.the-hour-is-over: 'pass' is claimed, and the run gives 'fail'" in wrong(told)
    assert any(line.startswith("certifiable: fail: code.expiry.after-first-use") for line in wrong(told))


def test_answers_that_were_edited_with_care_are_not_found(forge, verified):
    """For the bench the signer is trusted: here it says that a sensor saw what the box said of itself."""
    edited = forge(lambda lines: [line.replace('"observed_by":"self-reported"', '"observed_by":"sensed"') for line in lines])
    edited.statement.unlink()
    assert certify([edited.run], edited.key, "Acme", "self", None, None) == 0
    assert "the openings" not in said(edited.statement)["predicate"]["unproven"]
    assert verified(edited)[0] == 0


def test_a_step_that_was_played_otherwise_is_no_evidence(forge, verified):
    weaker = ('"shows":["code.expiry.after-first-use"]', '"shows":[]')
    code, told = verified(forge(_swap(*weaker, in_scenario="the-hour-is-over", nth=0)))
    assert code == 1
    assert "scenarios: the-hour-is-over: step 3 is another, and the packaged scenario of that name is written otherwise" in wrong(
        told
    )


def test_a_scenario_that_is_missing_is_told(forge, verified):
    def without(lines: list[str]) -> list[str]:
        begins = next(n for n, line in enumerate(lines) if line.startswith('{"record":"scenario","id":"the-hour-is-over"'))
        ends = next(n for n, line in enumerate(lines) if n > begins and line.startswith('{"record":"end"'))
        head = next(n for n, line in enumerate(lines) if line.startswith('{"record":"run"'))
        record = json.loads(lines[head])
        del record["planned"]["the-hour-is-over"]
        lines[head] = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
        return [*lines[:begins], *lines[ends + 1 :]]

    code, told = verified(forge(without))
    assert code == 1
    number = len(suite.packaged())
    assert f"certifiable: only {number - 1} of the {number} packaged scenarios are chosen" in wrong(told)


def test_a_failure_that_was_played_again_stays_one(forge, verified):
    """A run never does that."""

    def twice(lines: list[str]) -> list[str]:
        begins = next(n for n, line in enumerate(lines) if line.startswith('{"record":"scenario","id":"the-hour-is-over"'))
        ends = next(n for n, line in enumerate(lines) if n > begins and line.startswith('{"record":"end"'))
        opens = ('{"accepted":false,"reason":"code.expiry.after-first-use"', '{"accepted":true,"reason":null')
        failed = [line.replace(*opens) for line in lines[begins : ends + 1]]
        return [*lines[:begins], *failed, *lines[begins:]]

    code, told = verified(forge(twice))
    assert code == 1
    assert "clauses: clauses.code.expiry.after-first-use.verdict: 'pass' is claimed, and the run gives 'fail'" in wrong(told)


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record["hello"].update(gives_reasons=False),
        lambda record: record["left_out"].update(another=["not exercised: allow that with --wait a banana", ["code.day"]]),
        lambda record: record["bench"].update(json.loads('{"a":' * 400 + "1" + "}" * 400)),
        lambda record: record.update(planned={}),
        lambda record: record["hello"].update(classes=["nonsense"]),
        lambda record: record["hello"].update(more=1),
        lambda record: record["pics"].update(text=record["pics"]["text"] + "\ud800"),
    ],
)
def test_a_head_of_somebodys_making_is_told_in_one_line_each(copied, verified, unchained, rechain, change):
    journal = copied.run / "box" / "journal.jsonl"
    lines = [line for line in unchained(journal) if line.startswith(('{"record":"run"', '{"record":"over"'))]
    head = json.loads(lines[0])
    change(head)
    rechain(journal, [json.dumps(head, separators=(",", ":")), *lines[1:]])
    assert verified(copied)[0] == 1


def test_a_second_head_is_no_part_of_a_journal(copied, verified, unchained, rechain):
    """By which the rest would be judged."""
    journal = copied.run / "box" / "journal.jsonl"
    lines = unchained(journal)
    place = next(n for n, line in enumerate(lines) if line.startswith('{"record":"run"'))
    rechain(
        journal, [*lines[: place + 1], lines[place].replace('"gives_reasons":true', '"gives_reasons":false'), *lines[place + 1 :]]
    )
    code, told = verified(copied)
    assert code == 1
    assert wrong(told)[-1].startswith(f"run: journal.jsonl: {journal}:{place + 2}: a second run begins in it")


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ('"firmware":"lockproof reference 0.1.0"', '"firmware":"Acme 2.0"', "declaration"),
        ('"bench":{},"planned"', '"planned"', "run"),
        ('"vendor = ', '"vendor = ', ""),
        ("box]\\n", "box]]\\n", "declaration"),
    ],
)
def test_a_head_that_says_otherwise_is_told(copied, verified, unchained, rechain, old, new, part):
    journal = copied.run / "box" / "journal.jsonl"
    lines = unchained(journal)
    rechain(journal, [line.replace(old, new) if line.startswith('{"record":"run"') else line for line in lines])
    code, told = verified(copied)
    assert code == (1 if part else 0)
    assert not part or any(line.startswith(f"{part}:") for line in wrong(told))


# An hour that was waited for


class Hurried(VirtualTime):
    """A bench that says its time is real."""

    ppm = RealTime.ppm


@pytest.fixture(scope="module")
def hour_run(tmp_path_factory, declared, unchained, rechain):
    """As a line would leave it on which an hour is waited for: the target of a journal from this process is renamed."""
    folder = tmp_path_factory.mktemp("hour") / "run"
    chosen = suite.select(suite.packaged(), [HOUR])
    fast = Target("reference", reference=True, time=Hurried())
    judged(folder, fast, chosen, seed="hour", pics=pics.read(declared), clock=ClockMode.WALL_CLOCK, longest_wait=3600)
    rename(folder, unchained, rechain, '"target":"reference"', '"target":"pty"')
    return folder


def rename(folder: Path, unchained, rechain, old: str, new: str) -> None:
    journal = folder / "box" / "journal.jsonl"
    rechain(journal, [line.replace(old, new) for line in unchained(journal)])
    reports(folder)


def test_an_hour_that_was_waited_for_is_found(hour_run):
    evidence = Evidence.of(hour_run)
    assert find(evidence) == RealHour(HOUR, 1_803_988_800, 1_803_992_400, 3600)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"target":"pty"', '"target":"reference"'),
        ('"target":"pty"', '"target":"fault:none"'),
        ('"bench_ppm":50.0', '"bench_ppm":0.0'),
        ('"clock":"wall-clock"', '"clock":"advance"'),
        (f"{LOOK}{{}}", LOOK.replace("read_clock", "advance_clock") + '{"seconds":0}'),
        ('"accepted":false,"reason":"code.expiry.after-first-use"', '"accepted":true,"reason":null'),
        ('"received":3601.2168', '"received":3701.2168'),
    ],
)
def test_one_that_passed_by_command_or_in_no_time_is_none(hour_run, tmp_path, unchained, rechain, old, new):
    shutil.copytree(hour_run, tmp_path / "run")
    rename(tmp_path / "run", unchained, rechain, old, new)
    assert find(Evidence.of(tmp_path / "run")) is None


def test_names_that_a_box_was_only_given_make_it_no_other(evidence, hour_run):
    """Of one seed the bench gives every box the same names, so that only what it calls itself when a run begins tells."""
    other = Evidence.of(hour_run)
    assert list(why_not_of_the_same(evidence, other)) == []
    other.head = {**other.head, "hello": {**other.head["hello"], "identity": "another"}}
    other.names = evidence.names - {"unprovisioned"} | {"another"}
    assert list(why_not_of_the_same(evidence, other)) == ["the box answered under other names"]
    other.head["hello"]["identity"] = next(iter(other.names - {"another"}))  # it was given that in the first run, and kept it
    assert list(why_not_of_the_same(evidence, other)) == []


def test_bytes_that_passed_sooner_are_no_hour(hour_run, tmp_path, unchained, rechain):
    shutil.copytree(hour_run, tmp_path / "run")
    journal = tmp_path / "run" / "box" / "journal.jsonl"

    def with_bytes(apart: float) -> RealHour | None:
        passed = [f'{{"record":"bytes","at":{at:.6f},"direction":"out","hex":"00"}}' for at in (1.0, 1.0 + apart)]
        lines = [line for line in unchained(journal) if '"record":"bytes"' not in line]
        rechain(journal, [*lines[:-2], *passed, *lines[-2:]])
        reports(tmp_path / "run")
        return find(Evidence.of(tmp_path / "run"))

    assert with_bytes(3600.5) is not None
    assert with_bytes(3000.0) is None


def test_a_held_clock_has_none(evidence):
    assert find(evidence) is None


def test_a_second_run_with_an_hour_is_taken_in(copied, hour_run, verified):
    copied.statement.unlink()
    assert certify([copied.run, hour_run], copied.key, "Acme Locks", "lab", None, None) == 0
    predicate = said(copied.statement)["predicate"]
    assert "the hour" not in predicate["unproven"]
    assert predicate["expiry_waited_for"]["scenario"] == HOUR
    assert predicate["expiry_waited_for"]["bench_seconds"] == 3600
    code, told = verified(copied, copied.run, hour_run)
    assert (code, wrong(told)) == (0, [])
    code, told = verified(copied)
    assert code == 1
    assert "expiry_waited_for: it stands in a second run; name that, too, with another --run" in wrong(told)
    code, told = verified(copied, hour_run, copied.run)
    assert code == 1
    assert wrong(told)[0].startswith("run: journal.jsonl: its SHA-256 is")
    code, told = verified(copied, copied.run, copied.run)
    assert code == 1
    assert any(line.startswith("expiry_waited_for: journal.jsonl: its SHA-256 is") for line in wrong(told))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            '"bench_ppm":50.0',
            '"bench_ppm":0.0',
            "no scenario of code.expiry.after-first-use passed there whose hour was waited for",
        ),
        ('"boot_ms":20', '"boot_ms":21', "its hello says otherwise: boot_ms"),
        ('"identity":"unprovisioned"', '"identity":"another"', "the box answered under other names"),
        ('"sha256":"', '"sha256":"0', "it was judged by another declaration"),
    ],
)
def test_a_second_run_that_is_none_of_this_box_is_told(evidence, hour_run, tmp_path, unchained, rechain, old, new, why):
    shutil.copytree(hour_run, tmp_path / "hour")
    rename(tmp_path / "hour", unchained, rechain, old, new)
    reasons = list(hour_why_not(evidence, Evidence.of(tmp_path / "hour")))
    assert [reason.removeprefix(f"{tmp_path / 'hour'}: ").startswith(why) for reason in reasons] == [True]


def test_it_is_refused_for_that(copied, tmp_path, hour_run, unchained, rechain, capsys):
    shutil.copytree(hour_run, tmp_path / "hour")
    rename(tmp_path / "hour", unchained, rechain, '"bench_ppm":50.0', '"bench_ppm":0.0')
    assert certify([copied.run, tmp_path / "hour"], copied.key, "Acme", "self", None, copied.run / "a.json") == 1
    assert "play one with --clock wall-clock --wait 1h" in capsys.readouterr().out


# A production build


def checked(**changed: Any) -> dict[str, Any]:
    tried = [{"command": COMMANDS[code].name, "would": "", "verdict": "pass", "saw": "refused"} for code in HARM]
    told = {
        "format": "lockproof-production/1",
        "began": "now",
        "port": "COM3",
        "who": "a box",
        "verdict": "pass",
        "reason": "",
        "kit": {},
    }
    return {**told, "tried": tried, **changed}


def test_a_check_of_the_production_build_is_taken_in(copied, verified):
    copied.statement.unlink()
    (copied.run / PRODUCTION).write_text(json.dumps(checked()))
    assert certify([copied.run], copied.key, "Acme", "self", None, None) == 0
    predicate = said(copied.statement)["predicate"]
    assert predicate["production_check"] == checked()
    assert predicate["unproven"]["the production build"].startswith("The check of a production build left no journal")
    assert verified(copied)[0] == 0
    (copied.run / PRODUCTION).write_text(json.dumps(checked(who="another box")))
    code, told = verified(copied)
    assert (code, [line.split(":")[0] for line in wrong(told)]) == (1, ["production_check"])
    (copied.run / PRODUCTION).unlink()
    code, told = verified(copied)
    assert code == 1
    assert {line.split(":")[0] for line in wrong(told)} == {"production_check", "unproven"}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (
            {"verdict": "fail", "reason": "power-cut: CARRIED OUT"},
            "the production build did not pass (fail): power-cut: CARRIED OUT",
        ),
        ({"tried": []}, "it does not say that every test command was refused"),
        ({"tried": [7]}, "it does not say that every test command was refused"),
    ],
)
def test_a_check_that_did_not_pass_is_in_the_way(copied, capsys, changed, why):
    (copied.run / PRODUCTION).write_text(json.dumps(checked(**changed)))
    refused(capsys, copied.run, copied.key, why)


@pytest.mark.parametrize(
    "content", ["{}", "7", '{"a":NaN}', json.dumps(checked(format="other")), json.dumps(checked(tried="all"))]
)
def test_what_is_no_check_is_bad_input(copied, content):
    (copied.run / PRODUCTION).write_text(content)
    with pytest.raises(BadInput, match=PRODUCTION):
        certify([copied.run], copied.key, "Acme", "self", None, copied.run / "a.json")


# As a vendor does


def says(result: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    told = result.stdout + result.stderr
    assert result.returncode == code, told
    assert "Traceback" not in told
    for word in words:
        assert word in told, told


def test_four_commands_and_a_key(lockproof, tmp_path):
    says(lockproof("keygen", "--out", "acme.key"), 0, "key id: ")
    says(lockproof("pics", "draft", "--box", "pty", "--out", "pics.toml"), 0)
    plan = ("run", "--plan", "--pics", "pics.toml", "--box", "pty")
    says(lockproof(*plan), 0, "not certifiable:", "its vendor is empty", "its product is empty")
    drafted = (tmp_path / "pics.toml").read_text()
    (tmp_path / "pics.toml").write_text(
        drafted.replace('vendor = ""', 'vendor = "Acme"').replace('product = ""', 'product = "A1"')
    )
    says(lockproof("run", "--pics", "pics.toml", "--box", "pty", "--brief", timeout=400), 0, "certifiable if all passes")
    certifies = ("certify", "runs/0001", "--key", "acme.key", "--signer", "Acme Locks", "--as", "self", "--pics", "pics.toml")
    says(lockproof(*certifies), 0, "runs/0001/statement.json: lockproof reference", "what it does not show:", "the bench: ")
    says(lockproof(*certifies), 2, "it exists")
    says(lockproof("verify", "runs/0001/statement.json", "--key", "acme.key.pub"), 0, "it holds")
    says(lockproof("verify", "runs/0001/statement.json"), 4, "nothing is shown about who signed it")
    says(lockproof("verify", "runs/0001/statement.json", "--key", "acme.key"), 2, "this is a private key")
    (tmp_path / "acme.key").chmod(0o644)
    says(lockproof(*certifies, "--out", "other.json"), 2, "chmod 600 acme.key")
    says(lockproof("verify", "runs/0001/report.json", "--key", "acme.key.pub"), 2, "runs/0001/report.json: envelope")


def test_a_faulty_box_gets_no_statement(lockproof):
    says(lockproof("keygen"), 0)
    says(lockproof("pics", "draft", "--box", "pty:expires-one-second-late", "--out", "pics.toml"), 0)
    run_it = ("run", "--pics", "pics.toml", "--box", "pty:expires-one-second-late", "--scenario", "the-hour-is-over")
    says(lockproof(*run_it), 1)
    refused = lockproof("certify", "runs/0001", "--key", "lockproof.key", "--signer", "Acme", "--as", "self")
    says(refused, 1, "fail: code.expiry.after-first-use", "no statement")


@pytest.mark.parametrize("missing", ["report.json", "report.html"])
def test_a_run_that_was_killed_is_to_be_gone_on_with(tmp_path, missing):
    files = Parts(tmp_path / "box/journal.jsonl", tmp_path / "report.json", tmp_path / "report.html")
    (tmp_path / "box").mkdir()
    for path in (files.journal, files.report, files.page):
        path.write_text("")
    assert set(files.digests()) == {"journal.jsonl", "report.json", "report.html"}
    (tmp_path / missing).unlink()
    with pytest.raises(BadInput, match=f"it has no {missing}, .* lockproof resume {tmp_path}"):
        files.digests()


def test_what_the_command_can_not_use_is_one_message(lockproof):
    says(lockproof("certify", "none", "--key", "none", "--signer", "Acme", "--as", "self"), 2, "none: No such file")
    says(lockproof("verify", "none"), 2, "none: No such file")
    says(lockproof("box", "--out", "a.json"), 2, "--production")
    says(lockproof("keygen", "--out", "none/a.key"), 2, "none/a.key")
