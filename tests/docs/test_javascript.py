"""The printer of JavaScript: what it prints does as Python does, and what it cannot print it refuses by its place."""

from __future__ import annotations

import functools
import itertools
import json
from dataclasses import dataclass, make_dataclass
from enum import StrEnum

import pytest
from lockproof.spec import vocabulary
from lockproof.spec.profile import DEFAULT, Profile
from lockproof.spec.vocabulary import later, named
from making import javascript
from making.javascript import EXACT, NotTranslated, script

FAR = EXACT - 1


@dataclass(frozen=True, slots=True)
class Pair:
    one: int
    other: int

    @property
    def sum(self) -> int:
        return self.one + self.other

    def larger(self) -> int:
        return later(self.one, self.other)


@dataclass
class Changing:
    one: int


class Kind(StrEnum):
    ONE = "one"


THREE = 3


def computed(one: int, other: int) -> tuple[int, ...]:
    """Every operator, and what looks like a word of JavaScript."""
    new = one + other * THREE
    this, var = one - other, -one
    return (new, this, var, one // other, one % other)


def told(numbers: tuple[int, ...], least: int) -> tuple[int, ...]:
    """Loops, branches, and names that are assigned again."""
    total = 0
    for number in numbers:
        if number >= least and not (number == THREE or number < 0):
            total = total + number
            most = total
        else:
            most = total - 1
        total = most
    best = tuple(each * 2 for each in numbers if each > least or each != 1)
    return (total, *best, *range(2), len_of(best) if total < THREE else 0)


def len_of(numbers: tuple[int, ...]) -> int:
    count = 0
    for _ in numbers:
        count = count + 1
    return count


def by_sum(pair: Pair) -> int:
    return pair.sum


def in_order(one: int, other: int) -> tuple[Pair, ...]:
    return tuple(sorted((Pair(one, other), Pair(other=1, one=other), Pair(one, one)), key=by_sum))


def in_script(browser, functions, calls: str, data=None):
    """What a script with these functions says to an expression; what it throws is a text."""
    text = script("made", functions, data or {})
    trying = "const tried = (f) => { try { return f(); } catch (wrong) { return wrong.message; } };"
    return json.loads(browser.says(f"(() => {{ {text}\n{trying} return JSON.stringify({calls}); }})()"))


INTERESTING = (-FAR, -7, -3, -1, 0, 1, 2, 3, 7, 86_399, 4_000_000_000, FAR)


def test_whole_numbers_are_pythons_or_an_error(browser):
    pairs = list(itertools.product(INTERESTING, repeat=2))
    answers = in_script(
        browser, {"computed": computed}, f"{json.dumps(pairs)}.map((pair) => tried(() => made.computed(...pair)))"
    )
    exact = 0
    for (one, other), said in zip(pairs, answers, strict=True):
        steps = [other * THREE, *(computed(one, other) if other else ())]
        if other and all(abs(step) <= EXACT for step in steps):
            assert said == list(computed(one, other)), (one, other)
            exact += 1
        else:
            assert isinstance(said, str), (one, other)
            assert said.startswith(("no whole number that is exact here", "a division by zero")), said
    assert exact > 80


@pytest.mark.parametrize("numbers", [(), (1,), (3, 1, 4, 1, 5), (9, -2)])
def test_loops_and_branches(browser, numbers):
    assert in_script(browser, {"told": told}, f"made.told({json.dumps(numbers)}, 2)") == list(told(numbers, 2))


def test_states_have_their_properties_their_methods_and_a_stable_order(browser):
    functions = {"Pair": Pair, "in_order": in_order}
    assert in_script(browser, functions, "[made.Pair({ one: 3, other: 4 }).sum, made.Pair({ one: 3, other: 4 }).larger()]") == [
        7,
        4,
    ]
    expected = [{"one": pair.one, "other": pair.other} for pair in in_order(1, 1)]
    assert in_script(browser, functions, "made.in_order(1, 1)") == expected


def test_the_words_are_the_models(browser):
    both = (False, True)
    words = {
        word: getattr(vocabulary, word) for word in ("every", "either", "no", "choose", "same", "later", "earlier", "implies")
    }
    calls = [("every", truths) for size in range(4) for truths in itertools.product(both, repeat=size)]
    calls += [("either", truths) for size in range(4) for truths in itertools.product(both, repeat=size)]
    calls += [("no", (truth,)) for truth in both] + [("choose", (truth, 1, 2)) for truth in both]
    calls += [(word, pair) for word in ("implies", "same") for pair in itertools.product(both, repeat=2)]
    calls += [(word, pair) for word in ("later", "earlier", "same") for pair in itertools.product((1, 2), repeat=2)]
    printed = {"later": vocabulary.later, "earlier": vocabulary.earlier, "implies": vocabulary.implies}
    own = "const words = { every: $every, either: $either, no: $not, choose: $choose, same: $same, ...made };"
    text = javascript.WORDS.read_text(encoding="utf-8") + script("made", printed, {}) + own
    told = f"{json.dumps(calls)}.map(([word, given]) => words[word](...given))"
    assert browser.says(f"(() => {{ {text} return {told}; }})()") == [words[word](*given) for word, given in calls]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("$every(true, 1)", "neither true nor false: 1"),
        ("$every(false, undefined)", "neither true nor false: undefined"),
        ("$choose(0, 1, 2)", "neither true nor false: 0"),
        ("$choose(true, undefined, 2)", "there is nothing here"),
        ("$less(1, true)", "no whole number that is exact here: true"),
        ("$less(1.5, 2)", "no whole number that is exact here: 1.5"),
        ("$add('1', 2)", "no whole number that is exact here: 1"),
        ("$same(1, true)", "not to be compared: 1, true"),
        ("$same([1], [1])", "not to be compared: 1, 1"),
        ("$same(made.Pair({ one: 1, other: 2 }), 1)", "no test_javascript$Pair: 1"),
        ("$unpacked([1, 2], 3)", "2 values, not 3"),
        ("made.Pair({ one: 1 })", "no whole number that is exact here: undefined"),
        ("made.Pair({ one: 1, other: 2, third: 3 })", "test_javascript$Pair has no third"),
        ("$replace(made.Pair({ one: 1, other: 2 }), { third: 3 })", "test_javascript$Pair has no third"),
    ],
)
def test_what_is_no_value_of_the_model_is_an_error_and_not_a_guess(browser, expression, why):
    text = javascript.WORDS.read_text(encoding="utf-8") + script("made", {"Pair": Pair}, {})
    assert browser.says(f"(() => {{ {text} try {{ return {expression}; }} catch (wrong) {{ return wrong.message; }} }})()") == why


def test_a_state_cannot_be_changed(browser):
    expression = "tried(() => { 'use strict'; const pair = made.Pair({ one: 1, other: 2 }); pair.one = 5; return pair.one; })"
    assert "read only" in in_script(browser, {"Pair": Pair}, expression)


# What is refused


def halved(one: int) -> int:
    return one / 2


def powered(one: int) -> int:
    return one**2


def between(one: int) -> bool:
    return 1 < one < 3


def found_in(one: int, many: tuple[int, ...]) -> bool:
    return one in many


def is_nothing(one: int) -> bool:
    return one is None


def first_of(many: tuple[int, ...]) -> int:
    return many[0]


def said(one: int) -> str:
    return f"{one}"


def a_float() -> int:
    return 1.5


def too_large() -> int:
    return 9_007_199_254_740_992


def a_list() -> tuple[int, ...]:
    return [1]


def counting(one: int) -> int:
    one += 1
    return one


def while_it_lasts(one: int) -> int:
    while one > 3:
        one = one - 1
    return one


def may_end_without(one: int) -> int:  # noqa: RET503
    if one > 3:
        return one


def within_another(one: int) -> int:
    def inner() -> int:
        return one

    return inner()


def by_lambda(many: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(many, key=lambda one: -one))


def many_given(*many: int) -> int:
    return len_of(many)


def unpacked(many: tuple[int, ...]) -> int:
    return later(*many)


def called_wrongly(one: int) -> int:
    return later(one)


def of_no_state(one: Pair) -> int:
    return one.third


def changed_nowhere(one: Pair) -> Pair:
    return vocabulary_replace(one)


def vocabulary_replace(one: Pair) -> Pair:
    return functools.reduce(one)


def nowhere(one: int) -> int:
    return one + elsewhere  # noqa: F821


def both_ways(many: tuple[int, ...]) -> int:
    one = 1
    return len_of(tuple(one for one in many)) + one


def a_module_name_within(many: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(THREE for THREE in many)


def a_new_profile() -> Profile:
    return Profile(code_life=1)


def an_enum() -> str:
    return Kind.ONE


def printing(one: int) -> int:
    print(one)  # noqa: T201
    return one


def asserting(one: int) -> int:
    assert one
    return one


def with_names(one: bool) -> bool:
    return named(name="x", truth=one)


def make_changing() -> Changing:
    return Changing(1)


def a_method_of_it(one: Pair) -> int:
    return one.larger()


@functools.cache
def cached(one: int) -> int:
    return one


def calls_what_is_cached(one: int) -> int:
    return cached(one)


def decorated(function):
    @functools.wraps(function)
    def other(one: int) -> int:
        return function(one) + 1

    return other


@decorated
def wrapped(one: int) -> int:
    return one


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (halved, r"in halved: no translation for `one / 2`"),
        (powered, r"no translation for `one \*\* 2`"),
        (between, r"no translation for `1 < one < 3`"),
        (found_in, r"no translation for `one in many`"),
        (is_nothing, r"no translation for `one is None`"),
        (first_of, r"no translation for `many\[0\]`"),
        (said, r"no translation for `f'\{one\}'`"),
        (a_float, r"no translation for 1.5 is no data that a script can have"),
        (too_large, r"9007199254740992 is not exact in JavaScript"),
        (a_list, r"no translation for `\[1\]`"),
        (counting, r"no translation for a statement such as `one \+= 1`"),
        (while_it_lasts, r"no translation for a statement such as `while one > 3:`"),
        (may_end_without, r"no translation for a function that may end without a value"),
        (within_another, r"no translation for a statement such as `def inner\(\) -> int:`"),
        (by_lambda, r"what is sorted has a function of the model for its key"),
        (many_given, r"no translation for a function that takes more than plain arguments"),
        (unpacked, r"no translation for `later\(\*many\)`, whose arguments are unpacked"),
        (called_wrongly, r"no translation for `later\(one\)`: missing a required argument: 'other'"),
        (of_no_state, r"of_no_state: no state that it reaches has a field or a property third"),
        (changed_nowhere, r"in vocabulary_replace: no translation for a call of `functools.reduce`"),
        (nowhere, r"the name elsewhere, which is nowhere"),
        (both_ways, r"one, a name within an expression and outside it"),
        (a_module_name_within, r"THREE, a name within an expression and outside it"),
        (a_new_profile, r"making a Profile, which has a __post_init__"),
        (an_enum, r"<Kind.ONE: 'one'> is no data that a script can have"),
        (printing, r"no translation for a statement such as `print\(one\)`"),
        (asserting, r"no translation for a statement such as `assert one`"),
        (with_names, r"whose arguments have names"),
        (make_changing, r"Changing is no frozen dataclass, and only these are translated"),
        (a_method_of_it, r"no translation for a call of `one.larger`"),
        (calls_what_is_cached, r"no translation for a call of `cached`"),
        (wrapped, r"no translation for a function that encloses another or its values"),
    ],
)
def test_python_that_has_no_translation_is_refused(function, why):
    with pytest.raises(NotTranslated, match=why):
        script("made", {"made": function}, {})


def test_a_refusal_tells_the_place():
    line = halved.__code__.co_firstlineno + 1
    with pytest.raises(NotTranslated, match=rf"^test_javascript\.py:{line}, in halved: "):
        script("made", {"halved": halved}, {})


def test_a_function_without_its_source_is_refused():
    made: dict[str, object] = {"__name__": "elsewhere"}
    exec("def unread(one: int) -> int:\n    return one\n", made)
    with pytest.raises(NotTranslated, match="has no source to read"):
        script("made", {"unread": made["unread"]}, {})


@pytest.mark.parametrize("data", [1.5, EXACT + 1, {1, 2}, Kind.ONE, b"x", object()])
def test_data_that_javascript_does_not_have_is_refused(data):
    with pytest.raises(NotTranslated):
        script("made", {}, {"data": data})


def test_data_is_what_it_was(browser):
    data = {"text": 'a "b"\n</script>\u2028', "profile": DEFAULT, "many": [(1, -EXACT), None, True], "named": {"a.b": 1}}
    told = in_script(
        browser, {}, "[made.text, made.profile.code_life, made.profile.keypad_tolerance, made.many, made.named]", data
    )
    assert told == [data["text"], DEFAULT.code_life, DEFAULT.keypad_tolerance, [[1, -EXACT], None, True], {"a.b": 1}]


def test_two_of_one_name_are_refused():
    other = make_dataclass("Pair", ["one"], frozen=True, namespace={"__module__": Pair.__module__})
    with pytest.raises(NotTranslated, match=r"would be called test_javascript\$Pair"):
        script("made", {"one": Pair, "other": other}, {})
