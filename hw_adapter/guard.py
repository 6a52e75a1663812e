"""A vendor's adapter, watched: an answer of no legal form, or an error that is none of ours, is the adapter's fault and says so.

What an answer may be is said once, by the readers of the wire protocol: it is written as the wire has it and read back.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any, Self, TypeVar

from lockproof.hw_adapter.declaration import OtherVersion
from lockproof.hw_adapter.messages import COMMANDS, Code
from lockproof.hw_adapter.values import Unreadable
from lockproof.hw_adapter.vendor import BoxAdapter
from lockproof.spec.observable import (
    BadInput,
    BenchError,
    ClockReading,
    CodeIndex,
    Decision,
    Declined,
    Hello,
    LogPage,
    PowerCut,
    Provisioning,
)

Made = TypeVar("Made")
WHYS = ("unknown-command", "bad-arguments", "unsupported", "refused", "not-provisioned")
_WRONG_TYPES = (Unreadable, AttributeError, TypeError, ValueError)


class AdapterFault(BenchError):  # noqa: N818  (reads as what is wrong)
    """An adapter did what none may do; it says nothing about the box."""


class GuardedBox:
    """The `Box` behind an adapter; `name` stands in front of every message."""

    def __init__(self, adapter: BoxAdapter, name: str) -> None:
        self.adapter = adapter
        self.name = name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        called(self.name, "close", self.adapter.close)

    # What a bench does to a box

    def hello(self) -> Hello:
        return self._asked(Hello, Code.HELLO, self.adapter.hello)

    def reset(self) -> None:
        self._told(Code.RESET, self.adapter.reset)

    def provision(self, provisioning: Provisioning) -> None:
        self._told(Code.PROVISION, lambda: self.adapter.provision(provisioning))

    def time_order(self, order: bytes) -> Decision:
        return self._asked(Decision, Code.TIME_ORDER, lambda: self.adapter.time_order(order))

    def revocation_order(self, order: bytes) -> Decision:
        return self._asked(Decision, Code.REVOCATION_ORDER, lambda: self.adapter.revocation_order(order))

    def enter(self, digits: str) -> Decision:
        return self._asked(Decision, Code.KEYPAD_ENTRY, lambda: self.adapter.enter(digits))

    def challenge(self) -> bytes:
        return self._asked(bytes, Code.CHALLENGE, self.adapter.challenge)

    def present(self, ticket: bytes) -> Decision:
        return self._asked(Decision, Code.PRESENT_TICKET, lambda: self.adapter.present(ticket))

    def read_log(self, from_number: int) -> LogPage:
        return self._asked(LogPage, Code.READ_LOG, lambda: self.adapter.read_log(from_number))

    def read_clock(self) -> ClockReading:
        return self._asked(ClockReading, Code.CLOCK_READ, self.adapter.read_clock)

    def hold_clock(self, held: bool) -> ClockReading:
        return self._asked(ClockReading, Code.CLOCK_HOLD, lambda: self.adapter.hold_clock(held))

    def advance_clock(self, seconds: int) -> ClockReading:
        return self._asked(ClockReading, Code.CLOCK_ADVANCE, lambda: self.adapter.advance_clock(seconds))

    def disturb_clock(self, seconds: int) -> ClockReading:
        return self._asked(ClockReading, Code.CLOCK_DISTURB, lambda: self.adapter.disturb_clock(seconds))

    def cut_power(self, cut: PowerCut) -> None:
        self._told(Code.POWER_CUT, lambda: self.adapter.cut_power(cut))

    # What is no command to the box

    def mint(self, box_id: bytes, secret: bytes, code: CodeIndex) -> str:
        digits: Any = called(self.name, "mint", lambda: self.adapter.mint(box_id, secret, code))
        if not isinstance(digits, str) or not (digits.isascii() and digits.isdigit()):
            raise AdapterFault(f"{self.name}: mint answers {digits!r:.60}, and a code is a text of digits; mend the adapter")
        return digits

    def lose_next_answer(self) -> None:
        called(self.name, "lose_next_answer", self.adapter.lose_next_answer)

    def _told(self, code: Code, call: Callable[[], None]) -> None:
        called(self.name, COMMANDS[code].name, call)

    def _asked(self, wanted: type[Made], code: Code, call: Callable[[], Made]) -> Made:
        kind = COMMANDS[code]
        answer = called(self.name, kind.name, call)
        try:
            if not isinstance(answer, wanted):
                raise Unreadable(f"a {wanted.__name__} belongs there")
            kind.read_answer(kind.write_answer(answer))
        except (*_WRONG_TYPES, OtherVersion) as wrong:
            raise AdapterFault(f"{self.name}: the answer to {kind.name} is none: {wrong}; it was {answer!r:.200}") from None
        return answer


def called(name: str, what: str, call: Callable[[], Made]) -> Made:
    """What the adapter returns. Whatever it raises that is no error of a bench comes out as `AdapterFault`, without a traceback."""
    try:
        return call()
    except Declined as error:
        if error.why not in WHYS:
            raise AdapterFault(f"{name}: {what} was declined as {error.why!r:.40}, which is none of {', '.join(WHYS)}") from None
        raise
    except (BenchError, BadInput):
        raise
    except Exception as error:
        raise AdapterFault(
            f"{name}: the adapter failed at {what}: {in_a_line(error)}; mend it, the box was not judged"
        ) from error


def in_a_line(error: Exception) -> str:
    """What was raised, and where."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {str(error) or 'no message'}{where}"
