"""What people enter, checked as it comes in, so that no name can break a line of the report."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

from lockproof.spec.observable import BenchError

_LAST_INSTANT = 253_402_300_799 - 86_400  # a day before the calendar ends: local time is in it, too
_BREAKS = {"Cc", "Cs", "Zl", "Zp"}  # control characters, half characters, line and paragraph separators
_TURNS = set(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)  # the direction of writing, also of what stands behind them
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"(?=.{{1,254}}\Z){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class FieldError(BenchError):
    """Something entered that can't be taken: which field, what was seen, what to enter instead."""


class UnknownName(BenchError):  # noqa: N818  (reads as what is wrong)
    """Somebody or something asked for by a name that nobody has; the message names the nearest one."""


def a_line(text: str, field: str) -> str:
    """The text without spaces around it. Raises `FieldError` for what would break a line: tabs, line ends, control characters, what turns
    its direction.
    """
    stripped = text.strip(" ")
    for place, character in enumerate(stripped):
        if unicodedata.category(character) in _BREAKS or character in _TURNS:
            raise FieldError(
                f"{field}: {stripped!r} has {character!a} at place {place + 1}, which would break a line of the report;"
                " leave it out"
            )
    return stripped


def a_filled_line(text: str, field: str) -> str:
    """The same, and not empty."""
    if not (line := a_line(text, field)):
        raise FieldError(f"{field}: nothing was entered; enter at least one character")
    return line


def is_email(text: str) -> bool:
    """A mailbox name and a domain of two labels at least, in ASCII (RFC 5322 section 3.4.1, without quotes and comments)."""
    return _EMAIL.fullmatch(text) is not None


def an_email(text: str, field: str) -> str:
    """Raises `FieldError` for what is no email address."""
    if not is_email(email := text.strip(" ")):
        raise FieldError(f"{field}: {email!r} is no email address; enter one such as ann@example.org")
    return email


def a_date(text: str) -> dt.date:
    """Raises `FieldError` for what is no date of the calendar, as YYYY-MM-DD."""
    try:
        if _DATE.fullmatch(text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    raise FieldError(f"date: {text!r} is no date; enter one as YYYY-MM-DD, such as 2019-02-03")


def an_instant(value: int, field: str) -> int:
    """Raises `FieldError` for what is no whole number of seconds since 1970, in years up to 9999."""
    if not is_instant(value):
        raise FieldError(f"{field}: {value!r} is no instant; give whole seconds since 1970-01-01T00:00:00Z, up to year 9999")
    return value


def is_instant(value: int | None) -> bool:
    return type(value) is int and 0 <= value <= _LAST_INSTANT


def some_bytes(value: bytes, length: int, field: str) -> bytes:
    """Raises `FieldError` for another length."""
    if len(value) != length:
        raise FieldError(f"{field}: {len(value)} bytes ({value.hex()[:64]}); give {length}")
    return value


def unknown(kind: str, name: str, known: Iterable[str]) -> UnknownName:
    """The error for a name that nobody has."""
    near = get_close_matches(name, list(known), n=1)
    hint = f"did you mean {near[0]}?" if near else f"add the {kind} first, or check how it is written"
    return UnknownName(f"no {kind} is known as {name!r}\n    {hint}")
