"""A failure of an explored scenario made small: on the model and the journal first, and on the box as seldom as can be.

What contradicts what is known from the journal (`Finding.contradicting`), and what that needs from the names in it. Whether a
smaller scenario still asks the same of the box, the model says for nothing; whether the box still gets it wrong costs a reset.
So the smallest is tried first, and what else the box needs to go wrong is looked for by halves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from lockproof.conformance.aiming import instants
from lockproof.conformance.growing import Act, Bench, CannotGrow, Place, file_of, growing, regrown, said, scenario_of
from lockproof.conformance.player import Player
from lockproof.conformance.scenario import calendar_of, load
from lockproof.conformance.state_machine import Explored
from lockproof.conformance.verbs import VERBS, kind_of_outcome
from lockproof.conformance.verdict import Finding, ScenarioResult, Shrunk, Verdict
from lockproof.conformance.words import spoken
from lockproof.spec import clauses
from lockproof.spec.observable import BenchError
from lockproof.spec.profile import DAY, HOUR, MINUTE

MOST_RESETS = 60
PLAYED = 3  # times, what is smallest in the end
AS_FOUND = "-as-found"
_AT_MOST = 3  # values of one kind that are tried
Acts = tuple[Act, ...]


class _Enough(Exception):  # noqa: N818  (reads as what it is)
    """No more resets are to be spent."""


class Shrinker:
    """Makes one failure small. `resets` counts what that has cost the box."""

    def __init__(self, player: Player, bench: Bench, found: Explored, finding: Finding, most_resets: int = MOST_RESETS) -> None:
        self.player, self.bench, self.place = player, bench, found.place
        self.name, self.finding = found.scenario.id, finding
        self.resets, self._most = 0, most_resets
        self.best: Acts = found.acts[: finding.step]  # the smallest that has failed
        self._known = {repr((self.place, self.best)): True}

    def shrink(self) -> Acts:
        """The fewest acts, and the plainest, after which the box still goes wrong in the same way; the last one is where it does."""
        with suppress(_Enough):
            self._leave_out()
            self._one_by_one()
            self._fewer_times()
            if self._plain_cuts():
                self._one_by_one()
            self._sooner()
            self._today()
            self._nearer()
            self._plainly()
        return self.best

    # What the model and the box say

    def asks_the_same(self, acts: Sequence[Act], place: Place | None = None) -> Acts | None:
        """The acts as the model has them, if their last one must come out as it had to, for the same clauses; else None."""
        try:
            again = regrown(acts, self.bench, place or self.place, self.name)
        except CannotGrow:
            return None
        last, now = self.best[-1], again[-1]
        alike = (last.verb, last.accepted, last.asks, last.because) == (now.verb, now.accepted, now.asks, now.because)
        return tuple(again) if alike else None

    def fails(self, acts: Sequence[Act], place: Place | None = None) -> bool:
        """Whether the box goes wrong in the same way after these acts, which costs a reset where it isn't known."""
        place = place or self.place
        same = self.asks_the_same(acts, place)
        if same is None:
            return False
        told = repr((place, same))
        if told not in self._known:
            self._known[told] = self._same(self._played(same, place))
        if self._known[told] and len(same) <= len(self.best):
            self.best, self.place = same, place
        return self._known[told]

    def again(self, times: int) -> int:
        """How often the smallest fails, if it is played so many times more, whatever that costs."""
        self._most += times
        return sum(self._same(self._played(self.best, self.place)) for _ in range(times))

    def _played(self, acts: Acts, place: Place) -> Finding | None:
        if self.resets >= self._most:
            raise _Enough
        self.resets += 1
        explain, self.player.explain, self.player.shrinking = self.player.explain, 0, True
        try:
            result = self.player.play(scenario_of(acts, place, self.name, self.bench))
        finally:
            self.player.explain, self.player.shrinking = explain, False
        if result.verdict is Verdict.ERROR and not self.player.unanswered:
            raise BenchError(result.message)
        return result.finding if result.finding and result.finding.step == len(acts) else None

    def _same(self, found: Finding | None) -> bool:
        return found is not None and bool({*found.contradicted} & {*self.finding.contradicted})

    # Fewer acts

    def _leave_out(self) -> None:
        """The acts of the core, and what they need; and of all others the fewest without which the box does not go wrong."""
        acts = self.best
        core = self._with_needs(acts, {len(acts) - 1, *(number - 1 for number in self._core())})
        if self.fails([acts[n] for n in sorted(core)]):
            return
        others = sorted(set(range(len(acts))) - core, key=lambda n: _relevance(acts[n], acts[-1]))
        self._needed(acts, core, changed=False, among=others)

    def _core(self) -> set[int]:
        """The numbers of the steps that cannot all be true."""
        lines = self.finding.contradicting
        return {self.finding.steps[line] for line in lines if line < len(self.finding.steps)} - {0}

    def _needed(self, acts: Acts, with_: set[int], *, changed: bool, among: list[int]) -> set[int]:
        """By halves: what of these must stand beside the others for the box to go wrong."""
        if changed and self.fails([acts[n] for n in sorted(self._with_needs(acts, with_))]):
            return set()
        if len(among) <= 1:
            return set(among)
        half = len(among) // 2
        near, far = among[:half], among[half:]
        of_far = self._needed(acts, with_ | set(near), changed=True, among=far)
        of_near = self._needed(acts, with_ | of_far, changed=bool(of_far), among=near)
        self.fails([acts[n] for n in sorted(self._with_needs(acts, with_ | of_far | of_near))])
        return of_far | of_near

    def _with_needs(self, acts: Acts, wanted: Iterable[int]) -> set[int]:
        """These acts, and those that make what they name; an order to end a grant needs that it has ended."""
        found: set[int] = set()
        waiting = set(wanted)
        while waiting:
            number = waiting.pop()
            found.add(number)
            waiting |= set(_needs(acts, number)) - found
        return found

    def _one_by_one(self) -> None:
        """Each act that is left is left out once more, with whatever needs it."""
        number = len(self.best) - 2
        while number >= 0:
            acts = self.best
            without = [n for n in range(len(acts)) if number not in self._with_needs(acts, {n})]
            if len(acts) - 1 in without:
                self.fails([acts[n] for n in without])
            number = min(number, len(self.best) - 1) - 1

    # Plainer values

    def _fewer_times(self) -> None:
        for number, act in enumerate(self.best):
            fewer = (replace(act, times=times, every=act.every if times > 1 else 0) for times in range(1, act.times))
            tried = (changed for each in fewer if self.asks_the_same(changed := _changed(self.best, number, each)))
            for changed in islice(tried, _AT_MOST):
                if self.fails(changed):
                    break

    def _plain_cuts(self) -> bool:
        """Power is away for no time, and not cut at a write: whether that goes for any cut that was something else."""
        cuts = [number for number, act in enumerate(self.best) if act.verb == "cut" and act.arguments]
        plain = [self.fails(_changed(self.best, n, replace(self.best[n], arguments={}))) for n in cuts]
        return any(plain)

    def _sooner(self) -> None:
        """Each act comes as soon after the one before it as the model lets it; all at once, or else one after the other."""
        sooner, gaps = self._all_sooner(self.best)
        if gaps and not self.fails(sooner):
            for number in gaps[:_AT_MOST]:
                self.fails(self._moved(self.best, number))

    def _all_sooner(self, acts: Acts) -> tuple[Acts, list[int]]:
        """As the model lets it, and which acts those are."""
        gaps = []
        for number in range(len(acts)):
            moved = self._moved(acts, number)
            if moved != acts and self.asks_the_same(moved):
                acts = moved
                gaps.append(number)
        return acts, gaps

    def _today(self) -> None:
        """Codes are for the day on which the scenario begins, and nobody waits for another."""
        days = {act.arguments["day"] for act in self.best if "day" in act.arguments}
        if days == {"today"} or not days:
            return
        for earlier in (0, DAY):
            moved = [
                replace(act, at=act.at - earlier * (act.at - earlier >= self._start(self.place)), arguments=act.arguments | today)
                for act in self.best
                for today in [{"day": "today"} if "day" in act.arguments else {}]
            ]
            if self.fails(self._all_sooner(tuple(moved))[0]):
                break

    def _moved(self, acts: Acts, number: int) -> Acts:
        """This act at once after the one before it, and all later ones as much earlier."""
        profile = self.bench.profile
        begins = acts[number - 1].at + acts[number - 1].lasts(profile) if number else self._start(self.place)
        gap = acts[number].at - begins
        return (*acts[:number], *(replace(act, at=act.at - gap) for act in acts[number:]))

    def _nearer(self) -> None:
        """The last act at the second that is nearest to a bound."""
        *before, last = self.best
        with growing(self.bench, self.place, self.name) as grown:
            for act in before:
                grown.take(act)
            seconds = {at + more for at in instants(grown) for more in (-1, 0, 1)}
            now = grown.now
        tried = (at for at in sorted(seconds) if now <= at < last.at and self.asks_the_same([*before, replace(last, at=at)]))
        for at in islice(tried, _AT_MOST):
            if self.fails([*before, replace(last, at=at)]):
                break

    def _plainly(self) -> None:
        """With names as people give them, and where and when scenarios begin that say nothing of that."""
        self.fails(_renamed(self.best))
        plain, start = Place(), self._start(self.place)
        elsewhere = replace(self.place, elsewhere=False)
        ahead = self._start(plain) - start
        if self.place != plain and not self.fails([replace(act, at=act.at + ahead) for act in self.best], plain):
            self.fails(self.best, elsewhere)

    def _start(self, place: Place) -> int:
        return calendar_of(place.zone, place.start, self.bench.today).instant(place.start)

    # What it shows

    def clauses(self) -> tuple[str, ...]:
        """Those between what was seen and the standard, and those about what comes between and must change nothing."""
        acts, found = self.best, list(self.finding.contradicted)
        for number, act in enumerate(acts[:-1] if acts[-1].asks == "box" else ()):
            without = [n for n in range(len(acts)) if number not in self._with_needs(acts, {n})]
            if len(acts) - 1 in without and self.asks_the_same([acts[n] for n in without]):
                found += _about(act, acts[-1])
        if acts[-1].asks == "box" and any(act.verb in {"set-clock", "disturb-clock"} for act in acts[:-1]):
            found.append("box.clock.never-back")  # also where the clock is what the model goes by
        known = clauses.all_clauses()
        return tuple(dict.fromkeys(clause for clause in found if clause in known))


def _needs(acts: Acts, number: int) -> Iterator[int]:
    act = acts[number]
    makers = {other.makes: n for n, other in enumerate(acts[:number]) if other.makes}
    yield from (makers[name] for name in act.uses() if name in makers)
    if act.verb == "deliver":
        ends = [n for n, other in enumerate(acts[:number]) if _ends(other, act.arguments["grant"])]
        yield from ends[:1]


def _ends(act: Act, grant: str) -> bool:
    return act.verb == "assign" or (act.verb == "revoke" and act.arguments["what"] == grant and act.accepted is True)


def _relevance(act: Act, last: Act) -> tuple[int, int]:
    """The most relevant first: of the same credentials, of clock and power, of the same channel; and what is nearest in time."""
    channel, other = VERBS[act.verb].channel, VERBS[last.verb].channel
    near = act.uses() & last.uses() or act.makes in last.uses()
    return (0 if near else 1 if channel in {"power", "clock"} else 2 if channel == other else 3, -act.at)


def _changed(acts: Acts, number: int, act: Act) -> Acts:
    return (*acts[:number], act, *acts[number + 1 :])


_PLAIN = {
    "code": ("anns-code", "bobs-code"),
    "grant": ("ritas-grant", "ralphs-grant"),
    "nonce": ("a-nonce",),
    "ticket": ("a-ticket",),
}


def _renamed(acts: Acts) -> Acts:
    """With a plain name for everything that has one."""
    names: dict[str, str] = {}
    for act in acts:
        if act.makes:
            kind = VERBS[act.verb].makes
            number = sum(name.rpartition("-")[0] == kind for name in names)
            plain = _PLAIN[kind]
            names[act.makes] = plain[number] if number < len(plain) else f"{kind}-{number + 1}"

    def named(arguments: dict[str, Any]) -> dict[str, Any]:
        return {key: names.get(value, value) if isinstance(value, str) else value for key, value in arguments.items()}

    return tuple(replace(act, arguments=named(act.arguments)) for act in acts)


def _about(act: Act, last: Act) -> Iterator[str]:
    """The clauses by which this must not make the last one come out otherwise."""
    enters = last.verb == "enter"
    if act.verb == "cut":
        yield from ("box.power", "box.first-use.durable", "code.irrevocable") if enters else ("box.power",)
    elif act.verb in {"set-clock", "disturb-clock"}:
        yield "box.clock.never-back"
    elif act.verb in {"deliver", "end-another-grant"}:
        yield from ("connect.revoke.only-it", "code.irrevocable") if enters else ("connect.revoke.only-it",)
    elif act.verb == "assign" and enters:
        yield "code.irrevocable"
    elif act.verb == "enter" and enters and act.arguments == last.arguments and act.arguments.get("code") != "wrong":
        yield "code.expiry.not-extended" if act.accepted else "code.day"
    elif act.verb == "enter":
        yield from ("box.isolation", "box.wrong-entry.bound") if act.accepted is False else ("box.isolation",)
    elif act.verb in {"present", "connect"} and enters:
        yield from ("box.isolation", "box.wrong-entry.bound")


# The file


def written(shrinker: Shrinker, acts: Acts, place: Place, name: str, folder: Path) -> Path:
    """These acts as a scenario that stands alone, in a file of its own; its last step, or a look after it, shows the clauses."""
    shows = shrinker.clauses() or ("box.ready",)
    told = with_evidence(acts, shows, shrinker.bench, place, name)
    must = {True: "must do it", False: "must refuse", None: "must keep to the standard"}[acts[-1].accepted]
    story = f"Found by exploring a box, which went wrong where it {must}: {shrinker.finding.did}."
    path = folder / f"{name}.yaml"
    path.write_text(file_of(scenario_of(told, place, name, shrinker.bench, story, shows)), encoding="utf-8")
    load(path)  # what cannot be read again is no file for anybody
    return path


def with_evidence(acts: Sequence[Act], shows: tuple[str, ...], bench: Bench, place: Place, name: str) -> list[Act]:
    """The acts with what the last one shows, and after it something of its kind that comes out the other way, if nothing does yet."""
    plain = [replace(act, shows=()) for act in acts]
    last = plain[-1]
    verb = VERBS[last.verb]
    if last.asks != "box" or last.accepted is None:
        looks = [] if verb.looks else [Act(last.at + last.lasts(bench.profile), "read-log", {})]
        grown = regrown([*plain, *looks], bench, place, name)
        return [*(replace(act, shows=()) for act in grown[:-1]), replace(grown[-1], shows=shows)]
    for control in ((), *_controls(plain, bench, place)):
        with suppress(CannotGrow):
            grown = [replace(act, shows=()) for act in regrown([*plain, *control], bench, place, name)]
            kinds = {act.accepted for act in grown if kind_of_outcome(act.verb, act.asks) == kind_of_outcome(last.verb, "box")}
            if {True, False} <= kinds:
                grown[len(plain) - 1] = replace(grown[len(plain) - 1], shows=shows)
                return grown
    at = last.at + last.lasts(bench.profile)
    grown = [replace(act, shows=()) for act in regrown([*plain, Act(at, "read-log", {})], bench, place, name)]
    return [*grown[:-1], replace(grown[-1], shows=shows)]


def _controls(acts: Sequence[Act], bench: Bench, place: Place) -> Iterator[list[Act]]:
    """Acts after the last one, some of which may come out the other way."""
    last, calendar = acts[-1], calendar_of(place.zone, place.start, bench.today)
    now = last.at + last.lasts(bench.profile)
    for at in (now, now + 30 * MINUTE):
        for first in ([], [Act(at, "set-clock", {})]):
            day = said(at, calendar).rsplit(" ", 1)[0]
            if last.verb == "enter":
                yield [*first, Act(at, "enter", {"code": "wrong"})]
                made = Act(at, "generate", {"by": "joe", "day": day, "as": "control-code"})
                yield [*first, made, Act(at, "enter", {"code": "control-code"})]
            elif last.verb in {"present", "connect"}:
                asked = {"by": "joe", "to": "ralph", "from": "now", "for": spoken(HOUR), "as": "control-grant"}
                connect = [Act(at, "grant", asked), Act(at, "connect", {"grant": "control-grant"})]
                yield [*first, *connect]
                nonce, ticket = (
                    {"as": "control-nonce"},
                    {"grant": "control-grant", "nonce": "control-nonce", "as": "control-ticket"},
                )
                forged = Act(at, "present", {"ticket": "control-ticket", "forged": "tag all zero"})
                yield [*first, *connect, Act(at, "challenge", nonce), Act(at, "mint", ticket), forged]
            elif last.verb == "deliver":
                yield [Act(at, "deliver", {"grant": last.arguments["grant"]})]
                yield [Act(at, "deliver", {"grant": last.arguments["grant"], "forged": "tag all zero"})]
            elif last.verb == "set-clock":
                yield [Act(at, "set-clock", {"ahead": "1s", "forged": "tag all zero"})]
                yield [Act(at, "set-clock", {"ahead": "25h"})]


def shrink(player: Player, bench: Bench, found: Explored, result: ScenarioResult, folder: Path | None) -> Shrunk:
    """Make the failure of an explored scenario small, play it a few times more, and write it to this folder, if there is one.

    Where the smallest does not fail every time, what was found is written, too, as it was up to its failure.
    """
    assert result.finding is not None
    shrinker = Shrinker(player, bench, found, result.finding)
    whole, place = shrinker.best, shrinker.place
    acts = shrinker.shrink()
    failed = shrinker.again(PLAYED)
    path = written(shrinker, acts, shrinker.place, shrinker.name, folder) if folder else None
    if folder and failed < PLAYED:
        written(shrinker, whole, place, f"{shrinker.name}{AS_FOUND}", folder)
    return Shrunk(
        file=str(path) if path else "",
        clauses=shrinker.clauses(),
        steps=len(acts),
        before=len(whole),
        failed=failed,
        played=PLAYED,
        resets=shrinker.resets,
    )
