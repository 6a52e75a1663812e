"""Files that people write in TOML: read with the line of every field, so that whatever is wrong is told with its line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockproof.conformance.whole_files import bounded
from lockproof.spec.observable import BadInput

Place = tuple[str | int, ...]
"""Where something stands: the keys that lead to it, and, in an array of tables, its number."""


class FileError(BadInput):
    """A file that can't be used: file, line, what is wrong, what to do."""

    def __init__(self, place: str, what: str, remedy: str) -> None:
        super().__init__(f"{place}: {what}\n    {remedy}")


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be written in a field, in words and by a function, and an example of it as it is written."""

    words: str
    holds: Callable[[Any], bool]
    example: str


_LONGEST_TEXT = 1000
LARGEST = 2**20  # bytes; people write such a file
TEXT = Kind("text", lambda v: isinstance(v, str) and len(v) <= _LONGEST_TEXT, '"text"')
TRUTH = Kind("true or false", lambda v: isinstance(v, bool), "true")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """One file: its bytes, what tomllib makes of them, and the line of each table and key."""

    path: Path
    content: bytes
    found: dict[str, Any]
    lines: Mapping[Place, int]

    def line(self, where: Place) -> str:
        """`file:line` of what stands there, or of what it would stand in."""
        places = (where[:length] for length in range(len(where), 0, -1))
        return f"{self.path}:{next((self.lines[each] for each in places if each in self.lines), 1)}"

    def error(self, where: Place, what: str, remedy: str) -> FileError:
        return FileError(self.line(where), what, remedy)

    def checked(
        self, where: Place, given: dict[str, Any], kinds: Mapping[str, Kind], of: str, others: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The fields of the table `of`, as they were given. Raises `FileError` for one that is not among `kinds`, or not of its kind.

        `others` are what may also stand there, and is looked at elsewhere.
        """
        for key, value in given.items():
            if key not in kinds:
                names = [*kinds, *others]
                what = f"{key} is no field of {of}"
                raise self.error((*where, key), what, f"{hint(key, names)}fields: {', '.join(names)}")
            if not kinds[key].holds(value):
                what = f"{key} = {short(value)} is not {kinds[key].words}"
                raise self.error((*where, key), what, f"write it as {key} = {_meant(value, kinds[key])}")
        return given


def read(path: Path, kind: str, remedy: str) -> TomlFile:
    """A file of `kind`, such as "a bench file"; `remedy` is what to do where there is none. Raises `FileError` and `BadInput`."""
    with bounded(path, LARGEST, kind, remedy) as file:
        try:
            content = file.read()
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}; {remedy}") from None
    return parsed(path, content, kind)


def parsed(path: Path, content: bytes, kind: str) -> TomlFile:
    """The same, of what stands in it."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: no text in UTF-8 at byte {error.start}; save it as UTF-8") from None
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(path, text, error) from None
    except RecursionError:
        raise BadInput(f"{path}: nested too deeply for {kind}; it has fields, and tables of fields") from None
    return TomlFile(path, content, found, _lines(text))


_HEADER = re.compile(r"\s*(\[{1,2})\s*([^\]#]+?)\s*\]{1,2}")
_PART = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
_KEY = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")


def _lines(text: str) -> dict[Place, int]:
    """Where each table and key stands; tomllib does not tell. Keys inside of texts of several lines are found, too: no matter."""
    found: dict[Place, int] = {}
    numbers: dict[Place, int] = {}
    table: Place = ()
    for line, written in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(written):
            table = _keys(header[2])
            if header[1] == "[[":
                numbers[table] = numbers.get(table, -1) + 1
            table = _numbered(table, numbers)
            whole = table
        elif key := _KEY.match(written):
            whole = (*table, *_keys(key[1]))
        else:
            continue
        for length in range(1, len(whole) + 1):
            found.setdefault(whole[:length], line)
    return found


def _keys(dotted: str) -> Place:
    return tuple(key.strip("\"'") for key in re.findall(_PART, dotted))


def _numbered(table: Place, numbers: Mapping[Place, int]) -> Place:
    """With the number of the last one of each array of tables on the way."""
    place: Place = ()
    for length, key in enumerate(table, 1):
        number = numbers.get(table[:length])
        place = (*place, key) if number is None else (*place, key, number)
    return place


def _syntax_error(path: Path, text: str, error: tomllib.TOMLDecodeError) -> FileError:
    """tomllib's own words; where it stands, it says only in them."""
    what, _, place = str(error).rpartition(" (at ")
    line = re.match(r"line (\d+)", place)
    number = int(line[1]) if line else max(1, len(text.splitlines()))
    said = (what or str(error)).rstrip(".")
    remedy = (
        "it stands there twice; leave one out" if _TWICE.fullmatch(said) else "mend that line; texts stand in quotation marks"
    )
    return FileError(f"{path}:{number}", f"not TOML: {said[:1].lower()}{said[1:]}", remedy)


_TWICE = re.compile(r"Cannot overwrite a value|Cannot declare .* twice")


def _meant(value: object, kind: Kind) -> str:
    """Of the texts that may be written there the nearest one, or else an example of what may."""
    near = difflib.get_close_matches(value.lower(), re.findall(r'"([^"]+)"', kind.words), 1) if isinstance(value, str) else []
    return f'"{near[0]}"' if near and kind.example.startswith('"') else kind.example


def hint(name: str, known: Iterable[str]) -> str:
    """The name that was meant, if one is near."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f"did you mean {near[0]}?   " if near else ""


def short(value: Any) -> str:
    """A value as it may have been written, in a few words."""
    text = str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')
    return text if len(text) <= 40 else text[:37] + "..."  # noqa: PLR2004 (of a line)
