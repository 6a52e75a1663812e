"""Scenarios: YAML that people can read aloud, and its reader, which says file, line and remedy for whatever is wrong.

A scenario says who does what, when, and what must be observed. Each step has one verb, may have a time before it (`at`,
`after`), an expectation (`box`, `authority`), and the clauses that its outcome shows (`shows`). A step that shows nothing is
a control: it must come out right before what the others show counts.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from lockproof.conformance import words
from lockproof.conformance.cast import CAST
from lockproof.conformance.verbs import AT_THE_AUTHORITY, BOX_CHANNELS, VERBS, Verb, kind_of_outcome
from lockproof.spec import civil, clauses
from lockproof.spec.civil import CivilError
from lockproof.spec.clauses import Decider
from lockproof.spec.observable import BadInput, Role
from lockproof.spec.profile import DEFAULT, Profile, ProfileError

DEFAULT_ZONE = "America/Toronto"
DEFAULT_START = "today 09:00"
DEFAULT_TODAY = "2027-03-02"
FIRST_PROPERTY = "home"
FIRST_ADDRESS = "123 Main Street"
WAIT = "wait"  # a step that is nothing but its time
WRONG = "wrong"  # instead of a code: digits of none


class ScenarioError(BadInput):
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
    """One step. `arguments` are the verb's own; `accepted` is what is expected of box or authority, None where nothing is asked.

    It is done `times` times, with `every` between one and the next.
    """

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
    every: str | None = None

    @property
    def channel(self) -> str:
        """What the step goes through: a wrong control there makes all evidence from there worthless."""
        return "time" if self.verb == WAIT else VERBS[self.verb].channel


@dataclass(frozen=True, slots=True)
class Property:
    name: str
    address: str
    zone: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """`profile` holds what a target must have declared for the scenario to be asked of it, `at_least` what it must have declared
    at the least (see `unsuitable`). `theorem` names the theorem that a broken model breaks here: what is expected is then the
    standard's, and a model that says otherwise fails.
    """

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
    at_least: dict[str, int] = field(default_factory=dict)
    theorem: str = ""
    runs: bool = False  # the clock must run, and be waited for: `clock: runs`

    @property
    def uses_box(self) -> bool:
        """Some outcome in it is the box's."""
        return any(step.channel in BOX_CHANNELS and (step.accepted is not None or step.channel == "log") for step in self.steps)

    @property
    def touches_box(self) -> bool:
        """Something in it is done to the box, or looked at there."""
        return any(step.channel not in {AT_THE_AUTHORITY, "time"} for step in self.steps)

    @property
    def asks_authority(self) -> bool:
        """It is about a clause that not the box alone decides, and the authority has a part in it."""
        known = clauses.all_clauses()
        return any(known[name].decider is not Decider.BOX for name in self.clauses) and any(
            step.channel == AT_THE_AUTHORITY for step in self.steps
        )

    def unsuitable(self, profile: Profile) -> str:
        """Why a target of this profile is not asked to play it, empty where it is."""
        has = {name: getattr(profile, name) for name in (*self.profile, *self.at_least)}
        other = [(name, _said(wanted)) for name, wanted in self.profile.items() if has[name] != wanted]
        less = [(name, f"at least {wanted}") for name, wanted in self.at_least.items() if has[name] < wanted]
        return ", ".join(f"it declares {name} {_said(has[name])}, this is for {wanted}" for name, wanted in other + less)


_STEP_KEYS = {"at", "after", "box", "authority", "because", "shows", "times", "every"}
_OUTCOMES = ("box", "authority")
_NO_ANSWER = "does not answer"
_RUNS = "runs"
_SCENARIO_KEYS = {
    "id",
    "clauses",
    "story",
    "zone",
    "start",
    "steps",
    "properties",
    "secret",
    "control",
    "profile",
    "theorem",
    "clock",
}
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
_MISTAKE = re.compile(
    r"a digit too many( in front)?|a digit too few|the first digit left out|a nought before it|(the last digit|digit [1-9])( by [1-9])?"
)
_ALTERED = ("first byte of the nonce", "last byte of the nonce", "first byte of the grant", "last byte of the grant")
_AT_LEAST = "at least "
_SECRET_BYTES = 32
_LONGEST_NUMBER = 12  # digits
_HIGHEST_INDEX = 255  # the index is one byte of what the digits are made of (interop.code)
_MOST_TIMES = 1000  # no bench repeats more


def load(path: Path, text: str | None = None, shown: str | None = None) -> Scenario:
    """Read one scenario file, or its text. Messages call it `shown`, or else by its path. Raises `ScenarioError`."""
    name = shown or str(path)
    try:
        root = yaml.compose(path.read_text(encoding="utf-8") if text is None else text, Loader=yaml.SafeLoader)
        if root is None:
            raise ScenarioError(
                Where(name, 1), "the file is empty", "see lockproof scenarios show for what a scenario looks like"
            )
        return _Reader(name).scenario(root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError(
            Where(name, line), f"not YAML: {error.problem}", "mend the line; quote text that has : or # in it"
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ScenarioError(Where(name, 1), f"cannot be read: {error}", "name a scenario file, in YAML and UTF-8") from None
    except RecursionError:
        raise _too_deep(name) from None


def _too_deep(file: str) -> ScenarioError:
    return ScenarioError(Where(file, 1), "it is nested too deep", "write steps as a plain list, as in the packaged scenarios")


def from_data(data: dict[str, Any], file: str, line: int) -> Scenario:
    """A scenario that stands among others in a file of data, from line `line` on. Raises `ScenarioError`."""
    try:
        return _Reader(file, stem=str(data.get("id"))).scenario(_node(data, yaml.Mark(file, 0, line - 1, 0, None, 0)))
    except RecursionError:
        raise _too_deep(file) from None


def _node(value: Any, mark: yaml.Mark) -> yaml.Node:
    """Plain data as YAML has it; texts are quoted, so that they stay texts."""
    if isinstance(value, dict):
        pairs = [(_node(key, mark), _node(item, mark)) for key, item in value.items()]
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, mark)
    if isinstance(value, list):
        return yaml.SequenceNode("tag:yaml.org,2002:seq", [_node(item, mark) for item in value], mark)
    text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, mark, style='"' if isinstance(value, str) else None)


class _Reader:
    def __init__(self, file: str, stem: str = "") -> None:
        self.file = file
        self.stem = stem or Path(file).stem
        self.made: dict[str, str] = {}  # by earlier steps: name -> what it is
        self.armed = False
        self.zone = DEFAULT_ZONE
        self.start = DEFAULT_START
        self.places: tuple[Property, ...] = ()

    @property
    def calendar(self) -> words.Calendar:
        return calendar_of(self.zone, self.start)

    def scenario(self, root: yaml.Node) -> Scenario:
        items = self.mapping(root, "a scenario", _SCENARIO_KEYS)
        for key in ("id", "clauses", "story", "steps"):
            if key not in items:
                raise ScenarioError(self.at(root), f"the scenario has no {key}", f"add {key}:")
        name = self.id(items["id"])
        cited = tuple(self.clause(node) for node in self.items(items["clauses"]))
        self.places = tuple(self.properties(items.get("zone"), items.get("properties")))
        self.zone = self.places[0].zone
        if "start" in items:
            start = self.text(items["start"])
            self.time(items["start"], lambda: calendar_of(self.zone, start).instant(start))
            self.start = start
        scenario = Scenario(
            id=name,
            story=" ".join(self.filled(items["story"]).split()),
            clauses=cited,
            where=self.at(root),
            steps=tuple(self.step(node) for node in self.items(items["steps"])),
            start=self.start,
            properties=self.places,
            secret=self.secret(items["secret"]) if "secret" in items else None,
            control=self.truth(items["control"]) if "control" in items else False,
            profile=self.profile(items["profile"]) if "profile" in items else {},
            at_least=self.at_least(items["profile"]) if "profile" in items else {},
            theorem=self.theorem(items["theorem"]) if "theorem" in items else "",
            runs=self.runs(items["clock"]) if "clock" in items else False,
        )
        self.evidence(scenario, items["clauses"])
        return scenario

    def runs(self, node: yaml.Node) -> bool:
        if self.text(node) != _RUNS:
            raise ScenarioError(
                self.at(node), f"clock: {self.text(node)!r} is not known", f"write clock: {_RUNS}, or leave it out"
            )
        return True

    # Steps

    def step(self, node: yaml.Node) -> Step:
        items = self.mapping(node, "a step", _STEP_KEYS | set(VERBS))
        verbs = [key for key in items if key in VERBS]
        if len(verbs) > 1:
            raise ScenarioError(self.at(node), f"a step has one verb, this one has {' and '.join(verbs)}", "make two steps of it")
        if not verbs and not {"at", "after"} & set(items):
            raise ScenarioError(self.at(node), "this step does nothing", f"give it a verb: {', '.join(VERBS)}")
        self.check_times(items)
        name = verbs[0] if verbs else WAIT
        verb = VERBS[name] if verbs else Verb("time")
        where = self.at(items[name] if verbs else node)
        arguments = self.arguments(name, verb, items[name]) if verbs else {}
        accepted, asks = self.outcome(where, name, verb, items)
        self.remember(where, name, verb, arguments, accepted)
        step = Step(
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
            every=self.text(items["every"]) if "every" in items else None,
        )
        self.check_claims(step, verb)
        return step

    def outcome(self, where: Where, name: str, verb: Verb, items: dict[str, yaml.Node]) -> tuple[bool | None, str]:
        """What is expected and of whom; None where an armed power cut leaves it open, and the model alone judges."""
        said = {who: self.text(items[who]) for who in _OUTCOMES if who in items}
        possible = {} if verb.accepts is None else {"authority" if verb.accepts == "accepts" else "box": verb.accepts}
        if name == "connect":
            possible["authority"] = "accepts"
        words_for = " or ".join(f"{who}: {word} or {who}: refuses" for who, word in possible.items())
        if len(said) > 1:
            raise ScenarioError(where, "a step has one outcome", "say what the box does, or what the authority does")
        if not said and possible:
            raise ScenarioError(where, f"{name} has an outcome, and this step does not say which", f"add {words_for}")
        for who, word in said.items():
            if who == "box" and who in possible and word in {_NO_ANSWER, f"{possible[who]} or refuses"}:
                if not self.armed:
                    raise ScenarioError(where, "nothing makes this uncertain", "let an earlier step cut: {at-write: 1}")
                return None, who
            if who not in possible or word not in {possible[who], "refuses"}:
                raise ScenarioError(
                    where, f"{who}: {word} is no outcome of {name}", f"write {words_for}" if possible else "take it out"
                )
            return word != "refuses", who
        return None, ""

    def remember(self, where: Where, name: str, verb: Verb, arguments: dict[str, Any], accepted: bool | None) -> None:
        """What the step makes, for later ones to name."""
        self.armed |= name == "cut" and "at-write" in arguments
        if "as" not in arguments:
            return
        if accepted is False:
            raise ScenarioError(where, f"what is refused makes no {verb.makes}", f"take as: {arguments['as']} out")
        self.made[arguments["as"]] = verb.makes

    def check_claims(self, step: Step, verb: Verb) -> None:
        """A step shows something only where something is seen; reasons are for what is decided."""
        if step.shows and not (verb.accepts or verb.looks):
            raise ScenarioError(
                step.where, f"nothing is seen at {step.verb}, so it shows nothing", "put shows: at the step that looks"
            )
        if step.shows and step.accepted is None and verb.accepts:
            raise ScenarioError(step.where, "what may come out either way shows nothing", "put shows: at another step")
        if step.because and (step.accepted is None or (step.accepted and step.asks == "authority")):
            raise ScenarioError(step.where, "there is no reason without a refusal", "take because: out")
        if step.every and step.times == 1:
            raise ScenarioError(step.where, "every: is the time between one and the next", "add times:")

    def check_times(self, items: dict[str, yaml.Node]) -> None:
        if "after" in items and "at" in items:
            raise ScenarioError(self.at(items["after"]), "a step has one time", "take at: or after: out")
        for key in ("after", "every"):
            if key in items:
                self.time(items[key], partial(words.seconds, self.text(items[key])))
        if "at" in items:
            self.time(items["at"], lambda: self.instant(self.text(items["at"])))

    # Arguments

    def arguments(self, name: str, verb: Verb, node: yaml.Node) -> dict[str, Any]:
        """Names, people, roles, times: all that can be known to be wrong before anything is played."""
        kinds = verb.arguments
        values: dict[str, Any]
        if isinstance(node, yaml.MappingNode):
            values = {key: self.value(value) for key, value in self.mapping(node, name, set(kinds)).items()}
        elif verb.main:
            values = {verb.main: self.value(node)}
        elif isinstance(node, yaml.ScalarNode) and not node.value and not verb.needs:
            values = {}
        elif kinds:
            raise ScenarioError(
                self.at(node), f"{name} takes named arguments", f"write {name}: {{{', '.join(sorted(kinds))}: …}}"
            )
        else:
            raise ScenarioError(self.at(node), f"{name} takes no arguments", f"write {name}: {{}}")
        for key in verb.needs:
            if key not in values:
                raise ScenarioError(self.at(node), f"{name} needs {key}", f"add {key}: … (it takes {', '.join(sorted(kinds))})")
        for key, value in values.items():
            _KINDS[kinds[key]](self, self.at(node), value)
        if name == "enter" and len({"code", "digits", "index"} & set(values)) != 1:
            raise ScenarioError(self.at(node), "one row of digits is entered", "give code, digits or index (and a day)")
        return values

    def instant(self, text: str) -> int:
        """Of earlier grants and codes it is not yet known when they are."""
        some = (words.LONGEST, words.LONGEST + 1)
        return self.calendar.instant(text, {name: some for name, kind in self.made.items() if kind in {"grant", "code"}})

    def earlier(self, where: Where, name: object, *kinds: str) -> None:
        made = self.made.get(str(name))
        if made and made not in kinds:
            raise ScenarioError(where, f"{name} is a {made}, and no {' or '.join(kinds)}", "name another one")
        self.known(where, name, [n for n, kind in self.made.items() if kind in kinds], " or ".join(kinds))

    def new_name(self, where: Where, name: object) -> None:
        if not isinstance(name, str) or not name or name == WRONG:
            raise ScenarioError(where, f"{name!r} is no name", "write words, such as anns-code")
        if name in self.made:
            raise ScenarioError(where, f"{name} was made by an earlier step", "give it another name")

    def known(self, where: Where, name: object, known: Iterable[object], kind: str) -> None:
        names = [str(k) for k in known]
        if str(name) not in names:
            near = get_close_matches(str(name), names, n=1)
            hint = f"did you mean {near[0]}?   " if near else ""
            raise ScenarioError(
                where, f"there is no {kind} called {name}", f"{hint}({', '.join(sorted(names)) or 'none so far'})"
            )

    def forgery(self, where: Where, name: object) -> None:
        from lockproof.conformance.forgeries import FORGERIES  # noqa: PLC0415 (no cryptography to read a scenario)

        self.known(where, name, FORGERIES, "forgery")

    def each(self, where: Where, values: object, check: Callable[[Where, Any], None]) -> None:
        for value in values if isinstance(values, list) else [values]:
            check(where, value)

    def a_number(self, where: Where, value: object, least: int = 0, most: int = 999_999_999) -> None:
        if not re.fullmatch(r"[0-9]+", str(value)):
            raise ScenarioError(where, f"{value!r} is no whole number", "write one, such as 2")
        if len(str(value)) > _LONGEST_NUMBER or not least <= int(str(value)) <= most:
            raise ScenarioError(where, f"{str(value)[:_LONGEST_NUMBER]} cannot stand here", f"write {least} to {most}")

    def a_text(self, where: Where, value: object) -> None:
        if not isinstance(value, str):
            raise ScenarioError(where, f"{value!r} is no text", "put it in quotes")

    def a_match(self, where: Where, value: object, pattern: str, remedy: str) -> None:
        if not re.fullmatch(pattern, str(value)):
            raise ScenarioError(where, f"{value!r} cannot stand here", remedy)

    # The scenario as a whole

    def evidence(self, scenario: Scenario, node: yaml.Node) -> None:
        """Every clause is shown by a step, every step shows clauses of the scenario, and the other outcome occurs too."""
        if not scenario.clauses:
            raise ScenarioError(self.at(node), "the scenario cites no clause", "name those that it shows")
        shown = {clause for step in scenario.steps for clause in step.shows}
        for clause in scenario.clauses:
            if clause not in shown:
                raise ScenarioError(
                    self.at(node), f"no step shows {clause}", f"add shows: {clause} to the step whose outcome shows it"
                )
        for step in scenario.steps:
            for clause in step.shows:
                if clause not in scenario.clauses:
                    raise ScenarioError(step.where, f"the scenario does not cite {clause}", "add it to clauses: at the top")
        for step in scenario.steps:
            if step.shows and step.accepted is not None:
                self.has_control(scenario, step)

    def has_control(self, scenario: Scenario, step: Step) -> None:
        """Something of the same kind comes out the other way."""
        kind = kind_of_outcome(step.verb, step.asks)
        seen = {other.accepted for other in scenario.steps if kind_of_outcome(other.verb, other.asks) == kind}
        if not seen >= {True, False}:
            raise ScenarioError(
                step.where,
                f"no {kind} is {'refused' if step.accepted else 'accepted'}, so whoever always answers alike would pass",
                "add a control: one of the same kind that differs in one condition and comes out the other way",
            )

    def properties(self, zone: yaml.Node | None, node: yaml.Node | None) -> Iterator[Property]:
        yield Property(FIRST_PROPERTY, FIRST_ADDRESS, self.zone_name(zone) if zone else DEFAULT_ZONE)
        for name, inner in (self.mapping(node, "properties", None) if node else {}).items():
            values = self.mapping(inner, "a property", {"address", "zone"})
            if name == FIRST_PROPERTY or len(values) != len({"address", "zone"}):
                raise ScenarioError(
                    self.at(inner), f"{name} is no property of its own", "give it a new name, an address and a zone"
                )
            yield Property(name, self.filled(values["address"]), self.zone_name(values["zone"]))

    def zone_name(self, node: yaml.Node) -> str:
        zone = self.text(node)
        self.time(node, lambda: civil.local_text(0, zone))
        return zone

    def profile(self, node: yaml.Node) -> dict[str, Any]:
        limits = {limit.name: limit.metadata["unit"] for limit in fields(Profile)}
        found: dict[str, Any] = {}
        for name, inner in self.mapping(node, "a profile", set(limits)).items():
            unit, value = limits[name], self.value(inner)
            if unit == "yes/no":
                found[name] = self.truth(inner)
            elif unit == "s":
                self.time(inner, partial(words.seconds, value))
                found[name] = words.seconds(value)
            elif not str(value).startswith(_AT_LEAST):
                self.a_number(self.at(inner), value)
                found[name] = int(value)
        self.legal(node, found)
        return found

    def at_least(self, node: yaml.Node) -> dict[str, int]:
        """Of numbers: what is written as `at least 2`. `profile` has read the same lines before."""
        found: dict[str, int] = {}
        for name, inner in node.value:
            value = str(self.value(inner))
            if value.startswith(_AT_LEAST):
                self.a_number(self.at(inner), value.removeprefix(_AT_LEAST))
                found[str(name.value)] = int(value.removeprefix(_AT_LEAST))
        self.legal(node, found)
        return found

    def legal(self, node: yaml.Node, found: dict[str, Any]) -> None:
        try:
            replace(DEFAULT, **found)
        except ProfileError as error:
            what, _, remedy = str(error).partition("; ")
            raise ScenarioError(self.at(node), what, remedy) from None

    def theorem(self, node: yaml.Node) -> str:
        from lockproof.spec.theorems import THEOREMS  # noqa: PLC0415 (few scenarios name one)

        self.known(self.at(node), self.text(node), THEOREMS, "theorem")
        return self.text(node)

    def secret(self, node: yaml.Node) -> bytes:
        try:
            secret = bytes.fromhex(self.text(node))
        except ValueError:
            secret = b""
        if len(secret) != _SECRET_BYTES:
            raise ScenarioError(self.at(node), "a secret is 32 bytes in hexadecimal", "write 64 hexadecimal digits")
        return secret

    def id(self, node: yaml.Node) -> str:
        name = self.text(node)
        if not _ID.fullmatch(name):
            raise ScenarioError(
                self.at(node), f"{name!r} is no id", "write a short sentence in small letters with-hyphens-between"
            )
        if name != self.stem:
            raise ScenarioError(self.at(node), f"the id is {name}, the file is not", f"name the file {name}.yaml")
        return name

    def clause(self, node: yaml.Node) -> str:
        name = self.text(node)
        try:
            return clauses.clause(name).id
        except clauses.UnknownClause as error:
            raise ScenarioError(self.at(node), *str(error).split("\n    ")) from None

    def time(self, node: yaml.Node, read: Callable[[], object]) -> None:
        self.time_at(self.at(node), read)

    def time_at(self, where: Where, read: Callable[[], object]) -> None:
        try:
            read()
        except (words.WordsError, CivilError) as error:
            what, _, remedy = re.sub(r"\n\s*", "; ", str(error)).partition("; ")
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
        if not str(node.value).isprintable() and any("\ud800" <= char <= "\udfff" for char in str(node.value)):
            raise ScenarioError(self.at(node), "half a character stands here", "write the whole character, not its halves")
        return str(node.value)

    def filled(self, node: yaml.Node) -> str:
        if not self.text(node).strip():
            raise ScenarioError(self.at(node), "nothing stands here", "write a word or a sentence")
        return self.text(node)

    def truth(self, node: yaml.Node) -> bool:
        found = self.value(node)
        if not isinstance(found, bool):
            raise ScenarioError(self.at(node), f"{found!r} is neither yes nor no", "write yes or no")
        return found

    def whole(self, node: yaml.Node) -> int:
        text = self.text(node)
        if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= _MOST_TIMES:
            raise ScenarioError(self.at(node), f"{text!r} is no number of times", f"write a whole number from 1 to {_MOST_TIMES}")
        return int(text)

    def value(self, node: yaml.Node) -> Any:
        """Plain data; everything but yes, no, lists and mappings stays the text that it is."""
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        if isinstance(node, yaml.MappingNode):
            return {self.text(key): self.value(item) for key, item in node.value}
        text = self.text(node)
        return {"true": True, "false": False, "yes": True, "no": False}.get(text, text) if node.style is None else text  # type: ignore[attr-defined]


_Check = Callable[[_Reader, Where, Any], None]


def _choice(*allowed: str) -> _Check:
    return lambda reader, where, value: reader.known(where, value, allowed, "choice")


def _made(*kinds: str) -> _Check:
    return lambda reader, where, value: reader.earlier(where, value, *kinds)


def _unless(word: str, check: _Check) -> _Check:
    return lambda reader, where, value: None if value == word else check(reader, where, value)


def _each(check: _Check) -> _Check:
    return lambda reader, where, values: reader.each(where, values, lambda at, value: check(reader, at, value))


def _instant(reader: _Reader, where: Where, value: Any) -> None:
    reader.time_at(where, lambda: reader.instant(str(value)))


_KINDS: Mapping[str, _Check] = {
    "person": lambda reader, where, value: reader.known(where, value, CAST, "person"),
    "people": _each(lambda reader, where, value: reader.known(where, value, CAST, "person")),
    "roles": _each(lambda reader, where, value: reader.known(where, value, Role, "role")),
    "role": lambda reader, where, value: reader.known(where, value, Role, "role"),
    "property": lambda reader, where, value: reader.known(where, value, [place.name for place in reader.places], "property"),
    "grant": _made("grant"),
    "grants": _each(_made("grant")),
    "code": _made("code"),
    "code or wrong": _unless(WRONG, _made("code")),
    "grant or code": _made("grant", "code"),
    "ticket": _made("ticket"),
    "nonce": _made("nonce"),
    "new name": lambda reader, where, value: reader.new_name(where, value),
    "forgery": lambda reader, where, value: reader.forgery(where, value),
    "instant": _instant,
    "instant or now": _unless("now", _instant),
    "instant or not yet": _unless("not yet", _instant),
    "day": lambda reader, where, value: reader.time_at(where, lambda: reader.calendar.date(value)),
    "duration": lambda reader, where, value: reader.time_at(where, lambda: words.seconds(value)),
    "outage": lambda reader, where, value: reader.time_at(where, lambda: outage(value, DEFAULT)),
    "number": lambda reader, where, value: reader.a_number(where, value),
    "index": lambda reader, where, value: reader.a_number(where, value, 0, _HIGHEST_INDEX),
    "nth": lambda reader, where, value: reader.a_number(where, value, 1, _MOST_TIMES),
    "numbers": _each(lambda reader, where, value: reader.a_number(where, value)),
    "digits": lambda reader, where, value: reader.a_match(where, value, r"\d{1,16}", "write 1 to 16 digits, in quotes"),
    "mistake": lambda reader, where, value: reader.a_match(
        where,
        value,
        _MISTAKE.pattern,
        "write a digit too many, a digit too many in front, a digit too few, the first digit left out, a nought before it,"
        " the last digit, digit 3, or digit 3 by 5",
    ),
    "text": lambda reader, where, value: reader.a_text(where, value),
    "texts": _each(lambda reader, where, value: reader.a_text(where, value)),
    "yes or no": lambda reader, where, value: reader.known(where, value, [True, False], "answer"),
    "other-box": _choice("other-box"),
    "reversed": _choice("reversed"),
    "alteration": _choice(*_ALTERED),
    "text or email": _choice("text", "email"),
}


def outage(text: str, profile: Profile) -> int:
    """Seconds for which power is away: a duration, `the holdover`, or `1s longer than the holdover`. Raises `WordsError`."""
    longer, _, holdover = str(text).rpartition(" longer than ")
    if holdover != "the holdover":
        return words.seconds(text)
    return profile.holdover + (words.seconds(longer) if longer else 0)


def calendar_of(zone: str, start: str, today: str = DEFAULT_TODAY) -> words.Calendar:
    """The calendar of a scenario: its today is the date in its start, or else the bench's."""
    first = words.Calendar(zone, dt.date.fromisoformat(today))
    day = start.split(" ", maxsplit=1)[0]
    return words.Calendar(zone, first.date(day)) if day[:1].isdigit() else first


def _said(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
