"""What an authority answers to each request, as JSON has it, read strictly (AUTHORITIES.md).

The names of requests, arguments and fields are those of `lockproof.spec.observable.Authority`; bytes are written in hex.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from lockproof.hw_adapter.json_lines import Garbage, Readers
from lockproof.spec.observable import (
    Advice,
    Alert,
    AlertKind,
    Answer,
    AuthorityHello,
    CodeIndex,
    Notification,
    ReportKind,
    ReportLine,
    Revocation,
)

Made = TypeVar("Made")

OPTIONAL: Final = ("share_by_email", "mint")
"""Requests that an authority need not have, and declares if it does."""
GRANT_BYTES: Final = 16
CLASSES: Final = ("core", "interop")
RECOMMENDATIONS: Final = ("connect", "code", "neither")
_I63 = 2**63
_NOTHING: tuple[str, ...] = ()


class _Fields:
    """The fields of one object, taken one by one; what is left over at the end is too much."""

    def __init__(self, told: Any, what: str) -> None:
        if not isinstance(told, dict):
            raise Garbage(f"{what} is a JSON object, and this is {told!r:.60}")
        self._told = dict(told)
        self._what = what

    def take(self, name: str, read: Callable[[Any, str], Made]) -> Made:
        if name not in self._told:
            raise Garbage(f"{self._what} has no {name}")
        return read(self._told.pop(name), name)

    def maybe(self, name: str, read: Callable[[Any, str], Made], otherwise: Made) -> Made:
        """Left out, or null."""
        if self._told.get(name) is None:
            self._told.pop(name, None)
            return otherwise
        return self.take(name, read)

    def end(self) -> None:
        for name in self._told:
            raise Garbage(f"{self._what} has no field {name}; leave it out")


def text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise Garbage(f"{name} is a text, and this is {value!r:.60}")
    return value


def _filled(value: Any, name: str) -> str:
    if not text(value, name).strip():
        raise Garbage(f"{name} is empty")
    return str(value)


def _truth(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise Garbage(f"{name} is true or false, and this is {value!r:.60}")
    return value


def _whole(value: Any, name: str) -> int:
    if type(value) is not int or not -_I63 <= value < _I63:
        raise Garbage(f"{name} is a whole number, and this is {value!r:.60}")
    return value


def _bytes(value: Any, name: str) -> bytes:
    try:
        return bytes.fromhex(text(value, name))
    except ValueError:
        raise Garbage(f"{name} is bytes as hexadecimal digits, and this is {value!r:.60}") from None


def _texts(value: Any, name: str) -> tuple[str, ...]:
    return tuple(text(each, f"each of {name}") for each in _listed(value, name))


def _listed(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise Garbage(f"{name} is a JSON array, and this is {value!r:.60}")
    return value


def _one_of(*known: str) -> Callable[[Any, str], str]:
    def read(value: Any, name: str) -> str:
        if value not in known:
            raise Garbage(f"{name} is {value!r:.60}, none of {', '.join(known)}")
        return str(value)

    return read


def _hello(told: Any) -> AuthorityHello:
    fields = _Fields(told, "a hello")
    standard = AuthorityHello("", "", (), gives_reasons=True)
    hello = AuthorityHello(
        name=fields.take("name", _filled),
        version=fields.take("version", text),
        classes=tuple(_one_of(*CLASSES)(each, "each of classes") for each in fields.take("classes", _texts)),
        gives_reasons=fields.take("gives_reasons", _truth),
        requests=tuple(_one_of(*OPTIONAL)(each, "each of requests") for each in fields.maybe("requests", _texts, _NOTHING)),
        **{
            name: fields.maybe(name, _whole, getattr(standard, name))
            for name in ("code_digits", "code_indices", "code_days_ahead", "window_longest")
        },
    )
    fields.end()
    if "interop" not in hello.classes and "mint" not in hello.requests:
        raise Garbage("its codes are its own, as it is not of class interop, and it has no mint: nobody could say what they are")
    return hello


def _code(value: Any, name: str) -> CodeIndex:
    fields = _Fields(value, name)
    code = CodeIndex(*(fields.take(each, _whole) for each in ("day_start", "day_end", "index")))
    fields.end()
    return code


def _digits(value: Any, name: str) -> str:
    digits = text(value, name)
    if not (digits.isascii() and digits.isdigit()):
        raise Garbage(f"{name} is a text of digits, and this is {value!r:.60}")
    return digits


def _answering(*makes: str) -> Callable[[Any], Answer]:
    """The reader of a decision: what an accepted one must have beside `accepted`."""
    readers: Mapping[str, Callable[[Any, str], Any]] = {
        "reference": _filled,
        "message": _bytes,
        "digits": _digits,
        "code": _code,
    }

    def read(told: Any) -> Answer:
        fields = _Fields(told, "an answer")
        accepted = fields.take("accepted", _truth)
        clauses = fields.maybe("clauses", _texts, _NOTHING)
        made = {name: fields.maybe(name, reader, None) for name, reader in readers.items()}
        fields.end()
        if accepted and clauses:
            raise Garbage("what is accepted has no clauses that forbid it; leave them out")
        for name in makes if accepted else ():
            if made[name] is None:
                raise Garbage(f"it is accepted, and has no {name}")
        return Answer(accepted, clauses, **made)

    return read


def _granting(told: Any) -> Answer:
    answer = _answering("reference")(told)
    if answer.accepted and len(_bytes(answer.reference, "reference")) != GRANT_BYTES:
        raise Garbage(
            f"reference is the grant's id as it stands in tickets, {GRANT_BYTES} bytes in hex: {answer.reference!r:.60}"
        )
    return answer


def _advice(told: Any) -> Advice:
    fields = _Fields(told, "an advice")
    advice = Advice(
        fields.take("recommendation", _one_of(*RECOMMENDATIONS)),
        fields.maybe("reason", text, ""),
        fields.maybe("clause", text, ""),
    )
    fields.end()
    return advice


def _line(told: Any) -> ReportLine:
    fields = _Fields(told, "a line of the report")
    line = ReportLine(
        occurred=fields.take("occurred", _whole),
        received=fields.take("received", _whole),
        local_time=fields.take("local_time", text),
        kind=ReportKind(fields.take("kind", _one_of(*ReportKind))),
        detail=fields.take("detail", text),
        location=fields.take("location", text),
        grantor=fields.take("grantor", text),
        grantor_id=fields.take("grantor_id", text),
    )
    fields.end()
    return line


def _notification(told: Any) -> Notification:
    fields = _Fields(told, "a notification")
    found = Notification(
        box_id=fields.take("box_id", _bytes),
        epoch=fields.take("epoch", _whole),
        number=fields.take("number", _whole),
        grant=fields.take("grant", text),
        occurred=fields.take("occurred", _whole),
        received=fields.take("received", _whole),
    )
    fields.end()
    return found


def _alert(told: Any) -> Alert:
    fields = _Fields(told, "an alert")
    found = Alert(
        kind=AlertKind(fields.take("kind", _one_of(*AlertKind))),
        box_id=fields.take("box_id", _bytes),
        epoch=fields.take("epoch", _whole),
        first=fields.take("first", _whole),
        last=fields.take("last", _whole),
        received=fields.take("received", _whole),
    )
    fields.end()
    return found


def _revocation(told: Any) -> Revocation:
    fields = _Fields(told, "a revocation")
    found = Revocation(
        grant=fields.take("grant", text),
        requested=fields.take("requested", _whole),
        delivered=fields.maybe("delivered", _whole, None),
        effective_by=fields.take("effective_by", _whole),
    )
    fields.end()
    return found


def _each(read: Callable[[Any], Made]) -> Callable[[Any], tuple[Made, ...]]:
    return lambda told: tuple(read(each) for each in _listed(told, "this"))


OF_AN_AUTHORITY: Final[Readers] = {
    "hello": _hello,
    "which": _advice,
    "grant_connect": _granting,
    "issue_ticket": _answering("message"),
    "revoke": _answering(),
    "revocation_order": lambda told: None if told is None else _bytes(told, "this"),
    "revocations": _each(_revocation),
    "generate_code": _answering("reference", "digits", "code"),
    "share": lambda told: text(told, "this"),
    "share_by_email": lambda told: _bytes(told, "this"),
    "report": _each(_line),
    "notifications": _each(_notification),
    "alerts": _each(_alert),
    "mint": lambda told: _digits(told, "this"),
}
