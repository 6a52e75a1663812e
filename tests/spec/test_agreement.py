"""The two readings of the model agree: what Python computes is what z3 makes of the same functions.

For every event of the single world and of a town, with a legal profile, and with numbers that lie on its bounds and one beside:
the same premise, the same state afterwards, and the same outcome down to each of its needs.
"""

from __future__ import annotations

import typing
from dataclasses import fields, is_dataclass, replace
from functools import cache
from itertools import repeat
from types import SimpleNamespace

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st
from lockproof.spec import symbolic, town, town_theorems
from lockproof.spec.profile import Profile, legal
from lockproof.spec.world import EVENTS, World

FLAGS = ("logged", "counted", "notified", "reported")


def leaves(state, name=""):
    if is_dataclass(state):
        for f in fields(state):
            yield from leaves(getattr(state, f.name), f"{name}.{f.name}")
    elif isinstance(state, SimpleNamespace):
        for field, value in vars(state).items():
            yield f"{name}.{field}", value
    else:
        yield name, state


def filled(term, numbers, truths):
    """A state of values in the shape of a state of terms."""
    if is_dataclass(term):
        return type(term)(**{f.name: filled(getattr(term, f.name), numbers, truths) for f in fields(term)})
    return next(truths) if z3.is_bool(term) else next(numbers)


def all_said(premise, after, outcome):
    """Everything that an event says, by name."""
    yield "premise", premise
    yield from leaves(after, "after")
    yield "accepted", outcome.accepted
    for need in (*outcome.needs, *outcome.entitled_by):
        for part in ("applies", "holds", "forbids"):
            yield f"{need.clause} {need.name} {part}", getattr(need, part)
    for flag in FLAGS:
        yield flag, getattr(outcome, flag)


@st.composite
def profiles(draw):
    """A legal profile, most of its limits at an end of their ranges or as usual."""
    values = {}
    for limit in fields(Profile):
        least, most = limit.metadata["least"], limit.metadata["most"]
        if limit.metadata["unit"] == "yes/no":
            values[limit.name] = draw(st.booleans())
            continue
        usual = [limit.default, least, least + 1, limit.default + 1 if most is None else most]
        values[limit.name] = draw(st.one_of(st.sampled_from(usual), st.integers(least, most or 2 * limit.default)))
    shortest, longest = sorted((values["window_shortest"], values["window_longest"]))
    return Profile(**{**values, "window_shortest": shortest, "window_longest": longest})


def near_the_bounds(profile):
    """Instants and durations of which one is often just a limit of the profile, or one second less or more, after another."""
    limits = [value for _, value in leaves(profile) if not isinstance(value, bool)]
    limits += [profile.keypad_tolerance, profile.ticket_life + profile.timer_drift + profile.authority_skew]
    edges = sorted({base + limit + beside for base in (0, 1000) for limit in (0, *limits) for beside in (-1, 0, 1)})
    return st.one_of(st.integers(-1, 3), st.sampled_from([1000, *edges]))


def said_by_z3(terms, known):
    """The values of all terms at once, since they share most of what they are made of."""
    names, expressions = zip(*terms, strict=True)
    symbols = [(n, e) for n, e in zip(names, expressions, strict=True) if isinstance(e, z3.ExprRef)]
    bundle = z3.Function("bundle", *(e.sort() for _, e in symbols), z3.BoolSort())(*(e for _, e in symbols))
    values = z3.simplify(z3.substitute(bundle, *known)).children()
    found = {n: z3.is_true(v) if z3.is_bool(v) else v.as_long() for (n, _), v in zip(symbols, values, strict=True)}
    return [(n, found.get(n, e)) for n, e in terms]


def values_for(terms, data, profile):
    """Values for a state of terms, and the pairs by which z3 learns them."""
    count = sum(1 for _ in leaves(terms))
    numbers = iter(data.draw(st.lists(near_the_bounds(profile), min_size=count, max_size=count)))
    truths = iter(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    values = filled(terms, numbers, truths)
    return values, _known(terms, values)


def _known(terms, values):
    return [
        (term, z3.BoolVal(value) if isinstance(value, bool) else z3.IntVal(value))
        for (_, term), (_, value) in zip(leaves(terms), leaves(values), strict=True)
        if isinstance(term, z3.ExprRef)
    ]


def profile_known(terms, profile):
    values = SimpleNamespace(**{name: getattr(profile, name) for name in vars(terms)})
    return _known(terms, values)


@cache
def terms_of(event):
    profile, before = symbolic.any_profile(), symbolic.symbol(World, "before")
    hints = {n: k for n, k in typing.get_type_hints(EVENTS[event]).items() if n not in {"world", "profile", "return"}}
    given_terms = {n: symbolic.symbol(k, n) for n, k in hints.items()}
    return profile, before, given_terms, list(all_said(*EVENTS[event](before, profile, **given_terms)))


@pytest.mark.parametrize("event", EVENTS)
@given(data=st.data(), profile=profiles())
@settings(max_examples=25, deadline=None)
def test_python_and_z3_say_the_same(event, data, profile):
    profile_terms, before, given_terms, terms = terms_of(event)
    world, known = values_for(before, data, profile)
    values = {}
    for name, term in given_terms.items():
        values[name], more = values_for(term, data, profile)
        known += more
    really = EVENTS[event](world, profile, **values)
    assert said_by_z3(terms, known + profile_known(profile_terms, profile)) == list(all_said(*really))


SIZE = town.Size()


@cache
def town_terms_of(event, at):
    profile, before = symbolic.any_profile(), town_theorems.any_town(SIZE)
    given_terms = town_theorems.given_to(event, SIZE)
    return profile, before, given_terms, list(all_said(*town.EVENTS[event](before, profile, at, **given_terms)))


@pytest.mark.parametrize("event", town.EVENTS)
@given(data=st.data(), profile=profiles(), at=st.integers(0, SIZE.boxes - 1))
@settings(max_examples=15, deadline=None)
def test_python_and_z3_say_the_same_of_a_town(event, data, profile, at):
    profile_terms, before, given_terms, terms = town_terms_of(event, at)
    place, known = values_for(before, data, profile)
    values = {}
    for name, term in given_terms.items():
        values[name], more = values_for(term, data, profile)
        known += more
    really = town.EVENTS[event](place, profile, at, **values)
    assert said_by_z3(terms, known + profile_known(profile_terms, profile)) == list(all_said(*really))


@given(profile=profiles())
def test_the_profiles_drawn_are_legal_to_both_readings(profile):
    terms = symbolic.any_profile()
    assert legal(profile) is True
    assert z3.is_true(z3.simplify(z3.substitute(legal(terms), *profile_known(terms, profile))))


def test_a_second_more_in_one_reading_is_seen():
    """A used code at the very end of its hour: z3 is told of an hour that is one second longer."""
    profile_terms, before, given_terms, terms = terms_of("entry_is_decided")
    world = filled(before, repeat(0), repeat(False))
    code = replace(world.code, day_end=10_000, used=True, first_use=100)
    world = replace(world, code=code, box=replace(world.box, mark=3700))
    values = {name: filled(term, repeat(0), repeat(False)) for name, term in given_terms.items()} | {
        "ours": True,
        "matches": True,
    }
    known = [pair for name, term in given_terms.items() for pair in _known(term, values[name])] + _known(before, world)
    really = list(all_said(*EVENTS["entry_is_decided"](world, Profile(), **values)))
    assert said_by_z3(terms, known + profile_known(profile_terms, Profile())) == really
    longer = said_by_z3(terms, known + profile_known(profile_terms, Profile(code_life=3601)))
    within = "code.expiry.after-first-use within its life"
    assert {f"{within} holds", f"{within} forbids", "accepted"} <= {
        name for (name, one), (_, other) in zip(longer, really, strict=True) if one != other
    }
