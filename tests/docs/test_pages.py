"""The pages say what the rooms say."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import build
import pytest
from lockproof.conformance import digests, faults, suite
from lockproof.conformance.matrix import FORMAT
from lockproof.conformance.played import Lane
from lockproof.conformance.run import run
from lockproof.conformance.targets import target
from lockproof.conformance.verdict import ClauseResult, RunResult, Verdict
from lockproof.spec.clauses import all_clauses
from lockproof.spec.model import authority, box
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import DEFAULT, MINUTE, Profile
from lockproof.spec.vocabulary import every, named
from making import assumed, guards, life_cycles, manuals, site
from making import rooms as read_rooms
from making.clause_pages import clause_pages
from making.markdown import Page, lasting, link, literal, with_clauses_linked, with_lists_apart
from making.results import results_page
from making.rooms import NotPublished, Rooms
from making.start import start_page
from making.tables import gaps, profile_page, trace_page

SIXTY_ONE = replace(DEFAULT, code_life=61 * 60)


def test_every_clause_has_its_page_with_its_sentence_in_reading_order(made):
    own = [page for path, page in made.items() if path.startswith("clauses/")]
    assert [page.path for page in own] == [f"clauses/{clause}" for clause in all_clauses()]
    for page, clause in zip(own, all_clauses().values(), strict=True):
        assert page.text.startswith(f'# {clause.id}\n\n<p class="sentence">{literal(clause.sentence)}</p>'), clause.id
        assert page.menu, "so that it has a page before and after it"


def test_a_guard_stands_as_the_model_has_it(made):
    page = made["clauses/code.expiry.after-first-use"].text
    assert "| within its life | *within its life* | *digits of a live index* and *used before* |" in page
    assert "| *within its life* | `box.mark` < `code.first_use` + `code_life` |" in page
    assert "| used again within its life | *used before* |" in page


def test_a_model_that_says_something_else_gives_another_guard(monkeypatch):
    def a_second_longer(code: box.Code, now: int, profile: Profile) -> bool:
        return named("within its life", now <= code.first_use + profile.code_life)

    monkeypatch.setattr(box, "within_life", a_second_longer)
    read = guards._read(box, box.decide_entry)
    assert read.compares["within its life"] == "`box.mark` ≤ `code.first_use` + `code_life`"


def test_every_condition_and_need_of_the_model_stands_on_its_page(made):
    page = made["model"].text
    for function in guards.functions():
        assert all(f"| *{name}* |" in page for name in function.compares), function.name
        assert all(need.name in page for need in function.needs), function.name
    assert {function.name for function in guards.functions()} >= {
        "charge_entry",
        "decide_entry",
        "present_ticket",
        "generate_code",
    }


def test_what_an_event_changes_is_told_and_what_it_leaves_is_not():
    by_name = {function.name: function for function in guards.functions()}
    assert (
        by_name["decide_entry"].changes["code.first_use"]
        == "`box.mark` if *accepted* and not *used before*, else `code.first_use`"
    )
    assert "box.clock" not in by_name["present_ticket"].changes
    assert by_name["receive_entry"].shows["reported"] == "not *received before* and *an opening*"
    assert by_name["revoke_code"].needs[0].holds == "never"


def test_theorems_stand_with_what_they_assume(made):
    assert "[`lockproof prove`](../../commands/index.md#lockproof-prove) asks both; this page was made without asking" in (
        made["clauses/connect.account"].text
    )
    assert "`a_ticket_is_issued_iff_granted`. Assumes by name: [nonce-fresh]" in made["clauses/connect.account"].text
    assert (
        "`no_credential_for_a_consumer`. Assumes by name: nothing beside those."
        in made["clauses/eligibility.consumer-never"].text
    )
    assert set(assumed.without_theorem()) <= set(all_clauses())
    assert len(assumed.assumptions()) == made["assumptions"].text.count('<a id="')


def pages_that_differ(one: list[Page], other: dict[str, Page]) -> set[str]:
    return {page.path for page in one if page.text != other[page.path].text}


def test_sixty_one_minutes_change_these_pages_and_no_other(rooms, made):
    other = Rooms(plays=rooms.plays, profile=SIXTY_ONE)
    changed = pages_that_differ(site.pages(other), made)
    hours = {
        play.scenario.id
        for play in rooms.plays.values()
        if play.is_played and any(span.lane is Lane.HOUR for span in rooms.seen(play).spans)
    }
    pictured = {
        f"clauses/{clause}" for clause, text in texts(made, "clauses/").items() if any(f'done: {name}"' in text for name in hours)
    }
    tables = {"", "try-it", "which-to-use", "life-cycles", "profile", "protocol/frames", "threats", "compared"}
    assert changed - tables <= {f"scenarios/{name}" for name in hours} | pictured
    assert tables <= changed
    assert {"scenarios/the-hour-is-over", "clauses/code.expiry.after-first-use", "clauses/code.expiry.not-extended"} <= changed
    assert len(hours) > 30


def texts(made: dict[str, Page], folder: str) -> dict[str, str]:
    return {path.removeprefix(folder): page.text for path, page in made.items() if path.startswith(folder)}


def test_the_same_rooms_give_the_same_pages(rooms, made):
    assert pages_that_differ(site.pages(Rooms(plays=rooms.plays)), made) == set()


def test_the_profile_has_its_ranges():
    text = profile_page(DEFAULT).text
    assert "| `code_life` | 3,600 s (60 minutes) | 1 to 86,400 |" in text.replace("(1 hour)", "(60 minutes)")
    assert "| `code_digits` | 8 digits | 7 to 9 (15 for a maker's own codes) |" in text
    assert "| `window_longest` | 604,800 s (7 days) | at least 1 |" in text
    assert "3,660 s (61 minutes)" in profile_page(SIXTY_ONE).text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "1 second"), (60, "60 seconds"), (3600, "60 minutes"), (3660, "61 minutes"), (86_400, "24 hours"),
        (604_800, "7 days"), (3601, "3,601 seconds")],
)  # fmt: skip
def test_a_duration_as_readers_say_it(seconds, said):
    assert lasting(seconds) == said


# Life cycles


def edges(cycle: life_cycles.LifeCycle) -> set[tuple[str, str]]:
    return {(edge.start, edge.end) for edge in cycle.edges if edge.start != edge.end}


@pytest.mark.parametrize("profile", [DEFAULT, Profile(code_ends_with_its_day=True), SIXTY_ONE])
def test_the_life_of_a_code(profile):
    assert edges(life_cycles.of_a_code(profile)) == {
        ("Not yet", "Unused"),
        ("Unused", "In its hour"),
        ("Unused", "Missed"),
        ("In its hour", "Expired"),
    }


def test_the_life_of_a_grant():
    assert edges(life_cycles.of_a_grant(DEFAULT)) == {
        ("Not granted", "Before its window"),
        ("Not granted", "In its window"),
        ("Before its window", "In its window"),
        ("In its window", "Window over"),
        *((state, "Ended, not heard") for state in ("Before its window", "In its window", "Window over")),
        ("Ended, not heard", "Ended, heard"),
    }


def test_a_model_whose_codes_never_end_has_another_life_cycle_and_is_not_published(monkeypatch):
    monkeypatch.setattr(box, "within_life", lambda *_: named("within its life", every(True)))
    with pytest.raises(NotPublished, match=r"does not reach those that have one \(\['Expired'\]\)"):
        life_cycles.of_a_code(DEFAULT)


def test_a_model_that_issues_tickets_after_the_end_is_not_published(monkeypatch):
    issued = SimpleNamespace(accepted=True)
    monkeypatch.setattr(authority, "issue_ticket", lambda grant, _: (grant, issued))
    with pytest.raises(NotPublished, match="states that have no name"):
        life_cycles.of_a_grant(DEFAULT)


# Scenarios, faults and gaps


def test_every_written_scenario_has_its_page_and_its_picture_where_a_box_was_asked(rooms, made):
    for name, play in rooms.plays.items():
        text = made[f"scenarios/{name}"].text
        assert play.text.rstrip() in text
        assert (f'aria-label="when what was done: {name}"' in text) == ("<svg" in text), name
    assert "The reference box does not play it" in made["scenarios/the-hour-ends-with-the-day-if-the-profile-says-so"].text


def test_a_scenario_that_the_reference_box_fails_is_not_published(monkeypatch):
    monkeypatch.setattr(read_rooms, "IN_PROCESS", "fault:opens-always")
    with pytest.raises(NotPublished, match="the reference box comes out as fail, in "):
        read_rooms.play_all()


def test_a_recorded_kill_matrix_tells_what_caught_each_faulty_box(rooms, tmp_path):
    file = tmp_path / "matrix.json"
    found = {"outcome": "named", "scenario": "the-hour-is-over", "commands": 17}
    row = {"name": "expires-one-second-late", "outcome": "named", "sources": {"written": [found]}}
    file.write_text(json.dumps({"format": FORMAT, "faults": [row]}), encoding="utf-8")
    told = Rooms(plays=rooms.plays, kills=read_rooms.read_kills(file))
    page = next(page for page in clause_pages(told) if page.path == "clauses/code.expiry.after-first-use")
    rows = [line for line in page.text.splitlines() if line.startswith("| `expires-one-second-")]
    assert rows == [
        "| `expires-one-second-early` | The hour is one second too short. | not tried |  |  |",
        (
            "| `expires-one-second-late` | The hour is one second too long: the end counts in. | named"
            " | [the hour is over](../../scenarios/the-hour-is-over/index.md) | 17 |"
        ),
    ]
    row["outcome"] = found["outcome"] = "survives"
    away = replace(told, kills={**told.kills, "faults": [row]})
    gone = next(page for page in clause_pages(away) if page.path == "clauses/code.expiry.after-first-use")
    assert '| The hour is one second too long: the end counts in. | <span class="gap">survives</span> |' in gone.text
    assert "\nTried with lockproof of no recorded version, <span" in page.text
    told = replace(told, kills={**told.kills, "kit": dict(digests.kit())})
    page = next(page for page in clause_pages(told) if page.path == "clauses/code.expiry.after-first-use")
    assert f"\nTried with lockproof {digests.kit()['version']}.\n" in page.text


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{}", "this is no kill matrix of the format"),
        (json.dumps({"format": FORMAT[:-1] + "2", "faults": []}), "this is no kill matrix of the format"),
        ("[" * 100_000, "no kill matrix can be read there"),
        *(
            (json.dumps({"format": FORMAT, **rest}), "a kill matrix that was changed or damaged")
            for rest in (
                {},
                {"faults": 3},
                {"faults": [{}]},
                {"faults": [{"name": "x", "outcome": "named", "sources": {"written": [{"outcome": "named"}]}}]},
                {"faults": [{"name": "x", "outcome": "fine", "sources": {}}]},
                {"faults": [], "kit": "1"},
            )
        ),
    ],
)
def test_a_kill_matrix_that_is_none_is_bad_input(tmp_path, said, why):
    file = tmp_path / "matrix.json"
    file.write_text(said, encoding="utf-8")
    with pytest.raises(BadInput, match=f"matrix.json: {why}"):
        read_rooms.read_kills(file)


def test_a_faulty_authority_stands_on_the_page_of_what_it_breaks(made):
    text = made["clauses/connect.revoke.any-time"].text.partition("## Broken, and caught\n\n")[2]
    number = sum(fault.breaks == "connect.revoke.any-time" for fault in faults.all_authorities().values())
    assert number > 1
    assert text.startswith(f"{number} faulty authorities break it: the reference, with one difference each.\n")


def test_gaps_are_shown_and_counted(rooms):
    assert {what: len(clauses) for what, clauses in gaps(rooms).items()} == {
        "neither a sentence of the source nor a decision": 6,
        "no theorem, and no reason why": 0,
        "no theorem, for a reason": 9,
        "no scenario": 1,
        "no faulty box or authority": 4,
    }
    fewer = Rooms(plays={name: play for name, play in rooms.plays.items() if "code.share" not in play.scenario.clauses})
    assert gaps(fewer)["no scenario"] == ["time.local-refused", "code.share"]
    assert "| no scenario | 2 |" in trace_page(fewer).text


# Links and words


def test_a_link_of_a_page_in_the_rooms_is_mended():
    mended = manuals.with_source_links(
        "port-kit", "[it](../PROTOCOL.md#hello) and [that](core/board.h)", "hw_adapter/firmware/README.md"
    )
    assert mended == "[it](../protocol/index.md#hello) and [that](../files/hw_adapter/firmware/core/board.h)\n"


def test_a_link_that_leads_nowhere_is_not_published():
    with pytest.raises(NotPublished, match=r"README.md: it links to nothing.md, and there is no nothing.md; mend the link"):
        manuals.with_source_links("readme", "[it](nothing.md)", "README.md")


def test_ids_of_clauses_lead_to_their_pages_but_in_code():
    text = with_clauses_linked("x", "`code.day` and `no.clause`\n```\n`code.day`\n```\n")
    assert text == "[`code.day`](../clauses/code.day/index.md) and `no.clause`\n```\n`code.day`\n```\n"
    assert link("", "a#b") == "a/index.md#b"


def test_a_list_stands_apart():
    assert with_lists_apart("these:\n- one\n- two\n") == "these:\n\n- one\n- two\n"


def test_what_a_docstring_says_is_no_markup(made):
    assert "<script" not in made["api/conformance"].text
    assert literal("a*b <i>") == "a&#42;b &#60;i&#62;"


def test_every_command_has_its_place(made):
    text = made["commands"].text
    for name in ("lockproof run", "lockproof pics draft", "lockproof access grant", "lockproof scenarios from-itf"):
        assert f"\n## {name} {{ #{name.replace(' ', '-')} }}\n" in text
    assert "`--wait`" in text
    assert "(see [Adapters](../adapters/index.md)), or the NAME of a box" in text
    assert "step by step: [Port your box](../porting/index.md)." in text
    assert "hw&#95;adapter" not in text


def test_who_makes_a_box_begins_with_the_page_that_leads_there(made):
    assert "[Port your box](porting/index.md){ .md-button }" in made[""].text
    first = next(manual for manual in manuals.MANUALS if manual.menu == ("For makers",))
    assert (first.path, first.title) == ("porting", "Port your box")
    assert made["porting"].text.startswith("# Port your box\n")


def test_who_wants_to_know_how_long_a_code_lasts_begins_with_the_page_that_leads_there(rooms, made):
    assert "for [60 minutes from its first use](clauses/code.expiry.after-first-use/index.md), and nobody" in made[""].text
    assert "for [61 minutes from its first use]" in start_page(Rooms(plays=rooms.plays, profile=SIXTY_ONE)).text


def test_two_pages_of_one_path_are_not_published(rooms, monkeypatch):
    monkeypatch.setattr(site, "commands_page", lambda: Page("profile", "again", ""))
    with pytest.raises(NotPublished, match="two pages have one path: profile"):
        site.pages(rooms)


def test_a_warning_fails_the_build(tmp_path, capfd):
    settings = site.write(tmp_path / "small", [Page("", "Start", "# Start\n\n[nowhere](#nowhere)\n")])
    assert build.build(settings) == 1
    assert "nowhere" in capfd.readouterr().err
    settings = site.write(tmp_path / "good", [Page("", "Start", "# Start\n\n[here](#start)\n")])
    assert build.build(settings) == 0


def everything_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize("theirs", ["notes.txt", "pages/index.md", "site/index.html", "mkdocs.yml"])
def test_a_folder_with_files_of_others_is_not_built_in(tmp_path, capsys, theirs):
    file = tmp_path / theirs
    file.parent.mkdir(exist_ok=True)
    file.write_text("site_name: theirs\n", encoding="utf-8")
    before = everything_in(tmp_path)
    assert build.main(["--pages", "--out", str(tmp_path)]) == 2
    said = f"{tmp_path}: other files stand there, and nothing that was built before; name an empty folder with --out\n"
    assert capsys.readouterr().err == said
    with pytest.raises(BadInput):
        site.write(tmp_path, [])
    assert everything_in(tmp_path) == before
    assert file.read_text(encoding="utf-8") == "site_name: theirs\n"


def test_what_was_built_before_is_built_anew_and_what_stands_beside_it_stays(tmp_path):
    site.write(tmp_path, [Page("", "Start", "# Start\n"), Page("gone", "Gone", "# Gone\n")])
    (tmp_path / "notes.txt").touch()
    site.write(tmp_path, [Page("", "Start", "# Start\n")])
    assert {"notes.txt", "mkdocs.yml", "pages/index.md"} <= everything_in(tmp_path)
    assert "pages/gone" not in everything_in(tmp_path)


def test_what_is_shown_where_something_listens_already_is_bad_input(tmp_path, monkeypatch, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(build, "PORT", port)
        assert build.serve(tmp_path / "mkdocs.yml") == 2
    assert capsys.readouterr().err.startswith(f"127.0.0.1:{port}: something listens there already;")
    assert build._is_free(port)


def test_what_is_no_folder_is_not_built_in(tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for out in (file, file / "below"):
        assert build.main(["--pages", "--out", str(out)]) == 2
        assert capsys.readouterr().err == f"{out}: nothing can be built there: Not a directory; name another folder with --out\n"
    with pytest.raises(BadInput, match="nothing can be built there: Not a directory"):
        site.write(file / "below", [])
    assert file.read_text(encoding="utf-8") == "mine"


# Recorded runs


def recorded(box: str, folder: Path, seed: str = "s1") -> Path:
    """The folder of a run of one scenario on a box in this process."""
    own = folder / box.replace(":", "-")
    own.mkdir(parents=True)
    run(target(box), suite.select(suite.written(), ["the-hour-is-over"]), own, seed=seed)
    return folder


def judged_on(page: str, rooms: Rooms) -> list[str]:
    text = next(each.text for each in clause_pages(rooms) if each.path == f"clauses/{page}")
    return text.partition("## Judged\n\n")[2].splitlines()


def test_without_a_recorded_run_a_clause_says_so(rooms, made):
    assert judged_on("code.day", rooms) == [
        "No recorded run was at hand when this page was made. [How one is made](../../results/index.md)."
    ]
    assert made["results"].text == (
        "# The latest results\n\nNo recorded run was at hand when this page was made. To make one:"
        " `lockproof run --box reference --box firmware --out build/results`, and then these pages: `python docs/build.py`.\n"
    )


def test_a_clause_stands_with_what_the_latest_run_of_each_box_found(rooms, tmp_path):
    folder = recorded("fault:expires-one-second-late", recorded("reference", tmp_path / "one"))
    told = replace(rooms, results=read_rooms.read_results([folder]))
    begun = [result.began[:16].replace("T", " ") for result in told.results]
    kit = f"lockproof {digests.kit()['version']}"
    late = "[the hour is over](../../scenarios/the-hour-is-over/index.md)"
    assert judged_on("code.expiry.after-first-use", told)[-2:] == [
        f"| `reference` | ✓ pass | 1 scenario; openings: self-reported | {begun[0]} UTC | {kit} |",
        f'| `fault:expires-one-second-late` | <span class="gap">✗ fail</span> | {late} | {begun[1]} UTC | {kit} |',
    ]
    assert judged_on("code.pin", told)[-1].startswith(
        "| `fault:expires-one-second-late` | \N{EN DASH} not-applicable | the authority decides it, and no authority is judged here |"
    )
    page = results_page(told).text
    assert f"| `reference` | ✓ pass | lockproof reference {digests.kit()['version']} | 3 pass | {begun[0]} UTC | {kit} |" in page
    row = "| [`code.expiry.after-first-use`](../clauses/code.expiry.after-first-use/index.md) | box"
    assert f'{row} | ✓ pass | <span class="gap">✗ fail</span> |' in page


def test_of_two_runs_of_one_box_the_later_counts(tmp_path):
    folders = [recorded("reference", tmp_path / seed, seed) for seed in ("first", "second")]
    assert [result.seed for result in read_rooms.read_results(folders)] == ["second"]
    assert [result.seed for result in read_rooms.read_results(folders[::-1])] == ["second"]


def test_two_firmwares_on_one_port_are_two_boxes(rooms, tmp_path, monkeypatch):
    runs = {
        firmware: RunResult(
            "/dev/ttyUSB0", "a box", firmware, [], [ClauseResult("code.day", "box", verdict)], began=f"2026-01-0{day}"
        )
        for day, (firmware, verdict) in enumerate({"A 1.0": Verdict.FAIL, "B 7.2": Verdict.PASS}.items(), 1)
    }
    monkeypatch.setattr(read_rooms, "judged_anew", lambda folder: [runs[folder.name]])
    told = replace(rooms, results=read_rooms.read_results([tmp_path / firmware for firmware in runs]))
    assert [row.partition(" | 2026")[0] for row in judged_on("code.day", told)[-2:]] == [
        '| `/dev/ttyUSB0` A 1.0 | <span class="gap">✗ fail</span> | ',
        "| `/dev/ttyUSB0` B 7.2 | ✓ pass | ",
    ]
    assert "| clause | decided by | `/dev/ttyUSB0` A 1.0 | `/dev/ttyUSB0` B 7.2 |" in results_page(told).text


def test_a_result_by_another_text_of_the_standard_is_told(rooms):
    row = ClauseResult("code.day", "box", Verdict.PASS, ("a", "b"), cuts=("reset",))
    old = RunResult(
        "old", "a box", "1.0", clauses=[row], began="2026-01-02T03:04:05+00:00", kit={"version": "0.0.1", "spec": "0"}
    )
    assert judged_on("code.day", replace(rooms, results=(old,)))[-1] == (
        "| `old` | ✓ pass | 2 scenarios; power cut: reset | 2026-01-02 03:04 UTC"
        ' | lockproof 0.0.1, <span class="gap">another text of the standard</span> |'
    )


def test_a_run_that_came_to_no_verdict_stands_with_why(rooms):
    dead = RunResult(
        "nosuch", "", "", error="nosuch: there is no such port", began="2026-01-02T03:04:05+00:00", kit=digests.kit()
    )
    assert judged_on("code.day", replace(rooms, results=(dead,)))[-1] == (
        '| `nosuch` | <span class="gap">! error</span> | nosuch: there is no such port | 2026-01-02 03:04 UTC'
        f" | lockproof {digests.kit()['version']} |"
    )


def test_the_newest_run_below_build_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "RESULTS", tmp_path)
    assert build._newest_run() == []
    for number in ("0001", "0002"):
        (tmp_path / number / "box").mkdir(parents=True)
        (tmp_path / number / "box" / "journal.jsonl").touch()
    (tmp_path / "0003").mkdir()
    assert build._newest_run() == [tmp_path / "0002"]


def test_a_folder_without_a_run_is_bad_input(tmp_path, capsys):
    assert build.main(["--results", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]) == 2
    assert "nowhere: No such file or directory" in capsys.readouterr().err


def test_what_people_write_of_the_sixty_minutes_is_what_the_profile_says():
    """Pages that are written and not made: a profile of other minutes is noticed here."""
    minutes = {60: "sixty"}[DEFAULT.code_life // MINUTE]
    for file, said in {
        "README.md": f"on one day, for {minutes} minutes from first use",
        "reference/ACCESS.md": f"goes on opening for {minutes} minutes from its first use",
        "hw_adapter/AUTHORITIES.md": f"from first use for {lasting(DEFAULT.code_life)}, also past midnight",
    }.items():
        assert said in " ".join((read_rooms.ROOT / file).read_text(encoding="utf-8").split()), file
