"""The site on disk: every link leads somewhere, and no page asks another host for anything."""

from __future__ import annotations

import json
import re
import shutil

from lockproof.spec.clauses import all_clauses

OUR_SCRIPTS = tuple(f"assets/{name}.js" for name in ("iframe-worker", "labels", "model", "timeline"))


def test_every_clause_has_a_link_that_never_moves(site):
    for clause in all_clauses():
        assert (site.folder / "clauses" / clause / "index.html").is_file()


def test_every_link_and_anchor_leads_somewhere(site):
    assert site.broken() == []
    assert len(site.links()) > 10_000
    assert len(site.pages) > 280


def test_a_link_that_leads_nowhere_is_seen(site, tmp_path):
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text(
        '<p id="a"><a href="#a">a</a><a href="#b">b</a><a href="../c.html">c</a></p>', encoding="utf-8"
    )
    assert type(site)(tmp_path).broken() == ["page/index.html: #b", "page/index.html: ../c.html"]


def test_no_page_asks_another_host_for_anything(site):
    assert site.asks_elsewhere() == []
    for style in site.folder.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']*", style.read_text(encoding="utf-8")) == [], style


def test_a_page_that_asks_another_host_is_seen(site, tmp_path):
    shutil.copyfile(site.folder / "index.html", tmp_path / "index.html")
    with (tmp_path / "index.html").open("a", encoding="utf-8") as page:
        page.write('<script src="https://example.org/x.js"></script><img src="//example.org/y.png">')
    assert type(site)(tmp_path).asks_elsewhere() == ["index.html: https://example.org/x.js", "index.html: //example.org/y.png"]


def test_what_the_scripts_of_the_theme_could_ask_for_stands_on_no_page(site):
    """Diagrams of mermaid, and a source's stars, are fetched where a page has them. None has."""
    for path, page in site.pages.items():
        text = path.read_text(encoding="utf-8")
        assert 'class="mermaid"' not in text, path
        assert 'data-md-component="source"' not in text, path
        assert all(
            "assets/javascripts" in script or script.endswith(OUR_SCRIPTS) for script in page.asked_for if script.endswith(".js")
        ), path


def test_the_search_knows_each_clause_and_no_word_of_a_picture(site):
    entries = json.loads((site.folder / "search" / "search_index.json").read_text(encoding="utf-8"))["docs"]
    at = {entry["location"]: entry for entry in entries}
    assert {f"clauses/{clause}/index.html" for clause in all_clauses()} <= set(at)
    assert "sixty minutes" in at["clauses/code.expiry.after-first-use/index.html"]["text"]
    assert not any("anns-code from first use" in entry["text"] for entry in entries)
