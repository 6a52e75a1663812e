"""Conditions by name: who watches is told of each, in order, and may put another truth in its place; every comparison has a name."""

from __future__ import annotations

import ast
from importlib.resources import files

import pytest
import z3
from lockproof.spec.model import box
from lockproof.spec.profile import DEFAULT
from lockproof.spec.vocabulary import named, no, watched

DAY = box.Code(100, 200, used=False, first_use=0)


def noting(seen):
    def watcher(name, truth):
        seen.append((name, truth))
        return truth

    return watcher


def turning(*names):
    return lambda name, truth: no(truth) if name in names else truth


def test_nothing_changes_where_nobody_watches():
    term = z3.Bool("term")
    assert [named("a condition", truth) for truth in (True, False)] == [True, False]
    assert named("a condition", term) is term
    assert (box.within_day(DAY, 199), box.within_day(DAY, 200)) == (True, False)


def test_who_watches_is_told_of_each_condition_in_order_and_of_each_call_anew():
    seen = []
    with watched(noting(seen)):
        assert box.within_day(DAY, 200) is False
        assert box.within_day(DAY, 99) is False
    first, second = "its day has begun", "its day is not over"
    assert seen == [(first, True), (second, False), (first, False), (second, True)]


def test_who_only_watches_changes_no_outcome():
    state, seen = box.new_box(150), []
    with watched(noting(seen)):
        found = box.decide_entry(state, DAY, True, DEFAULT)
    assert found == box.decide_entry(state, DAY, True, DEFAULT)
    assert [name for name, _ in seen].count("its day is not over") == 2


def test_the_truth_is_replaced_by_what_the_watcher_returns():
    with watched(turning("its day is not over")):
        assert box.within_day(DAY, 200) is True
        assert box.within_day(DAY, 199) is False
        assert box.within_day(DAY, 99) is False


def test_a_term_is_replaced_too():
    now = z3.Int("now")
    with watched(turning("its day has begun")):
        turned = box.within_day(DAY, now)
    solver = z3.Solver()
    assert solver.check(turned != z3.And(z3.Not(now >= 100), now < 200)) == z3.unsat
    assert solver.check(turned != box.within_day(DAY, now)) == z3.sat


def test_within_a_watch_the_inner_one_alone_is_told_and_the_outer_one_again_afterwards():
    outer, inner = [], []
    with watched(noting(outer)):
        named("before", True)
        with watched(noting(inner)):
            named("within", False)
        named("after", True)
    named("when it is over", True)
    assert outer == [("before", True), ("after", True)]
    assert inner == [("within", False)]


def test_an_exception_ends_a_watch_and_leaves_the_one_around_it():
    outer = []
    with watched(noting(outer)):
        with pytest.raises(ZeroDivisionError), watched(turning("of one")):
            1 // named("of one", True)
        assert named("of one", True) is True
    assert outer == [("of one", True)]
    assert named("of one", True) is True


def test_a_watcher_that_fails_is_not_kept():
    def fails(name, _):
        raise LookupError(name)

    with pytest.raises(LookupError, match="its day has begun"), watched(fails):
        box.within_day(DAY, 150)
    assert box.within_day(DAY, 150) is True


# Every comparison of the model has a name, or coverage would pass over it


def unnamed(source: str) -> list[str]:
    """Comparisons, and equalities by `same`, that stand in no `named(…)`: line and text."""
    found = []

    def look(node: ast.AST, inside: bool) -> None:
        called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if not inside and (isinstance(node, ast.Compare) or called == "same"):
            found.append(f"{node.lineno}: {ast.unparse(node)}")
        for child in ast.iter_child_nodes(node):
            look(child, inside or called == "named")

    look(ast.parse(source), inside=False)
    return found


MODEL = {path.name: path.read_text(encoding="utf-8") for path in files("lockproof.spec.model").iterdir() if path.suffix == ".py"}


@pytest.mark.parametrize("name", sorted(MODEL))
def test_every_comparison_in_the_model_has_a_name(name):
    assert unnamed(MODEL[name]) == []


def test_there_are_comparisons_to_be_named():
    assert set(MODEL) == {"__init__.py", "authority.py", "box.py", "limiter.py"}
    comparisons = [node for text in MODEL.values() for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Compare)]
    assert len(comparisons) >= 20


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ('named("window still to end", now < window_end)', "now < window_end", "now < window_end"),
        ('named("the newest nonce", same(nonce, box.nonce))', "same(nonce, box.nonce)", "same(nonce, box.nonce)"),
        ('named("all that was charged is given back", arrival <= now)', "arrival <= now", "arrival <= now"),
    ],
)
def test_a_comparison_without_a_name_is_noticed(before, after, line):
    (text,) = (text for text in MODEL.values() if before in text)
    assert [found.partition(": ")[2] for found in unnamed(text.replace(before, after))] == [line]


def test_a_name_beside_a_comparison_is_not_its_own():
    assert unnamed('every(named("open", state.open), state.at < now)') == ["1: state.at < now"]
    assert unnamed('named("late", every(state.open, state.at < now))') == []
