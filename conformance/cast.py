"""The people of the scenarios. What each may do follows from the property and the box, not from the name."""

from __future__ import annotations

from dataclasses import dataclass

from lockproof.spec.observable import Role


@dataclass(frozen=True, slots=True)
class Person:
    """`person` is the id by which the authority knows who grants; recipients are known by their email."""

    name: str
    role: Role | None = None
    person: str = ""
    pin: str = ""
    office: str | None = None
    email: str = ""
    account: bool = False


CAST: dict[str, Person] = {
    # those who grant
    "joe": Person("Joe Smith", person="123456", pin="4711", office="main-office"),  # listing agent of every property
    "mary": Person("Mary Jones", person="123457", pin="8520", office="main-office"),  # of the listing office
    "owen": Person("Owen Keys", person="200001", pin="9034"),  # has lockbox owner privileges
    "sam": Person("Sam Stranger", person="300001", pin="1357", office="other-office"),  # has nothing to do with the box
    # those who are let in
    "rita": Person("Rita Realtor", Role.REALTOR, email="rita@example.org", account=True),
    "ralph": Person("Ralph Realtor", Role.REALTOR, email="ralph@example.org", account=True),
    "nora": Person("Nora Newcomer", Role.REALTOR, email="nora@example.org"),  # has no account yet
    "ann": Person("Ann (appraiser)", Role.APPRAISER, email="ann@example.org", account=True),
    "ivan": Person("Ivan (inspector)", Role.INSPECTOR),
    "carl": Person("Carl Consumer", Role.CONSUMER, email="carl@example.org", account=True),
}
