"""Small wrong changes of the model, made mechanically from its source, to find out whether a theorem names each.

Every function of the model and every default of the profile is changed in one place at a time. The operators read the syntax
tree: comparisons, bounds by one second, and/or, constants, negations, updates left out, branches, sums, clause ids. The existing
libraries for mutation run a test suite over each change; here the judge is the solver, so none of them fits.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, TypeGuard

from lockproof.spec import profile as profile_module
from lockproof.spec import vocabulary
from lockproof.spec.model import authority, box, limiter
from lockproof.spec.profile import DEFAULT, Profile

MODEL = (box, authority, limiter)
WORDS = (
    "choose",
    "earlier",
    "either",
    "every",
    "later",
    "no",
    "same",
)  # a changed function may need one that its module does not use
LEFT_OUT = "(left out)"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One wrong change: where, by which operator, and the source text before and after. `source` is the whole function, changed.

    `owner` is the module, or the class where the function is a property of it; a changed default of the profile has no source.
    """

    owner: str
    function: str
    operator: str
    line: int
    before: str
    after: str
    source: str = ""
    occurrence: int = 1

    @property
    def place(self) -> str:
        return f"{self.owner}.{self.function}"

    @property
    def id(self) -> str:
        again = f" ({self.occurrence})" if self.occurrence > 1 else ""
        return f"{self.place}, line {self.line}, {self.operator}: {self.before}  ->  {self.after}{again}"

    def default_profile(self) -> Any:
        """The default profile under this change; unchecked, since a changed default need not be legal."""
        if self.function != DEFAULTS:
            return DEFAULT
        name, _, value = self.after.partition(" = ")
        values: dict[str, Any] = {limit.name: getattr(DEFAULT, limit.name) for limit in fields(Profile)}
        values[name] = ast.literal_eval(value)
        tolerance = (values["keypad_burst"] - 1) * values["keypad_refill"]
        return SimpleNamespace(**values, keypad_tolerance=tolerance)


DEFAULTS = "defaults"  # in the place of a function


def all_mutants() -> tuple[Mutant, ...]:
    """Every change of every function of the model, of the profile's one computed value, and of its defaults; in source order."""
    of_model = (mutant for module in MODEL for function in functions_of(module) for mutant in mutants_of(function))
    tolerance = vars(Profile)["keypad_tolerance"].fget
    return (*of_model, *mutants_of(tolerance), *_mutants_of_defaults())


def functions_of(module: ModuleType) -> list[FunctionType]:
    return [f for f in vars(module).values() if isinstance(f, FunctionType) and f.__module__ == module.__name__]


def place_of(function: Callable[..., Any]) -> str:
    """Its module, or the class whose property it computes, and its name."""
    *owner, name = function.__qualname__.split(".")
    return f"{owner[0] if owner and owner[-1] != '<locals>' else function.__module__.rpartition('.')[2]}.{name}"


def mutants_of(function: FunctionType) -> tuple[Mutant, ...]:
    """Every change of one function, each once: two operators that come to the same source make one mutant."""
    lines, first = inspect.getsourcelines(function)
    (tree,) = ast.parse(textwrap.dedent("".join(lines))).body
    assert isinstance(tree, ast.FunctionDef)
    tree.decorator_list = []
    ast.increment_lineno(tree, first - 1)
    known, found = {ast.unparse(tree)}, []
    for change in _changes(tree, Kinds(tree, function.__globals__)):
        source = ast.unparse(ast.fix_missing_locations(_with(tree, change.old, change.new)))
        if source not in known:
            known.add(source)
            owner = place_of(function).partition(".")[0]
            found.append(Mutant(owner, function.__name__, change.operator, change.line, change.before, change.after, source))
    return _numbered(sorted(found, key=lambda mutant: mutant.line))


def _mutants_of_defaults() -> Iterator[Mutant]:
    tree = ast.parse(inspect.getsource(profile_module))
    (limits,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Profile")
    lines = {n.target.id: n.lineno for n in limits.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    for limit in fields(Profile):
        old = getattr(DEFAULT, limit.name)
        for new in _other_values(old):
            before, after = f"{limit.name} = {old}", f"{limit.name} = {new}"
            yield Mutant("profile", DEFAULTS, "constant", lines[limit.name], before, after)


def _numbered(mutants: Iterable[Mutant]) -> tuple[Mutant, ...]:
    """Where a line holds the same text twice, the second one says so."""
    seen: dict[str, int] = {}
    numbered = []
    for mutant in mutants:
        seen[mutant.id] = seen.get(mutant.id, 0) + 1
        numbered.append(replace(mutant, occurrence=seen[mutant.id]))
    return tuple(numbered)


@contextmanager
def installed(mutant: Mutant) -> Iterator[None]:
    """While this is open, the model runs with the change; whatever happens, it is as before afterwards."""
    if not mutant.source:
        yield
        return
    owner = _owner(mutant)
    real = vars(owner)[mutant.function]
    changed = _compiled(mutant, real)
    setattr(owner, mutant.function, changed)
    try:
        yield
    finally:
        setattr(owner, mutant.function, real)


def _owner(mutant: Mutant) -> Any:
    if mutant.owner == "Profile":
        return Profile
    return next(module for module in MODEL if module.__name__.endswith(f".{mutant.owner}"))


def _compiled(mutant: Mutant, real: Any) -> Any:
    """The changed function, in the globals of its own module, so that it calls and is called as the real one."""
    unchanged: Any = real.fget if isinstance(real, property) else real
    scope = unchanged.__globals__
    words = [word for word in WORDS if word not in scope]
    body = textwrap.indent(mutant.source, "    ")
    maker = f"def _make({', '.join(words)}):\n{body}\n    return {mutant.function}\n"
    made: dict[str, Any] = {}
    code = compile(maker, f"<{mutant.id}>", "exec", flags=annotations.compiler_flag, dont_inherit=True)
    exec(code, scope, made)  # noqa: S102 (our own source)
    function = made["_make"](*(getattr(vocabulary, word) for word in words))
    return property(function) if isinstance(real, property) else function


# The syntax tree


@dataclass(frozen=True, slots=True)
class _Change:
    """`new` in the place of the node `old`; `before` and `after` are what a person is shown of it."""

    operator: str
    old: ast.AST
    new: ast.AST
    line: int
    before: str
    after: str


def _change(operator: str, old: ast.expr, new: ast.expr) -> _Change:
    return _Change(operator, old, new, old.lineno, ast.unparse(old), ast.unparse(new))


def _left_out(whole: ast.expr, part: ast.expr | ast.keyword, rest: ast.expr, after: str = LEFT_OUT) -> _Change:
    return _Change("dropped", whole, rest, part.lineno, ast.unparse(part), after)


def _with(tree: Any, old: ast.AST, new: ast.AST) -> Any:
    """The tree with one node in the place of another; what did not change is shared."""
    if tree is old:
        return new
    if isinstance(tree, list):
        return [_with(each, old, new) for each in tree]
    if not isinstance(tree, ast.AST):
        return tree
    parts = {name: _with(value, old, new) for name, value in ast.iter_fields(tree)}
    return ast.copy_location(type(tree)(**parts), tree)


class Kinds:
    """What kind of value an expression of the model has, by name (`Truth`, `Instant`, `Box`), as far as annotations tell."""

    def __init__(self, function: ast.FunctionDef, scope: dict[str, Any]) -> None:
        self._scope = scope
        self.arguments = {a.arg: ast.unparse(a.annotation) for a in function.args.args if a.annotation}
        self.returned = [ast.unparse(kind) for kind in _returned(function)]
        self._local: dict[str, str] = dict(self.arguments)
        for node in function.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self._local[node.targets[0].id] = self.of(node.value)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self._local[node.target.id] = ast.unparse(node.annotation)
        self._negated = {id(self._unnamed(node.args[0])) for node in ast.walk(function) if self.calls(node, vocabulary.no)}

    def of(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=bool()) | ast.Compare():
                return "Truth"
            case ast.Constant(value=int()) | ast.BinOp():
                return "Number"
            case ast.Name(id=name):
                return self._local.get(name, "")
            case ast.Attribute(value=value, attr=name):
                return self._of_field(self._scope.get(self.of(value)), name)
            case ast.Call(args=[_, then, _]) if self.calls(node, vocabulary.choose):
                return self.of(then)
            case ast.Call(args=[state, *_]) if self.calls(node, replace):
                return self.of(state)
            case ast.Call():
                return self._of_call(self.called(node))
        return ""

    def is_negated(self, node: ast.expr) -> bool:
        """It is what a `no` negates, so that its negation is the loss of that one."""
        return id(node) in self._negated

    def is_truth(self, node: ast.expr) -> bool:
        return self.of(node) == "Truth"

    def called(self, node: ast.Call) -> Any:
        """What is called, where it is a global, or an attribute of a module that is one."""
        match node.func:
            case ast.Name(id=name):
                return self._scope.get(name)
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                return getattr(self._scope.get(module), name, None)
        return None

    def calls(self, node: ast.AST, *functions: Callable[..., Any]) -> TypeGuard[ast.Call]:
        return isinstance(node, ast.Call) and any(self.called(node) is function for function in functions)

    def _unnamed(self, node: ast.expr) -> ast.expr:
        return node.args[1] if self.calls(node, vocabulary.named) else node

    @staticmethod
    def _of_field(state: Any, name: str) -> str:
        computed = vars(state).get(name) if isinstance(state, type) else None
        if isinstance(computed, property):
            return str(computed.fget.__annotations__.get("return", ""))
        return str(getattr(state, "__annotations__", {}).get(name, ""))

    @staticmethod
    def _of_call(called: Any) -> str:
        if isinstance(called, type):
            return called.__name__
        return str(getattr(called, "__annotations__", {}).get("return", ""))


def _returned(function: ast.FunctionDef) -> list[ast.expr]:
    match function.returns:
        case ast.Subscript(slice=ast.Tuple(elts=kinds)):
            return kinds
        case None:
            return []
    return [function.returns]


def _expressions(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """Every expression of a function that has a value: no annotation, no name that is called, no text."""
    values = [getattr(node, "value", None) for node in function.body]
    for value in [*function.args.defaults, *values]:
        if isinstance(value, ast.expr):
            yield from _within(value)


def _within(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return
    yield node
    parts: Iterable[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.Call):
        parts = [*node.args, *(keyword.value for keyword in node.keywords)]
    for part in parts:
        if isinstance(part, ast.expr):
            yield from _within(part)


# The operators


def _changes(function: ast.FunctionDef, kinds: Kinds) -> Iterator[_Change]:
    for operator in OPERATORS.values():
        for node in _expressions(function):
            yield from operator(node, kinds)
    yield from _state_before(function, kinds)


_COMPARED = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


def _relational(node: ast.expr, kinds: Kinds) -> Iterator[_Change]:
    """Each comparison of numbers with every other one."""
    if not (sides := _sides(node, kinds)):
        return
    left, right = (ast.unparse(side) for side in sides)
    spelled = [f"{left} {sign} {right}" for sign in _COMPARED.values()]
    for other in (*spelled, f"same({left}, {right})", f"no(same({left}, {right}))"):
        if other != ast.unparse(node):
            yield _change("relational", node, _read(other, node))


def _boundary(node: ast.expr, kinds: Kinds) -> Iterator[_Change]:
    """Each comparison of numbers one second (or one of whatever it counts) later and earlier."""
    if sides := _sides(node, kinds):
        right = sides[1]
        for sign in ("+", "-"):
            moved = _with(node, right, _read(f"{ast.unparse(right)} {sign} 1", right))
            yield _change("boundary", node, moved)


def _sides(node: ast.expr, kinds: Kinds) -> tuple[ast.expr, ast.expr] | None:
    """What is compared, if this compares two numbers."""
    match node:
        case ast.Compare(left=left, comparators=[right]):
            return left, right
        case ast.Call(args=[left, right]) if kinds.calls(node, vocabulary.same) and not kinds.is_truth(left):
            return left, right
    return None


_TWINS = {"every": "either", "either": "every", "later": "earlier", "earlier": "later"}


def _logical(node: ast.expr, kinds: Kinds) -> Iterator[_Change]:
    """And for or, or for and, the earlier for the later of two; and each part left out."""
    words = (vocabulary.every, vocabulary.either, vocabulary.later, vocabulary.earlier)
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and kinds.calls(node, *words)):
        return
    if len(node.args) > 1:
        yield _change("logical", node, _with(node, node.func, ast.Name(_TWINS[node.func.id], ast.Load())))
        for left_out in node.args:
            rest = [part for part in node.args if part is not left_out]
            yield _change("logical", node, rest[0] if len(rest) == 1 else _call(node, args=rest))


def _constant(node: ast.expr, kinds: Kinds) -> Iterator[_Change]:  # noqa: ARG001 (operators are alike)
    """Each number one more and one less, each truth the other one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        for value in _other_values(node.value):
            yield _change("constant", node, _read(repr(value), node))


def _other_values(value: int) -> tuple[int, ...]:
    return (not value,) if isinstance(value, bool) else (value + 1, value - 1)


def _negation(node: ast.expr, kinds: Kinds) -> Iterator[_Change]:
    """Each truth, negated. A condition with a name is negated inside it, and what is negated already loses its negation."""
    if kinds.is_truth(node) and not kinds.calls(node, vocabulary.named) and not kinds.is_negated(node):
        yield _change("negation", node, _negated(node, kinds))


_OPPOSITE: dict[type[ast.cmpop], ast.cmpop] = {ast.Lt: ast.GtE(), ast.GtE: ast.Lt(), ast.Gt: ast.LtE(), ast.LtE: ast.Gt()}


def _negated(node: ast.expr, kinds: Kinds) -> ast.expr:
    match node:
        case ast.Constant(value=bool(value)):
            return _read(repr(not value), node)
        case ast.Compare(left=left, ops=[sign], comparators=right) if type(sign) in _OPPOSITE:
            return ast.copy_location(ast.Compare(left, [_OPPOSITE[type(sign)]], right), node)
        case ast.Call(args=[inner]) if kinds.calls(node, vocabulary.no):
            return inner
    return ast.copy_location(ast.Call(ast.Name("no", ast.Load()), [node], []), node)


def _dropped(node: ast.expr, kinds: Kinds) -> Iterator[_Change]:
    """Each update of a state left out, each part of an outcome or a need that has a default, and each need of several."""
    if isinstance(node, ast.Tuple) and all(kinds.calls(part, vocabulary.Need) for part in node.elts):
        for need in node.elts:
            yield _left_out(node, need, ast.Tuple([part for part in node.elts if part is not need], ast.Load()))
    if kinds.calls(node, replace):
        for keyword in node.keywords:
            yield _left_out(node, keyword, _call(node, keywords=[k for k in node.keywords if k is not keyword]))
    elif isinstance(node, ast.Call) and is_dataclass(made := kinds.called(node)):
        yield from _parts_dropped(node, made, kinds)


def _parts_dropped(node: ast.Call, made: Any, kinds: Kinds) -> Iterator[_Change]:
    """The parts of a state, an outcome or a need that is made anew, each with its default, or the value it had before."""
    old = next((name for name, kind in kinds.arguments.items() if kind == made.__name__), None)
    known = {f.name: f for f in fields(made)}
    placed = dict(zip(known, node.args, strict=False)) | {k.arg: k.value for k in node.keywords if k.arg}
    for name, value in placed.items():
        default = known[name].default
        left = repr(default) if default is not MISSING else f"{old}.{name}" if old else None
        if left is not None:
            said = ast.keyword(name, value, lineno=value.lineno)
            yield _left_out(node, said, _with(node, value, _read(left, value)), f"{name}={left}")


def _state_before(function: ast.FunctionDef, kinds: Kinds) -> Iterator[_Change]:
    """What is given back, replaced by what was there before: the first argument of its kind."""
    for statement in function.body:
        if not isinstance(statement, ast.Return) or statement.value is None:
            continue
        tuples = isinstance(statement.value, ast.Tuple) and len(kinds.returned) > 1
        parts = statement.value.elts if tuples and isinstance(statement.value, ast.Tuple) else [statement.value]
        for part, kind in zip(parts, kinds.returned, strict=False):
            old = next((name for name, of in kinds.arguments.items() if of == kind), None)
            if old is not None:
                yield _change("dropped", part, _read(old, part))


def _swapped(node: ast.expr, kinds: Kinds) -> Iterator[_Change]:
    """Each choice, the other way round."""
    if kinds.calls(node, vocabulary.choose):
        condition, then, otherwise = node.args
        yield _change("swapped", node, _call(node, args=[condition, otherwise, then]))


def _arithmetic(node: ast.expr, kinds: Kinds) -> Iterator[_Change]:  # noqa: ARG001 (operators are alike)
    """Less for more, more for less."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield _change("arithmetic", node, ast.copy_location(ast.BinOp(node.left, other, node.right), node))


def _clause(node: ast.expr, kinds: Kinds) -> Iterator[_Change]:
    """Each clause of a need, another one of the model."""
    match node:
        case ast.Call(args=[ast.Constant(value=str(clause)) as said, *_]) if kinds.calls(node, vocabulary.Need):
            other = _OTHER_CLAUSE if clause != _OTHER_CLAUSE else "box.authentic"
            yield _Change("clause", said, ast.Constant(other), said.lineno, clause, other)


_OTHER_CLAUSE = "box.ready"

OPERATORS: dict[str, Callable[[ast.expr, Kinds], Iterator[_Change]]] = {
    "relational": _relational,
    "boundary": _boundary,
    "logical": _logical,
    "constant": _constant,
    "negation": _negation,
    "dropped": _dropped,
    "swapped": _swapped,
    "arithmetic": _arithmetic,
    "clause": _clause,
}


def _read(text: str, place: ast.AST) -> ast.expr:
    return ast.copy_location(ast.parse(text, mode="eval").body, place)


def _call(node: ast.Call, *, args: list[ast.expr] | None = None, keywords: list[ast.keyword] | None = None) -> ast.Call:
    """The same call, with other arguments."""
    parts = node.args if args is None else args, node.keywords if keywords is None else keywords
    return ast.copy_location(ast.Call(node.func, *parts), node)
