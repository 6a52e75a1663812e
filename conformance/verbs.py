"""What a step of a scenario can say: the verbs, what each takes, and what comes of it. The player does them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})

BOX_CHANNELS = ("keypad", "app", "clock", "log")
AT_THE_AUTHORITY = "authority"


@dataclass(frozen=True, slots=True)
class Verb:
    """`channel` is what it goes through; `main` the argument that may stand alone; `needs` and `takes` say of each argument
    what kind of thing stands there; `accepts` is the word for the better outcome, None where nothing is decided; `makes` the
    kind of thing that `as` names; `looks`: something is seen and compared, although nothing is decided.
    """

    channel: str
    main: str | None = None
    needs: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    takes: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    accepts: str | None = None
    makes: str = ""
    looks: bool = False

    @property
    def arguments(self) -> dict[str, str]:
        """Every argument with the kind of thing that it is."""
        return {**self.needs, **self.takes} | ({"as": "new name"} if self.makes else {})


_BOX = {"at-box": "other-box"}

VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        # at the authority
        "grant": Verb(
            "authority",
            needs={"by": "person", "to": "person", "from": "instant or now"},
            takes={"until": "instant", "for": "duration", "role": "role", **_BOX},
            accepts="accepts",
            makes="grant",
        ),
        "generate": Verb(
            "authority",
            needs={"by": "person", "day": "day"},
            takes={"name": "text", "role": "role", "seller-permission": "yes or no", "pin": "text", **_BOX},
            accepts="accepts",
            makes="code",
        ),
        "revoke": Verb("authority", "what", {"what": "grant or code", "by": "person"}, accepts="accepts"),
        "fetch": Verb("authority", None, {"grant": "grant", "nonce": "nonce"}, {"account": "person"}, "accepts", "ticket"),
        "mint": Verb("app", None, {"grant": "grant", "nonce": "nonce"}, {"altered": "alteration"}, makes="ticket"),
        "register": Verb("authority", "person", {"person": "person"}),
        "close-account": Verb("authority", "person", {"person": "person"}),
        "assign": Verb("authority", "property", {"property": "property"}),
        "unassign": Verb("authority"),
        "board": Verb("authority", None, {"bars": "roles"}),
        "owners": Verb("authority", "people", {"people": "people"}),
        "agent": Verb("authority", "person", {"person": "person"}, {"property": "property"}),
        "report": Verb("authority", "lines", takes={"lines": "texts", "count": "number"}, looks=True),
        "line": Verb("authority", None, {"number": "number", "occurred": "instant", "received": "instant"}, looks=True),
        "notifications": Verb("authority", "count", {"count": "number"}, {"of": "grants"}, looks=True),
        "notification": Verb("authority", None, {"number": "number", "occurred": "instant", "received": "instant"}, looks=True),
        "alerts": Verb("authority", "kinds", {"kinds": "texts"}, looks=True),
        "revocation": Verb(
            "authority",
            None,
            {"what": "grant"},
            {"requested": "instant", "delivered": "instant or not yet", "effective-by": "instant"},
            looks=True,
        ),
        "share": Verb("authority", None, {"code": "code", "contains": "texts"}, {"by": "text or email"}, looks=True),
        "which": Verb("authority", None, {"role": "role", "answer": "text"}, looks=True),
        # at the box
        "enter": Verb(
            "keypad",
            "code",
            takes={"code": "code or wrong", "digits": "digits", "index": "index", "day": "day", "mistyped": "mistake"},
            accepts="opens",
        ),
        "challenge": Verb("app", "as", makes="nonce", looks=True),
        "present": Verb("app", "ticket", {"ticket": "ticket"}, {"forged": "forgery"}, "opens"),
        "connect": Verb("app", "grant", {"grant": "grant"}, accepts="opens"),
        "deliver": Verb("app", "grant", {"grant": "grant"}, {"forged": "forgery"}, "takes"),
        "end-another-grant": Verb("app", None, {"by": "person", "to": "person"}, accepts="takes"),
        "set-clock": Verb(
            "clock",
            takes={"ahead": "duration", "behind": "duration", "to": "instant", "nonce": "nonce", "forged": "forgery"},
            accepts="takes",
        ),
        "disturb-clock": Verb("clock", "back", {"back": "duration"}),
        "read-clock": Verb("clock", looks=True),
        "measure-clock": Verb("clock", looks=True),
        "cut": Verb("power", takes={"off": "outage", "at-write": "nth"}),
        "become": Verb("power", "box", {"box": "other-box"}),
        "read-log": Verb("log", looks=True),
        "upload": Verb("log", takes={"order": "reversed", "times": "number", "without": "numbers"}, looks=True),
        "wear": Verb("log", takes={"at-most": "number", "at-least": "number"}, looks=True),
    }
)

_ALIKE = {
    ("present", "box"): "present or connect",
    ("connect", "box"): "present or connect",
    ("fetch", "authority"): "fetch or connect",
    ("connect", "authority"): "fetch or connect",
}


def kind_of_outcome(verb: str, asks: str) -> str:
    """What a step of this verb asks of box or authority: steps of one kind are controls for each other."""
    return _ALIKE.get((verb, asks), verb)
