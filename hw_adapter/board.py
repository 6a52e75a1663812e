"""Which board is at the other end: the one that a bench expects, and still the same after the line was away.

What can be compared is what a hello says. The session tells boots apart and not boards, and so it is not compared: a board that
got its power from the cable has booted. The firmware stays what it was. The identity stays what it was or becomes the box id that
was provisioned, in hex; after a reset it may be anything until the next provisioning or hello (PROTOCOL.md, "Hello").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lockproof.hw_adapter.messages import Code, Command, Result, Status
from lockproof.spec.observable import BenchError, Hello


class WrongBoard(BenchError):  # noqa: N818  (reads as what is wrong)
    """Another board than the right one is on the port. Nothing but hello was sent to it."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a bench says of a board; what is empty is not compared."""

    identity: str = ""
    firmware: str = ""


ANY: Final = Expected()


class Board:
    """What a host knows of the board that it speaks to. `name` stands in front of every message."""

    def __init__(self, name: str, expected: Expected = ANY) -> None:
        self.name = name
        self._expected = expected
        self._firmware: str | None = None  # as it said
        self._identities: set[str] = set()
        self._may_be_anything = True
        self._in_doubt = False

    def doubt(self) -> None:
        """The line was away: the next hello must show that it is still the same board."""
        self._in_doubt = True

    def asked(self, commands: Sequence[Command]) -> None:
        """These go out, and may be carried out whether or not an answer comes."""
        for command in commands:
            if command.code == Code.RESET:
                self._may_be_anything = True
            if command.code == Code.PROVISION:
                self._identities.add(command.argument.box_id.hex())

    def answered(self, commands: Sequence[Command], results: Sequence[Result]) -> None:
        """What was made of them."""
        for command, result in zip(commands, results, strict=False):
            if command.code == Code.PROVISION and result.status is Status.OK:
                self._may_be_anything = False

    def heard(self, hello: Hello) -> None:
        """A hello has come. Raises `WrongBoard` where it is not of the board that is expected, or not of that of before."""
        if self._firmware is None:
            self._compare_with_what_is_expected(hello)
        elif self._in_doubt:
            self._compare_with_what_was(hello)
        self._in_doubt, self._may_be_anything = False, False
        self._firmware, self._identities = hello.firmware, {hello.identity}

    def _compare_with_what_is_expected(self, hello: Hello) -> None:
        wanted = [
            ("identity", hello.identity, self._expected.identity),
            ("firmware", hello.firmware, self._expected.firmware),
        ]
        if wrong := [f"{what} {found}, and {right} is expected" for what, found, right in wanted if right not in {"", found}]:
            raise WrongBoard(
                f"{self.name}: a wrong board is on the port: {'; '.join(wrong)}; connect the right one, or correct what is expected"
            )

    def _compare_with_what_was(self, hello: Hello) -> None:
        """An identity that the bench expects is one that stays, so that after a reset, too, only it will do."""
        identities = self._identities | ({self._expected.identity} - {""})
        wrong = []
        if hello.firmware != self._firmware:
            wrong.append(f"firmware {hello.firmware}, and it was {self._firmware}")
        if hello.identity not in identities and (self._expected.identity or not self._may_be_anything):
            wrong.append(f"identity {hello.identity}, and it was {' or '.join(sorted(identities))}")
        if wrong:
            raise WrongBoard(
                f"{self.name}: another board is there since the line came back: {'; '.join(wrong)};"
                " nothing but hello was sent to it; put the right one back and start again"
            )
