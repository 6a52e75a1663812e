"""Scenarios: YAML that people can read aloud, and its reader, which says file, line and remedy for whatever is wrong.

A scenario says who does what, when, and what must be observed. Each step has one verb, may have a time before it (`at`,
`after`), an expectation (`box`, `authority`), and the clauses that its outcome shows (`shows`). A step that shows nothing is
a control: it must come out right before what the others show counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from lockproof.conformance import words
from lockproof.conformance.cast import CAST
from lockproof.spec import clauses
from lockproof.spec.civil import CivilError
from lockproof.spec.observable import Role

DEFAULT_ZONE = "America/Toronto"
DEFAULT_START = "today 09:00"
DEFAULT_TODAY = "2027-03-02"
FIRST_PROPERTY = "home"


class ScenarioError(Exception):
    """A scenario that cannot be played: `file:line: what is wrong`, and what to do."""

    def __init__(self, where: Where, what: str, remedy: str = "") -> None:
        super().__init__(f"{where}: {what}" + (f"\n    {remedy}" if remedy else ""))


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a scenario file, lines from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `arguments` are the verb's own; `accepted` is what is expected of box or authority, None where nothing is asked."""

    where: Where
    verb: str
    arguments: dict[str, Any]
    at: str | None = None
    after: str | None = None
    accepted: bool | None = None
    asks: str = ""  # whose outcome that is: box or authority
    because: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    times: int = 1

    @property
    def channel(self) -> str:
        """What the step goes through: a wrong control there makes all evidence from there worthless."""
        return VERBS[self.verb].channel


@dataclass(frozen=True, slots=True)
class Property:
    name: str
    address: str
    zone: str


@dataclass(frozen=True, slots=True)
class Scenario:
    id: str
    story: str
    clauses: tuple[str, ...]
    where: Where
    steps: tuple[Step, ...]
    start: str = DEFAULT_START
    properties: tuple[Property, ...] = ()
    secret: bytes | None = None
    control: bool = False
    profile: dict[str, Any] = field(default_factory=dict)

    @property
    def uses_box(self) -> bool:
        """Some outcome in it is the box's."""
        return any(step.channel in BOX_CHANNELS and (step.accepted is not None or step.channel == "log") for step in self.steps)


@dataclass(frozen=True, slots=True)
class Verb:
    """What a verb takes: `main` is the argument that may stand alone; the words for accepted and refused, if it has an outcome."""

    channel: str
    main: str | None
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    accepts: str | None = None
    makes: bool = False


BOX_CHANNELS = ("keypad", "app", "clock", "log")

VERBS: dict[str, Verb] = {
    # at the authority
    "grant": Verb("authority", None, ("by", "to", "from"), ("until", "for", "role", "at-box"), "accepts", makes=True),
    "generate": Verb("authority", None, ("by", "day"), ("name", "role", "seller-permission", "pin", "at-box"), "accepts", makes=True),
    "revoke": Verb("authority", "what", ("what", "by"), (), "accepts"),
    "fetch": Verb("authority", None, ("grant", "nonce"), ("account",), "accepts", makes=True),
    "register": Verb("authority", "person", ("person",)),
    "close-account": Verb("authority", "person", ("person",)),
    "assign": Verb("authority", "property", ("property",)),
    "unassign": Verb("authority", "box"),
    "owners": Verb("authority", "people", ("people",)),
    "agent": Verb("authority", "person", ("person",), ("property",)),
    "report": Verb("authority", "lines", ("lines",)),
    "notifications": Verb("authority", "count", ("count",)),
    "alerts": Verb("authority", "kinds", ("kinds",)),
    "revocation": Verb("authority", "what", ("what",), ("requested", "delivered", "effective-by")),
    "share": Verb("authority", "code", ("code", "contains"), ("by",)),
    "which": Verb("authority", "role", ("role", "answer")),
    # at the box
    "enter": Verb("keypad", "code", (), ("code", "digits", "index", "day"), "opens"),
    "challenge": Verb("app", None, (), (), None, makes=True),
    "present": Verb("app", "ticket", ("ticket",), ("forged",), "opens"),
    "connect": Verb("app", "grant", ("grant",), (), "opens"),
    "deliver": Verb("app", "grant", ("grant",), ("forged",), "takes"),
    "set-clock": Verb("clock", None, (), ("ahead", "behind", "to", "nonce", "forged"), "takes"),
    "read-clock": Verb("clock", "box"),
    "cut": Verb("power", None, (), ("off", "at-write")),
    "read-log": Verb("log", "box"),
    "upload": Verb("log", "box", (), ("order", "times", "without")),
    # nothing but time
    "wait": Verb("time", "for"),
}

_STEP_KEYS = {"at", "after", "box", "authority", "because", "shows", "times", "as"}
_OUTCOMES = ("box", "authority")
_SCENARIO_KEYS = {"id", "clauses", "story", "zone", "start", "steps", "properties", "secret", "control", "profile"}


def load(path: Path, text: str | None = None) -> Scenario:
    """Read one scenario file. Raises `ScenarioError`."""
    name = str(path)
    try:
        root = yaml.compose(path.read_text(encoding="utf-8") if text is None else text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError(Where(name, line), f"not YAML: {error.problem}", "mend the line; quote text that has : or # in it") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ScenarioError(Where(name, 1), f"cannot be read: {error}", "name a scenario file, in YAML and UTF-8") from None
    if root is None:
        raise ScenarioError(Where(name, 1), "the file is empty", "see lockproof scenarios show for what a scenario looks like")
    return _Reader(name).scenario(root)


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.made: set[str] = set()

    def scenario(self, root: yaml.Node) -> Scenario:
        items = self.mapping(root, "a scenario", _SCENARIO_KEYS)
        for key in ("id", "clauses", "story", "steps"):
            if key not in items:
                raise ScenarioError(self.at(root), f"the scenario has no {key}", f"add {key}:")
        cited = tuple(self.clause(node) for node in self.items(items["clauses"]))
        zone = self.text(items["zone"]) if "zone" in items else DEFAULT_ZONE
        start = self.text(items["start"]) if "start" in items else DEFAULT_START
        properties = (Property(FIRST_PROPERTY, "123 Main Street", zone), *self.properties(items.get("properties")))
        self.time(items.get("start", root), lambda: self.calendar(zone, start).instant(start))
        nodes = self.items(items["steps"])
        steps = tuple(self.step(node, tuple(p.name for p in properties), self.calendar(zone, start)) for node in nodes)
        scenario = Scenario(
            id=self.text(items["id"]),
            story=" ".join(self.text(items["story"]).split()),
            clauses=cited,
            where=self.at(root),
            steps=steps,
            start=start,
            properties=properties,
            secret=self.secret(items.get("secret")),
            control=self.value(items["control"]) is True if "control" in items else False,
            profile=self.value(items["profile"]) if "profile" in items else {},
        )
        if scenario.id != Path(self.file).stem:
            raise ScenarioError(self.at(items["id"]), f"the id is {scenario.id}, the file is not", f"name the file {scenario.id}.yaml")
        self.evidence(scenario, items["clauses"])
        return scenario

    def calendar(self, zone: str, start: str) -> words.Calendar:
        return calendar_of(zone, start)

    def step(self, node: yaml.Node, properties: tuple[str, ...], calendar: words.Calendar) -> Step:
        items = self.mapping(node, "a step", _STEP_KEYS | set(VERBS))
        verbs = [key for key in items if key in VERBS]
        if len(verbs) > 1:
            raise ScenarioError(self.at(node), f"a step has one verb, this one has {' and '.join(verbs)}", "make two steps of it")
        name = verbs[0] if verbs else "wait"
        if not verbs and not {"at", "after"} & set(items):
            raise ScenarioError(self.at(node), "this step does nothing", f"give it a verb: {', '.join(VERBS)}")
        verb = VERBS[name]
        arguments = self.arguments(name, verb, items[name]) if verbs else {}
        if "as" in items:
            arguments["as"] = self.text(items["as"])
        where = self.at(items[name] if verbs else node)
        self.check_arguments(where, name, arguments, properties, calendar)
        accepted, asks = self.outcome(where, name, verb, items)
        self.check_times(items, calendar)
        return Step(
            where=where,
            verb=name,
            arguments=arguments,
            at=self.text(items["at"]) if "at" in items else None,
            after=self.text(items["after"]) if "after" in items else None,
            accepted=accepted,
            asks=asks,
            because=tuple(self.clause(n) for n in self.items(items["because"])) if "because" in items else (),
            shows=tuple(self.clause(n) for n in self.items(items["shows"])) if "shows" in items else (),
            times=self.whole(items["times"]) if "times" in items else 1,
        )

    def outcome(self, where: Where, name: str, verb: Verb, items: dict[str, yaml.Node]) -> tuple[bool | None, str]:
        """What is expected and of whom; None where a power cut may keep the box from answering."""
        said = {who: self.text(items[who]) for who in _OUTCOMES if who in items}
        possible = {} if verb.accepts is None else {"authority" if verb.accepts == "accepts" else "box": verb.accepts}
        if name == "connect":
            possible["authority"] = "accepts"
        words_for = " or ".join(f"{who}: {word}, {who}: refuses" for who, word in possible.items())
        if len(said) > 1:
            raise ScenarioError(where, "a step has one outcome", "say what the box does, or what the authority does")
        if not said and possible:
            raise ScenarioError(where, f"{name} has an outcome, and this step does not say which", f"add {words_for}")
        for who, word in said.items():
            if who == "box" and word == "does not answer" and who in possible:
                return None, who
            if who not in possible or word not in {possible[who], "refuses"}:
                raise ScenarioError(where, f"{who}: {word} is no outcome of {name}", f"write {words_for}" if possible else "take it out")
            return word != "refuses", who
        return None, ""

    def arguments(self, name: str, verb: Verb, node: yaml.Node) -> dict[str, Any]:
        allowed = {*verb.needs, *verb.takes} | ({"as"} if verb.makes else set())
        if isinstance(node, yaml.MappingNode):
            values = {key: self.value(value) for key, value in self.mapping(node, name, allowed).items()}
        elif name == "challenge":
            values = {"as": self.text(node)}
        elif verb.main:
            values = {verb.main: self.value(node)}
        else:
            raise ScenarioError(self.at(node), f"{name} takes named arguments", f"write {name}: {{{', '.join(sorted(allowed))}: …}}")
        for key in verb.needs:
            if key not in values:
                raise ScenarioError(self.at(node), f"{name} needs {key}", f"add {key}: … (it takes {', '.join(sorted(allowed))})")
        return values

    def check_arguments(
        self, where: Where, verb: str, arguments: dict[str, Any], properties: tuple[str, ...], calendar: words.Calendar
    ) -> None:
        """Names, people, roles, times: all that can be known to be wrong before anything is played."""
        for key in ("by", "person", "to"):
            if key in arguments:
                self.known(where, arguments[key], CAST, "person")
        for key in ("what", "grant", "code", "ticket", "nonce"):
            if key in arguments and arguments[key] != "wrong":
                self.known(where, arguments[key], self.made, "earlier step's `as`")
        if "property" in arguments:
            self.known(where, arguments["property"], properties, "property")
        if "role" in arguments:
            self.known(where, arguments["role"], [str(role) for role in Role], "role")
        if "forged" in arguments:
            from lockproof.conformance.forgeries import FORGERIES  # noqa: PLC0415 (no cryptography to read a scenario)

            self.known(where, arguments["forged"], FORGERIES, "forgery")
        if "day" in arguments:
            self.time_at(where, lambda: calendar.date(arguments["day"]))
        for key in ("for", "off", "ahead", "behind"):
            if key in arguments and verb != "wait":
                self.time_at(where, lambda key=key: words.seconds(arguments[key]))
        if "as" in arguments:
            if arguments["as"] in self.made:
                raise ScenarioError(where, f"{arguments['as']} was made by an earlier step", "give it another name")
            self.made.add(arguments["as"])

    def check_times(self, items: dict[str, yaml.Node], calendar: words.Calendar) -> None:
        if "after" in items:
            self.time(items["after"], lambda: words.seconds(self.text(items["after"])))
        if "at" in items:
            spans = dict.fromkeys(self.made, (0, 1))
            self.time(items["at"], lambda: calendar.instant(self.text(items["at"]), spans))

    def evidence(self, scenario: Scenario, node: yaml.Node) -> None:
        """Every clause is shown by a step, every step shows clauses of the scenario, and the other outcome occurs too."""
        shown = {clause for step in scenario.steps for clause in step.shows}
        for clause in scenario.clauses:
            if clause not in shown:
                raise ScenarioError(self.at(node), f"no step shows {clause}", f"add shows: {clause} to the step whose outcome shows it")
        for step in scenario.steps:
            for clause in step.shows:
                if clause not in scenario.clauses:
                    raise ScenarioError(step.where, f"the scenario does not cite {clause}", "add it to clauses: at the top")
        decided = [step for step in scenario.steps if step.accepted is not None and step.verb not in {"set-clock", "deliver", "fetch"}]
        for channel in {step.channel for step in decided if step.shows and step.channel in {"keypad", "app"}}:
            seen = {step.accepted for step in decided if step.channel == channel}
            if seen != {True, False}:
                missing = "refused" if True in seen else "accepted"
                raise ScenarioError(
                    scenario.where,
                    f"nothing is {missing} at the {channel}, so a box that always answers alike would pass",
                    "add a control: a presentation of the same kind that differs in one condition and comes out the other way",
                )

    def properties(self, node: yaml.Node | None) -> Iterator[Property]:
        for name, inner in (self.mapping(node, "properties", None) if node else {}).items():
            values = self.mapping(inner, "a property", {"address", "zone"})
            yield Property(name, self.text(values["address"]), self.text(values["zone"]))

    def secret(self, node: yaml.Node | None) -> bytes | None:
        if node is None:
            return None
        try:
            secret = bytes.fromhex(self.text(node))
        except ValueError:
            secret = b""
        if len(secret) != 32:  # noqa: PLR2004 (bytes of a secret)
            raise ScenarioError(self.at(node), "a secret is 32 bytes in hexadecimal", "write 64 hexadecimal digits")
        return secret

    def clause(self, node: yaml.Node) -> str:
        name = self.text(node)
        try:
            return clauses.clause(name).id
        except clauses.UnknownClause as error:
            raise ScenarioError(self.at(node), *str(error).split("\n    ")) from None

    def known(self, where: Where, name: object, known: Any, kind: str) -> None:
        if str(name) not in known:
            near = get_close_matches(str(name), [str(k) for k in known], n=1)
            hint = f"did you mean {near[0]}?   " if near else ""
            raise ScenarioError(where, f"there is no {kind} called {name}", f"{hint}({', '.join(sorted(map(str, known))) or 'none so far'})")

    def time(self, node: yaml.Node, read: Callable[[], object]) -> None:
        self.time_at(self.at(node), read)

    def time_at(self, where: Where, read: Callable[[], object]) -> None:
        try:
            read()
        except (words.WordsError, CivilError) as error:
            what, _, remedy = str(error).partition("; ")
            raise ScenarioError(where, what, remedy) from None

    # YAML

    def at(self, node: yaml.Node) -> Where:
        return Where(self.file, node.start_mark.line + 1)

    def mapping(self, node: yaml.Node, what: str, allowed: set[str] | None) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise ScenarioError(self.at(node), f"{what} is written as key: value", "see lockproof scenarios show for an example")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self.text(key)
            if name in found:
                raise ScenarioError(self.at(key), f"{name} stands here twice", "take one of the two out")
            if allowed is not None and name not in allowed:
                near = get_close_matches(name, allowed, n=1)
                hint = f"did you mean {near[0]}?   " if near else ""
                raise ScenarioError(self.at(key), f"{what} has no {name}", f"{hint}({', '.join(sorted(allowed))})")
            found[name] = value
        return found

    def items(self, node: yaml.Node) -> list[yaml.Node]:
        return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]

    def text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise ScenarioError(self.at(node), "one word or sentence stands here", "write it on the line of its key")
        return str(node.value)

    def whole(self, node: yaml.Node) -> int:
        if not self.text(node).isdigit() or not 1 <= int(self.text(node)) <= 1000:  # noqa: PLR2004 (no bench repeats more)
            raise ScenarioError(self.at(node), f"{self.text(node)!r} is no number of times", "write a whole number from 1 to 1000")
        return int(self.text(node))

    def value(self, node: yaml.Node) -> Any:
        """Plain data; everything but yes, no, lists and mappings stays the text that it is."""
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        if isinstance(node, yaml.MappingNode):
            return {self.text(key): self.value(item) for key, item in node.value}
        text = self.text(node)
        return {"true": True, "false": False, "yes": True, "no": False}.get(text, text) if node.style is None else text  # type: ignore[attr-defined]


def calendar_of(zone: str, start: str, today: str = DEFAULT_TODAY) -> words.Calendar:
    """The calendar of a scenario: its today is the date in its start, or else the bench's."""
    first = words.Calendar(zone, words.Calendar(zone, _date(today)).date(today))
    day = start.split(" ")[0]
    return words.Calendar(zone, first.date(day)) if day[0].isdigit() else first


def _date(text: str) -> Any:
    import datetime as dt  # noqa: PLC0415

    return dt.date.fromisoformat(text)
