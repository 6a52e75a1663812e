"""The command line, read off the command itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from lockproof.conformance.command import app
from making.manuals import with_manuals_linked
from making.markdown import Page, fenced, link, literal, table, with_clauses_linked

COMMANDS = "commands"


def commands_page() -> Page:
    root = typer.main.get_command(app)
    found = list(_all(root, "lockproof"))
    rows = ((f"[`{name}`](#{_anchor(name)})", _first(command)) for name, command in found)
    parts = [
        "# Commands",
        f"{literal(root.help or '')} Each command explains itself with `--help`.",
        table(("command", "what it does"), rows),
    ]
    for name, command in found:
        parts += _command(name, command)
    parts.append(
        "## Exit codes\n\n0 all passed, 1 failed, 2 usage or bad input, 3 harness or link error, 4 inconclusive."
        f" See [the kit in brief]({link(COMMANDS, 'readme')})."
    )
    return Page(COMMANDS, "Commands", "\n\n".join(parts) + "\n", ("The kit",))


def _all(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its whole name."""
    for each, its in getattr(command, "commands", {}).items():
        if not its.hidden:
            yield from _all(its, f"{name} {each}")
    if not hasattr(command, "commands"):
        yield name, command


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _first(command: Any) -> str:
    return literal((command.help or "").split("\n\n", maxsplit=1)[0].replace("\n", " "))


def _linked(text: str) -> str:
    return with_manuals_linked(COMMANDS, literal(text))


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    yield f"## {name} {{ #{_anchor(name)} }}"
    yield with_clauses_linked(COMMANDS, _linked(command.help or "")).strip()
    shown = [_argument(each) for each in arguments]
    yield fenced(" ".join([name, *(["[OPTIONS]"] if options else []), *shown]), "text")
    rows = [(f"`{_argument(each)}`", _linked(each.help or "")) for each in arguments]
    rows += [(", ".join(f"`{word}`" for word in _words(each)), _linked(each.help or "") + _default(each)) for each in options]
    if rows:
        yield table(("word", "what it says"), rows)
    if command.epilog:
        yield literal(command.epilog.split("\n\n")[0].partition(":")[0]) + ":"
        yield fenced("\n".join(line.removeprefix("For example: ") for line in command.epilog.split("\n\n")), "sh")


def _argument(each: Any) -> str:
    name = (each.metavar or each.name).upper()
    return (f"[{name}]" if not each.required else name) + ("..." if each.nargs == -1 else "")


def _words(option: Any) -> list[str]:
    return [*option.opts, *option.secondary_opts]


def _default(option: Any) -> str:
    told = option.default
    if option.required:
        return " **Needed.**"
    if isinstance(told, bool) or told is None or callable(told) or told in ("", (), []):
        return ""
    return f" If not said: `{getattr(told, 'value', told)}`."
