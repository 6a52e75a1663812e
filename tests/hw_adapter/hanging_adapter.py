"""An adapter that really hangs: the reference box behind methods that never return, or return late.

`adapter:hanging:in=METHOD,how=HOW`; `how` is one of the functions below, and it sleeps if nothing is said.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import replace

from lockproof.hw_adapter.vendor import BoxAdapter
from lockproof.reference.box import ReferenceBox


def sleeps() -> None:
    time.sleep(600)


def spins() -> None:
    while True:
        pass


def reads() -> None:
    """From a line on which nothing comes, as an adapter without a time limit does."""
    near, _far = os.pipe()
    os.read(near, 1)


def prints() -> None:
    while True:
        sys.stdout.write("still waiting\n")
        time.sleep(0.001)


def is_late() -> None:
    time.sleep(0.6)


def exits() -> None:
    sys.exit(0)


class HangingAdapter(BoxAdapter):
    """Hangs in one method."""

    def __init__(self, options):
        self.method, self.how = options["in"], globals()[options.get("how", "sleeps")]
        self.box = ReferenceBox()
        self.threads: set[int] = set()
        self.closed = 0

    @classmethod
    def open(cls, options):
        box = cls(options)
        box.enters("open")
        return box

    def enters(self, method: str) -> ReferenceBox:
        self.threads.add(threading.get_ident())
        if method == self.method:
            self.how()
        return self.box

    def close(self):
        self.closed += 1
        self.enters("close")

    def hello(self):
        return replace(self.enters("hello").hello(), boot_ms=20, reset_ms=30)

    def reset(self):
        self.enters("reset").reset()

    def provision(self, provisioning):
        self.enters("provision").provision(provisioning)

    def time_order(self, order):
        return self.enters("time_order").time_order(order)

    def enter(self, digits):
        return self.enters("enter").enter(digits)

    def challenge(self):
        return self.enters("challenge").challenge()

    def present(self, ticket):
        return self.enters("present").present(ticket)

    def read_log(self, from_number):
        return self.enters("read_log").read_log(from_number)

    def read_clock(self):
        return self.enters("read_clock").read_clock()

    def hold_clock(self, held):
        return self.enters("hold_clock").hold_clock(held)

    def advance_clock(self, seconds):
        return self.enters("advance_clock").advance_clock(seconds)

    def disturb_clock(self, seconds):
        return self.enters("disturb_clock").disturb_clock(seconds)

    def cut_power(self, cut):
        self.enters("cut_power").cut_power(cut)
