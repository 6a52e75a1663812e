"""Power cuts at the supply itself, by programs of the bench (power-cut class `supply`).

The line is closed before the power goes, since a port that stays open can feed a box through its pins, and is opened again when
it is back: a box whose USB goes with its power may by then be another device.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import fields

from lockproof.conformance.around import AroundBox
from lockproof.conformance.bench import Power
from lockproof.conformance.programs import run_well
from lockproof.hw_adapter.adapter import NotCut, SerialBox
from lockproof.hw_adapter.board import WrongBoard
from lockproof.hw_adapter.link import Counters
from lockproof.spec.observable import BenchError, CutClass, Hello, PowerCut

OpenBox = Callable[[], AbstractContextManager[SerialBox]]
_MARGIN_S = 5.0  # over and above boot_ms, for a port to come back and a box to say hello
_LOOK_AGAIN_S = 0.1
_OPENINGS = 2  # in a row after which it has booted: the first may have come as it had just been switched on


class SuppliedBox(AroundBox):
    """A box on a line whose supply the bench can cut.

    Of one that `boots_when_opened`, a boot after a cut says nothing of its supply.
    """

    def __init__(
        self, box: SerialBox, power: Power, name: str, open_again: Callable[[], SerialBox], *, boots_when_opened: bool = False
    ) -> None:
        super().__init__(box)
        self._line = box
        self._power = power
        self._name = name
        self._open_again = open_again
        self._boots_when_opened = boots_when_opened
        self._before = Counters()  # of the lines that were closed
        self._is_open = True

    @property
    def counters(self) -> Counters:
        now = self._line.counters
        return Counters(*(getattr(self._before, each.name) + getattr(now, each.name) for each in fields(Counters)))

    def hello(self) -> Hello:
        """Opens the line again first, where it did not come back after a cut."""
        if not self._is_open:
            self._reopen()
        return super().hello()

    def cut_power(self, cut: PowerCut) -> None:
        """Raises `NotCut` where the box has not booted, `ProgramError`, `WrongBoard`, and `BenchError` where it does not come back."""
        if cut.cut is not CutClass.SUPPLY:
            super().cut_power(cut)
            return
        if self._boots_when_opened:
            raise NotCut(
                f"{self._line.name}: the box boots whenever its line is opened, so that a boot does not show that power was cut;"
                " write dtr = false and rts = false for it in the bench file, or take the wire off that resets it"
            )
        before = self.hello()
        self._before = self.counters
        self._line.close()
        self._is_open = False
        cut_and_wait(self._power, self._name)
        self._come_back(before)

    def _reopen(self) -> None:
        self._line = self.inner = self._open_again()
        self._is_open = True

    def _come_back(self, before: Hello) -> None:
        time.sleep(before.boot_ms / 1000)
        give_up = time.monotonic() + _MARGIN_S
        while True:
            try:
                self._reopen()
            except WrongBoard:
                raise
            except BenchError as error:
                if time.monotonic() > give_up:
                    waited = before.boot_ms / 1000 + _MARGIN_S
                    raise BenchError(f"power is back, and the box is not, {waited:g} s later: {error}") from None
                time.sleep(_LOOK_AGAIN_S)
            else:
                break
        after = self._line.hello()
        if after.session == before.session:
            raise NotCut(
                f"{self._line.name}: the supply was switched off for {self._power.minimum_off:g} s, and the session is still"
                f" {before.session}: the box did not lose power; look whether the program switches it, and what else feeds it"
                " (a battery, the port's own pins)"
            )


def cut_and_wait(power: Power, name: str) -> None:
    """Supply off, and on again after its time. Raises `ProgramError`."""
    try:
        run_well(power.off, power.timeout, name)
        time.sleep(power.minimum_off)
    finally:  # also after Ctrl-C: a box is not left without power
        run_well(power.on, power.timeout, name)


@contextmanager
def supplied(open_box: OpenBox, power: Power, name: str) -> Iterator[SuppliedBox]:
    """The box that `open_box` opens, closed at the end however often it was opened. It opens the same board or none."""
    with ExitStack() as lines:

        def open_again() -> SerialBox:
            return lines.enter_context(open_box())

        box, boots = open_again(), True
        for _ in range(_OPENINGS):
            session = box.session
            box.close()
            box = open_again()
            if not (boots := box.session != session):
                break
        yield SuppliedBox(box, power, name, open_again, boots_when_opened=boots)
