"""What the reader of scenarios says about each thing that can be wrong with one: where, what, and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.conformance.journal import Journal
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.scenario import ScenarioError, load, outage
from lockproof.conformance.story import Contradiction
from lockproof.conformance.words import WordsError
from lockproof.reference.box import ReferenceBox
from lockproof.spec.profile import DEFAULT

GOOD = """\
id: a-scenario
clauses: [code.day]
story: A code opens on its day.
steps:
  - generate: {by: joe, day: tomorrow, as: anns-code}
    authority: accepts
  - enter: anns-code
    box: refuses
    because: code.day
  - at: tomorrow 12:00
    enter: anns-code
    box: opens
    shows: code.day
"""


def read(text: str, name: str = "a-scenario"):
    return load(Path(f"{name}.yaml"), text)


def play(text: str):
    return Player(ReferenceBox(), authority_for_a_bench(DEFAULT), Journal()).play(read(text))


def error(text: str) -> str:
    with pytest.raises(ScenarioError) as refusal:
        read(text)
    return str(refusal.value)


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def with_steps(*steps: str, head: str = "") -> str:
    first = "\n".join(GOOD.splitlines()[:6])
    return head + first + "\n" + "\n".join(f"  - {step}" for step in steps) + "\n" + "\n".join(GOOD.splitlines()[6:]) + "\n"


def test_a_good_scenario_is_read() -> None:
    scenario = read(GOOD)
    assert (scenario.id, scenario.clauses, scenario.story) == ("a-scenario", ("code.day",), "A code opens on its day.")
    assert [(step.verb, step.accepted, step.asks, step.where.line) for step in scenario.steps] == [
        ("generate", True, "authority", 5),
        ("enter", False, "box", 7),
        ("enter", True, "box", 11),
    ]
    assert scenario.uses_box


# Files


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ScenarioError) as refusal:
        load(Path("nowhere/a-scenario.yaml"))
    assert str(refusal.value) == (
        "nowhere/a-scenario.yaml:1: cannot be read: [Errno 2] No such file or directory: 'nowhere/a-scenario.yaml'\n"
        "    name a scenario file, in YAML and UTF-8"
    )


@pytest.mark.parametrize("text", ["", "\n\n", "# only a remark\n"])
def test_an_empty_file(text: str) -> None:
    assert error(text) == "a-scenario.yaml:1: the file is empty\n    see lockproof scenarios show for what a scenario looks like"


def test_not_yaml() -> None:
    assert error("id: a-scenario\nstory: one: two\n") == (
        "a-scenario.yaml:2: not YAML: mapping values are not allowed here\n    mend the line; quote text that has : or # in it"
    )


def test_nested_too_deep() -> None:
    assert error("[" * 5000) == (
        "a-scenario.yaml:1: it is nested too deep\n    write steps as a plain list, as in the packaged scenarios"
    )


def test_a_duplicate_key() -> None:
    assert error(changed("story:", "id: a-scenario\nstory:")) == (
        "a-scenario.yaml:3: id stands here twice\n    take one of the two out"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "just words\n",
            "a-scenario.yaml:1: a scenario is written as key: value\n    see lockproof scenarios show for an example",
        ),
        ("id: a-scenario\n", "a-scenario.yaml:1: the scenario has no clauses\n    add clauses:"),
        (
            changed("story:", "storey:"),
            (
                "a-scenario.yaml:3: a scenario has no storey\n    did you mean story?   (clauses, clock, control, id, profile,"
                " properties, secret, start, steps, story, theorem, zone)"
            ),
        ),
        (
            changed("id: a-scenario", "id: another-scenario"),
            "a-scenario.yaml:1: the id is another-scenario, the file is not\n    name the file another-scenario.yaml",
        ),
        (
            changed("id: a-scenario", "id: A Scenario"),
            "a-scenario.yaml:1: 'A Scenario' is no id\n    write a short sentence in small letters with-hyphens-between",
        ),
        (changed("A code opens on its day.", '""'), "a-scenario.yaml:3: nothing stands here\n    write a word or a sentence"),
        (
            changed("story:", "control: perhaps\nstory:"),
            "a-scenario.yaml:3: 'perhaps' is neither yes nor no\n    write yes or no",
        ),
        (
            changed("story:", "secret: abcd\nstory:"),
            "a-scenario.yaml:3: a secret is 32 bytes in hexadecimal\n    write 64 hexadecimal digits",
        ),
        (
            changed("story:", "properties: {home: {address: 1 Road, zone: Asia/Tokyo}}\nstory:"),
            "a-scenario.yaml:3: home is no property of its own\n    give it a new name, an address and a zone",
        ),
        (
            changed("story:", "properties: {cabin: {address: 1 Road}}\nstory:"),
            "a-scenario.yaml:3: cabin is no property of its own\n    give it a new name, an address and a zone",
        ),
        (
            changed("story:", "profile: {code_live: 1h}\nstory:"),
            (
                "a-scenario.yaml:3: a profile has no code_live\n    did you mean code_life?   (authority_skew, clock_skew, code_days_ahead,"
                " code_digits, code_ends_with_its_day, code_indices, code_life, holdover, keypad_burst, keypad_refill, refusals_written_every,"
                " ticket_life, timer_drift, window_longest, window_shortest)"
            ),
        ),
        (
            changed("story:", "profile: {code_indices: 9}\nstory:"),
            "a-scenario.yaml:3: code_indices: 9 is not legal\n    codes per box and day: 1 to 8 codes (code.index)",
        ),
    ],
)
def test_what_is_wrong_with_the_head(text: str, message: str) -> None:
    assert error(text) == message


# Clauses and evidence


def test_an_unknown_clause() -> None:
    assert error(changed("[code.day]", "[code.expiry.after-first-used]")) == (
        "a-scenario.yaml:2: no clause is called code.expiry.after-first-used\n"
        "    did you mean code.expiry.after-first-use?   (all clauses: lockproof clauses)"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed("[code.day]", "[]"), "a-scenario.yaml:2: the scenario cites no clause\n    name those that it shows"),
        (
            changed("    shows: code.day\n", ""),
            "a-scenario.yaml:2: no step shows code.day\n    add shows: code.day to the step whose outcome shows it",
        ),
        (
            changed("shows: code.day", "shows: [code.day, code.digits]"),
            "a-scenario.yaml:11: the scenario does not cite code.digits\n    add it to clauses: at the top",
        ),
        (
            changed("  - enter: anns-code\n    box: refuses\n    because: code.day\n", ""),
            (
                "a-scenario.yaml:8: no enter is refused, so whoever always answers alike would pass\n"
                "    add a control: one of the same kind that differs in one condition and comes out the other way"
            ),
        ),
        (
            changed("    authority: accepts\n", "    authority: accepts\n    shows: code.day\n"),
            (
                "a-scenario.yaml:5: no generate is refused, so whoever always answers alike would pass\n"
                "    add a control: one of the same kind that differs in one condition and comes out the other way"
            ),
        ),
        (
            with_steps("cut: {}\n    shows: code.day"),
            "a-scenario.yaml:7: nothing is seen at cut, so it shows nothing\n    put shows: at the step that looks",
        ),
        (
            with_steps("cut: {at-write: 1}", "enter: anns-code\n    box: does not answer\n    shows: code.day"),
            "a-scenario.yaml:8: what may come out either way shows nothing\n    put shows: at another step",
        ),
        (
            changed("    authority: accepts\n", "    authority: accepts\n    because: code.date\n"),
            "a-scenario.yaml:5: there is no reason without a refusal\n    take because: out",
        ),
    ],
)
def test_what_is_wrong_with_the_evidence(text: str, message: str) -> None:
    assert error(text) == message


# Steps


def test_an_unknown_verb() -> None:
    assert error(with_steps("entre: anns-code")) == (
        "a-scenario.yaml:7: a step has no entre\n    did you mean enter?   (after, agent, alerts, assign, at, authority, because,"
        " become, board, box, challenge, close-account, connect, cut, deliver, disturb-clock, end-another-grant, enter, every, fetch,"
        " generate, grant, line, measure-clock, mint, notification, notifications, owners, present, read-clock, read-log, register,"
        " report, revocation, revoke, set-clock, share, shows, times, unassign, upload, wear, which)"
    )


def test_two_verbs() -> None:
    assert error(with_steps("enter: anns-code\n    cut: {}\n    box: opens")) == (
        "a-scenario.yaml:7: a step has one verb, this one has enter and cut\n    make two steps of it"
    )


def test_an_unknown_person() -> None:
    assert error(changed("by: joe", "by: jo")) == (
        "a-scenario.yaml:5: there is no person called jo\n"
        "    did you mean joe?   (ann, carl, ivan, joe, mary, nora, owen, ralph, rita, sam)"
    )


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            "times: 2",
            "this step does nothing\n    give it a verb: grant, generate, revoke, fetch, mint, register, close-account,",
        ),
        ("enter: anns-code", "enter has an outcome, and this step does not say which\n    add box: opens or box: refuses"),
        ("enter: anns-code\n    box: accepts", "box: accepts is no outcome of enter\n    write box: opens or box: refuses"),
        (
            "enter: anns-code\n    authority: accepts",
            "authority: accepts is no outcome of enter\n    write box: opens or box: refuses",
        ),
        ("enter: anns-code\n    box: opens\n    authority: accepts", "a step has one outcome\n    say what the box does,"),
        ("cut: {}\n    box: opens", "box: opens is no outcome of cut\n    take it out"),
        ("disturb-clock: {}", "disturb-clock needs back\n    add back: … (it takes back)"),
        ("disturb-clock: {back: soon}", "'soon' is no duration\n    write it as 59m59s,"),
        ("disturb-clock: {ahead: 1h}", "disturb-clock has no ahead\n    (back)"),
        ("disturb-clock: 1h\n    box: takes", "box: takes is no outcome of disturb-clock\n    take it out"),
        (
            "disturb-clock: 1h\n    shows: code.day",
            "nothing is seen at disturb-clock, so it shows nothing\n    put shows: at the step that looks",
        ),
        (
            "enter: anns-code\n    box: does not answer",
            "nothing makes this uncertain\n    let an earlier step cut: {at-write: 1}",
        ),
        ("enter: bens-code\n    box: opens", "there is no code called bens-code\n    did you mean anns-code?   (anns-code)"),
        ("connect: anns-code\n    box: opens", "anns-code is a code, and no grant\n    name another one"),
        ("present: ticket\n    box: opens", "there is no ticket called ticket\n    (none so far)"),
        ("enter: {day: today}\n    box: opens", "one row of digits is entered\n    give code, digits or index (and a day)"),
        ("enter: {digits: 12a4}\n    box: opens", "'12a4' cannot stand here\n    write 1 to 16 digits, in quotes"),
        (
            "enter: {code: anns-code, mistyped: digit 0}\n    box: opens",
            "'digit 0' cannot stand here\n    write a digit too many,",
        ),
        (
            "enter: {code: anns-code, digit: 2}\n    box: opens",
            "enter has no digit\n    did you mean digits?   (code, day, digits,",
        ),
        (
            "grant: joe\n    authority: accepts",
            "grant takes named arguments\n    write grant: {as, at-box, by, for, from, role, to",
        ),
        (
            "grant: {by: joe, from: now}\n    authority: accepts",
            "grant needs to\n    add to: … (it takes as, at-box, by, for, from,",
        ),
        (
            "grant: {by: joe, to: rita, from: noon}\n    authority: accepts",
            "'noon' names no instant\n    write tomorrow 14:19:51,",
        ),
        (
            "grant: {by: joe, to: rita, from: now, for: long}\n    authority: accepts",
            "'long' is no duration\n    write it as 59m59s,",
        ),
        (
            "grant: {by: joe, to: rita, from: now, role: agent}\n    authority: accepts",
            "there is no role called agent\n    (appraiser,",
        ),
        ("generate: {by: joe, day: soon}\n    authority: accepts", "'soon' is no day\n    write today, tomorrow, yesterday,"),
        (
            "generate: {by: joe, day: 2027-02-30}\n    authority: accepts",
            "'2027-02-30' is no date: day is out of range for month",
        ),
        (
            "generate: {by: joe, day: today, as: anns-code}\n    authority: accepts",
            "anns-code was made by an earlier step\n    give it",
        ),
        (
            "generate: {by: joe, day: today, as: bens-code}\n    authority: refuses",
            "what is refused makes no code\n    take as: bens-",
        ),
        (
            "generate: {by: joe, day: today, at-box: other}\n    authority: accepts",
            "there is no choice called other\n    did you mean o",
        ),
        (
            "generate: {by: joe, day: today, seller-permission: perhaps}\n    authority: accepts",
            "there is no answer called perhaps",
        ),
        ("generate: {by: joe, day: today, name: yes}\n    authority: accepts", "True is no text\n    put it in quotes"),
        ("assign: cabin", "there is no property called cabin\n    (home)"),
        ("owners: [joe, jim]", "there is no person called jim\n    (ann, carl, ivan, joe,"),
        ("notifications: few", "'few' is no whole number\n    write one, such as 2"),
        ("cut: {off: the holdout}", "'the holdout' is no duration\n    write it as 59m59s, 1h, 90s or 7d"),
        ("set-clock: {to: noon}\n    box: takes", "'noon' names no instant\n    write tomorrow 14:19:51,"),
        ("set-clock: {forged: badly}\n    box: takes", "there is no forgery called badly\n"),
        ("read-log: the box", "read-log takes no arguments\n    write read-log: {}"),
        ("after: 5m\n    at: tomorrow 10:00", "a step has one time\n    take at: or after: out"),
        ("after: a while", "'a while' is no duration\n    write it as 59m59s, 1h, 90s or 7d"),
        ("cut: {}\n    times: many", "'many' is no number of times\n    write a whole number from 1 to 1000"),
        ("cut: {}\n    every: 5m", "every: is the time between one and the next\n    add times:"),
        ("just words", "a step is written as key: value\n    see lockproof scenarios show for an example"),
        ("enter: anns-code\n    box: [opens]", "one word or sentence stands here\n    write it on the line of its key"),
    ],
)
def test_what_is_wrong_with_a_step(step: str, message: str) -> None:
    said = error(with_steps(step))
    where, _, what = said.partition(": ")
    assert where.startswith("a-scenario.yaml:")
    assert 7 <= int(where.rpartition(":")[2]) <= 9
    assert what.startswith(message), what
    assert "Traceback" not in said


# Times that no clock shows, or that it shows twice (time.local-refused)


def test_an_unknown_zone() -> None:
    assert error(changed("story:", "zone: America/Toronot\nstory:")) == (
        "a-scenario.yaml:3: no time zone is called 'America/Toronot' (tzdata "
        + _tzdata()
        + ")\n    did you mean America/Toronto?"
    )


def test_a_local_time_that_does_not_exist() -> None:
    assert error(changed("at: tomorrow 12:00", "at: 2027-03-14 02:30")) == (
        "a-scenario.yaml:10: 2027-03-14 02:30:00 does not exist in America/Toronto: clocks go from 2027-03-14 01:59:59-05:00"
        " straight on to 2027-03-14 03:00:00-04:00\n    give one of these, or another time that exists"
    )


def test_a_local_time_that_comes_twice() -> None:
    assert error(changed("at: tomorrow 12:00", "at: 2027-11-07 01:30")) == (
        "a-scenario.yaml:10: 2027-11-07 01:30:00 comes more than once in America/Toronto, as 2027-11-07 01:30:00-04:00"
        " (2027-11-07 05:30:00Z) and as 2027-11-07 01:30:00-05:00 (2027-11-07 06:30:00Z)\n    say which by giving its offset"
    )


@pytest.mark.parametrize("offset", ["-04:00", "-05:00"])
def test_with_its_offset_it_is_taken(offset: str) -> None:
    scenario = read(changed("at: tomorrow 12:00", f"at: 2027-11-07 01:30{offset}"))
    assert scenario.steps[-1].at == f"2027-11-07 01:30{offset}"


def test_an_offset_that_is_not_in_force() -> None:
    assert error(changed("at: tomorrow 12:00", "at: 2027-11-07 12:00-04:00")) == (
        "a-scenario.yaml:10: 2027-11-07 12:00:00-04:00 is not a time of America/Toronto: there it comes as"
        " 2027-11-07 12:00:00-05:00 (2027-11-07 17:00:00Z)\n    give an offset that is in force, or none"
    )


def test_a_start_that_does_not_exist() -> None:
    assert error(changed("story:", "start: 2027-03-14 02:30\nstory:")).startswith(
        "a-scenario.yaml:3: 2027-03-14 02:30:00 does not exist in America/Toronto: "
    )


# What can only be known while it is played


def test_an_expectation_that_the_standard_contradicts() -> None:
    text = GOOD.replace("box: refuses\n    because: code.day\n", "box: opens\n").replace(
        "box: opens\n    shows: code.day", "box: refuses\n    shows: code.day"
    )
    with pytest.raises(Contradiction) as refusal:
        play(text)
    assert str(refusal.value) == (
        "a-scenario.yaml:7: the scenario expects that the box opens, and the standard says otherwise: must refuse: not within its"
        " day (code.day, bound 2027-03-03 00:00:00, margin 54000 s)\n    mend the expectation, or the steps before it"
    )


def test_a_reason_that_the_standard_contradicts() -> None:
    with pytest.raises(Contradiction) as refusal:
        play(changed("because: code.day", "because: code.digits"))
    assert str(refusal.value) == (
        "a-scenario.yaml:7: the scenario expects that the box does so because of code.digits, and the standard says otherwise:"
        " must refuse: not within its day (code.day, bound 2027-03-03 00:00:00, margin 54000 s)\n"
        "    mend the expectation, or the steps before it"
    )


def test_time_that_goes_back() -> None:
    with pytest.raises(ScenarioError) as refusal:
        play(with_steps("at: today 08:59:59"))
    assert str(refusal.value) == (
        "a-scenario.yaml:7: this step lies before the one above it\n    put the steps in the order of time"
    )


def test_an_order_for_a_grant_that_goes_on() -> None:
    steps = (
        "grant: {by: joe, to: rita, from: now, as: ritas-grant}\n    authority: accepts",
        "deliver: ritas-grant\n    box: takes",
    )
    with pytest.raises(ScenarioError) as refusal:
        play(with_steps(*steps))
    assert str(refusal.value) == (
        "a-scenario.yaml:9: ritas-grant has not ended, so there is no order to deliver\n    revoke it in an earlier step"
    )


# Outages


@pytest.mark.parametrize(
    ("text", "seconds"), [("5m", 300), ("the holdover", 86400), ("1s longer than the holdover", 86401), ("0s", 0)]
)
def test_how_long_the_power_is_away(text: str, seconds: int) -> None:
    assert outage(text, DEFAULT) == seconds


@pytest.mark.parametrize("text", ["", "holdover", "longer than the holdover", "x longer than the holdover", "5"])
def test_an_outage_that_is_none(text: str) -> None:
    with pytest.raises(WordsError):
        outage(text, DEFAULT)


# Whatever else


@given(st.text(alphabet="ab:-{}[]\n #&*\"'|>%\t,?!", max_size=60))
def test_no_text_gets_anything_but_one_clear_error(text: str) -> None:
    with pytest.raises(ScenarioError) as refusal:
        read(text)
    assert str(refusal.value).startswith("a-scenario.yaml:")


@given(st.integers(0, len(GOOD) - 1), st.sampled_from(list("x:{}[]-\n \"'&*0")))
def test_a_good_scenario_with_one_character_changed_is_read_or_refused_clearly(place: int, character: str) -> None:
    said = _refusal(GOOD[:place] + character + GOOD[place + 1 :])
    assert said is None or said.startswith("a-scenario.yaml:")


def _refusal(text: str) -> str | None:
    try:
        read(text)
    except ScenarioError as refusal:
        return str(refusal)
    return None


def _tzdata() -> str:
    from lockproof.spec.civil import tzdata_version  # noqa: PLC0415 (for the one message that has it)

    return tzdata_version()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            with_steps('{at: "tomorrow 25:00"}'),
            "a-scenario.yaml:7: '25:00' is no time of day: hour must be in 0..23\n    write 00:00 to 23:59:59",
        ),
        (
            with_steps("{enter: {index: 300}, box: refuses}"),
            "a-scenario.yaml:7: 300 cannot stand here\n    write 0 to 255",
        ),
        (
            with_steps("{generate: {by: joe, day: in 5000000 days}, authority: refuses}"),
            "a-scenario.yaml:7: 'in 5000000 days' is out of reach\n    write a day from 1971-01-01 to 9000-12-31",
        ),
        (
            with_steps('{at: "in 999999999999 days 09:00"}'),
            "a-scenario.yaml:7: 'in 999999999999 days' is out of reach\n    write a day from 1971-01-01 to 9000-12-31",
        ),
        (
            with_steps("{after: 99999999999d}"),
            "a-scenario.yaml:7: '99999999999d' is too long\n    write at most 36525d, which is a hundred years",
        ),
        (
            with_steps('{at: "36000d before today 09:00"}'),
            "a-scenario.yaml:7: '36000d before today 09:00' lies before 1970\n    write an instant from 1971-01-01 on",
        ),
        (
            changed("story:", 'start: "1970-01-02 10:00"\nstory:'),
            "a-scenario.yaml:3: '1970-01-02' is out of reach\n    write a day from 1971-01-01 to 9000-12-31",
        ),
        (
            changed("A code opens on its day.", '"\\ud800"'),
            "a-scenario.yaml:3: half a character stands here\n    write the whole character, not its halves",
        ),
        (
            with_steps("cut: {at-write: 99999999999}"),
            "a-scenario.yaml:7: 99999999999 cannot stand here\n    write 1 to 1000",
        ),
        (
            with_steps(f"{{enter: {{index: {'9' * 5000}}}, box: refuses}}"),
            "a-scenario.yaml:7: 999999999999 cannot stand here\n    write 0 to 255",
        ),
        (
            changed("story:", "profile: {code_indices: at least 9}\nstory:"),
            "a-scenario.yaml:3: code_indices: 9 is not legal\n    codes per box and day: 1 to 8 codes (code.index)",
        ),
        (
            changed("story:", "profile: {code_indices: at least two}\nstory:"),
            "a-scenario.yaml:3: 'two' is no whole number\n    write one, such as 2",
        ),
    ],
)
def test_what_cannot_be_played_on_any_bench(text: str, message: str) -> None:
    assert error(text) == message


def test_words_that_hang_on_an_earlier_step_are_refused_when_it_is_played() -> None:
    text = with_steps("{set-clock: {to: 36525d before the start of anns-code}, box: refuses}")
    with pytest.raises(ScenarioError, match="lies before 1970"):
        play(text)


def test_a_scenario_for_boxes_with_at_least_so_many_codes() -> None:
    scenario = read(changed("story:", "profile: {code_indices: at least 3, holdover: 1d}\nstory:"))
    assert scenario.unsuitable(DEFAULT) == ""
    assert scenario.unsuitable(replace(DEFAULT, code_indices=3)) == ""
    assert scenario.unsuitable(replace(DEFAULT, code_indices=2)) == "it declares code_indices 2, this is for at least 3"
    assert scenario.unsuitable(replace(DEFAULT, holdover=60)) == "it declares holdover 60, this is for 86400"


def test_a_scenario_whose_clock_must_run() -> None:
    assert read(changed("story:", "clock: runs\nstory:")).runs
    assert not read(changed("story:", "story:")).runs
    assert "clock: 'stops' is not known" in error(changed("story:", "clock: stops\nstory:"))
