"""What goes between the kit and a program: one JSON object a line (ADAPTERS.md, "In any language"; AUTHORITIES.md).

The names of commands, arguments and fields are those of `lockproof.spec.observable`; bytes are written in hex.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any, Final

from lockproof.hw_adapter.guard import WHYS
from lockproof.hw_adapter.vendor import declared
from lockproof.spec.observable import (
    BenchError,
    ClockReading,
    CodeIndex,
    CutClass,
    Decision,
    Declined,
    Hello,
    LogEntry,
    LogKind,
    LogPage,
    NoAnswer,
)

KINDS: Final = ("no-answer", "declined", "failed")

Readers = Mapping[str, Callable[[Any], Any]]
"""Of each command that has a result, what reads it; of all others the result is null."""


class Garbage(ValueError):  # noqa: N818  (reads as what came)
    """A line that is no answer: what is wrong with it."""


def request(number: int, command: str, arguments: Mapping[str, Any]) -> bytes:
    """The line that asks a program to carry out one command."""
    told = {"id": number, "command": command, "arguments": {name: plain(value) for name, value in arguments.items()}}
    return json.dumps(told, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def answer(line: bytes, number: int, command: str, who: str, readers: Readers) -> Any:
    """What the line answers to request `number`. Raises what its error says, as `who` tells it, or `Garbage`."""
    told = _object(line)
    if told.get("id") != number or isinstance(told.get("id"), bool):
        raise Garbage(
            f"its id is {told.get('id')!r:.40} and not {number}: one line answers one request, and nothing else is printed"
        )
    if told.keys() == {"id", "error"}:
        raise _error(told["error"], f"{who}: {command}")
    if told.keys() != {"id", "result"}:
        raise Garbage(f"an answer has an id and either a result or an error, and this has {', '.join(told)}")
    return result(command, told["result"], readers)


def _object(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        raise Garbage("it is no JSON") from None
    if not isinstance(told, dict):
        raise Garbage("it is no JSON object")
    return told


def _error(error: Any, where: str) -> BenchError:
    if not isinstance(error, dict) or error.get("kind") not in KINDS or not isinstance(error.get("message"), str):
        raise Garbage(f"an error has a kind, one of {', '.join(KINDS)}, and a message")
    message = f"{where}: {error['message']}"
    if error["kind"] == "no-answer":
        return NoAnswer(message)
    if error["kind"] == "failed":
        return BenchError(message)
    why = error.get("why", "unsupported")
    if why not in WHYS:
        raise Garbage(f"why it was declined is {why!r:.40}, none of {', '.join(WHYS)}")
    return Declined(why, message)


def result(command: str, told: Any, readers: Readers) -> Any:
    """What the result of a command says. Raises `Garbage`."""
    read: Callable[[Any], Any] = readers.get(command, _nothing)
    try:
        return read(told)
    except Garbage:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        said = f"{wrong} is missing" if isinstance(wrong, KeyError) else str(wrong)
        raise Garbage(f"this is no result of {command}: {said}") from None


def _nothing(result: Any) -> None:
    if result is not None:
        raise Garbage("this command has no result; write null")


def _hello(result: dict[str, Any]) -> Hello:
    told: dict[str, Any] = dict(result)
    for name, member in (("classes", str), ("clock_modes", str), ("cut_classes", CutClass)):
        if name in told:
            told[name] = tuple(map(member, told[name]))
    return declared(**told)


def _decision(result: dict[str, Any]) -> Decision:
    return Decision(**_fields(result, "accepted"))


def _clock(result: dict[str, Any]) -> ClockReading:
    return ClockReading(**_fields(result, "box_time", "timer", "held"))


def _log(result: dict[str, Any]) -> LogPage:
    told = _fields(result, "epoch", "entries", "next_number", "more")
    return LogPage(**{**told, "entries": tuple(_entry(entry) for entry in told["entries"])})


def _entry(entry: dict[str, Any]) -> LogEntry:
    told = _fields(entry, "number", "kind", "accepted", "instant", "credential")
    credential = told["credential"]
    if isinstance(credential, dict):
        credential = CodeIndex(**credential)
    elif credential is not None:
        credential = bytes.fromhex(credential)
    return LogEntry(**{**told, "kind": LogKind(told["kind"]), "credential": credential})


def _bytes(result: str) -> bytes:
    return bytes.fromhex(result)


def _text(result: str) -> str:
    return result


def _fields(told: dict[str, Any], *needed: str) -> dict[str, Any]:
    for name in needed:
        told[name]
    return told


def plain(value: Any) -> Any:
    """As JSON has it."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def fields_of(value: Any) -> dict[str, Any]:
    """The fields of a provisioning, a power cut or a place of a code, as the arguments of a command."""
    return asdict(value)


OF_A_BOX: Final[Readers] = {
    "hello": _hello,
    "time_order": _decision,
    "revocation_order": _decision,
    "enter": _decision,
    "present": _decision,
    "challenge": _bytes,
    "read_log": _log,
    "read_clock": _clock,
    "hold_clock": _clock,
    "advance_clock": _clock,
    "disturb_clock": _clock,
    "mint": _text,
}
