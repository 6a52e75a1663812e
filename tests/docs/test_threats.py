"""Threats, the comparison, decisions and the changes of clauses: every name in them exists, and every number is computed."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from urllib.parse import urlsplit

import pytest
from lockproof.spec import guessing
from lockproof.spec.clauses import all_clauses
from lockproof.spec.profile import DEFAULT, Profile
from making import clause_changes, compared, decision_pages, threats
from making.clause_changes import Change, Kind, changes, refuse_unless_told, since, withdrawn_pages
from making.rooms import NotPublished, Rooms

BARE = Rooms(plays={})
STRICT = Profile(keypad_burst=1, keypad_refill=3600, ticket_life=30, timer_drift=2, authority_skew=3)


# Threats


def test_the_chance_of_a_day_is_that_of_the_bound_on_guessing():
    for profile in (DEFAULT, STRICT, replace(DEFAULT, code_digits=7)):
        assert threats.chance(guessing.LONGEST_DAY, profile) == guessing.guessing(profile).bound


def test_the_numbers_of_the_default_profile(made):
    text = made["threats"].text
    assert "In a day 305 entries are examined at most, of anybody: 5 at once, then one more every 5 minutes." in text
    assert "| a day | 305 | 1 in 2,046 | 1 in 20,002 | 1 in 146,686 |" in text
    assert "| a year | 105,125 | 1 in 5 | 1 in 58 | 1 in 425 |" in text
    assert "nothing opens 61 seconds or more after it in true time" in text
    assert "At any instant 16 codes are in service at most: 8 of the day" in text
    assert (
        "in the days after a change of zone twice as many, and what follows at most doubles. The likeliest row of 8 digits"
        in text
    )
    assert guessing.guessing(DEFAULT, zone_tables=2).codes == 2 * 16


def test_the_seconds_after_a_revocation_are_those_of_a_timer_wherever_they_are_named(made):
    """In true time there is its drift as well, which the threat model adds."""
    for page in ("", "which-to-use", "compared"):
        said = re.findall(r"60 seconds (?:more|longer) at most(?:, by (?:its|its own|the) (timer))?", made[page].text)
        assert set(said) == {"timer"}, page


def test_another_profile_has_other_numbers():
    text = threats.threats_page(replace(BARE, profile=STRICT)).text
    assert "In a day 26 entries are examined at most, of anybody: 1 at once, then one more every 60 minutes." in text
    assert "| from a revocation to the last opening, in true time | less than 32 s |" in text
    assert "| the same, from the instant that the report states | less than 35 s |" in text


@pytest.mark.parametrize("profile", [DEFAULT, STRICT])
def test_a_time_is_the_longest_within_a_probability(profile):
    for probability in (Fraction(1, 100), Fraction(1, 1000)):
        longest = threats.reaches(probability, profile)
        assert threats.chance(longest, profile) <= probability < threats.chance(longest + 1, profile)


@pytest.mark.parametrize("kind", ["by", "proved", "rests"])
def test_a_threat_that_names_what_is_not_there_is_not_published(monkeypatch, kind):
    wrong = replace(next(threats.threats(DEFAULT)), **{kind: ("no.such-thing",)})
    monkeypatch.setattr(threats, "threats", lambda _: [wrong])
    with pytest.raises(NotPublished, match=r"'A stranger at the keypad' names no\.such-thing"):
        threats.threats_page(BARE)


# The comparison


def test_every_fact_of_another_has_its_source_and_every_source_is_used(made):
    named = [name for _, _, names in compared.STANDARDS for name in names]
    others = [product for product in compared.products(DEFAULT) if not product.name.startswith("**")]
    assert all(product.sources for product in others)
    named += [name for product in others for name in product.sources]
    assert set(named) == set(compared.SOURCES)
    assert all(urlsplit(where).scheme in {"http", "https"} for _, where in compared.SOURCES.values())
    anchors = re.findall(r'<a id="([a-z0-9-]+)">', made["compared"].text)
    assert anchors == list(compared.SOURCES)
    assert "[[10]](#sentrilock-fcbr) [[11]](#sentrilock-rmls)" in made["compared"].text


def test_what_is_said_of_this_standard_goes_by_the_profile():
    longer = replace(DEFAULT, code_life=61 * 60, keypad_refill=600, code_ends_with_its_day=True)
    text = compared.compared_page(replace(BARE, profile=longer)).text
    assert "61 minutes from first use, not after its day" in text
    assert "a rate (5 at once, one more every 10 minutes)" in text
    assert "60 minutes from first use, also past midnight" in compared.compared_page(BARE).text


def test_a_fact_without_a_source_is_not_published(monkeypatch):
    monkeypatch.setattr(compared, "SOURCES", {})
    with pytest.raises(NotPublished, match="there is no source called matter-cluster"):
        compared.compared_page(BARE)


# Decisions


def test_each_decision_has_its_page_with_the_clauses_that_rest_on_it(made):
    assert len(decision_pages.by_anchor()) == 23
    for anchor, decision in decision_pages.by_anchor().items():
        text = made[f"decisions/{anchor}"].text
        assert text.startswith(f"# {decision.title}\n")
        resting = [clause.id for clause in all_clauses().values() if anchor in clause.decisions]
        assert re.findall(r"^\| \[`([a-z.-]+)`\]", text, re.MULTILINE) == resting
        assert resting
    whole = made["decisions/sixty-minutes-against-midnight"].text
    assert all(f"**{part}**" in whole for part in ("The source says", "Open", "Decided", "Why", "Elsewhere"))


def test_all_decisions_stand_in_brief_under_the_anchors_that_clauses_cite(made):
    text = made["decisions"].text
    titles = re.findall(r"^##+ (.+)$", text, re.MULTILINE)
    assert [title for title in titles if title != "Fine print, settled"] == [
        decision.title for decision in decision_pages.by_anchor().values()
    ]
    assert "**Open**" not in text
    assert (
        "[Sixty minutes against midnight](../../decisions/sixty-minutes-against-midnight/index.md)"
        in made["clauses/code.day"].text
    )


# Changes of clauses


def test_every_clause_is_told_and_no_other():
    told = clause_changes.written()
    refuse_unless_told(told, all_clauses())
    assert [change.clause for change in told if change.kind is Kind.NEW] == list(all_clauses())


def test_a_clause_that_is_gone_without_a_word_is_not_published():
    fewer = [clause for clause in all_clauses() if clause != "code.day"]
    with pytest.raises(NotPublished, match=r"code\.day was published, and the chapters have it no more; its link must not move"):
        refuse_unless_told(clause_changes.written(), fewer)


def test_a_clause_that_came_without_a_word_or_under_another_name_is_not_published():
    renamed = ["code.days" if clause == "code.day" else clause for clause in all_clauses()]
    with pytest.raises(NotPublished, match=r"code\.days is new 0 times; it must be so once"):
        refuse_unless_told(clause_changes.written(), renamed)


def test_a_clause_that_was_withdrawn_keeps_its_page_and_does_not_come_back():
    text = (
        "## 0.1.0 (unreleased)\n\n- `code.old`: new\n- `code.day`: new\n\n## 0.2.0\n\n- `code.old`: withdrawn: see `code.day`\n"
    )
    told = list(changes(text))
    refuse_unless_told(told, ["code.day"])
    (page,) = withdrawn_pages(told)
    assert page.path == "clauses/code.old"
    assert page.text == (
        "# code.old\n\nThis clause was withdrawn in version 0.2.0: see [`code.day`](../code.day/index.md)\n\n"
        "[Changes of the clauses](../../clause-changes/index.md)\n"
    )
    with pytest.raises(NotPublished, match=r"code\.old is withdrawn, and the chapters still have it; an id does not come back"):
        refuse_unless_told(told, ["code.day", "code.old"])


def test_since_when_a_clause_holds(made):
    told = [Change("code.day", Kind.NEW, "0.1.0"), Change("code.day", Kind.REWORDED, "0.3.0", "shorter")]
    assert since(told, "code.day") == "since 0.1.0, reworded in 0.3.0"
    assert "[since 0.1.0](../../clause-changes/index.md)" in made["clauses/code.day"].text


@pytest.mark.parametrize(
    "entry", ["- `code.day`", "- `code.day`: better", "- `code.day`: withdrawn", "- code.day: new", "- `code.day`: reworded: "]
)
def test_an_entry_that_says_too_little_is_not_published(entry):
    with pytest.raises(NotPublished, match=r"clause-changes\.md:2: .* is no entry; write, under a version"):
        list(changes(f"## 0.1.0\n{entry}\n"))
    with pytest.raises(NotPublished, match="is no entry"):
        list(changes("- `code.day`: new\n"))
