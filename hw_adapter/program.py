"""A program in any language as an adapter of a box (ADAPTERS.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from lockproof.hw_adapter import json_lines
from lockproof.hw_adapter.guard import DEFAULT_PATIENCE, AdapterPatience, GuardedBox
from lockproof.hw_adapter.line_program import LineProgram, OnSaid, words_of
from lockproof.hw_adapter.vendor import BoxAdapter
from lockproof.spec.observable import ClockReading, CodeIndex, Decision, Hello, LogPage, PowerCut, Provisioning

PAGE = "ADAPTERS.md"


def open_program(command_line: str, patience: AdapterPatience = DEFAULT_PATIENCE, on_said: OnSaid | None = None) -> GuardedBox:
    """Starts the program. Raises `BadInput` for a command line that is none, `BenchError` for a program that can't be started."""
    words = words_of(command_line)
    name = f"program {words[0]}"
    return GuardedBox(ProgramAdapter(LineProgram(words, name, PAGE, json_lines.OF_A_BOX, on_said), patience), name)


class ProgramAdapter(BoxAdapter):
    """Asks a program that was started. After a failure of the program it only repeats what happened."""

    def __init__(self, program: LineProgram, patience: AdapterPatience) -> None:
        self.program = program
        self._patience = patience
        self._declared: Hello | None = None

    @classmethod
    def open(cls, options: Mapping[str, str]) -> Self:
        """With the option `command`, the command line."""
        words = words_of(options.get("command", ""))
        return cls(LineProgram(words, f"program {words[0]}", PAGE, json_lines.OF_A_BOX), DEFAULT_PATIENCE)

    def close(self) -> None:
        self.program.close(self._patience.end)

    def hello(self) -> Hello:
        hello: Hello = self._ask("hello")
        self._declared = hello
        return hello

    def reset(self) -> None:
        self._ask("reset")

    def provision(self, provisioning: Provisioning) -> None:
        self._ask("provision", **json_lines.fields_of(provisioning))

    def time_order(self, order: bytes) -> Decision:
        return self._decision("time_order", order=order)

    def revocation_order(self, order: bytes) -> Decision:
        return self._decision("revocation_order", order=order)

    def enter(self, digits: str) -> Decision:
        return self._decision("enter", digits=digits)

    def challenge(self) -> bytes:
        nonce: bytes = self._ask("challenge")
        return nonce

    def present(self, ticket: bytes) -> Decision:
        return self._decision("present", ticket=ticket)

    def read_log(self, from_number: int) -> LogPage:
        page: LogPage = self._ask("read_log", from_number=from_number)
        return page

    def read_clock(self) -> ClockReading:
        return self._clock("read_clock")

    def hold_clock(self, held: bool) -> ClockReading:
        return self._clock("hold_clock", held=held)

    def advance_clock(self, seconds: int) -> ClockReading:
        return self._clock("advance_clock", seconds=seconds)

    def disturb_clock(self, seconds: int) -> ClockReading:
        return self._clock("disturb_clock", seconds=seconds)

    def cut_power(self, cut: PowerCut) -> None:
        self._ask("cut_power", **json_lines.fields_of(cut))

    def mint(self, box_id: bytes, secret: bytes, code: CodeIndex) -> str:
        digits: str = self._ask("mint", box_id=box_id, secret=secret, code=json_lines.fields_of(code))
        return digits

    def lose_next_answer(self) -> None:
        self._ask("lose_next_answer")

    def _decision(self, command: str, **arguments: Any) -> Decision:
        decision: Decision = self._ask(command, **arguments)
        return decision

    def _clock(self, command: str, **arguments: Any) -> ClockReading:
        reading: ClockReading = self._ask(command, **arguments)
        return reading

    def _ask(self, command: str, **arguments: Any) -> Any:
        return self.program.ask(command, arguments, self._patience.longest_answer(self._declared))
