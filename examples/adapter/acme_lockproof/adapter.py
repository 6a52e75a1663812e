"""The adapter: what the kit asks, in Acme's words, and what Acme's box says, in the kit's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import serial
from lockproof.hw_adapter.vendor import BoxAdapter, declared, declined, no_answer, only
from lockproof.spec.observable import (
    BadInput,
    BenchError,
    ClockReading,
    CodeIndex,
    CutClass,
    Decision,
    Hello,
    LogEntry,
    LogKind,
    LogPage,
    PowerCut,
    Provisioning,
)

from acme_lockproof import codes

SILENCE_S = 2.0  # a box that says nothing for so long says nothing
LONGEST_LINE = 4096


class AcmeAdapter(BoxAdapter):
    """Asks once, and passes on what comes."""

    def __init__(self, port: str, baud: int) -> None:
        try:
            self._port = serial.serial_for_url(port, baud, timeout=SILENCE_S)
        except serial.SerialException as error:
            raise BenchError(f"{port}: can't be opened: {error}") from None
        self._lose = False

    @classmethod
    def open(cls, options: Mapping[str, str]) -> Self:
        only(options, "port", "baud")
        if "port" not in options:
            raise BadInput("name the port, as in adapter:acme:port=/dev/ttyUSB0")
        baud = options.get("baud", "9600")
        if not baud.isdecimal():
            raise BadInput(f"baud={baud} is no number of bits a second; write it as baud=9600")
        return cls(options["port"], int(baud))

    def close(self) -> None:
        self._port.close()

    def hello(self) -> Hello:
        identity, session, writes, cause = self._ask("HELLO?")
        return declared(
            identity=identity,
            firmware="acme 1.0",
            session=int(session),
            classes=("core",),
            clock_modes=("test-clock", "wall-clock"),
            cut_classes=(CutClass.RESET, CutClass.NTH_WRITE),
            gives_reasons=True,
            code_digits=codes.DIGITS,
            code_indices=8,
            code_ends_with_its_day=False,
            holdover=86400,
            clock_skew=2,
            drift_ppm=20,
            log_capacity=4096,
            log_when_full="overwrite-oldest",
            boot_ms=20,
            reset_ms=20,
            reset_cause=cause,
            writes=int(writes),
            disturbs_clock=True,
        )

    def reset(self) -> None:
        self._ask("WIPE")

    def provision(self, provisioning: Provisioning) -> None:
        pairs = ",".join(f"{utc}:{offset}" for utc, offset in provisioning.zone.pairs)
        self._ask(f"SETUP {provisioning.box_id.hex()} {provisioning.secret.hex()} {provisioning.zone.expiry} {pairs}")

    def time_order(self, order: bytes) -> Decision:
        return self._decision(f"TIME {order.hex()}")

    def revocation_order(self, order: bytes) -> Decision:
        return self._decision(f"REVOKE {order.hex()}")

    def enter(self, digits: str) -> Decision:
        return self._decision(f"KEY {digits}")

    def challenge(self) -> bytes:
        return bytes.fromhex(self._ask("NONCE?")[0])

    def present(self, ticket: bytes) -> Decision:
        return self._decision(f"TICKET {ticket.hex()}")

    def read_log(self, from_number: int) -> LogPage:
        epoch, following, more, *entries = self._ask(f"LOG? {from_number}")
        return LogPage(int(epoch), tuple(map(_entry, entries)), int(following), more == "1")

    def read_clock(self) -> ClockReading:
        return self._clock("CLK?")

    def hold_clock(self, held: bool) -> ClockReading:
        return self._clock(f"HOLD {int(held)}")

    def advance_clock(self, seconds: int) -> ClockReading:
        return self._clock(f"FWD {seconds}")

    def disturb_clock(self, seconds: int) -> ClockReading:
        return self._clock(f"LAG {seconds}")

    def cut_power(self, cut: PowerCut) -> None:
        self._ask(f"CUT {cut.off_for}" if cut.cut is CutClass.RESET else f"CUTAT {cut.nth} {cut.off_for}")

    def mint(self, box_id: bytes, secret: bytes, code: CodeIndex) -> str:
        return codes.digits(box_id, secret, code.day_start, code.day_end, code.index)

    def lose_next_answer(self) -> None:
        self._lose = True

    def _decision(self, line: str) -> Decision:
        accepted, reason, box_time = self._ask(line)
        return Decision(accepted == "1", _text(reason), _number(box_time))

    def _clock(self, line: str) -> ClockReading:
        box_time, timer, held = self._ask(line)
        return ClockReading(_number(box_time), int(timer), held == "1")

    def _ask(self, line: str) -> list[str]:
        """One line out, one line in; the words after OK. Never asked twice: it may have been carried out."""
        word = line.partition(" ")[0]
        try:
            self._port.reset_input_buffer()  # an answer that came too late is none to this
            self._port.write(f"{line}\n".encode())
            said = self._port.read_until(b"\n", LONGEST_LINE)
        except serial.SerialException as error:
            raise BenchError(f"{self._port.port} is gone: {error}") from None
        if self._lose or not said.endswith(b"\n"):
            self._lose = False
            raise no_answer(f"{word} within {SILENCE_S:g} s")
        verdict, *words = said.decode(errors="replace").split()
        if verdict == "ERR":
            raise declined(words[0], word)
        if verdict != "OK":
            raise BenchError(f"{word}: {said!r} is no answer of this box; check port and baud rate")
        return words


def _entry(text: str) -> LogEntry:
    number, kind, accepted, instant, credential, reason, count = text.split(",")
    of = bytes.fromhex(credential) if credential != "-" and "/" not in credential else None
    code = CodeIndex(*map(int, credential.split("/"))) if "/" in credential else None
    return LogEntry(int(number), LogKind(kind), accepted == "1", _number(instant), code or of, _text(reason), int(count))


def _number(word: str) -> int | None:
    return None if word == "-" else int(word)


def _text(word: str) -> str | None:
    return None if word == "-" else word
