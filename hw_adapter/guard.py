"""A vendor's adapter, watched: an answer of no legal form, an error that is none of ours, or none in time, is the adapter's fault.

What an answer may be is said once, by the readers of the wire protocol: it is written as the wire has it and read back. How
long one may take is said here, for adapters in Python and for programs.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

from lockproof.hw_adapter.declaration import OtherVersion
from lockproof.hw_adapter.messages import COMMANDS, Code
from lockproof.hw_adapter.own_thread import Overdue, OwnThread
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


class AdapterHangs(AdapterFault):
    """An adapter gave no answer in time. Whether the box got the command is unknown."""


class AdapterGone(AdapterFault):
    """An adapter is not asked any more, since an earlier call ended it: what happened then."""


@dataclass(frozen=True, slots=True)
class AdapterPatience:
    """Seconds to wait for an answer, over and above what the box declares, and for an adapter to give back what it has opened."""

    answer: float = 10.0
    end: float = 2.0

    def longest_answer(self, hello: Hello | None) -> float:
        """In seconds, from a box that has declared this, if anything."""
        longest = max(hello.boot_ms, hello.reset_ms) if hello else 0
        return self.answer + (longest / 1000 if type(longest) is int else 0.0)


DEFAULT_PATIENCE: Final = AdapterPatience()
_AFTER_CTRL_C_S = 0.5  # for an adapter to give back what it has opened


class GuardedBox:
    """The `Box` behind an adapter; `name` stands in front of every message.

    The adapter is called on the thread, and given up for good if it has not answered in time; without one it is called as it is,
    and keeps the time itself.
    """

    def __init__(
        self, adapter: BoxAdapter, name: str, thread: OwnThread | None = None, patience: AdapterPatience = DEFAULT_PATIENCE
    ) -> None:
        self.adapter = adapter
        self.name = name
        self._thread = thread
        self._patience = patience
        self._declared: Hello | None = None
        self._gone = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._close(_AFTER_CTRL_C_S if kind is KeyboardInterrupt else self._patience.end)
        except AdapterFault:
            if kind is None:  # what happened before says more
                raise

    def close(self) -> None:
        self._close(self._patience.end)

    def _close(self, within_s: float) -> None:
        """After the call that is out; one that was given up and is still out is not waited for, and ends with this process."""
        if self._gone and self._thread and self._thread.is_busy:
            return
        try:
            called(self.name, "close", self.adapter.close, self._thread, within_s)
        finally:
            if self._thread:
                self._thread.end()

    # What a bench does to a box

    def hello(self) -> Hello:
        self._declared = self._asked(Hello, Code.HELLO, self.adapter.hello)
        return self._declared

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
        digits: Any = self._called("mint", lambda: self.adapter.mint(box_id, secret, code))
        if not isinstance(digits, str) or not (digits.isascii() and digits.isdigit()):
            raise AdapterFault(f"{self.name}: mint answers {digits!r:.60}, and a code is a text of digits; mend the adapter")
        return digits

    def lose_next_answer(self) -> None:
        self._called("lose_next_answer", self.adapter.lose_next_answer)

    def _told(self, code: Code, call: Callable[[], None]) -> None:
        self._called(COMMANDS[code].name, call)

    def _asked(self, wanted: type[Made], code: Code, call: Callable[[], Made]) -> Made:
        kind = COMMANDS[code]
        answer = self._called(kind.name, call)
        try:
            if not isinstance(answer, wanted):
                raise Unreadable(f"a {wanted.__name__} belongs there")
            kind.read_answer(kind.write_answer(answer))
        except (*_WRONG_TYPES, OtherVersion) as wrong:
            raise AdapterFault(f"{self.name}: the answer to {kind.name} is none: {wrong}; it was {answer!r:.200}") from None
        return answer

    def _called(self, what: str, call: Callable[[], Made]) -> Made:
        if self._gone:
            raise AdapterGone(self._gone)
        try:
            return called(self.name, what, call, self._thread, self._patience.longest_answer(self._declared))
        except AdapterHangs as hangs:
            self._gone = str(hangs)
            raise


def called(
    name: str,
    what: str,
    call: Callable[[], Made],
    thread: OwnThread | None = None,
    within_s: float = 0.0,
    behind: str = "box",
) -> Made:
    """What the adapter returns, within so many seconds if it is called on a thread. `behind` is what stands behind it.

    Whatever it raises that is no error of a bench comes out as `AdapterFault`, without a traceback.
    """
    try:
        return thread.run(call, within_s) if thread else call()
    except Overdue as overdue:
        raise AdapterHangs(
            f"{name}: no answer to {what} within {within_s:g} s, and the adapter is given up: it is in {overdue};"
            f' let it wait for the {behind} no longer than that, and then raise no_answer (ADAPTERS.md, "Time limits")'
        ) from None
    except Declined as error:
        if error.why not in WHYS:
            raise AdapterFault(f"{name}: {what} was declined as {error.why!r:.40}, which is none of {', '.join(WHYS)}") from None
        raise
    except (BenchError, BadInput):
        raise
    except (Exception, SystemExit) as error:
        raise AdapterFault(
            f"{name}: the adapter failed at {what}: {in_a_line(error)}; mend it, the {behind} was not judged"
        ) from error


def in_a_line(error: BaseException) -> str:
    """What was raised, and where."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {str(error) or 'no message'}{where}"
