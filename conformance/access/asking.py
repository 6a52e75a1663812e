"""What is missing is asked for at a terminal; in a script its lack is an error that names the option."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import typer
from lockproof.reference.fields import FieldError, UnknownName
from lockproof.spec import civil
from lockproof.spec.observable import BadInput, BenchError

Found = TypeVar("Found")

PIN_VARIABLE, NEXT_PIN_VARIABLE = "LOCKPROOF_PIN", "LOCKPROOF_NEXT_PIN"


def at_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _answered(ask: Callable[[], Found]) -> Found:
    """Raises `BenchError` for Ctrl-C and the end of the input: that is no refusal (exit code 1)."""
    try:
        return ask()
    except typer.Abort:
        typer.echo(err=True)
        raise BenchError("nothing was answered, and nothing was done") from None


@dataclass(frozen=True, slots=True)
class Asking:
    """`somebody`: there is a person to ask."""

    somebody: bool

    def text(self, given: str | None, question: str, option: str, choices: Sequence[str] = ()) -> str:
        """What was given, or what is answered; one of `choices`, if there are any. Raises `BadInput`."""
        if given is None:
            self._must_ask(option, question)
            hint = f" ({', '.join(choices)})" if choices else ""
            given = self._again(
                lambda: str(_answered(lambda: typer.prompt(f"{question}{hint}", err=True))),
                lambda text: not choices or text in choices,
            )
        if choices and given not in choices:
            raise BadInput(f"{option} {given}: name one of {', '.join(choices)}")
        return given

    def found(self, given: str | None, question: str, option: str, find: Callable[[str], Found]) -> Found:
        """What is found by what was given; or by what is answered, which is asked for again until something is."""
        if given is not None or not self.somebody:
            return find(self.text(given, question, option))
        while True:
            try:
                return find(self.text(None, question, option))
            except (BadInput, FieldError, UnknownName) as error:
                typer.echo(f"    {error}", err=True)

    def yes(self, given: bool | None, question: str, option: str) -> bool:
        if given is None:
            self._must_ask(option, question)
            given = bool(_answered(lambda: typer.confirm(question, err=True)))
        return given

    def pin(self, question: str = "PIN", variable: str = PIN_VARIABLE, *, new: bool = False) -> str:
        """Never echoed, and never on a command line: the environment has it, or it is asked for, twice if it is a new one."""
        if (given := os.environ.get(variable)) is not None:
            return given
        self._must_ask(f"the environment variable {variable}", question)
        return str(_answered(lambda: typer.prompt(question, hide_input=True, confirmation_prompt=new, err=True)))

    def which_instant(self, zone: str) -> Callable[[str, tuple[int, ...]], int | None]:
        """For a local time that comes twice (`time.local-refused`)."""

        def choose(why: str, instants: tuple[int, ...]) -> int | None:
            if not self.somebody:
                return None
            typer.echo(why, err=True)
            for number, each in enumerate(instants, 1):
                typer.echo(f"    {number}  {civil.local_text_with_offset(each, zone)}", err=True)
            numbers = [str(number) for number in range(1, len(instants) + 1)]
            return instants[int(self.text(None, "which of them", "the offset", numbers)) - 1]

        return choose

    def _must_ask(self, option: str, what: str) -> None:
        if not self.somebody:
            raise BadInput(f"{what}: nothing is said, and there is no terminal to ask at; give {option}")

    def _again(self, ask: Callable[[], str], good: Callable[[str], bool]) -> str:
        while not good(answer := ask().strip()):
            typer.echo(f"    {answer!r} is none of these", err=True)
        return answer
