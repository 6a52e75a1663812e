"""The site in a real browser, from disk."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest

TAB, ENTER = "\ue004", "\ue007"
AXE = Path(__file__).parents[2] / "build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
TEMPLATES = {
    "start": "index.html",
    "which to use": "which-to-use/index.html",
    "try it": "try-it/index.html",
    "a clause": "clauses/code.expiry.after-first-use/index.html",
    "the largest clause": "clauses/box.clock.never-back/index.html",
    "life cycles": "life-cycles/index.html",
    "what leads to what": "traceability/index.html",
    "the model": "model/index.html",
    "the protocol": "protocol/index.html",
    "a scenario": "scenarios/the-hour-is-over/index.html",
    "commands": "commands/index.html",
    "the profile": "profile/index.html",
    "threats": "threats/index.html",
    "the comparison": "compared/index.html",
    "frames": "protocol/frames/index.html",
    "a decision": "decisions/how-long-a-code-is/index.html",
}
IN_CI = bool({"CI", "LOCKPROOF_CI"} & os.environ.keys())
each_template = pytest.mark.parametrize("template", TEMPLATES)


@pytest.fixture
def shown(browser):
    browser.width(1280)
    browser.appear(night=False)
    browser.log("browser")
    browser.log("performance")
    return browser


@each_template
def test_it_complains_of_nothing_and_asks_for_nothing_outside(shown, site, template):
    page = site.folder / TEMPLATES[template]
    shown.show(page)
    assert shown.says("document.documentElement.classList.contains('js')"), "its scripts run"
    assert shown.log("browser") == []
    asked = shown.asked_for()
    assert page.as_uri() in asked
    assert [url for url in asked if not url.startswith((site.folder.as_uri(), "data:", "blob:"))] == []


def test_a_page_that_asks_outside_is_seen(shown, tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<script src="http://127.0.0.1:9/x.js"></script>', encoding="utf-8")
    shown.show(page)
    assert "http://127.0.0.1:9/x.js" in shown.asked_for()
    assert shown.log("browser") != []


@each_template
def test_nothing_is_wider_than_a_phone(shown, site, template):
    shown.width(360)
    shown.show(site.folder / TEMPLATES[template])
    shown.says("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert shown.says("document.documentElement.scrollWidth") <= 360
    shown.says(
        "(document.querySelector('h1').style.whiteSpace = 'nowrap', document.querySelector('h1').textContent = 'x'.repeat(2000))"
    )
    assert shown.says("document.querySelector('h1').scrollWidth") > 360, "and what is wider shows"


def found(browser, words: str) -> list[str]:
    """Where a search for these words leads, once the last of them counts."""
    browser.says("document.querySelector('[data-md-component=search-query]').focus()")
    browser.press(*words)
    for _ in range(100):
        links = browser.says("Array.from(document.querySelectorAll('.md-search-result__link')).map(each => each.href)")
        if any(re.split(r"[\s.-]", words)[-1] in link.partition("?h=")[2].partition("#")[0].split("+") for link in links):
            return links
        time.sleep(0.1)
    return []


@pytest.mark.parametrize(
    ("words", "clause"),
    [
        ("sixty minutes from its first use", "code.expiry.after-first-use"),
        ("number of wrong entries is examined", "box.wrong-entry.bound"),
        ("ever issued consumer", "eligibility.consumer-never"),
        ("code.expiry.not-extended", "code.expiry.not-extended"),
    ],
)
def test_a_search_finds_a_clause_by_its_words(shown, site, words, clause):
    shown.show(site.folder / "index.html")
    links = found(shown, words)
    documents = list(dict.fromkeys(each.partition("?")[0] for each in links))
    assert (site.folder / "clauses" / clause / "index.html").as_uri() in documents[:5], documents[:5]
    assert shown.log("browser") == []


def test_a_search_for_what_is_nowhere_finds_nothing(shown, site):
    shown.show(site.folder / "index.html")
    shown.says("document.querySelector('[data-md-component=search-query]').focus()")
    shown.press(*"xyzzyplugh")
    time.sleep(1)
    assert shown.says("document.querySelectorAll('.md-search-result__link').length") == 0


def show_afresh(browser, page: Path, *, night: bool) -> None:
    """As to somebody who has chosen neither day nor night."""
    browser.show(page)
    browser.appear(night=night)
    browser.show(page)
    browser.says("localStorage.clear()")
    browser.show(page)


def test_at_night_it_is_dark(shown, site):
    page, found = site.folder / "life-cycles" / "index.html", {}
    for night in (False, True):
        show_afresh(shown, page, night=night)
        scheme = shown.says("document.body.getAttribute('data-md-color-scheme')")
        found[scheme] = shown.says("getComputedStyle(document.querySelector('.state')).fill")
    assert list(found) == ["default", "slate"]
    assert found["default"] != found["slate"]


def test_who_chooses_day_at_night_or_night_by_day_has_boxes_to_tick_of_that_colour(shown, site):
    """And no box that looks as if it were ticked."""
    schemes = {"default": "light", "slate": "dark"}
    for night in (True, False):
        show_afresh(shown, site.folder / "try-it" / "index.html", night=night)
        for scheme, colours in schemes.items():
            shown.says(f"document.body.setAttribute('data-md-color-scheme', '{scheme}')")
            assert shown.says("getComputedStyle(document.querySelector('#try [type=checkbox]')).colorScheme") == colours


def test_the_first_stop_of_the_keyboard_skips_to_what_the_page_is_about(shown, site):
    shown.show(site.folder / "clauses" / "code.day" / "index.html")
    shown.press(TAB)
    assert shown.says("document.activeElement.textContent.trim()") == "Skip to content"
    shown.press(ENTER)
    assert shown.says("location.hash") == "#codeday"


def test_the_start_page_is_one_screen_with_one_picture(shown, site):
    shown.width(1280, 900)
    shown.show(site.folder / "index.html")
    assert shown.says("document.querySelectorAll('article svg[role=img]').length") == 1
    assert shown.says("document.querySelector('article').getBoundingClientRect().bottom") <= 900


# On paper

PAPER = 720  # pixels of a sheet's width between its margins
NAVIGATION = (
    "Array.from(document.querySelectorAll('nav, header, footer, .md-search, .headerlink')).filter(each => each.offsetHeight)"
)


@pytest.mark.parametrize(
    ("template", "least", "most"),
    [
        ("start", 1, 1),
        ("which to use", 1, 3),
        ("a clause", 3, 9),
        ("what leads to what", 3, 6),
        ("threats", 3, 7),
        ("life cycles", 1, 3),
    ],
)
def test_it_takes_so_many_sheets(shown, site, template, least, most):
    shown.show(site.folder / TEMPLATES[template])
    sheets = re.findall(rb"/Type\s*/Page\b", shown.printed())
    assert least <= len(sheets) <= most, len(sheets)


@each_template
def test_on_paper_nothing_is_cut_off_and_there_is_no_navigation(shown, site, template):
    shown.width(PAPER)
    shown.show(site.folder / TEMPLATES[template])
    assert shown.says(f"{NAVIGATION}.length") > 0, "on a screen there is"
    shown.appear(night=False, media="print")
    assert shown.says(f"{NAVIGATION}.map(each => each.outerHTML.slice(0, 80))") == []
    assert shown.says("document.documentElement.scrollWidth") <= PAPER
    shown.says("document.querySelector('h1').after(document.createRange().createContextualFragment('<div id=w>w</div>'))")
    shown.says("document.getElementById('w').style.width = '2000px'")
    assert shown.says("document.documentElement.scrollWidth") > PAPER, "and what is wider shows"


def test_what_is_printed_at_night_is_printed_as_by_day(shown, site):
    page, found = site.folder / "life-cycles" / "index.html", {}
    colours = "(style => style.fill + style.color)(getComputedStyle(document.querySelector(each)))"
    script = f"['.cycle .name', '.md-typeset h1'].map(each => {colours})"
    for night in (False, True):
        show_afresh(shown, page, night=night)
        for media in ("", "print"):
            shown.appear(night=night, media=media)
            found[night, media] = shown.says(script)
    assert found[True, "print"] == found[False, "print"]
    assert found[True, ""] != found[True, "print"], "the screen is dark"


def test_on_paper_a_theorem_stands_with_its_name_and_without_its_program(shown, site):
    shown.show(site.folder / TEMPLATES["a clause"])
    shown.appear(night=False, media="print")
    text = shown.says("document.querySelector('article').innerText")
    assert "a_ready_box_opens_for_a_code_iff_entitled. Assumes by name" in text
    assert "return Claim" not in text


def test_a_clause_leads_to_the_one_before_and_the_one_after(shown, site):
    shown.show(site.folder / "clauses" / "code.expiry.not-extended" / "index.html")
    around = shown.says("Array.from(document.querySelectorAll('.md-footer__link')).map(each => each.href)")
    assert [link.rsplit("/", 2)[1] for link in around] == ["code.expiry.after-first-use", "code.irrevocable"]


@pytest.fixture
def axe() -> str:
    """Its script; continuous integration has it."""
    if not AXE.exists():
        (pytest.fail if IN_CI else pytest.skip)("there is no axe-core here: npm install --no-save --prefix build/axe axe-core")
    return AXE.read_text(encoding="utf-8")


def violations(browser, axe: str, **rules: Any) -> list[list[str]]:
    """What axe-core finds on the page that is shown: rule, and the first element. It is told what is asked for, since the rest takes long."""
    browser._ask("POST", "/execute/sync", {"script": axe, "args": []})
    script = (
        "const [options, done] = arguments;"
        " axe.run(options).then(r => done(r.violations.map(v => [v.id, v.nodes[0].html.slice(0, 200)])));"
    )
    options = {"resultTypes": ["violations"], **rules}
    return browser._ask("POST", "/execute/async", {"script": script, "args": [options]})


@each_template
def test_axe_finds_no_violation(shown, site, template, axe):
    show_afresh(shown, site.folder / TEMPLATES[template], night=False)
    assert violations(shown, axe) == []


@pytest.mark.parametrize("template", ["start", "a clause", "life cycles", "what leads to what"])
def test_by_night_axe_finds_the_words_as_well_to_be_read(shown, site, template, axe):
    """Only the colours are others, and these pages have all of them."""
    show_afresh(shown, site.folder / TEMPLATES[template], night=True)
    assert violations(shown, axe, runOnly=["color-contrast"]) == []


def test_a_picture_without_a_name_is_found_by_axe(shown, tmp_path, axe):
    page = tmp_path / "page.html"
    page.write_text('<!doctype html><html lang="en"><title>t</title><main><h1>t</h1><img src="x.png"></main>', encoding="utf-8")
    shown.show(page)
    assert [rule for rule, _ in violations(shown, axe)] == ["image-alt"]


def test_words_that_can_hardly_be_read_are_found_by_axe(shown, tmp_path, axe):
    page = tmp_path / "page.html"
    page.write_text(
        '<!doctype html><html lang="en"><title>t</title><main><h1 style="color:#ddd">pale words</h1></main>', encoding="utf-8"
    )
    shown.show(page)
    assert [rule for rule, _ in violations(shown, axe, runOnly=["color-contrast"])] == ["color-contrast"]


@pytest.mark.parametrize(("in_ci", "ends"), [(True, pytest.fail.Exception), (False, pytest.skip.Exception)])
def test_without_axe_these_tests_fail_in_continuous_integration(monkeypatch, request, tmp_path, in_ci, ends):
    monkeypatch.setattr(sys.modules[__name__], "AXE", tmp_path / "axe.min.js")
    monkeypatch.setattr(sys.modules[__name__], "IN_CI", in_ci)
    with pytest.raises(ends, match="there is no axe-core here"):
        request.getfixturevalue("axe")
