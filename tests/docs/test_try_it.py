"""The page "Try it" answers as the model does, and is usable with a keyboard, on a phone, on paper and without a script."""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from dataclasses import asdict, replace
from typing import Any

import pytest
from lockproof.spec import denotation
from lockproof.spec.clauses import all_clauses
from lockproof.spec.model import authority, box
from lockproof.spec.mutants import Mutant, installed, mutants_of
from lockproof.spec.profile import DAY, DEFAULT, HOUR, Profile
from lockproof.spec.vocabulary import named
from making import situations, try_it
from making.rooms import NotPublished
from making.situations import Situation

NUMBER, BATCH = 600, 150
RIGHT, LEFT, SHIFT, PAGE_UP, SPACE = "\ue014", "\ue012", "\ue008", "\ue00e", " "
EXAMPLES = {example.name: example for example in try_it.examples(DEFAULT)}
LIFE_S_END = "used-before-the-last-second-of-its-life"


ASKED = """(given) => given.map(([values, midnight]) => {
  const [played, answer] = lockproof.play(lockproof.Situation(values), lockproof.profiles[midnight ? "midnight" : "standard"]);
  return [played, answer, answer.outcome.clauses(), answer.outcome.because()];
})"""
"""A function of the page for a batch of them."""

Drawn = tuple[Situation, bool]
"""A situation, and whether codes end with their day."""


@pytest.fixture
def page(browser, site):
    """The page as somebody sees it who has just opened it."""
    browser.width(1280, 1400)
    browser.appear(night=False)
    browser.log("browser")
    browser.show(site.folder / "try-it" / "index.html")
    return browser


def drawn(number: int, profile: Profile = DEFAULT) -> list[Drawn]:
    """Situations with every instant near something that may matter to another: the same for the same number."""
    draw = random.Random("try it")
    return [_one(draw, profile, connect=bool(index % 2)) for index in range(number)]


def _one(draw: random.Random, profile: Profile, *, connect: bool) -> Drawn:
    day = draw.choice(try_it.days())
    quiet = try_it.quiet(day, connect=connect)
    anchors = [day.first, day.begins, day.ends, day.last]

    def near(*more: int) -> int:
        at = draw.choice(more if more and draw.random() < 0.5 else anchors) + draw.choice((-1, 0, 0, 1))
        return min(day.last, max(day.first, at))

    begins, ends = quiet.begins, quiet.ends
    if connect:
        begins = day.begins + draw.randint(-HOUR, 10 * HOUR)
        long = draw.choice((profile.window_shortest, 6 * HOUR, 6 * HOUR, 20 * HOUR)) + draw.choice((-1, 0, 1))
        ends = min(day.last, begins + long)
        anchors += [begins, ends]
    used_at = near(draw.randint(begins, ends), begins + 2 * HOUR, begins + 3 * HOUR)
    anchors += [used_at, used_at + profile.code_life, used_at + profile.code_life]
    revoked_at = near(begins + 4 * HOUR, begins + 4 * HOUR)
    heard_at = near(revoked_at, revoked_at + profile.ticket_life // 2)
    cut_at = near(used_at + HOUR // 2, draw.randint(day.first, day.last))
    off_for = max(0, draw.choice((0, 1, HOUR, profile.holdover)) + draw.choice((-1, 0, 1)))
    back_at = near(used_at + HOUR, used_at + HOUR)
    back_by = min(
        DAY, max(0, draw.choice((back_at - used_at, back_at - used_at, draw.randint(0, DAY))) + draw.choice((-1, 0, 1)))
    )
    life = profile.ticket_life
    anchors += [revoked_at, heard_at, cut_at, cut_at + off_for, back_at, back_at + back_by, used_at + profile.code_life + back_by]
    presented_at = near(revoked_at + life, revoked_at + life - 1, used_at + profile.code_life, used_at + profile.code_life)
    situation = replace(
        quiet,
        begins=begins,
        ends=ends,
        uses=draw.random() < 0.6,
        used_at=used_at,
        revokes=draw.random() < 0.4,
        revoked_at=revoked_at,
        hears=draw.random() < 0.6,
        heard_at=heard_at,
        sets_back=draw.random() < 0.35,
        back_at=back_at,
        back_by=back_by,
        by_order=draw.random() < 0.6,
        cuts=draw.random() < 0.3,
        cut_at=cut_at,
        off_for=off_for,
        wrong=draw.choice((0, 0, 0, 1, profile.keypad_burst - 1, profile.keypad_burst, profile.keypad_burst + 1)),
        fetched_before=draw.choice((0, 1, 5, life - 1, life, life + 1)),
        presented_at=presented_at,
    )
    return situation, draw.random() < 0.3


def by_the_model(pairs: list[Drawn], profile: Profile = DEFAULT) -> list[Any]:
    """What the model's own functions say: every step, every need and clause, and what is left of box, code and grant."""
    answers = []
    for situation, midnight in pairs:
        ends = profile.code_ends_with_its_day or midnight
        played, answer = situations.play(situation, replace(profile, code_ends_with_its_day=ends))
        answers.append(_plain([asdict(played), asdict(answer), answer.outcome.clauses(), answer.outcome.because()]))
    return answers


def _plain(value: Any) -> Any:
    """As it comes back from JSON."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def by_the_script(browser, pairs: list[Drawn], script: str = "") -> list:
    """What the page's script says, or another one in its place."""
    answers = []
    for start in range(0, len(pairs), BATCH):
        given = json.dumps([[asdict(situation), midnight] for situation, midnight in pairs[start : start + BATCH]])
        answers += json.loads(browser.says(f"(() => {{ {script}\nreturn JSON.stringify(({ASKED})({given})); }})()"))
    return answers


def differing(one: list, other: list) -> int:
    return sum(here != there for here, there in zip(one, other, strict=True))


# The script is the model


def test_the_page_answers_as_the_model_does(page):
    pairs = drawn(NUMBER)
    expected = by_the_model(pairs)
    assert by_the_script(page, pairs) == expected
    clauses = Counter(clause for _, _, forbid, entitle in expected for clause in (*forbid, *entitle))
    assert min(clauses[clause] for clause in (
        "code.day", "code.expiry.after-first-use", "box.wrong-entry.bound", "box.ready", "connect.available", "connect.ticket",
        "connect.window.bounds", "connect.window.length", "connect.revoke.bound",
    )) >= 5, clauses  # fmt: skip
    opened = sum(answer["outcome"]["accepted"] for _, answer, _, _ in expected)
    assert NUMBER // 5 < opened < NUMBER * 4 // 5


def entitled(situation: Situation, midnight: bool) -> bool:
    """From the sentences of the clauses and the denotation, for situations in which clock, power and keypad are as they should be."""
    at = situation.presented_at
    if not situation.connect:
        profile = replace(DEFAULT, code_ends_with_its_day=midnight)
        used = situation.uses and situation.begins <= situation.used_at < situation.ends and situation.used_at <= at
        return denotation.entitles(situation.begins, situation.ends, used, situation.used_at, at, profile)
    granted = situation.ends - situation.begins >= 30 * 60
    fetched = at - situation.fetched_before
    revoked = situation.revokes and situation.revoked_at <= fetched
    heard = situation.revokes and situation.hears and situation.revoked_at <= situation.heard_at <= at
    newest = not (situation.uses and fetched < situation.used_at <= at)
    return granted and not revoked and not heard and newest and fetched > at - 60 and situation.begins <= at < situation.ends


def test_what_happens_is_put_in_order_as_the_clauses_have_it():
    plain = [(each, midnight) for each, midnight in drawn(4 * NUMBER) if not (each.sets_back or each.cuts or each.wrong)]
    opened = [answer["outcome"]["accepted"] for _, answer, _, _ in by_the_model(plain)]
    assert opened == [entitled(*pair) for pair in plain]
    assert len(plain) > 400
    assert 100 < sum(opened) < 300


def test_the_same_situations_are_drawn_each_time():
    assert drawn(20) == drawn(20)
    assert len(set(drawn(NUMBER))) > NUMBER * 0.99


def one_second_off() -> list[Mutant]:
    """The bounds that a situation of the page can reach, each a second too early and a second too late."""
    functions = {
        box: (
            "ready",
            "nonce_answered",
            "within_day",
            "within_life",
            "decide_entry",
            "present_ticket",
            "take_time_order",
            "lose_power",
        ),
        authority: ("grant_connect",),
    }
    changed = (each for module, names in functions.items() for name in names for each in mutants_of(vars(module)[name]))
    no_time = ("box.refusals", "same(", "length <= profile.window_longest", "clock >= box.mark", "now < window_end")
    return [each for each in changed if each.operator == "boundary" and not each.before.startswith(no_time)]


def test_every_bound_of_the_model_that_is_one_second_off_is_seen(page):
    """In what the page says: the model is changed, and the page is the one that was made before."""
    pairs = drawn(NUMBER)
    said = by_the_script(page, pairs)
    changes = one_second_off()
    assert len(changes) == 22
    unseen = []
    for changed in changes:
        with installed(changed):
            if not any(by_the_model([pair]) != [answer] for pair, answer in zip(pairs, said, strict=True)):
                unseen.append(changed.id)
    assert unseen == []


def test_a_page_made_from_a_wrong_model_is_seen(page, monkeypatch):
    def within_life(code: box.Code, now: int, profile: Profile) -> bool:
        return named("within its life", now <= code.first_use + profile.code_life)

    pairs = drawn(BATCH)
    with monkeypatch.context() as patched:
        patched.setattr(box, "within_life", within_life)
        wrong = try_it.script(DEFAULT)
    assert 0 < differing(by_the_script(page, pairs, wrong), by_the_model(pairs)) < BATCH // 4


def test_a_page_made_with_another_profile_is_seen(page):
    other = replace(DEFAULT, code_life=61 * 60)
    pairs = drawn(BATCH)
    said = by_the_script(page, pairs, try_it.script(other))
    assert differing(said, by_the_model(pairs)) > 0
    assert said == by_the_model(pairs, other)


def test_a_model_that_cannot_be_printed_is_not_published(rooms, monkeypatch):
    monkeypatch.setattr(box, "within_life", lambda code, now, profile: now < code.first_use + profile.code_life)
    with pytest.raises(NotPublished, match=r"test_try_it\.py:\d+, in .*<lambda>: no translation for what is no plain function"):
        try_it.try_page(rooms)


def test_the_script_that_the_site_has_is_the_one_of_its_profile(site, rooms):
    assert (site.folder / try_it.MODEL).read_text(encoding="utf-8") == try_it.script(rooms.profile)


def test_the_hand_written_script_has_no_clause_and_no_number_of_the_standard():
    text = (try_it.SCRIPTS / "timeline.js").read_text(encoding="utf-8")
    assert [clause for clause in all_clauses() if clause in text] == []
    for name in ("code_life", "ticket_life", "holdover", "keypad", "window_", "mark", "first_use", "nonce"):
        assert f".{name}" not in text, name


def test_a_ticket_is_as_old_at_the_beginning_of_the_axis_as_the_page_says():
    oldest = next(handle.most for handle in try_it.handles(DEFAULT) if handle.name == "fetched_before")
    for day in try_it.days():
        assert day.known_from <= day.first - oldest
        early = replace(try_it.quiet(day, connect=True), begins=day.first, presented_at=day.first + 1)
        ages = {DEFAULT.ticket_life - 1: (), DEFAULT.ticket_life: ("connect.ticket",), oldest: ("connect.ticket",)}
        for age, forbid in ages.items():
            _, answered = situations.play(replace(early, fetched_before=age), DEFAULT)
            assert answered.outcome.clauses() == forbid


# Examples


def test_each_example_comes_out_as_its_title_says():
    answers = {name: try_it.answer(example, DEFAULT) for name, example in EXAMPLES.items()}
    told = {
        name: (step.outcome.accepted, step.by, *(step.outcome.because() or step.outcome.clauses()))
        for name, step in answers.items()
    }
    assert told == {
        "a-one-day-code-within-its-day": (True, "box", "code.day"),
        "used-before-the-last-second-of-its-life": (True, "box", "code.expiry.after-first-use"),
        "used-before-its-life-is-over": (False, "box", "code.expiry.after-first-use"),
        "used-late-presented-after-midnight": (True, "box", "code.expiry.after-first-use"),
        "the-same-use-where-codes-end-with-their-day": (False, "box", "code.day"),
        "the-last-second-of-a-day-of-25-hours": (True, "box", "code.day"),
        "its-day-is-over-and-it-was-never-used": (False, "box", "code.day"),
        "a-grantor-asks-for-its-revocation": (True, "box", "code.day"),
        "a-time-order-says-the-instant-of-the-last-decision": (True, "box", "code.expiry.after-first-use"),
        "a-time-order-says-one-second-before-the-last-decision": (False, "box", "code.expiry.after-first-use"),
        "the-clock-itself-falls-behind-the-last-decision": (False, "box", "box.ready"),
        "wrong-digits-as-many-as-are-examined": (False, "box", "box.wrong-entry.bound"),
        "wrong-digits-one-fewer": (True, "box", "code.day"),
        "no-power-as-long-as-the-clock-goes-on": (True, "box", "code.day"),
        "no-power-one-second-longer": (False, "box", "box.ready"),
        "a-connect-grant-within-its-window": (True, "box", "connect.available"),
        "the-last-second-of-the-window": (True, "box", "connect.available"),
        "the-window-is-over": (False, "box", "connect.window.bounds"),
        "the-ticket-is-one-second-too-old": (False, "box", "connect.ticket"),
        "power-fails-between-ticket-and-presentation": (False, "box", "connect.ticket"),
        "revoked-the-box-has-not-heard-the-ticket-is-in-hand": (True, "box", "connect.available"),
        "revoked-not-heard-and-the-ticket-is-one-second-older": (False, "box", "connect.ticket"),
        "revoked-the-ticket-is-in-hand-but-the-box-has-heard": (False, "box", "connect.revoke.bound"),
        "revoked-no-ticket-is-issued": (False, "authority", "connect.revoke.bound"),
        "a-window-that-is-too-short": (False, "authority", "connect.window.length"),
    }


def test_without_a_script_the_page_says_so_and_has_the_examples(page, site):
    page._command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.show(site.folder / "try-it" / "index.html")
    finally:
        page._command("Emulation.setScriptExecutionDisabled", value=False)
    assert page.says("document.querySelector('noscript p').checkVisibility()")
    assert not page.says("document.getElementById('try').checkVisibility()")
    rows = page.says(
        "Array.from(document.querySelectorAll('tbody tr')).map(row => row.innerText.split('\\t').map(cell => cell.trim()))"
    )
    assert len(rows) == len(EXAMPLES)
    assert ["Used before, its life is over", "2027-06-15 12:00:00", "refused by the box", "code.expiry.after-first-use"] in rows


# In the browser


def answer(browser) -> list:
    """Once it is drawn: the headline, and the clauses."""
    script = (
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done("
        "Array.from(document.querySelectorAll('#try-answer :is(strong, a)')).map(each => each.textContent))));"
    )
    return browser._ask("POST", "/execute/async", {"script": script, "args": []})


def in_words(step) -> list:
    """What the page is to say to what the model says."""
    if step.outcome.accepted:
        return ["Opens", *step.outcome.because()]
    heads = {
        "box": "Refused by the box",
        "authority": "Refused by the authority: no ticket is issued",
        "nobody": "Nothing is decided",
    }
    return [heads[step.by], *step.outcome.clauses()]


def follow(browser, fragment: str) -> None:
    browser.says(f"location.hash = {json.dumps(fragment)}")


def shown(browser) -> Drawn:
    """The situation that the page shows, by its sliders and boxes."""
    script = (
        "Object.fromEntries(Array.from(document.getElementById('try').elements).filter(each => each.name)"
        ".filter(each => each.type !== 'radio' || each.checked)"
        ".map(each => [each.name, each.type === 'checkbox' ? each.checked : each.value]))"
    )
    said = browser.says(script)
    day = try_it.days()[int(said.pop("day"))]
    midnight, credential = said.pop("midnight"), said.pop("credential")
    del said["example"]
    values = {name: value if isinstance(value, bool) else int(value) for name, value in said.items()}
    values["by_order"] = bool(values["by_order"])
    return Situation(connect=credential == "connect", known_from=day.known_from, **values), midnight


def as_the_model(browser) -> list:
    situation, midnight = shown(browser)
    return in_words(try_it.answer(try_it.Example("", "", situation, midnight), DEFAULT))


def address(browser, waited_for: str) -> str:
    """What the address carries, once it has this; it is changed a few times a second at most."""
    for _ in range(100):
        if waited_for in (said := browser.says("location.hash.slice(1)")):
            return said
        time.sleep(0.05)
    return said


def focus(browser, name: str) -> None:
    browser.says(f"document.getElementById('try').elements['{name}'].focus()")


def test_every_example_is_shown_as_it_was_answered_when_the_page_was_made(page):
    for name, example in EXAMPLES.items():
        follow(page, name)
        assert answer(page) == in_words(try_it.answer(example, DEFAULT)), name
        assert shown(page) == (example.situation, example.midnight)
    assert page.log("browser") == []


def test_the_list_names_the_example_that_is_shown_and_shows_the_one_that_is_chosen(page):
    chosen = "document.getElementById('try').elements.example"
    titles = [example.title for example in EXAMPLES.values()]
    assert page.says(f"Array.from({chosen}.options).map(each => each.text)") == [*titles, "one of your own"]
    assert page.says(f"{chosen}.selectedOptions[0].text") == titles[0]
    for number in (2, 0):
        event = "new Event('input', {bubbles: true})"
        page.says(f"[{chosen}.value = {number}, {chosen}.dispatchEvent({event})]")
        example = list(EXAMPLES.values())[number]
        assert answer(page) == in_words(try_it.answer(example, DEFAULT))
        assert page.says(f"{chosen}.selectedOptions[0].text") == example.title
    focus(page, "presented_at")
    page.press(RIGHT)
    assert answer(page) == as_the_model(page)
    assert page.says(f"{chosen}.selectedOptions[0].text") == "one of your own"


def test_the_arrow_keys_go_over_the_bound_and_back(page):
    follow(page, LIFE_S_END)
    assert answer(page) == ["Opens", "code.expiry.after-first-use"]
    focus(page, "presented_at")
    page.press(RIGHT)
    assert answer(page) == as_the_model(page) == ["Refused by the box", "code.expiry.after-first-use"]
    assert page.says("document.activeElement.getAttribute('aria-valuetext')") == "Tue 15 Jun, 12:00:00"
    page.press(LEFT)
    assert answer(page) == as_the_model(page) == ["Opens", "code.expiry.after-first-use"]
    assert address(page, EXAMPLES[LIFE_S_END].name) == LIFE_S_END, "which is an example again"


def test_minutes_and_hours_by_keyboard(page):
    focus(page, "presented_at")
    before = shown(page)[0].presented_at
    page.press(PAGE_UP, PAGE_UP)
    hold = [("keyDown", SHIFT), ("keyDown", LEFT), ("keyUp", LEFT), ("keyUp", SHIFT)]
    actions = [{"type": kind, "value": key} for kind, key in hold]
    page._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})
    answer(page)
    assert shown(page)[0].presented_at - before == 2 * 3600 - 60


@pytest.mark.parametrize("name", [handle.name for handle in try_it.handles(DEFAULT)])
def test_every_handle_moves_by_keyboard_and_the_answer_is_the_models(page, name):
    handle = next(each for each in try_it.handles(DEFAULT) if each.name == name)
    follow(page, "revoked-the-box-has-not-heard-the-ticket-is-in-hand" if handle.of == "connect" else LIFE_S_END)
    answer(page)
    if handle.if_said and not page.says(f"document.getElementById('try').elements['{handle.if_said}'].checked"):
        focus(page, handle.if_said)
        page.press(SPACE)
        answer(page)
    before = getattr(shown(page)[0], name)
    focus(page, name)
    page.press(RIGHT)
    assert answer(page) == as_the_model(page)
    assert getattr(shown(page)[0], name) == before + 1
    said = page.says("document.activeElement.getAttribute('aria-valuetext')")
    assert said == page.says("document.activeElement.closest('.row').querySelector('output').textContent") != ""


def test_a_marker_is_dragged_in_the_picture(page):
    follow(page, LIFE_S_END)
    answer(page)
    box_of = "(({x, y, width, height}) => [x, y, width, height])(document.querySelector('#try-picture .presented').getBoundingClientRect())"
    x, y, width, height = page.says(box_of)
    x, y = round(x + width / 2), round(y + height / 2)
    move = {"type": "pointerMove", "duration": 0, "y": y}
    actions = [{**move, "x": x}, {"type": "pointerDown", "button": 0}, {**move, "x": x + 200}, {"type": "pointerUp", "button": 0}]
    page._ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": actions}]})
    assert answer(page) == as_the_model(page) == ["Refused by the box", "code.expiry.after-first-use"]
    assert shown(page)[0].presented_at > EXAMPLES[LIFE_S_END].situation.presented_at + 3600
    moved, _, there, _ = page.says(box_of)
    assert abs(moved + there / 2 - x - 200) <= 1


def test_the_changes_of_the_answer_are_found_to_the_second(page):
    day, _, _ = try_it.days()
    press = "document.querySelector('[data-change=\"{}\"]').click()"
    page.says(press.format(1))
    assert answer(page) == ["Refused by the box", "code.day"]
    assert shown(page)[0].presented_at == day.ends
    page.says(press.format(-1))
    assert answer(page) == ["Opens", "code.day"]
    assert shown(page)[0].presented_at == day.ends - 1
    page.says(press.format(-1))
    assert answer(page) == ["Refused by the box", "code.day"]
    assert shown(page)[0].presented_at == day.begins - 1
    page.says(press.format(-1))
    answer(page)
    assert shown(page)[0].presented_at == day.begins - 1, "there is none before"
    dead = "Array.from(document.querySelectorAll('[data-change]')).map(each => each.getAttribute('aria-disabled'))"
    assert page.says(dead) == ["true", "false"]


def test_two_changes_within_one_step_of_the_strip_are_both_found_to_the_second(page):
    """Back from a power cut, and a minute later no ticket is older than it."""
    day, *_ = try_it.days()
    situation = replace(
        try_it.quiet(day, connect=True),
        presented_at=day.begins + 11 * HOUR,
        fetched_before=59,
        cuts=True,
        cut_at=day.begins + 12 * HOUR,
        off_for=3,
    )
    page.says(f"location.hash = {json.dumps(as_a_link(situation, midnight=False))}")
    press = "document.querySelector('[data-change=\"1\"]').click()"
    changes = {
        situation.cut_at: ["Nothing is decided"],
        situation.cut_at + 3: ["Refused by the box", "connect.ticket"],
        situation.cut_at + 59: ["Nothing is decided"],
        situation.cut_at + 62: ["Opens", "connect.available"],
        situation.ends: ["Refused by the box", "connect.window.bounds"],
    }
    answer(page)
    for at, said in changes.items():
        page.says(press)
        assert answer(page) == as_the_model(page) == said
        assert shown(page)[0].presented_at == at


def as_a_link(situation: Situation, *, midnight: bool) -> str:
    """What the address of the page carries after `#`."""
    number = [day.known_from for day in try_it.days()].index(situation.known_from)
    values = {"day": number, "midnight": midnight, **asdict(situation)}
    del values["known_from"]
    return "&".join(f"{name}={int(value)}" for name, value in values.items())


def test_a_situation_is_sent_as_a_link(page, site):
    pairs = [pair for pair in drawn(60) if pair[0].uses][:3]
    for situation, midnight in pairs:
        page.show(site.folder / "try-it" / "index.html", "#" + as_a_link(situation, midnight=midnight))
        assert answer(page) == in_words(try_it.answer(try_it.Example("", "", situation, midnight), DEFAULT))
        assert shown(page) == (situation, midnight)


@pytest.mark.parametrize("wrong", ["presented_at=1", "presented_at=x", "day=9", "wrong=1e3", "begins=1813035601"])
def test_a_link_that_says_no_situation_is_told_so(page, wrong):
    follow(page, LIFE_S_END)
    answer(page)
    focus(page, "presented_at")
    page.press(RIGHT, RIGHT)
    answer(page)
    name = wrong.partition("=")[0]
    follow(page, re.sub(rf"\b{name}=\d+", wrong, address(page, "presented_at=")))
    assert answer(page) == ["Refused by the box", "code.expiry.after-first-use"]
    says = f"The address of this page says a situation that is none here: look at {name}"
    assert says in page.says("document.querySelector('#try-answer .aside').textContent")


def test_a_link_to_an_example_that_is_none_is_told_so_and_one_to_a_part_of_the_page_is_not(page):
    told = "document.querySelector('#try-answer .aside')?.textContent"
    follow(page, LIFE_S_END)
    answer(page)
    for fragment, says in (("used-%", "The address of this page names an example that is none here."), ("examples", None)):
        follow(page, fragment)
        assert answer(page) == ["Opens", "code.expiry.after-first-use"]
        assert page.says(told) == says
    assert page.log("browser") == []


def test_another_day_moves_everything_with_it(page):
    follow(page, LIFE_S_END)
    answer(page)
    page.says(
        "(({ elements: { day } }) => { day.value = 2; day.dispatchEvent(new Event('input', { bubbles: true })); })"
        "(document.getElementById('try'))"
    )
    assert answer(page) == as_the_model(page) == ["Opens", "code.expiry.after-first-use"]
    situation, _ = shown(page)
    day = try_it.days()[2]
    assert (situation.begins, situation.ends) == (day.begins, day.ends)
    assert situation.presented_at - situation.used_at == DEFAULT.code_life - 1
    assert "UTC\u22126" in page.says("document.getElementById('try-presented_at').getAttribute('aria-valuetext')")


def test_a_screen_reader_is_told_what_each_thing_is(page):
    assert page.says("document.querySelectorAll('#try-answer[role=status][aria-live=polite]').length") == 1
    unnamed = (
        "Array.from(document.querySelectorAll('#try input[type=range]')).filter(each => !each.getAttribute('aria-label')).length"
    )
    assert page.says(unnamed) == 0
    assert page.says("document.querySelector('#try-picture svg').getAttribute('aria-label')") == (
        "A One Day Code: Opens, Tue 15 Jun, 14:20:00"
    )
    hidden = "Array.from(document.querySelectorAll('#try input[type=range]')).filter(each => each.disabled && each.checkVisibility()).length"
    assert page.says(hidden) == 0


def test_on_paper_are_answer_and_picture_and_no_slider(page):
    seen = "['#try-answer strong', '#try-picture svg', '#try-presented_at'].map(each => document.querySelector(each).checkVisibility())"
    assert page.says(seen) == [True, True, True]
    page._command("Emulation.setEmulatedMedia", media="print")
    try:
        assert page.says(seen) == [True, True, False]
    finally:
        page._command("Emulation.setEmulatedMedia", media="")


def test_every_clause_of_an_answer_leads_to_its_page(page, site):
    for name in ("the-window-is-over", "wrong-digits-as-many-as-are-examined"):
        follow(page, name)
        answer(page)
        for link, sentence in page.says(
            "Array.from(document.querySelectorAll('#try-answer li')).map(each => [each.querySelector('a').href, each.textContent])"
        ):
            clause = link.split("/")[-2]
            assert (site.folder / "clauses" / clause / "index.html").as_uri() == link
            assert all_clauses()[clause].sentence.replace("`", "") in sentence
