"""The whole site: every page, the menu, and what the site generator needs to know."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from lockproof.conformance.html_report import TIMELINE_STYLE
from lockproof.spec.observable import BadInput
from making.api import api_pages
from making.clause_pages import clause_pages
from making.commands import commands_page
from making.compared import compared_page
from making.decision_pages import decision_pages
from making.frames import frames_page
from making.manuals import FILES, linked_files, manual_pages
from making.markdown import Page, with_clauses_linked
from making.model_page import model_page
from making.results import results_page
from making.rooms import ROOT, NotPublished, Rooms
from making.scenario_format import format_page
from making.scenario_pages import scenario_pages
from making.start import start_page
from making.tables import WHICH, table_pages
from making.threats import threats_page
from making.try_it import TIMELINE, TRY, try_page

HERE = ROOT / "docs"
STYLE, SHIM, LABELS = "assets/site.css", "assets/iframe-worker.js", "assets/labels.js"
_SETTINGS, _BUILT = "mkdocs.yml", ("pages", "site")
_OURS = b"site_name: lockproof\n"
"""How the settings begin of what was built here."""
_MENU = ("Start", "Which to use?", "Try it", "The standard", "The clauses", "For makers", "The kit", "More")
"""The order of the menu; what is in none of these comes last."""
_SEARCH = {"separator": r"[\s\-.]+", "pipeline": ["trimmer", "stopWordFilter"]}
"""Ids are found by each of their words; and with stems in the index a whole word would find nothing."""
_ANY_URL = re.compile(r"url\(|@import|https?:")


def pages(rooms: Rooms) -> list[Page]:
    """Every page, in the order of the menu. Raises `NotPublished` where two have one path."""
    made = [
        start_page(rooms),
        try_page(rooms),
        *table_pages(rooms),
        threats_page(rooms),
        compared_page(rooms),
        model_page(),
        *clause_pages(rooms),
        *decision_pages(),
        *manual_pages(),
        frames_page(rooms.profile),
        format_page(rooms),
        *scenario_pages(rooms),
        results_page(rooms),
        commands_page(),
        *api_pages(),
        *_by_hand(),
    ]
    twice = [path for path, number in Counter(page.path for page in made).items() if number > 1]
    if twice:
        raise NotPublished(f"two pages have one path: {', '.join(twice)}")
    return made


def _by_hand() -> Iterator[Page]:
    for path in sorted((HERE / "pages").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        title = text.partition("\n")[0].removeprefix("# ")
        yield Page(path.stem, title, with_clauses_linked(path.stem, text), ("The standard",))


def refuse_unless_ours(folder: Path) -> None:
    """Raises `BadInput` for a folder in which something stands that was not built there: it would be lost."""
    settings = folder / _SETTINGS
    try:
        if not folder.exists() or not any(folder.iterdir()):
            return
        ours = settings.is_file() and settings.read_bytes().startswith(_OURS)
    except OSError as error:
        raise _not_there(folder, error) from None
    if not ours:
        raise BadInput(f"{folder}: other files stand there, and nothing that was built before; name an empty folder with --out")


def write(folder: Path, made: Sequence[Page]) -> Path:
    """Writes pages, style and settings into a folder, anew. Returns the file of settings for mkdocs. Raises `BadInput`.

    Of what stands there it takes away what was built before, and nothing else.
    """
    refuse_unless_ours(folder)
    try:
        return _written(folder, made)
    except OSError as error:
        raise _not_there(folder, error) from None


def _not_there(folder: Path, error: OSError) -> BadInput:
    return BadInput(f"{folder}: nothing can be built there: {error.strerror or error}; name another folder with --out")


def _written(folder: Path, made: Sequence[Page]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / _SETTINGS  # first, so that what was broken off is known as ours
    settings.write_text(yaml.safe_dump(_settings(made), sort_keys=False, allow_unicode=True), encoding="utf-8")
    for name in _BUILT:
        if (folder / name).exists():
            shutil.rmtree(folder / name)
    sources = folder / "pages"
    for page in made:
        file = sources / page.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_head(page) + page.text, encoding="utf-8")
    for name in sorted(set(linked_files(made))):
        copy = sources / FILES / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy)
    (sources / "assets").mkdir()
    (sources / STYLE).write_text(style(), encoding="utf-8")
    for page in made:
        for name, text in page.brings.items():
            (sources / name).write_text(text, encoding="utf-8")
    for script in (SHIM, LABELS, TIMELINE):
        shutil.copyfile(HERE / script, sources / script)
    return settings


def _head(page: Page) -> str:
    """What the theme needs to know of a page, before its text."""
    told = (["hide: [toc]"] if page.wide else []) + ([f"search: {{{page.search}}}"] if page.search else [])
    return "\n".join(["---", *told, "---", "", ""]) if told else ""


def style() -> str:
    """Colours and pictures as the page of a run has them, for the theme's two schemes, and what is the site's own."""
    templates = files("lockproof.conformance").joinpath("templates")
    light, dark, *_ = re.findall(r":root \{([^}]*)\}", templates.joinpath("report.css").read_text(encoding="utf-8"))
    pictures = templates.joinpath(TIMELINE_STYLE).read_text(encoding="utf-8")
    own = (HERE / STYLE).read_text(encoding="utf-8")
    scheme = "[data-md-color-scheme{}] {{{}; --bg: var(--md-default-bg-color); }}\n"
    day, night = scheme.format("", light.rstrip("; ")), scheme.format("=slate", dark.rstrip("; "))
    whole = f"{day}@media screen {{ {night} }}\n" + pictures + own  # what is printed is printed as by day
    if asks := _ANY_URL.search(whole):
        raise NotPublished(f"the style asks for something else: {asks[0]}")
    return whole


def _settings(made: Sequence[Page]) -> dict[str, Any]:
    return {
        "site_name": "lockproof",
        "site_description": "An open standard for who may open an electronic real-estate lockbox, and when.",
        "docs_dir": "pages",
        "site_dir": "site",
        "nav": _menu(made),
        "use_directory_urls": False,
        "theme": {
            "name": "material",
            "font": False,
            "language": "en",
            "icon": {"logo": "material/key-variant"},
            "favicon": "assets/images/favicon.png",
            "features": [
                "navigation.prune",
                "navigation.footer",
                "navigation.top",
                "search.highlight",
                "search.suggest",
                "toc.follow",
            ],
            "palette": [
                _palette("(prefers-color-scheme: light)", "default", "weather-night", "Dark"),
                _palette("(prefers-color-scheme: dark)", "slate", "weather-sunny", "Light"),
            ],
        },
        "plugins": [{"search": _SEARCH}, "offline"],
        "extra": {"generator": False, "polyfills": [SHIM]},
        "extra_css": [STYLE],
        "extra_javascript": [LABELS],
        "markdown_extensions": [
            "attr_list",
            "md_in_html",
            "tables",
            "fenced_code",
            {"toc": {"permalink": "#", "toc_depth": 3}},
            {"pymdownx.highlight": {"anchor_linenums": False}},
            "pymdownx.superfences",
        ],
        "validation": {
            "links": {"anchors": "warn", "not_found": "warn", "absolute_links": "warn", "unrecognized_links": "warn"},
            "omitted_files": "ignore",
        },
    }


def _palette(media: str, scheme: str, icon: str, other: str) -> dict[str, Any]:
    toggle = {"icon": f"material/{icon}", "name": f"{other} page"}
    return {"media": media, "scheme": scheme, "primary": "indigo", "accent": "indigo", "toggle": toggle}


def _menu(made: Sequence[Page]) -> list[Any]:
    """The menu as mkdocs has it: pages by their titles, in folders of folders."""
    root: dict[str, Any] = {}
    for page in made:
        if not page.menu and page.path and page.path not in {WHICH, TRY}:
            continue
        inside = root
        for name in page.menu:
            inside = inside.setdefault(name, {})
        inside[page.title] = page.file
    order = [*_MENU, *(name for name in root if name not in _MENU)]
    return _told({name: root[name] for name in order if name in root})


def _told(inside: dict[str, Any]) -> list[Any]:
    return [{name: what if isinstance(what, str) else _told(what)} for name, what in inside.items()]
