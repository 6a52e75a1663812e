"""The rooms read once, and the site built once, for all tests of a run, also where several processes share them."""

from __future__ import annotations

import fcntl
import os
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))

import build
from making import rooms as read_rooms
from making import site as sites
from making.markdown import Page
from making.rooms import Rooms

_ASKS = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data", "use": "href"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.asked_for: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.ids |= {said[name] for name in ("id", "name") if name in said}
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        elif tag in _ASKS and _ASKS[tag] in said:
            self.asked_for.append(said[_ASKS[tag]])


@dataclass(frozen=True)
class Site:
    """A site as it lies on disk."""

    folder: Path

    @cached_property
    def pages(self) -> dict[Path, _Reader]:
        """Every page, read."""
        found = {}
        for path in sorted(self.folder.rglob("*.html")):
            if path.name != "404.html":  # which has the addresses of a server
                reader = _Reader()
                reader.feed(path.read_text(encoding="utf-8"))
                found[path] = reader
        return found

    def broken(self) -> list[str]:
        """Links from one page of it to another, or to a file or an anchor, that lead nowhere."""
        return [f"{path.relative_to(self.folder)}: {to}" for path, to in self.links() if not self._leads(path, to)]

    def links(self) -> list[tuple[Path, str]]:
        return [(path, to) for path, page in self.pages.items() for to in page.links if not urlsplit(to).scheme]

    def _leads(self, path: Path, to: str) -> bool:
        parts = urlsplit(to)
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not parts.fragment or target.suffix != ".html":
            return target.is_file()
        return target in self.pages and unquote(parts.fragment) in self.pages[target].ids

    def asks_elsewhere(self) -> list[str]:
        """What a page asks another host for."""
        asked = [(path, to) for path, page in self.pages.items() for to in page.asked_for]
        return [f"{path.relative_to(self.folder)}: {to}" for path, to in asked if urlsplit(to).netloc]


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Callable[[str, Callable[[Path], Any]], Path]:
    """A folder that the first process that asks for it fills, for all of this run."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    base = tmp_path_factory.getbasetemp().parent / f"docs-{run}" if run else tmp_path_factory.mktemp("docs")

    def made(name: str, make: Callable[[Path], Any]) -> Path:
        folder = base / name
        folder.mkdir(parents=True, exist_ok=True)
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (done := base / f"{name}.done").exists():
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def rooms(shared) -> Rooms:
    folder = shared("plays", lambda path: (path / "plays").write_bytes(pickle.dumps(dict(read_rooms.play_all()))))
    return Rooms(plays=pickle.loads((folder / "plays").read_bytes()))


@pytest.fixture(scope="session")
def made(rooms) -> dict[str, Page]:
    """Every page by its path."""
    return {page.path: page for page in sites.pages(rooms)}


@pytest.fixture(scope="session")
def site(shared, made) -> Site:
    def built(folder: Path) -> None:
        assert build.build(sites.write(folder, list(made.values()))) == 0

    return Site(shared("built", built) / "site")
