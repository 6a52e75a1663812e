"""Codes of a maker's own, for boxes of class core: minted by the adapter, or read from a file; to the kit they are opaque.

The authority issues them, the player enters them, and nobody looks at how they are made.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from lockproof.reference.authority import Generator
from lockproof.reference.credentials import Digits, interop_digits
from lockproof.spec.observable import BadInput, BenchError, Box, CodeIndex, Declined, Hello
from lockproof.spec.profile import DAY, Profile

COLUMNS = ("day", "index", "digits")
_EPOCH = dt.date(1970, 1, 1)
_FARTHEST_EAST = 13 * 3600 + 1800  # seconds; days of zones from UTC-10 to UTC+13 have their own date at any of them
_MINTED = 4096  # codes kept, so that an adapter is asked once for each
_TRIAL = CodeIndex(0, DAY, 0)


@runtime_checkable
class Mints(Protocol):
    """Who can be asked for the digits of a code: a `Box` behind an adapter, as a rule."""

    def mint(self, box_id: bytes, secret: bytes, code: CodeIndex) -> str: ...


def generator_of(box: Box, hello: Hello, file: Path | None = None) -> Generator | None:
    """Where the codes of this box come from; None for a box of class core of which nobody says it.

    Raises `BadInput` for a file that can't be used, or where none is needed.
    """
    if "interop" in hello.classes:
        if file is not None:
            raise BadInput(
                f"--codes {file}: the box declares class interop, and makes its codes as the standard does; leave it out"
            )
        return interop_digits
    if file is not None:
        return from_file(file)
    return minted_by(box) if isinstance(box, Mints) and _mints(box) else None


def _mints(box: Mints) -> bool:
    try:
        box.mint(bytes(16), bytes(32), _TRIAL)
    except Declined:
        return False
    return True


def minted_by(source: Mints) -> Generator:
    """Codes that the source is asked for, each once. Digits of another number than the box declares raise `BenchError`."""

    def of_a_box(box_id: bytes, secret: bytes, profile: Profile) -> Digits:
        return lambda code: minted(box_id, secret, code, profile.code_digits)

    @lru_cache(_MINTED)
    def minted(box_id: bytes, secret: bytes, code: CodeIndex, length: int) -> str:
        return _of_length(source.mint(box_id, secret, code), length, "mint")

    return of_a_box


def from_file(path: Path) -> Generator:
    """Codes minted beforehand: a CSV file with a heading, or a JSON array of objects, with `day`, `index` and `digits`.

    They are those of the one box that is judged, whatever identity and secret it is provisioned with. Raises `BadInput`; the
    generator raises `BenchError` for a code that is not in the file.
    """
    codes = _read(path)
    days = sorted({day for day, _ in codes})

    def digits_of(code: CodeIndex, length: int) -> str:
        day = _EPOCH + dt.timedelta((code.day_start + _FARTHEST_EAST) // DAY)
        if (day, code.index) not in codes:
            raise BenchError(
                f"{path}: no code for {day}, index {code.index}; it has codes for {days[0]} to {days[-1]}: add every index of every day"
                " from three days before a scenario to the last day ahead"
            )
        return _of_length(codes[day, code.index], length, str(path))

    return lambda _box, _secret, profile: lambda code: digits_of(code, profile.code_digits)


def _read(path: Path) -> dict[tuple[dt.date, int], str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: the codes can't be read: {getattr(error, 'strerror', None) or error}") from None
    codes: dict[tuple[dt.date, int], str] = {}
    for where, row in _rows(path, text):
        day, index, digits = _code(where, row)
        if (day, index) in codes:
            raise BadInput(f"{where}: {day}, index {index}, stands in it twice; leave one out")
        codes[day, index] = digits
    if not codes:
        raise BadInput(f"{path}: it has no codes; {_write_it()}")
    return codes


def _rows(path: Path, text: str) -> Iterable[tuple[str, Any]]:
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{path}: no JSON: {error}; {_write_it()}") from None
        return [(f"{path}, item {number}", row) for number, row in enumerate(found, 1)]
    reader = csv.DictReader(io.StringIO(text))
    if reader.fieldnames is None or not set(COLUMNS) <= set(reader.fieldnames):
        raise BadInput(f"{path}:1: the heading does not name {', '.join(COLUMNS)}; {_write_it()}")
    return [(f"{path}:{number}", row) for number, row in enumerate(reader, 2)]


def _code(where: str, row: Any) -> tuple[dt.date, int, str]:
    try:
        day, index, digits = dt.date.fromisoformat(row["day"]), int(row["index"]), row["digits"]
        if not isinstance(digits, str) or not (digits.isascii() and digits.isdigit()):
            raise ValueError(f"{digits!r:.40} are no digits in a text")  # noqa: TRY301 (told with all else that is wrong)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{where}: no code: {error}; {_write_it()}") from None
    return day, index, digits


def _write_it() -> str:
    return 'write day,index,digits in the first line and 2027-03-02,0,"01234567" in the next'


def _of_length(digits: str, length: int, where: str) -> str:
    if len(digits) != length:
        raise BenchError(f"{where}: {digits} has {len(digits)} digits, and the box declares codes of {length}")
    return digits
