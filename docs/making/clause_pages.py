"""One page for each clause, and the list of them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lockproof.conformance.faults import Fault, FaultyAuthority
from lockproof.conformance.matrix import Outcome
from lockproof.spec import theorems, town_theorems
from lockproof.spec.clauses import Clause, Decider
from lockproof.spec.theorems import Theorem
from lockproof.spec.town_theorems import TownTheorem
from making import assumed, clause_changes, guards
from making.decision_pages import by_anchor
from making.guards import Function
from making.manuals import with_source_links
from making.markdown import (
    Page,
    clause_link,
    clause_page,
    fenced,
    folded,
    link,
    literal,
    table,
    unsearched,
    with_clauses_linked,
    with_lists_apart,
)
from making.results import judged, kit_of
from making.rooms import Play, Rooms
from making.scenario_pages import SYMBOLS_ONCE, drawn, scenario_page

FAMILIES: Mapping[str, str] = {
    "time": "Time",
    "eligibility": "Eligibility",
    "connect": "Connect grants",
    "code": "One Day Codes",
    "report": "The access report",
    "box": "The box",
    "interop": "Interoperation",
}
DECIDES: Mapping[Decider, str] = {
    Decider.BOX: "decided by the box",
    Decider.AUTHORITY: "decided by the authority",
    Decider.SYSTEM: "decided by box and authority together",
}
CLAUSES = "clauses"
_PICTURES = 4
"""Of the scenarios that show a clause, so many have their picture on its page; the others have it on their own."""
_MENU = "The clauses"


def clause_pages(rooms: Rooms) -> Iterator[Page]:
    told = clause_changes.written()
    clause_changes.refuse_unless_told(told, rooms.clauses)
    yield _list(rooms)
    for clause in rooms.clauses.values():
        text = _page(rooms, clause, clause_changes.since(told, clause.id))
        family = FAMILIES[clause.id.partition(".")[0]]
        yield Page(clause_page(clause.id), clause.id, text, (_MENU, family), search="boost: 3")
    yield from clause_changes.withdrawn_pages(told)


def _list(rooms: Rooms) -> Page:
    """All of them, in reading order."""
    text = [
        "# The clauses",
        (
            f"The standard has {len(rooms.clauses)} clauses: one sentence each, under an id that never changes and names the rule. Each says"
            " who decides it: nobody is credited with a clause that another decides."
        ),
    ]
    for family, title in FAMILIES.items():
        own = [clause for clause in rooms.clauses.values() if clause.id.startswith(f"{family}.")]
        text += [f"## {title}", table(("clause", "decided by", "sentence"), (_row(clause) for clause in own))]
    return Page(CLAUSES, "All clauses", "\n\n".join(text) + "\n", (_MENU,))


def _row(clause: Clause) -> tuple[str, str, str]:
    return clause_link(CLAUSES, clause.id), str(clause.decider), with_clauses_linked(CLAUSES, clause.sentence).strip()


def _page(rooms: Rooms, clause: Clause, since: str) -> str:
    page = clause_page(clause.id)
    parts = [
        f"# {clause.id}",
        f'<p class="sentence">{literal(clause.sentence)}</p>',
        f'<span class="decider">{DECIDES[clause.decider]}</span> [{since}]({link(page, clause_changes.CHANGES)})',
    ]
    if clause.detail:
        detail = with_source_links(page, clause.detail[:1].upper() + clause.detail[1:], f"spec/chapters/{clause.chapter}")
        parts += ["## Precisely", with_lists_apart(with_clauses_linked(page, detail)).strip()]
    parts += [
        "## Why",
        _why(page, clause),
        "## In the model",
        *_model(page, clause),
        "## Proved",
        *_proved(page, rooms.theorems_about(clause.id), clause),
        "## Shown",
        *_shown(page, rooms, clause),
        "## Broken, and caught",
        *_broken(page, rooms, clause),
        "## Judged",
        *judged(page, rooms, clause),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


# Why


def _why(page: str, clause: Clause) -> str:
    quoted = "\n>\n".join(f"> {literal(source)}" for source in clause.sources)
    said = ["The source says:", quoted] if quoted else []
    decisions = [by_anchor()[anchor] for anchor in clause.decisions]
    decided = [f"[{decision.title}]({link(page, decision.page)})" for decision in decisions]
    said += [f"Decided where the source is silent: {', '.join(decided)}."] if decided else []
    return "\n\n".join(said) or (
        "The source says nothing of it, and no decision is recorded for it: it makes a word precise that other clauses use."
    )


# The model


def _model(page: str, clause: Clause) -> Iterator[str]:
    found = [function for function in guards.functions() if any(need.clause == clause.id for need in _needs(function))]
    for function in found:
        yield from _guard(page, function, clause.id)
    named = [each for each in guards.cited(clause.id) if each.function not in {function.name for function in found}]
    if named:
        yield ("Named" if not found else "Also named") + " in the text of the model:"
        by_function: dict[tuple[str, str], list[str]] = {}
        for each in named:
            by_function.setdefault((each.module, each.function), []).append(each.text)
        for (module, name), lines in by_function.items():
            where = f"model#{name}" if any(each.name == name for each in guards.functions()) else "model"
            yield f"[`{name}`]({link(page, where)}), `{module}`:"
            yield fenced("\n".join(lines), "python")
    if not found and not named:
        reason = assumed.without_theorem().get(clause.id)
        yield (
            f"The model has no condition for it: {reason}"
            if reason
            else (
                "No condition of the model is named after it: it follows from how the model is made, and is proved of it as a whole."
            )
        )


def _needs(function: Function) -> tuple[guards.Needed, ...]:
    return (*function.needs, *function.entitles)


def _guard(page: str, function: Function, clause: str) -> Iterator[str]:
    yield f"### {function.title}"
    said = with_clauses_linked(page, function.first_sentence.replace("\n", " ")).strip()
    yield f"{said} [`{function.name}`]({link(page, f'model#{function.name}')})"
    needs = [need for need in function.needs if need.clause == clause]
    if needs:
        yield "Refused by this clause unless each of these holds, where it is asked:"
        yield table(("need", "holds if", "is asked"), ((need.name, need.holds, need.applies or "always") for need in needs))
    entitles = [need for need in function.entitles if need.clause == clause]
    if entitles:
        rows = ((need.name, need.holds if need.holds != "always" else "nothing forbids it") for need in entitles)
        yield "Where it is accepted, this clause entitles to it:"
        yield table(("by", "if"), rows)
    told = " ".join(f"{need.holds} {need.applies}" for need in (*needs, *entitles))
    compared = {name: says for name, says in function.compares.items() if f"*{name}*" in told}
    if compared:
        yield table(("condition", "means"), ((f"*{name}*", says) for name, says in compared.items()))


# Theorems


def _proved(page: str, about: list[Theorem | TownTheorem], clause: Clause) -> Iterator[str]:
    if not about:
        reason = assumed.without_theorem().get(clause.id, "")
        yield f"By no theorem: {reason} It is tested." if reason else '<span class="gap">gap</span> By no theorem.'
        return
    every = link(page, "assumptions")
    yield (
        f"By z3 and by cvc5, for all time and every legal profile, unless it says otherwise: {_theorems(len(about))}."
        f" [`lockproof prove`]({link(page, 'commands#lockproof-prove')}) asks both; this page was made without asking them again."
        f" Each rests on the invariants, and so on [the premises of every event]({every})."
    )
    for theorem in about:
        names = assumed.assumed_by(theorem)
        assumes = ", ".join(f"[{name}]({link(page, f'assumptions#{name}')})" for name in names) or "nothing beside those"
        default = " Of the default profile." if isinstance(theorem, Theorem) and theorem.default_profile else ""
        module = theorems if isinstance(theorem, Theorem) else town_theorems
        source = inspect.getsource(inspect.unwrap(vars(module)[theorem.name]))
        yield folded(
            first_sentence(theorem),
            f"`{theorem.name}`. Assumes by name: {assumes}.{default}\n\n{unsearched(fenced(source, 'python'))}",
        )


def first_sentence(theorem: Theorem | TownTheorem) -> str:
    """What it claims, as HTML."""
    said = literal(theorem.sentence.split("\n\n", maxsplit=1)[0].replace("\n", " "))
    return re.sub(r"&#96;(.+?)&#96;", r"<code>\1</code>", said)


def _theorems(number: int) -> str:
    return "one theorem names this clause" if number == 1 else f"{number} theorems name this clause"


# Scenarios


def _shown(page: str, rooms: Rooms, clause: Clause) -> Iterator[str]:
    about = rooms.plays_about(clause.id)
    synthesized = rooms.synthesized_about(clause.id)
    if not about and not synthesized:
        yield '<span class="gap">gap</span> By no scenario.'
        return
    passed = sum(play.result.verdict == "pass" for play in about)
    made = f", and {len(synthesized)} more were [synthesized from the model]({link(page, 'vectors')})" if synthesized else ""
    verb = "cites" if len(about) == 1 else "cite"
    yield (
        f"{len(about)} written {'scenario' if len(about) == 1 else 'scenarios'} {verb} it{made}. The reference box passed"
        f" {passed} of {len(about)} when this page was made."
    )
    pictured = [play for play in about if drawn(rooms, play)][:_PICTURES]
    if pictured:
        yield SYMBOLS_ONCE
    for number, play in enumerate(pictured):
        yield f"### {play.scenario.id.replace('-', ' ').capitalize()}"
        yield f"{literal(play.scenario.story)} [The scenario, step by step]({link(page, scenario_page(play.scenario.id))})"
        yield drawn(rooms, play, f"s{number}-")
    rest = [play for play in about if play not in pictured]
    if rest:
        more = "\n".join(_item(page, play) for play in rest)
        yield ("More:" if pictured else "") + f"\n\n{more}"


def _item(page: str, play: Play) -> str:
    where = link(page, scenario_page(play.scenario.id))
    return f"- [{play.scenario.id.replace('-', ' ')}]({where}): {literal(play.scenario.story)}"


# Faults


def _broken(page: str, rooms: Rooms, clause: Clause) -> Iterator[str]:
    faults = rooms.faults_of(clause.id)
    if not faults:
        yield '<span class="gap">gap</span> No faulty box or authority of the kit breaks this clause and no other.'
        return
    authorities = sum(isinstance(fault, FaultyAuthority) for fault in faults)
    told = [_faulty(len(faults) - authorities, "box", "boxes"), _faulty(authorities, "authority", "authorities")]
    verb, each = ("breaks", "") if len(faults) == 1 else ("break", " each")
    yield f"{' and '.join(filter(None, told))} {verb} it: the reference, with one difference{each}."
    if not rooms.kills:
        yield table(("what is faulty", "what it does"), ((f"`{fault.name}`", _does(page, fault)) for fault in faults))
        yield "What catches each: `lockproof faults`."
        return
    heads = ("what is faulty", "what it does", "outcome", "first named by", "after commands")
    yield table(heads, (_caught(page, rooms, fault) for fault in faults))
    yield f"Tried with {kit_of(rooms.kills.get('kit', {}))}."


def _faulty(number: int, one: str, several: str) -> str:
    return f"{number} faulty {one if number == 1 else several}" if number else ""


def _does(page: str, fault: Fault) -> str:
    unseen = f" No bench can see it: {fault.unseen}" if fault.unseen else ""
    return with_clauses_linked(page, literal(fault.does) + unseen).strip()


def _caught(page: str, rooms: Rooms, fault: Fault) -> tuple[str, ...]:
    row: Mapping[str, Any] | None = rooms.killed.get(fault.name)
    if row is None:
        return f"`{fault.name}`", _does(page, fault), "not tried", "", ""
    found = [each for sources in row["sources"].values() for each in sources if each["outcome"] == row["outcome"]]
    first = found[0] if found else {"scenario": "", "commands": ""}
    scenario = first["scenario"]
    where = (
        f"[{scenario.replace('-', ' ')}]({link(page, scenario_page(scenario))})" if scenario in rooms.plays else literal(scenario)
    )
    return f"`{fault.name}`", _does(page, fault), _outcome(row["outcome"]), where, str(first["commands"])


def _outcome(outcome: str) -> str:
    """One that got away, or of which nothing is known, shows."""
    return outcome if outcome in {Outcome.NAMED, Outcome.UNSEEN} else f'<span class="gap">{outcome}</span>'
