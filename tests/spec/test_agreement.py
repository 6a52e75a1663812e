"""The two readings of the model agree: what Python computes is what z3 makes of the same functions."""

from __future__ import annotations

import typing
from dataclasses import fields, is_dataclass
from functools import cache

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st
from lockproof.spec import symbolic
from lockproof.spec.profile import DEFAULT
from lockproof.spec.world import EVENTS, World

INSTANTS = st.one_of(st.integers(0, 3), st.sampled_from([59, 60, 61, 299, 300, 1199, 1200, 1201, 3599, 3600, 3601, 86_400]))


def leaves(state, name=""):
    if is_dataclass(state):
        for f in fields(state):
            yield from leaves(getattr(state, f.name), f"{name}.{f.name}")
    else:
        yield name, state


def value_of(kind, numbers, truths):
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{f.name: value_of(hints[f.name], numbers, truths) for f in fields(kind)})
    return next(truths) if kind is bool else next(numbers)


@cache
def terms_of(event):
    function = EVENTS[event]
    hints = {n: k for n, k in typing.get_type_hints(function).items() if n not in {"world", "profile", "return"}}
    before = symbolic.symbol(World, "before")
    given_terms = {n: symbolic.symbol(k, n) for n, k in hints.items()}
    premise, after, outcome = function(before, DEFAULT, **given_terms)
    return hints, before, given_terms, (premise, after, outcome)


@pytest.mark.parametrize("event", EVENTS)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_python_and_z3_say_the_same(event, data):
    hints, before, given_terms, (premise, after, outcome) = terms_of(event)
    numbers = iter(data.draw(st.lists(INSTANTS, min_size=80, max_size=80)))
    truths = iter(data.draw(st.lists(st.booleans(), min_size=80, max_size=80)))
    world = value_of(World, numbers, truths)
    values = {n: value_of(k, numbers, truths) for n, k in hints.items()}
    really = EVENTS[event](world, DEFAULT, **values)
    terms = [*leaves(before), *((n, t) for name, term in given_terms.items() for n, t in leaves(term, name))]
    pairs = [*leaves(world), *((n, v) for name, value in values.items() for n, v in leaves(value, name))]
    known = [
        (term, z3.BoolVal(value) if isinstance(value, bool) else z3.IntVal(value))
        for (_, term), (_, value) in zip(terms, pairs, strict=True)
    ]

    def said(term):
        if not isinstance(term, z3.ExprRef):
            return term
        found = z3.simplify(z3.substitute(term, *known))
        return z3.is_true(found) if z3.is_bool(found) else found.as_long()

    assert said(premise) == really[0]
    assert [(n, said(t)) for n, t in leaves(after)] == list(leaves(really[1]))
    assert said(outcome.accepted) == really[2].accepted
    assert [(n.clause, n.name, said(n.forbids)) for n in outcome.needs] == [
        (n.clause, n.name, n.forbids) for n in really[2].needs
    ]
    for flag in ("logged", "counted", "notified", "reported"):
        assert said(getattr(outcome, flag)) == getattr(really[2], flag)
