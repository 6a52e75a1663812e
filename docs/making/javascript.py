"""The model as JavaScript, printed from its own source when the site is made, so that a page can ask the model itself.

Functions and states are read as syntax trees, from the functions that are asked for to everything that they call. The few words of the
model (`spec/vocabulary.py`) and Python's whole numbers are `docs/assets/words.js`. There is no default: a construct that has no line here is
`NotTranslated`, with its place, and nothing is printed.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import inspect
import json
import re
import textwrap
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lockproof.spec import vocabulary
from making.rooms import NotPublished

WORDS = Path(__file__).parents[1] / "assets" / "words.js"
EXACT = 2**53 - 1
"""The largest whole number that JavaScript tells from its neighbours."""
_PRINTED_WORDS: Mapping[Any, str] = {
    vocabulary.every: "$every",
    vocabulary.either: "$either",
    vocabulary.no: "$not",
    vocabulary.choose: "$choose",
    vocabulary.named: "$named",
    vocabulary.same: "$same",
    tuple: "$tuple",
    range: "$range",
}
_OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "$add",
    ast.Sub: "$subtract",
    ast.Mult: "$multiply",
    ast.FloorDiv: "$floor",
    ast.Mod: "$modulo",
}
_COMPARES: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "$less({0}, {1})",
    ast.LtE: "$atMost({0}, {1})",
    ast.Gt: "$less({1}, {0})",
    ast.GtE: "$atMost({1}, {0})",
    ast.Eq: "$same({0}, {1})",
    ast.NotEq: "!$same({0}, {1})",
}
_TYPES: Mapping[Any, str] = {int: "$number", bool: "$truth", str: "$text", Any: "$some"}
# fmt: off
_RESERVED = frozenset({
    "arguments", "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do",
    "else", "enum", "eval", "export", "extends", "false", "finally", "for", "function", "if", "implements", "import", "in",
    "instanceof", "interface", "let", "new", "null", "package", "private", "protected", "public", "return", "static",
    "super", "switch", "this", "throw", "true", "try", "typeof", "undefined", "var", "void", "while", "with", "yield",
    "NaN", "Infinity",
})
# fmt: on
_NO_FIELDS = frozenset({"constructor", "prototype", "__proto__"})


class NotTranslated(NotPublished):
    """Python that has no translation here; the message says what, and where."""


def script(name: str, functions: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """A script that makes `name` an object: these functions and states, each under its key, and this data.

    Of a state it is a function from an object with all its fields. Raises `NotTranslated`.
    """
    printer = _Printer()
    members = [
        f"{key}: {printer.made(what) if inspect.isclass(what) else printer.reached(what)}" for key, what in functions.items()
    ]
    members += [f"{key}: {printer.literal(value)}" for key, value in data.items()]
    made = printer.printed()
    words = WORDS.read_text(encoding="utf-8")
    members_said = ",\n".join(members)
    return (
        "/* Printed by docs/making/javascript.py from the functions of the model. Change them, and not this. */\n"
        f'"use strict";\nconst {name} = (() => {{\n{words}\n{made}\nreturn Object.freeze({{\n{members_said},\n}});\n}})();\n'
    )


class _Printer:
    """What was reached, each printed once under the name of its module and its own."""

    def __init__(self) -> None:
        self._names: dict[Any, str] = {}
        self._waiting: list[Any] = []
        self._asked_for: dict[str, str] = {}
        self.members: set[str] = set()

    def reached(self, what: Any) -> str:
        """The name of a function or a state in the script, which it will stand in."""
        if what not in self._names:
            name = f"{what.__module__.rpartition('.')[2]}${what.__name__}"
            if name in self._names.values():
                raise NotTranslated(f"two functions or states would be called {name} in the script")
            self._names[what] = name
            self._waiting.append(what)
        return self._names[what]

    def made(self, state: Any) -> str:
        """A function that makes such a state of an object with all its fields and no other."""
        fields = json.dumps([field.name for field in dataclasses.fields(state)])
        return f"(values) => $made({self.reached(state)}, {fields}, values)"

    def asks_for(self, member: str, where: str) -> None:
        """Some state that is printed must have it as a field or a property."""
        self._asked_for.setdefault(member, where)

    def printed(self) -> str:
        """Everything that was reached, and what that reaches in turn."""
        texts = []
        while self._waiting:
            what = self._waiting.pop(0)
            texts.append(self._state(what) if inspect.isclass(what) else _Body(self, what).function(self._names[what]))
        for member, where in self._asked_for.items():
            if member not in self.members:
                raise NotTranslated(f"{where}: no state that it reaches has a field or a property {member}")
        return "\n".join(texts)

    def literal(self, value: Any) -> str:
        """Data: whole numbers that stay exact, truths, texts, None, states, and tuples, lists and mappings of these."""
        if value is None or isinstance(value, bool) or type(value) is str:
            return json.dumps(value)
        if type(value) is int:
            if abs(value) > EXACT:
                raise NotTranslated(f"{value} is not exact in JavaScript, whose whole numbers end at {EXACT}")
            return str(value)
        if isinstance(value, tuple | list):
            return f"$tuple([{', '.join(map(self.literal, value))}])"
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{json.dumps(key)}: {self.literal(each)}" for key, each in value.items()) + "}"
        if dataclasses.is_dataclass(value) and not inspect.isclass(value):
            given = (self.literal(getattr(value, field.name)) for field in dataclasses.fields(value))
            return f"new {self.reached(type(value))}({', '.join(given)})"
        raise NotTranslated(f"{value!r} is no data that a script can have")

    def _state(self, kind: Any) -> str:
        """A class whose constructor takes every field, looks at its type and lets nothing change it."""
        if not getattr(getattr(kind, "__dataclass_params__", None), "frozen", False):
            raise NotTranslated(f"{kind.__qualname__} is no frozen dataclass, and only these are translated")
        hints, names = typing.get_type_hints(kind), [field.name for field in dataclasses.fields(kind)]
        if other := _NO_FIELDS & {*names, *vars(kind)}:
            raise NotTranslated(f"{kind.__qualname__}.{next(iter(other))}: JavaScript means something else by that name")
        self.members |= set(names)
        taken = ", ".join(map(_local, names))
        checked = ", ".join(f"{name}: {self.typed(hints[name], _local(name), kind.__qualname__)}" for name in names)
        parts = [f"constructor({taken}) {{ $fields(this, {{ {checked} }}); }}"]
        for name, member in vars(kind).items():
            if isinstance(member, property) and member.fget:
                self.members.add(name)
                parts.append("get " + _Body(self, member.fget).method(name))
            elif inspect.isfunction(member) and not name.startswith("__"):
                parts.append(_Body(self, member).method(name))
        body = textwrap.indent("\n".join(parts), "  ")
        return f"class {self._names[kind]} {{\n{body}\n}}"

    def typed(self, hint: Any, said: str, where: str) -> str:
        """The value, looked at by its type."""
        if hint in _TYPES:
            return f"{_TYPES[hint]}({said})"
        if typing.get_origin(hint) is tuple:
            for each in typing.get_args(hint):
                if dataclasses.is_dataclass(each):
                    self.reached(each)
            return f"$tuple({said})"
        if dataclasses.is_dataclass(hint):
            return f"$a({self.reached(hint)}, {said})"
        raise NotTranslated(f"{where}: the type {hint!r} has no translation")


class _Body:
    """One function: its parameters and local names, and its statements and expressions one by one."""

    def __init__(self, printer: _Printer, function: Callable[..., Any]) -> None:
        self._printer = printer
        self._function = function
        try:
            self._tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        except (OSError, TypeError, SyntaxError, IndentationError):
            raise NotTranslated(f"{function!r} has no source to read") from None
        if function.__closure__ or hasattr(function, "__wrapped__"):
            self._refuse(self._tree, "a function that encloses another or its values")

    def function(self, name: str) -> str:
        arguments, body = self._printed()
        return f"const {name} = ({', '.join(arguments)}) => {{\n{body}\n}};"

    def method(self, name: str) -> str:
        (itself, *arguments), body = self._printed()
        return f"{name}({', '.join(arguments)}) {{\n  const {itself} = this;\n{body}\n}}"

    def _printed(self) -> tuple[list[str], str]:
        """The parameters, and the body."""
        tree = self._tree
        if not isinstance(tree, ast.FunctionDef):
            self._refuse(tree, "what is no plain function")
        if [each for each in tree.decorator_list if not (isinstance(each, ast.Name) and each.id == "property")]:
            self._refuse(tree, "a decorated function")
        given = tree.args
        if given.vararg or given.kwarg or given.kwonlyargs or given.posonlyargs:
            self._refuse(tree, "a function that takes more than plain arguments")
        for hint in typing.get_type_hints(self._function).values():
            for each in (hint, *typing.get_args(hint)):
                if dataclasses.is_dataclass(each):
                    self._printer.reached(each)
        if not _returns(tree.body):
            self._refuse(tree, "a function that may end without a value")
        arguments = [argument.arg for argument in given.args]
        body = "\n".join([*self._declared(tree, arguments), *self._statements(tree.body)])
        return [_local(name) for name in arguments], textwrap.indent(body, "  ")

    def _declared(self, tree: ast.FunctionDef, arguments: list[str]) -> Iterator[str]:
        """Finds the names of the function. Those that are not assigned once, for all of it, are declared first."""
        stored = [node.id for node in ast.walk(tree) if _is_stored(node)]
        inner = [
            name.id
            for each in ast.walk(tree)
            if isinstance(each, ast.comprehension)
            for name in ast.walk(each.target)
            if _is_stored(name)
        ]
        outer = {name for name in stored if stored.count(name) > inner.count(name)}
        if twice := set(inner) & {*arguments, *outer, *self._function.__globals__}:
            self._refuse(tree, f"{', '.join(sorted(twice))}, a name within an expression and outside it")
        self._locals = {*arguments, *stored}
        statements = [each for each in tree.body if isinstance(each, ast.Assign | ast.AnnAssign)]
        targets = [[name.id for name in ast.walk(statement) if _is_stored(name) and name.id in outer] for statement in statements]
        once = {name for names in targets if all(stored.count(each) == 1 for each in names) for name in names}
        self._constant = once - set(arguments)
        if first := sorted(outer - self._constant - set(arguments)):
            yield f"let {', '.join(map(_local, first))};"

    def _refuse(self, node: ast.AST, what: str) -> typing.NoReturn:
        code = self._function.__code__
        line = code.co_firstlineno + getattr(node, "lineno", 1) - 1
        raise NotTranslated(f"{Path(code.co_filename).name}:{line}, in {self._function.__qualname__}: no translation for {what}")

    # Statements

    def _statements(self, body: list[ast.stmt]) -> Iterator[str]:
        for number, statement in enumerate(body):
            if number == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue  # a docstring
            yield from self._statement(statement)

    def _statement(self, node: ast.stmt) -> Iterator[str]:
        match node:
            case ast.Return(value=ast.expr() as value):
                yield f"return $some({self._said(value)});"
            case ast.Assign(targets=[target], value=value):
                yield f"{self._target(target)} = {self._assigned(target, value)};"
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                yield f"{self._target(target)} = {self._assigned(target, value)};"
            case ast.If(test=test, body=body, orelse=otherwise):
                yield f"if ($truth({self._said(test)})) {{"
                yield from (f"  {line}" for line in self._statements(body))
                if otherwise:
                    yield "} else {"
                    yield from (f"  {line}" for line in self._statements(otherwise))
                yield "}"
            case ast.For(target=ast.Name() as target, iter=over, body=body, orelse=[]):
                yield f"for ({self._target(target)} of $tuple({self._said(over)})) {{"
                yield from (f"  {line}" for line in self._statements(body))
                yield "}"
            case _:
                self._refuse(node, f"a statement such as `{ast.unparse(node).splitlines()[0]}`")

    def _target(self, node: ast.expr) -> str:
        names = [node] if isinstance(node, ast.Name) else node.elts if isinstance(node, ast.Tuple) else []
        if not names or not all(isinstance(name, ast.Name) for name in names):
            self._refuse(node, f"an assignment to `{ast.unparse(node)}`")
        said = [name.id for name in names if isinstance(name, ast.Name)]
        if len(set(said)) < len(said):
            self._refuse(node, f"`{ast.unparse(node)}`, in which a name comes twice")
        text = f"[{', '.join(map(_local, said))}]" if isinstance(node, ast.Tuple) else _local(said[0])
        return f"const {text}" if self._constant.issuperset(said) else text

    def _assigned(self, target: ast.expr, value: ast.expr) -> str:
        said = self._said(value)
        return f"$unpacked({said}, {len(target.elts)})" if isinstance(target, ast.Tuple) else f"$some({said})"

    # Expressions

    def _said(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=value):
                return self._literal(node, value)
            case ast.Name(id=name) if name in self._locals:
                return _local(name)
            case ast.Name() | ast.Attribute():
                return self._named(node)
            case ast.Call():
                return self._call(node)
            case ast.IfExp(test=test, body=then, orelse=otherwise):
                return f"($truth({self._said(test)}) ? {self._said(then)} : {self._said(otherwise)})"
            case ast.Tuple(elts=values):
                return f"$tuple([{', '.join(self._spread(value) for value in values)}])"
            case ast.GeneratorExp(elt=value, generators=[one]):
                return self._each(value, one)
        return self._computed(node)

    def _computed(self, node: ast.expr) -> str:
        match node:
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
                return f"{_OPERATORS[type(operator)]}({self._said(left)}, {self._said(right)})"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"$subtract(0, {self._said(operand)})"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"!$truth({self._said(operand)})"
            case ast.BoolOp(op=joined, values=values):
                sign = " && " if isinstance(joined, ast.And) else " || "
                return f"({sign.join(f'$truth({self._said(value)})' for value in values)})"
            case ast.Compare(left=left, ops=[compares], comparators=[right]) if type(compares) in _COMPARES:
                return _COMPARES[type(compares)].format(self._said(left), self._said(right))
        return self._refuse(node, f"`{ast.unparse(node)}`")

    def _literal(self, node: ast.AST, value: Any) -> str:
        try:
            return self._printer.literal(value)
        except NotTranslated as why:
            self._refuse(node, str(why))

    def _spread(self, node: ast.expr) -> str:
        return f"...$tuple({self._said(node.value)})" if isinstance(node, ast.Starred) else self._said(node)

    def _each(self, value: ast.expr, one: ast.comprehension) -> str:
        if not isinstance(one.target, ast.Name) or one.is_async:
            self._refuse(one.target, f"`for {ast.unparse(one.target)}` within an expression")
        name, said = _local(one.target.id), f"$tuple({self._said(one.iter)})"
        for condition in one.ifs:
            said += f".filter(({name}) => $truth({self._said(condition)}))"
        return f"{said}.map(({name}) => {self._said(value)})"

    def _named(self, node: ast.expr) -> str:
        """A field of a state, or a value that stands in a module."""
        found = self._found(node)
        if found is not _NOT_FOUND:
            return self._literal(node, found)
        if not isinstance(node, ast.Attribute):
            self._refuse(node, f"the name {ast.unparse(node)}, which is nowhere")
        self._printer.asks_for(node.attr, f"{self._function.__qualname__}")
        return f"{self._said(node.value)}.{node.attr}"

    def _found(self, node: ast.expr) -> Any:
        """What a name outside the function means, or the member of a module or a class; `_NOT_FOUND` for what is a value's."""
        if isinstance(node, ast.Name) and node.id not in self._locals:
            return self._function.__globals__.get(node.id, getattr(builtins, node.id, _NOT_FOUND))
        if isinstance(node, ast.Attribute):
            inside = self._found(node.value)
            if isinstance(inside, types.ModuleType) or inspect.isclass(inside):
                return getattr(inside, node.attr, _NOT_FOUND)
        return _NOT_FOUND

    def _call(self, node: ast.Call) -> str:
        called = self._found(node.func)
        if called is dataclasses.replace:
            return self._replaced(node)
        if called is sorted:
            return self._sorted(node)
        if called == dict.fromkeys and len(node.args) == 1 and not node.keywords:
            return f"$distinct({self._said(node.args[0])})"
        if isinstance(called, type | types.FunctionType) and called in _PRINTED_WORDS:
            if node.keywords:
                self._refuse(node, f"`{ast.unparse(node)}`, whose arguments have names")
            return f"{_PRINTED_WORDS[called]}({', '.join(map(self._spread, node.args))})"
        if isinstance(called, types.FunctionType):
            return f"{self._printer.reached(called)}({', '.join(self._bound(node, called))})"
        if dataclasses.is_dataclass(called) and inspect.isclass(called):
            if hasattr(called, "__post_init__"):
                self._refuse(node, f"making a {called.__name__}, which has a __post_init__")
            return f"new {self._printer.reached(called)}({', '.join(self._bound(node, called))})"
        return self._refuse(node, f"a call of `{ast.unparse(node.func)}`")

    def _bound(self, node: ast.Call, called: Callable[..., Any]) -> list[str]:
        """What stands for each parameter, in order; a default is put in where nothing does."""
        if any(isinstance(given, ast.Starred) for given in node.args) or any(given.arg is None for given in node.keywords):
            self._refuse(node, f"`{ast.unparse(node)}`, whose arguments are unpacked")
        try:
            bound = inspect.signature(called).bind(*node.args, **{given.arg: given.value for given in node.keywords if given.arg})
        except TypeError as wrong:
            self._refuse(node, f"`{ast.unparse(node)}`: {wrong}")
        told: dict[str, ast.expr] = bound.arguments
        return [
            self._said(told[name]) if name in told else self._literal(node, parameter.default)
            for name, parameter in inspect.signature(called).parameters.items()
        ]

    def _replaced(self, node: ast.Call) -> str:
        if len(node.args) != 1 or any(given.arg is None for given in node.keywords):
            self._refuse(node, f"`{ast.unparse(node)}`")
        changes = []
        for given in node.keywords:
            self._printer.asks_for(str(given.arg), self._function.__qualname__)
            changes.append(f"{given.arg}: {self._said(given.value)}")
        return f"$replace({self._said(node.args[0])}, {{ {', '.join(changes)} }})"

    def _sorted(self, node: ast.Call) -> str:
        key = self._found(node.keywords[0].value) if [given.arg for given in node.keywords] == ["key"] else _NOT_FOUND
        if len(node.args) != 1 or not isinstance(key, types.FunctionType):
            self._refuse(node, f"`{ast.unparse(node)}`: what is sorted has a function of the model for its key")
        return f"$sorted($tuple({self._said(node.args[0])}), {self._printer.reached(key)})"


_NOT_FOUND = object()


def _is_stored(node: ast.AST) -> typing.TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _local(name: str) -> str:
    """A name of Python's as one of JavaScript's: only the script's own have a $ before their end."""
    if not re.fullmatch(r"\w+", name, re.ASCII):
        raise NotTranslated(f"the name {name} has letters that JavaScript may not take")
    return f"{name}$" if name in _RESERVED else name


def _returns(body: list[ast.stmt]) -> bool:
    """Every way through it ends with a value."""
    last = body[-1]
    return (isinstance(last, ast.Return) and last.value is not None) or (
        isinstance(last, ast.If) and bool(last.orelse) and _returns(last.body) and _returns(last.orelse)
    )
