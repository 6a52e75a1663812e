"""The reader of the chapters, and the chapters as they stand."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields
from importlib.resources import files

import pytest
from lockproof.spec.clauses import Clause, ClauseError, Decider, UnknownClause, all_clauses, clause, gather, parse
from lockproof.spec.guessing import guessing
from lockproof.spec.profile import DAY, DEFAULT, MINUTE, Profile

CHAPTERS = files("lockproof.spec.chapters")
PAGES = sorted(page.name for page in CHAPTERS.iterdir() if page.name.endswith(".md"))

FROZEN_IDS = {
    "time.half-open": "system",
    "time.box-time": "box",
    "time.day": "authority",
    "time.no-such-day": "authority",
    "time.local-refused": "authority",
    "time.recorded": "authority",
    "eligibility.consumer-never": "authority",
    "eligibility.connect-realtor": "authority",
    "eligibility.code-seller-permission": "authority",
    "eligibility.board": "authority",
    "eligibility.advice": "authority",
    "connect.grantor": "authority",
    "connect.recipient-email": "authority",
    "connect.account": "authority",
    "connect.property": "authority",
    "connect.window.length": "authority",
    "connect.window.not-over": "authority",
    "connect.window.bounds": "box",
    "connect.ticket": "box",
    "connect.available": "system",
    "connect.revoke.any-time": "authority",
    "connect.revoke.bound": "system",
    "connect.revoke.only-it": "system",
    "connect.notify-once": "authority",
    "code.grantor": "authority",
    "code.pin": "authority",
    "code.record": "authority",
    "code.date": "authority",
    "code.digits": "box",
    "code.index": "authority",
    "code.share": "authority",
    "code.day": "box",
    "code.expiry.after-first-use": "box",
    "code.expiry.not-extended": "box",
    "code.irrevocable": "system",
    "code.notify-never": "authority",
    "report.once": "authority",
    "report.lines": "authority",
    "report.late": "authority",
    "report.alerts": "authority",
    "box.ready": "box",
    "box.authentic": "box",
    "box.first-use.durable": "box",
    "box.wrong-entry.bound": "box",
    "box.clock.never-back": "box",
    "box.clock.accuracy": "box",
    "box.isolation": "box",
    "box.log": "box",
    "box.power": "box",
    "interop.code": "box",
    "interop.message": "box",
}


def page(name: str) -> str:
    return CHAPTERS.joinpath(name).read_text(encoding="utf-8")


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\s-]", "", heading).strip().lower().replace(" ", "-")


# The reader

EXAMPLE = """\
# Codes

Prose with a **bold word** in it.

**code.expiry.after-first-use** · box
A One Day Code goes on opening for sixty minutes from its first use,
and then never again.

Precisely: in `[f, f + code_life)`:

- also past midnight
> Source: "The One Day Code expires 60 minutes after it is used." · "on a specific day"
> Decision: [one](decisions.md#which-use-counts), [two](decisions.md#the-window)

## More

More prose.

**code.irrevocable** · system
Nothing shrinks it.
"""


def test_a_chapter_is_read() -> None:
    assert parse(EXAMPLE, "4-code.md") == (
        Clause(
            id="code.expiry.after-first-use",
            decider=Decider.BOX,
            sentence="A One Day Code goes on opening for sixty minutes from its first use, and then never again.",
            detail="in `[f, f + code_life)`:\n\n- also past midnight",
            sources=("The One Day Code expires 60 minutes after it is used.", "on a specific day"),
            decisions=("which-use-counts", "the-window"),
            chapter="4-code.md",
            line=5,
        ),
        Clause(
            id="code.irrevocable",
            decider=Decider.SYSTEM,
            sentence="Nothing shrinks it.",
            detail="",
            sources=(),
            decisions=(),
            chapter="4-code.md",
            line=19,
        ),
    )


def test_a_fenced_block_is_no_clause_and_no_heading() -> None:
    text = "**code.day** · box\nIt is so.\n\nPrecisely: as in\n\n```text\n# not a heading\n**not an id**\n```\n"
    (only,) = parse(text, "c.md")
    assert only.detail == "as in\n\n```text\n# not a heading\n**not an id**\n```"


def test_a_source_may_stand_on_several_quoted_lines() -> None:
    (only,) = parse('**code.day** · box\nIt is so.\n> Source: "on a specific\n> day"\n> Decision: [w](decisions.md#w)\n', "c.md")
    assert (only.sources, only.decisions) == (("on a specific day",), ("w",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("**code.day** · box\n\n", "c.md:1: code.day has no sentence; write it on the line below the id"),
        ('**code.day** · box\n> Source: "x"\n', "c.md:1: code.day has no sentence; write it on the line below the id"),
        ("\n**code.day** · box\n\nPrecisely: so.\n", "c.md:2: code.day has no sentence; write it on the line below the id"),
        ("**code.day** · app\nSo.\n", "c.md:1: code.day: 'app' decides nothing; write · and then one of box, authority, system"),
        ("**code.day**\nSo.\n", "c.md:1: code.day: nobody decides it; write · and then one of box, authority, system"),
        (
            "# A\n\n**Code.Day** · box\nSo.\n",
            "c.md:3: 'Code.Day' is no clause id; write two or more dotted words, small letters and no number, as in **code.day**",
        ),
        ("**code.day\nSo.\n", "c.md:1: '**code.day' is no clause id; write two or more dotted words,"),
        ("**code.day** · box\nSo.\nPrecisely: so.\n", 'c.md:1: code.day has "Precisely:" in the paragraph of its sentence;'),
        ("**code.day** · box\nSo.\n\nBut also so.\n", 'c.md:1: code.day has a second paragraph that is not "Precisely: …";'),
        ("**code.day** · box\nSo.\n> Source: on a day\n", "c.md:1: code.day has a note that cannot be read; write > Source:"),
        ("**code.day** · box\nSo.\n> Decision: midnight\n", "c.md:1: code.day has a note that cannot be read; write > Source:"),
        ("**code.day** · box\nSo.\n> A remark.\n", "c.md:1: code.day has a note that cannot be read; write > Source:"),
    ],
)
def test_a_chapter_that_is_not_in_order_is_refused(text: str, message: str) -> None:
    with pytest.raises(ClauseError) as refusal:
        parse(text, "c.md")
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize("bad_id", ["code", "code.", ".day", "code.day.2", "code.day2", "code..day", "code.-day", "code day.x"])
def test_a_malformed_id_is_refused(bad_id: str) -> None:
    with pytest.raises(ClauseError, match="is no clause id"):
        parse(f"**{bad_id}** · box\nSo.\n", "c.md")


def test_an_id_that_comes_twice_is_refused_with_both_places() -> None:
    once = parse("**code.day** · box\nSo.\n", "a.md")
    again = parse("\n\n**code.day** · box\nSo.\n", "b.md")
    with pytest.raises(ClauseError) as refusal:
        gather([*once, *again])
    assert str(refusal.value) == "b.md:3: code.day already stands at a.md:1; give one of the two clauses another id"


def test_a_clause_is_found_by_its_id() -> None:
    found = clause("code.expiry.after-first-use")
    assert found.sentence == "A One Day Code goes on opening for sixty minutes from its first use, and then never again."
    assert found.sources == ("The One Day Code expires 60 minutes after it is used.",)
    assert found.decisions[0] == "sixty-minutes-against-midnight"
    assert page(found.chapter).splitlines()[found.line - 1] == "**code.expiry.after-first-use** · box"


def test_an_unknown_clause_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownClause) as refusal:
        clause("code.expiry.after-first-used")
    assert str(refusal.value) == (
        "no clause is called code.expiry.after-first-used\n"
        "    did you mean code.expiry.after-first-use?   (all clauses: lockproof clauses)"
    )


def test_an_unknown_clause_that_resembles_none_is_refused_without_a_guess() -> None:
    with pytest.raises(UnknownClause) as refusal:
        clause("xyzzy")
    assert str(refusal.value) == "no clause is called xyzzy\n    all clauses: lockproof clauses"


def test_clauses_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        all_clauses()["code.day"] = clause("code.pin")  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        clause("code.day").sentence = "Otherwise."  # type: ignore[misc]


# The chapters


def test_the_ids_and_their_deciders_are_frozen_and_in_reading_order() -> None:
    assert [(one.id, str(one.decider)) for one in all_clauses().values()] == list(FROZEN_IDS.items())


def test_a_clause_stands_in_the_chapter_of_its_family() -> None:
    assert all(re.fullmatch(rf"\d-{one.id.partition('.')[0]}\.md", one.chapter) for one in all_clauses().values())


@pytest.mark.parametrize("clause_id", FROZEN_IDS)
def test_a_clause_is_one_sentence(clause_id: str) -> None:
    sentence = clause(clause_id).sentence
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert not re.search(r'[.;!?]"? ', sentence.replace('"which to use?" ', ""))


def test_decisions_are_linked_by_their_own_titles_and_each_is_used() -> None:
    titles = {anchor(title): title for title in re.findall(r"^## (.+)$", page("decisions.md"), re.MULTILINE)}
    links = [
        link
        for chapter in {one.chapter for one in all_clauses().values()}
        for link in re.findall(r"\[([^][]+)\]\(decisions\.md#([^)]+)\)", page(chapter))
    ]
    assert {target for _, target in links} == set(titles)
    assert all(title == titles[target][0].lower() + titles[target][1:] for title, target in links)


def test_every_decision_among_the_first_part_says_all_five_things() -> None:
    first_part = page("decisions.md").partition("# Fine print, settled")[0]
    for section in first_part.split("\n## ")[1:]:
        said = re.findall(r"^\*\*(The source says|Open|Decided|Why|Elsewhere)\*\*", section, re.MULTILINE)
        assert said == ["The source says", "Open", "Decided", "Why", "Elsewhere"], section.partition("\n")[0]


@pytest.mark.parametrize("name", PAGES)
def test_every_clause_that_a_page_names_exists(name: str) -> None:
    families = "|".join(sorted({one.partition(".")[0] for one in FROZEN_IDS}))
    named = re.findall(rf"`((?:{families})\.[a-z.-]+)`", page(name))
    assert set(named) <= set(FROZEN_IDS)


@pytest.mark.parametrize("name", PAGES)
def test_every_value_that_a_page_names_is_in_the_profile(name: str) -> None:
    named = set(re.findall(r"`([a-z]+_[a-z_]+)`", page(name)))
    assert named <= {limit.name for limit in fields(Profile)}


def test_every_limit_of_the_profile_cites_a_clause_that_names_it() -> None:
    for limit in fields(Profile):
        cited = clause(limit.metadata["clause"])
        assert re.search(rf"\b{limit.name}\b", cited.detail), limit.name


def test_the_chapters_have_the_numbers_of_the_default_profile() -> None:
    life, last = DEFAULT.code_life, DEFAULT.code_life - 1
    said = {
        "time.half-open": f"A code first used at `f` is entitled at `f` and at `f + {last} s`, and not at `f + {life} s`.",
        "code.expiry.after-first-use": f"`code_life` is {life:,} seconds",
        "code.date": f"inclusive, which is {DEFAULT.code_days_ahead} unless",
        "code.index": f"`code_indices` of the profile, {DEFAULT.code_indices} or fewer",
        "connect.window.length": (
            f"which is {DEFAULT.window_longest // DAY} days, {DEFAULT.window_longest:,} seconds, unless the profile says otherwise;"
            f" `window_shortest` is {DEFAULT.window_shortest // MINUTE} minutes, {DEFAULT.window_shortest:,} seconds"
        ),
        "connect.ticket": f"`ticket_life`, is {DEFAULT.ticket_life} seconds by default",
        "box.wrong-entry.bound": (
            f"`keypad_burst` is {DEFAULT.keypad_burst} and `keypad_refill` {DEFAULT.keypad_refill // MINUTE} minutes, unless"
        ),
    }
    assert {name: sentence for name, sentence in said.items() if sentence not in " ".join(clause(name).detail.split())} == {}
    assert DEFAULT.code_life // MINUTE == {"sixty": 60}[clause("code.expiry.after-first-use").sentence.split()[8]]


def test_assumptions_have_names_of_their_own() -> None:
    names = re.findall(r"^\*\*([a-z-]+)\*\*: ", page("assumptions.md"), re.MULTILINE)
    assert len(names) == len(set(names)) == len(re.findall(r"^\*\*", page("assumptions.md"), re.MULTILINE))
    assert {"mac-unforgeable", "nonce-fresh", "mechanism", "phone", "clock-within-skew", "log-unaltered"} <= set(names)


def test_the_two_lines_of_the_source_stand_with_their_tabs() -> None:
    lines = clause("report.lines").detail.splitlines()
    assert (
        "2019-02-02 19:00:00\t1 Day Code Generated\tLB specific codes generated for Agent Location: 123 Main Street"
        "\tJoe Smith (123456)"
    ) in lines
    assert (
        "2019-02-03 14:19:51\t1 Day Code Used\tAgent This is the information the lockbox owner entered in order to identify"
        " the showing agent. Location: 123 Main Street\tJoe Smith (123456)"
    ) in lines


def test_the_guess_bound_on_the_page_is_what_its_formula_gives() -> None:
    entries = 5 + 25 * 60 // 5
    likeliest = -(-(2**31) // 10**8)
    assert f"`{entries} * 16 * {likeliest} / 2^31`, less than 1 in 20,000" in page("decisions.md")
    assert entries * 16 * likeliest * 20_000 < 2**31
    assert str(guessing(DEFAULT)).endswith(f"{entries} entries * 16 codes * {likeliest} / 2^31, which is 1 in 20,002")
