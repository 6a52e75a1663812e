"""For a box that speaks another protocol: the base class of a vendor's adapter (ADAPTERS.md, "In Python").

An adapter says what the box says, at the instant at which the box says it. It asks nothing twice of itself, remembers no
answer, and invents none: `lockproof adapter check` tries whether that is so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final, Self

from lockproof.spec.observable import (
    BadInput,
    ClockReading,
    CodeIndex,
    Decision,
    Declined,
    Hello,
    LogPage,
    NoAnswer,
    PowerCut,
    Provisioning,
)

_OF_NO_LINE: Final[Mapping[str, Any]] = {
    "protocol": 1,
    "observation": "self-reported",
    "cut_classes": (),
    "frame_limit": 256,
    "batch_limit": 1,
    "boot_ms": 0,
    "reset_ms": 0,
    "wake_bytes": 0,
    "reset_cause": "unknown",
}


def declared(**fields: Any) -> Hello:
    """A hello from what the box declares; what only a box with our frames has may be left out.

    Raises TypeError for a field that is missing, or that there is not: a declaration is never guessed.
    """
    return Hello(**{**_OF_NO_LINE, **fields})


class BoxAdapter(ABC):
    """A `lockproof.spec.observable.Box` made from whatever the box understands.

    Every method may raise `NoAnswer` (the command went out, nothing came back), `Declined` (see `declined`), or `BenchError`
    for a line that is gone, and returns within the time that an answer has (`AdapterPatience`); all are called on one thread. What
    a box need not have is declined here already. Published in the entry point group
    `lockproof.adapters`, it is used as `lockproof run --box adapter:NAME:port=/dev/ttyUSB0,baud=9600`.
    """

    @classmethod
    @abstractmethod
    def open(cls, options: Mapping[str, str]) -> Self:
        """Reach the box. Raises `BadInput` for options that can't be used (see `only`), `BenchError` where no box answers."""

    def close(self) -> None:
        """Give back what was opened. Called once, whatever happened before, unless a call never returned."""
        return

    # What every box has

    @abstractmethod
    def hello(self) -> Hello:
        """What the box declares, asked anew; `declared` fills in what only our frames have."""

    @abstractmethod
    def reset(self) -> None:
        """Forget everything, as from the factory. A held clock stays held, and the session stays."""

    @abstractmethod
    def provision(self, provisioning: Provisioning) -> None: ...

    @abstractmethod
    def time_order(self, order: bytes) -> Decision: ...

    @abstractmethod
    def enter(self, digits: str) -> Decision: ...

    @abstractmethod
    def challenge(self) -> bytes:
        """A fresh nonce of 16 bytes."""

    @abstractmethod
    def read_log(self, from_number: int) -> LogPage: ...

    @abstractmethod
    def read_clock(self) -> ClockReading: ...

    # What a box may leave out, if its hello says so

    def revocation_order(self, order: bytes) -> Decision:  # noqa: ARG002 (declined whatever it is)
        raise declined("unsupported", "revocation orders")

    def present(self, ticket: bytes) -> Decision:  # noqa: ARG002 (declined whatever it is)
        raise declined("unsupported", "tickets")

    def hold_clock(self, held: bool) -> ClockReading:  # noqa: ARG002 (declined whatever it is)
        raise declined("unsupported", "holding its clock")

    def advance_clock(self, seconds: int) -> ClockReading:  # noqa: ARG002 (declined whatever it is)
        raise declined("unsupported", "advancing its clock")

    def disturb_clock(self, seconds: int) -> ClockReading:  # noqa: ARG002 (declined whatever it is)
        raise declined("unsupported", "disturbing its clock")

    def cut_power(self, cut: PowerCut) -> None:
        raise declined("unsupported", f"power cuts of class {cut.cut}")

    # Codes of the vendor's own: no command to the box, but what the vendor's service would issue (class core)

    def mint(self, box_id: bytes, secret: bytes, code: CodeIndex) -> str:  # noqa: ARG002 (declined whatever it is)
        """The digits of a code of the box with this identity and secret. Declined: they are those of class interop."""
        raise declined("unsupported", "codes of its own")

    # Only for `lockproof adapter check`

    def lose_next_answer(self) -> None:
        """The next command reaches the box, and its answer is thrown away below everything that might send it again."""
        raise declined("unsupported", "losing an answer on purpose")


def declined(why: str, what: str) -> Declined:
    """The error for what the box does not do: `why` as in `Declined`, `what` completes "the box declines …"."""
    return Declined(why, f"the box declines {what} ({why})")


def no_answer(what: str) -> NoAnswer:
    """The error for a command that went out and had no answer."""
    return NoAnswer(f"no answer to {what}; what it did is unknown")


def only(options: Mapping[str, str], *known: str) -> None:
    """Raises `BadInput` for an option that the adapter does not know."""
    if unknown := sorted(options.keys() - set(known)):
        raise BadInput(f"no option is called {unknown[0]}; options are {', '.join(known) or 'none'}")
