"""`lockproof authority check`: does an authority speak the protocol, and keep to what no scenario could see (AUTHORITIES.md)?

Whether it decides as the standard has it, `lockproof run --authority` says.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, fields

from lockproof.conformance.honesty import Caught, Checks, Unable
from lockproof.hw_adapter.authority import AuthorityError, GuardedAuthority
from lockproof.hw_adapter.authority_lines import OPTIONAL
from lockproof.hw_adapter.guard import AdapterFault, AdapterGone
from lockproof.spec.observable import Answer, AuthorityHello, BenchError, CodeIndex, Role
from lockproof.spec.profile import DAY, HOUR

NOON = 1804006800  # 2027-03-02 12:00 in New York
DATE = "2027-03-02"
LATER = NOON + 100 * DAY
LATER_DATE = "2027-06-10"
AGENT, STRANGER, PIN, EMAIL = "100001", "100002", "4711", "rita@example.org"
NOBODY = "nobody-has-this-id"


@dataclass(slots=True)
class Trial:
    """An authority, and what it was last told."""

    authority: GuardedAuthority
    hello: AuthorityHello
    box_id: bytes = b""
    secret: bytes = b""
    numbers: list[int] = field(default_factory=list)

    def set_up(self) -> None:
        """An agent, a stranger, one property and a box of it, and one account."""
        asked = self.authority
        asked.reset()
        self.box_id, self.secret = secrets.token_bytes(16), secrets.token_bytes(32)
        asked.add_person(AGENT, "Agent", PIN, "office")
        asked.add_person(STRANGER, "Stranger", "1357", "another office")
        asked.add_property("home", "123 Main Street", "America/New_York", AGENT, "office")
        asked.add_box(self.box_id, self.secret)
        asked.put(self.box_id, "home", NOON)
        asked.register_account(EMAIL, NOON)

    def grant(self, by: str = AGENT, now: int = NOON) -> Answer:
        return self.authority.grant_connect(by, self.box_id, EMAIL, Role.REALTOR, now, now + HOUR, now)

    def code(self, by: str = AGENT, pin: str = PIN, date: str = DATE, now: int = NOON) -> Answer:
        return self.authority.generate_code(by, pin, self.box_id, date, "Ann", Role.APPRAISER, seller_permission=True, now=now)

    def granted(self) -> str:
        """The reference of a grant. Raises `Unable` where there is none."""
        answer = self.grant()
        if not answer.accepted or answer.reference is None:
            raise Unable(f"a grant that is right was {_word(answer)}; judge it with lockproof run")
        return answer.reference

    def made(self) -> Answer:
        """A code. Raises `Unable` where there is none."""
        answer = self.code()
        if not answer.accepted:
            raise Unable(f"a code that is right was {_word(answer)}; judge it with lockproof run")
        return answer


CHECKS: Checks[Trial] = Checks()


def check_and_tell(authority: GuardedAuthority, write: Callable[[str], object]) -> int:
    """The checks, told as they go; the exit code. Raises `BenchError` where it does not even say hello."""
    return CHECKS.tell_all(Trial(authority, authority.hello()), write)


@CHECKS("hello.stable", "Asked twice with nothing in between, hello says the same.")
def _hello_stable(trial: Trial) -> str:
    first, second = trial.authority.hello(), trial.authority.hello()
    if first != second:
        others = [each.name for each in fields(first) if getattr(first, each.name) != getattr(second, each.name)]
        raise Caught("; ".join(f"{name} was {getattr(first, name)!r}, then {getattr(second, name)!r}" for name in others))
    return f"{first.name} {first.version}, {' and '.join(first.classes)}".strip()


@CHECKS(
    "hello.true", "What hello names of the requests that need not be there is answered, and what it does not name is declined."
)
def _hello_true(trial: Trial) -> str:
    trial.set_up()
    code = trial.made().reference or ""
    tried: dict[str, Callable[[], object]] = {
        "share_by_email": lambda: trial.authority.share_by_email(code, "ann@example.org"),
        "mint": lambda: trial.authority.mint(trial.box_id, trial.secret, CodeIndex(NOON, NOON + DAY, 0)),
    }
    for name in OPTIONAL:
        why = _declined(tried[name])
        if name in trial.hello.requests and why:
            raise Caught(f"{name} is declared, and declined: {why}")
        if name not in trial.hello.requests and not why:
            raise Caught(f"{name} is not declared, and answered")
    return "; ".join(f"{name} {'answered' if name in trial.hello.requests else 'declined'}" for name in OPTIONAL)


@CHECKS("request.unknown", "A request that there is not is declined, and the next one is answered.")
def _request_unknown(trial: Trial) -> str:
    why = _declined(lambda: trial.authority.ask("open_every_box"))
    if not why:
        raise Caught("a request called open_every_box was answered")
    trial.authority.hello()
    return why


@CHECKS("name.unknown", "Asked about somebody or something that nobody has named, it says so, and decides nothing.")
def _name_unknown(trial: Trial) -> str:
    trial.set_up()
    nothing = secrets.token_bytes(16)
    tried: dict[str, Callable[[], object]] = {
        "a person": lambda: trial.grant(by=NOBODY),
        "a box": lambda: trial.authority.grant_connect(AGENT, nothing, EMAIL, Role.REALTOR, NOON, NOON + HOUR, NOON),
        "a property": lambda: trial.authority.put(trial.box_id, NOBODY, NOON),
        "a grant": lambda: trial.authority.issue_ticket(nothing.hex(), EMAIL, nothing, NOON),
        "what to revoke": lambda: trial.authority.revoke(nothing.hex(), AGENT, NOON),
        "a code": lambda: trial.authority.share(NOBODY),
    }
    for what, call in tried.items():
        if not _declined(call):
            raise Caught(f"{what} that nobody has named: it was answered, and not an error")
    return f"an error for {', '.join(tried)}"


@CHECKS(
    "reset.forgets", "After reset nobody is known and nothing was issued, and the same people can be named anew.", "name.unknown"
)
def _reset_forgets(trial: Trial) -> str:
    trial.set_up()
    grant, code = trial.granted(), trial.made()
    trial.authority.reset()
    left = [
        *trial.authority.report(),
        *trial.authority.notifications(),
        *trial.authority.alerts(),
        *trial.authority.revocations(),
    ]
    if left:
        raise Caught(f"after reset it still tells of {left[0]!r:.100}")
    for what, call in (
        ("the agent", trial.grant),
        ("the grant", lambda: trial.authority.issue_ticket(grant, EMAIL, secrets.token_bytes(16), NOON)),
        ("the code", lambda: trial.authority.share(code.reference or "")),
    ):
        if not _declined(call):
            raise Caught(f"{what} is still known after reset")
    trial.set_up()
    if (again := trial.code()).code != code.code:
        raise Caught(f"the first code of a new box is {again.code}, and before reset it was {code.code}")
    return "people, grants, codes and the report are gone; the first code of the day is the first again"


@CHECKS("answer.kept", "Accepted and refused come through as they were decided.")
def _answer_kept(trial: Trial) -> str:
    trial.set_up()
    right, wrong = trial.grant(), trial.grant(by=STRANGER)
    made, unmade = trial.code(), trial.code(pin="0000")
    if not (right.accepted and made.accepted) or wrong.accepted or unmade.accepted:
        raise Caught(
            f"the agent's grant was {_word(right)}, a stranger's {_word(wrong)};"
            f" a code with the right PIN was {_word(made)}, with a wrong one {_word(unmade)}"
        )
    return "the agent's grant and code accepted; a stranger's grant and a wrong PIN refused"


@CHECKS("reasons.true", "It gives clauses with a refusal if it declares that it gives reasons, and none if not.", "answer.kept")
def _reasons_true(trial: Trial) -> str:
    trial.set_up()
    given = {clause for answer in (trial.grant(by=STRANGER), trial.code(pin="0000")) for clause in answer.clauses}
    if trial.hello.gives_reasons and not given:
        raise Caught("gives_reasons is declared, and refusals have no clauses")
    if given and not trial.hello.gives_reasons:
        raise Caught(f"no reasons are declared, and refusals name {', '.join(sorted(given))}")
    return ", ".join(sorted(given)) or "no reasons"


@CHECKS("clock.given", "It knows no other time than the one that it is told.", "reset.forgets", "answer.kept")
def _time_given(trial: Trial) -> str:
    trial.set_up()
    early, late = trial.code(), trial.code(date=LATER_DATE, now=LATER)
    if not late.accepted:
        raise Caught(
            f"told that it is {LATER_DATE}, it refuses a code for that day ({_word(late)}); does it ask a clock of its own?"
        )
    lines = trial.authority.report()
    if (seen := sorted(line.occurred for line in lines)) != [NOON, LATER]:
        raise Caught(f"it was told the instants {NOON} and {LATER}, and the report has {seen}")
    assert early.code is not None
    return f"codes for {DATE} and {LATER_DATE}, each on its day"


def _word(answer: Answer) -> str:
    return "accepted" if answer.accepted else f"refused ({', '.join(answer.clauses) or 'no reason told'})"


def _declined(call: Callable[[], object]) -> str:
    """What an error says, empty where there was none; what is the fault of the program goes on to whoever asked."""
    try:
        call()
    except (AdapterFault, AdapterGone):
        raise
    except AuthorityError as error:
        return error.why or str(error)
    except BenchError as error:
        return str(error)
    return ""
