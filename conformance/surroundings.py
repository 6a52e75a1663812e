"""What stands around a served box, so that a bench has something to switch and to look at: its supply and its shackle, as files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lockproof.hw_adapter.serve import Served
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import BenchError

OPEN = "open\n"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`supply`: the box has power while this file is there. `shackle`: says open once the mechanism has moved; a bench closes it."""

    supply: Path | None = None
    shackle: Path | None = None

    def around(self, box: ReferenceBox, make_device: Callable[[], Served]) -> Served:
        """The device that `make_device` makes of `box`, among these."""
        if self.supply is None and self.shackle is None:
            return make_device()
        return _Surrounded(self, box, make_device)


NOTHING_AROUND = Surroundings()


class _Surrounded:
    """A device whose box loses power with a file, and whose openings can be seen in another."""

    def __init__(self, surroundings: Surroundings, box: ReferenceBox, make_device: Callable[[], Served]) -> None:
        self._around = surroundings
        self._box = box
        self._make_device = make_device
        self._device = make_device()
        self._made = self._supply_made()

    def feed(self, data: bytes) -> bytes:
        made = self._supply_made()
        if made is None:
            self._made = None
            return b""
        if made != self._made:
            self._made = made
            self._box.power_up("power-on")
            self._device = self._make_device()
        before = self._box.openings
        answers = self._device.feed(data)
        if self._box.openings > before:
            self._show()
        return answers

    def busy(self) -> bytes:
        return self._device.busy()

    def _supply_made(self) -> tuple[int, int] | None:
        """Which file it is: another one means that power was away in between, even if nobody asked the box then."""
        if self._around.supply is None:
            return (0, 0)
        try:
            found = self._around.supply.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _show(self) -> None:
        if self._around.shackle is None:
            return
        try:
            self._around.shackle.write_text(OPEN, encoding="utf-8")
        except OSError as error:
            raise BenchError(
                f"{self._around.shackle}: can't be written: {error.strerror}; name another file with --shackle"
            ) from None
