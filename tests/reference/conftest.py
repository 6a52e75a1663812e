"""A small town: who is who, where is what, at one instant, for the tests of the authority."""

from __future__ import annotations

import datetime as dt
import os
import resource
from dataclasses import dataclass, replace
from typing import Any

import pytest
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.pins import CHEAP
from lockproof.spec import civil
from lockproof.spec.observable import Answer, CodeIndex, LogEntry, LogKind, Role
from lockproof.spec.profile import HOUR

TORONTO = "America/Toronto"
NOW = civil.local_instant(dt.date(2019, 2, 2), dt.time(19), TORONTO)


@dataclass
class Town:
    """Joe lists 123 Main Street for Smith & Co, where Sue works too; Olga owns the box; Max has nothing to do with it."""

    authority: ReferenceAuthority
    box: bytes = bytes(range(16))
    secret: bytes = bytes(range(32))
    joe: str = "123456"
    sue: str = "123457"
    olga: str = "555555"
    max: str = "999999"
    pin: str = "4711"
    email: str = "ann@example.org"
    now: int = NOW

    def settle(self) -> Town:
        authority = self.authority
        authority.add_person(self.joe, "Joe Smith", self.pin, "Smith & Co")
        authority.add_person(self.sue, "Sue Jones", self.pin, "Smith & Co")
        authority.add_person(self.olga, "Olga Owner", self.pin)
        authority.add_person(self.max, "Max Other", self.pin, "Other & Co")
        authority.add_property("main", "123 Main Street", TORONTO, self.joe, "Smith & Co")
        authority.add_property("elm", "7 Elm Road", "America/Vancouver", self.max, "Other & Co")
        authority.add_box(self.box, self.secret, (self.olga,))
        authority.assign(self.box, "main", NOW)
        authority.register_account(self.email, NOW)
        return self

    def code(self, **changes: Any) -> Answer:
        asked = {
            "by": self.joe,
            "pin": self.pin,
            "box_id": self.box,
            "date": "2019-02-03",
            "name": "Ann (appraiser)",
            "role": Role.APPRAISER,
            "seller_permission": True,
            "now": self.now,
        }
        return self.authority.generate_code(**(asked | changes))

    def grant(self, **changes: Any) -> Answer:
        asked = {
            "by": self.joe,
            "box_id": self.box,
            "email": self.email,
            "role": Role.REALTOR,
            "start": self.now,
            "end": self.now + HOUR,
            "now": self.now,
        }
        return self.authority.grant_connect(**(asked | changes))

    def ticket(self, grant: str, account: str | None = None, now: int | None = None) -> Answer:
        return self.authority.issue_ticket(grant, account or self.email, bytes(16), self.now if now is None else now)

    def receive(self, *entries: LogEntry, epoch: int = 1, now: int | None = None) -> None:
        self.authority.receive(self.box, epoch, entries, self.now if now is None else now)

    def lines(self) -> list[str]:
        return [line.text() for line in self.authority.report()]

    def kinds(self) -> list[str]:
        return [line.kind.value for line in self.authority.report()]


def used(number: int, credential: CodeIndex | bytes | str | None, instant: int | None = NOW, **changes: Any) -> LogEntry:
    """An accepted presentation as a box logs it; a grant by its reference."""
    if isinstance(credential, str):
        credential = bytes.fromhex(credential)
    kind = LogKind.CONNECT if isinstance(credential, bytes) else LogKind.CODE
    return replace(LogEntry(number, kind, accepted=True, instant=instant, credential=credential), **changes)


@pytest.fixture
def town() -> Any:
    with ReferenceAuthority(pin_cost=CHEAP) as authority:
        yield Town(authority).settle()


@pytest.fixture
def make_town() -> Any:
    """Another town: by path, profile or generator."""
    opened: list[ReferenceAuthority] = []

    def make(settled: bool = True, **given: Any) -> Town:
        opened.append(ReferenceAuthority(**({"pin_cost": CHEAP} | given)))
        return Town(opened[-1]).settle() if settled else Town(opened[-1])

    yield make
    for authority in opened:
        authority.close()


@pytest.fixture
def entry_of() -> Any:
    return used


@pytest.fixture
def as_nobody() -> Any:
    """From now on in this test the rights of files count, also where tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def no_larger() -> Any:
    """From now on in this test no file grows beyond so many bytes; as large as before if none are given."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size=usual[0]: resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)
