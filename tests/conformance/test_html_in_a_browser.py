"""The page of a run in a real browser, Chromium, driven by its own driver over WebDriver's plain HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lockproof.conformance import html_report, suite
from lockproof.conformance.run import run
from lockproof.conformance.targets import target

TAB, SPACE, ENTER = "\ue004", " ", "\ue007"
PLAYED = ("the-hour-is-over", "a-day-that-was-over-does-not-come-back")


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """The page of a faulty box and of a good one, on disk."""
    folder = tmp_path_factory.mktemp("runs")
    results = []
    for name in ("fault:expires-one-second-late", "reference"):
        place = folder / name.rpartition(":")[2]
        place.mkdir()
        results.append(run(target(name), suite.select(suite.packaged(), list(PLAYED)), place, seed="s1"))
    html_report.write(folder / "report.html", results)
    return folder / "report.html"


@pytest.fixture
def shown(browser, page):
    """The page, opened anew at the width of a desk."""
    browser.width(1280)
    browser.log("browser")
    browser.log("performance")
    browser.show(page)
    return browser


def visible(browser) -> list[str]:
    return browser.says("Array.from(document.querySelectorAll('.scene')).filter(e => !e.hidden).map(e => e.id)")


def test_it_opens_from_disk_asks_for_nothing_else_and_complains_of_nothing(shown, page):
    assert shown.says("document.title") == "fail: fault:expires-one-second-late, reference · lockproof"
    assert shown.asked_for() == [page.as_uri()]
    assert shown.log("browser") == []


def test_a_script_of_somebody_else_is_not_run_and_seen(shown, page, tmp_path):
    """So that the test before this one would notice."""
    changed = tmp_path / "changed.html"
    changed.write_text(
        page.read_text(encoding="utf-8").replace("<h1>", "<h1><script>document.title = 'mine'</script>"), encoding="utf-8"
    )
    shown.show(changed)
    assert shown.says("document.title") != "mine"
    assert "Content Security Policy" in shown.log("browser")[0]["message"]


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_screen(shown, page, width):
    shown.width(width)
    shown.show(page)
    shown.says("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert shown.says("document.documentElement.scrollWidth") <= width
    assert shown.says("document.querySelector('.failure .pic').clientWidth") <= width
    shown.says(
        "(document.querySelector('h1').style.whiteSpace = 'nowrap', document.querySelector('h1').textContent = 'x'.repeat(2000))"
    )
    assert shown.says("document.documentElement.scrollWidth") > width, "and what is wider shows"


def test_on_a_phone_what_was_done_has_the_width_of_the_screen(shown, page):
    did = "document.querySelector('.failure .st tbody tr td:nth-child(3)').clientWidth"
    for width, enough in ((360, 220), (1280, 220)):
        shown.width(width)
        shown.show(page)
        assert shown.says(did) > enough
    shown.width(360)
    shown.says("document.querySelector('.failure .st tbody tr').style.display = 'table-row'")
    assert shown.says(did) < 220, "as four columns it would be too narrow"


def test_on_a_phone_what_was_wrong_is_in_sight_in_its_picture(shown, page):
    shown.width(360)
    shown.show(page)
    place = "(() => { const p = document.querySelector('.failure .pic'), m = p.querySelector('.m.x').getBoundingClientRect();"
    left, right = shown.says(place + " const a = p.getBoundingClientRect(); return [m.left - a.left, a.right - m.right]; })()")
    assert left >= 0
    assert right >= 0


def test_the_first_stop_of_the_keyboard_skips_to_what_was_found(shown):
    shown.press(TAB)
    assert shown.says("document.activeElement.textContent") == "Skip to what was found"
    assert shown.says("document.activeElement.getBoundingClientRect().left >= 0"), "it can be seen while it has the focus"
    shown.press(ENTER)
    assert shown.says("location.hash") == "#main"


def test_scenarios_are_found_by_words_clause_and_verdict_with_the_keyboard_alone(shown):
    everything = visible(shown)
    assert len(everything) >= 3
    shown.says("document.getElementById('words').focus()")
    shown.press(*"hour over")
    assert visible(shown) == ["s-the-hour-is-over"]
    assert shown.says("document.getElementById('found').textContent") == f"1 of {len(everything)} scenarios shown"
    shown.press(TAB)
    assert shown.focused() == "clause"
    shown.press(*"time.half")
    assert shown.says("document.getElementById('clause').value") == "time.half-open"
    assert visible(shown) == []
    shown.says("(document.getElementById('clause').value = '', document.getElementById('words').value = '')")
    shown.press(TAB)
    assert shown.says("document.activeElement.value") == "fail"
    shown.press(SPACE)
    assert visible(shown) == [each for each in everything if each != "s-the-hour-is-over"]


def test_a_link_opens_what_it_leads_to_and_finds_it_again_behind_a_filter(shown, page):
    shown.says(
        "(document.getElementById('words').value = 'no such words', document.getElementById('words').dispatchEvent(new Event('input')))"
    )
    assert visible(shown) == []
    shown.says(
        "new Promise(done => { addEventListener('hashchange', () => done(0), {once: true}); location.hash = 's-the-hour-is-over'; })"
    )
    assert "s-the-hour-is-over" in visible(shown)
    assert shown.says("document.getElementById('s-the-hour-is-over').open") is True
    assert shown.says("document.activeElement.parentElement.id") == "s-the-hour-is-over"
    shown.show(page, "#c-code.day")
    assert shown.says("document.getElementById('c-code.day').open") is True


def test_details_open_with_the_keyboard(shown):
    shown.says("document.querySelector('.clause summary').focus()")
    before = shown.says("document.querySelector('.clause').open")
    shown.press(ENTER)
    assert (before, shown.says("document.querySelector('.clause').open")) == (False, True)


def test_without_its_script_it_is_all_there(browser, page, tmp_path):
    text = re.sub(r"<script>.*</script>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    (tmp_path / "plain.html").write_text(text, encoding="utf-8")
    browser.show(tmp_path / "plain.html")
    assert browser.says("getComputedStyle(document.getElementById('filter')).display") == "none"
    assert len(visible(browser)) >= 3


def test_words_stand_out_from_what_is_behind_them_by_day_and_by_night(shown, page):
    """4.5 to 1, as WCAG 2 has it, of every text that can be seen."""
    for night in (False, True):
        shown.appear(night=night)
        shown.show(page)
        assert shown.says(CONTRAST) == []
    shown.appear(night=False)
    shown.says("document.querySelector('h1').style.color = '#aaa'")
    assert shown.says(CONTRAST) == ["H1 fault:expires-one-second-late, reference 2.3"]


CONTRAST = """(() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (!c.endsWith(', 0)')) { return c; } } return 'rgb(255, 255, 255)'; };
  return Array.from(document.querySelectorAll('body *:not(script):not(svg *)'))
    .filter(e => e.offsetParent && Array.from(e.childNodes).some(n => n.nodeType === 3 && n.data.trim()))
    .map(e => { const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
      return [e.tagName + ' ' + e.textContent.slice(0, 60), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]; })
    .filter(([, ratio]) => ratio < 4.5).map(([what, ratio]) => what + ' ' + ratio.toFixed(1)); })()"""
