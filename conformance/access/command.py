"""`lockproof access`: the reference authority from the command line. Whatever is slow to import is imported where it is used."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lockproof.conformance.access.desk import Desk
    from lockproof.conformance.access.telling import Told

access_app = typer.Typer(
    help="The access system as its people use it: grants, codes, openings, the report. Kept in one file.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
add_app = typer.Typer(
    help="Make somebody or something known: a person, a property, a box.", no_args_is_help=True, rich_markup_mode=None
)
access_app.add_typer(add_app, name="add")

REFUSED = 1
_ROLES = "realtor, contractor, appraiser, inspector, professional or consumer."

StoreOption = Annotated[
    Path | None,
    typer.Option(
        "--store", help="The authority's file; otherwise LOCKPROOF_STORE, or one in your data folder.", show_default=False
    ),
]
AtOption = Annotated[
    str, typer.Option("--at", help="As if it were then, such as 2027-03-03T14:00:00-05:00; a clock at a box is held.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document, for programs; nothing is asked.")]
ByOption = Annotated[str | None, typer.Option("--by", envvar="LOCKPROOF_BY", help="Your id.", show_envvar=True)]
PortOption = Annotated[
    str,
    typer.Option(
        "--box", help="Where the box is: a port (/dev/ttyUSB0, COM3, socket://host:port); if none, one that is kept in a file."
    ),
]
BoxArgument = Annotated[str | None, typer.Argument(metavar="[BOX]", help="Its name, or the address where it hangs.")]
OfficeOption = Annotated[str | None, typer.Option("--office", help="The office that this person works for.")]


def _at_the_desk(store: Path | None, at: str, *, as_json: bool, does: Callable[[Desk], Told]) -> None:
    """Do something at the desk, and say what came of it; exit code 1 if it was refused."""
    from lockproof.conformance.access.desk import opened

    if isinstance(sys.stdout, io.TextIOWrapper):  # what an encoding has not got is spelt out
        sys.stdout.reconfigure(errors="backslashreplace")

    with opened(store, at, as_json=as_json) as desk:
        told = does(desk)
        sys.stdout.write(told.text(as_json=as_json))
    if not told.accepted:
        raise typer.Exit(REFUSED)


@add_app.command("person", epilog='For example: lockproof access add person 123456 --name "Joe Smith" --office "Smith Realty"')
def add_person(
    person: Annotated[str | None, typer.Argument(help="The id, which stands in the report.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The name, which stands in the report, too.")] = None,
    office: OfficeOption = None,
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """An agent or an owner of boxes; the PIN is asked for, or taken from LOCKPROOF_PIN."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.add_person(desk, person, name, office))


@add_app.command(
    "property", epilog='For example: lockproof access add property "123 Main Street" --zone America/Toronto --agent 123456'
)
def add_property(
    address: Annotated[str | None, typer.Argument(help="Where it is; stands in the report.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="IANA time zone.")] = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Id of the listing agent.")] = None,
    office: Annotated[str | None, typer.Option("--office", help="The listing office.")] = None,
    prop: Annotated[str | None, typer.Option("--id", help="What it is known by; its address, if none.")] = None,
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """A property, with its listing agent."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.add_property(desk, address, zone, agent, office, prop))


@add_app.command("box", epilog="For example: lockproof access add box LB-0042")
def add_box(
    name: Annotated[
        str | None, typer.Argument(metavar="[BOX]", help="The name on it: up to 16 characters, or 32 hex digits.")
    ] = None,
    owner: Annotated[list[str] | None, typer.Option("--owner", help="Who has lockbox owner privileges; may be repeated.")] = None,
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """A box; its secret is drawn, and goes to it when it is assigned."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.add_box(desk, name, tuple(owner or ())))


@access_app.command(epilog='For example: lockproof access assign LB-0042 "123 Main Street" --box /dev/ttyUSB0')
def assign(
    box: BoxArgument = None,
    place: Annotated[str | None, typer.Argument(metavar="[PROPERTY]", help="Its address.")] = None,
    port: PortOption = "",
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Hang a box at a property: it gets its keys, its zone table and the time. What was granted elsewhere ends."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.assign(desk, box, place, port))


@access_app.command(epilog="For example: lockproof access unassign LB-0042")
def unassign(box: BoxArgument = None, store: StoreOption = None, at: AtOption = "", as_json: JsonOption = False) -> None:
    """Take a box from its property: its Connect grants end, its One Day Codes work on."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.unassign(desk, box))


@access_app.command(epilog="For example: lockproof access owners LB-0042 123456 234567")
def owners(
    box: BoxArgument = None,
    person: Annotated[list[str] | None, typer.Argument(metavar="[PERSON]...", help="The ids of all of them.")] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="Nobody has them any more.")] = False,
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say who has lockbox owner privileges on a box; who is not named has none any more."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.set_owners(desk, box, tuple(person or ()), nobody=nobody))


@access_app.command(epilog='For example: lockproof access agent "123 Main Street" 234567')
def agent(
    place: Annotated[str | None, typer.Argument(metavar="[PROPERTY]", help="Its address.")] = None,
    person: Annotated[str | None, typer.Argument(help="The id of the new listing agent.")] = None,
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say who lists a property from now on. What the agent before issued stays."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.set_agent(desk, place, person))


@access_app.command(epilog="For example: lockproof access pin 123456")
def pin(
    person: Annotated[str | None, typer.Argument(help="The id of whoever it is.")] = None,
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Set another PIN; the one of before and the new one are asked for, or taken from LOCKPROOF_PIN and LOCKPROOF_NEXT_PIN."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.set_pin(desk, person))


@access_app.command(epilog="For example: lockproof access account rita@example.org")
def account(
    email: Annotated[str | None, typer.Argument(help="Of whoever uses the app.")] = None,
    close: Annotated[bool, typer.Option("--close", help="Close it: no more tickets.")] = False,
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Register an account of the app, or open a closed one again."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.account(desk, email, close=close))


@access_app.command(epilog="For example: lockproof access board --bar inspector")
def board(
    bar: Annotated[list[str] | None, typer.Option("--bar", help="No One Day Code for this kind; may be repeated.")] = None,
    let_in: Annotated[list[str] | None, typer.Option("--let-in", help="This kind is let in again; may be repeated.")] = None,
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """The board's table of policy: which kinds of recipient it bars from One Day Codes."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.board(desk, tuple(bar or ()), tuple(let_in or ())))


@access_app.command(epilog="For example: lockproof access which appraiser")
def which(
    role: Annotated[str | None, typer.Argument(help=_ROLES)] = None,
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Which to use: a Connect grant, a One Day Code, or neither; why, and by which clause."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.which(desk, role))


@access_app.command(
    epilog='For example: lockproof access grant LB-0042 --to rita@example.org --role realtor --window "from 14:00 for 45 minutes"'
)
def grant(
    box: BoxArgument = None,
    to: Annotated[str | None, typer.Option("--to", help="Email of the recipient.")] = None,
    role: Annotated[str | None, typer.Option("--role", help=f"Who that is: {_ROLES}")] = None,
    window: Annotated[
        str | None,
        typer.Option("--window", help="In the property's time: 'from 14:00 for 45 minutes', 'tomorrow 9:00 until 11:30'."),
    ] = None,
    by: ByOption = None,
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Grant Connect access: one box, one person by email, one window of time."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.grant(desk, by, box, to, role, window))


@access_app.command(
    epilog='For example: lockproof access code LB-0042 --date tomorrow --name "Ann Miller" --role appraiser --seller-permission'
)
def code(
    box: BoxArgument = None,
    date: Annotated[str | None, typer.Option("--date", help="today, tomorrow, in 3 days, or 2027-03-03.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Who will use it; stands in the report.")] = None,
    role: Annotated[str | None, typer.Option("--role", help=f"Who that is: {_ROLES}")] = None,
    permission: Annotated[
        bool | None, typer.Option("--seller-permission/--no-seller-permission", help="The seller's written permission is there.")
    ] = None,
    by: ByOption = None,
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Generate a One Day Code; the PIN is asked for, or taken from LOCKPROOF_PIN."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.code(desk, by, box, date, name, role, permission))


@access_app.command(epilog="For example: lockproof access share code-1f2e --email ann@example.org --out code.eml")
def share(
    reference: Annotated[str | None, typer.Argument(metavar="[CODE]", help="What came back, or the beginning of it.")] = None,
    email: Annotated[
        str, typer.Option("--email", help="As an email to this address, in a file, and not as a text message.")
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", help="The file of the email.")] = None,
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """A code with its instructions: a text message that fits one SMS, or an email."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.share(desk, reference, email, out))


@access_app.command(epilog="For example: lockproof access revoke 9f3a21c4")
def revoke(
    reference: Annotated[str | None, typer.Argument(metavar="[GRANT]", help="What came back, or the beginning of it.")] = None,
    by: ByOption = None,
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """End a Connect grant at any time. A One Day Code can't be revoked: that is refused, and reported as refused."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.revoke(desk, by, reference))


@access_app.command(
    "open",
    epilog="For example: lockproof access open LB-0042 --account rita@example.org\n\n"
    "lockproof access open LB-0042 --digits 47112345 --box /dev/ttyUSB0",
)
def open_box(
    box: BoxArgument = None,
    account: Annotated[str, typer.Option("--account", help="With the app, logged in to this account.")] = "",
    digits: Annotated[str, typer.Option("--digits", help="At the keypad.")] = "",
    reference: Annotated[
        str, typer.Option("--grant", help="With --account: by this grant; the one that holds, if none is named.")
    ] = "",
    offline: Annotated[
        bool, typer.Option("--offline", help="The box's log stays there until somebody comes with a network.")
    ] = False,
    port: PortOption = "",
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Stand at a box and open it: with the app, or with digits at its keypad. Exit code 1 if it stays closed."""
    from lockproof.conformance.access import doing

    _at_the_desk(
        store,
        at,
        as_json=as_json,
        does=lambda desk: doing.open_box(desk, box, account, digits, reference, port, offline=offline),
    )


@access_app.command(epilog="For example: lockproof access sync LB-0042 --box /dev/ttyUSB0")
def sync(
    box: BoxArgument = None, port: PortOption = "", store: StoreOption = None, at: AtOption = "", as_json: JsonOption = False
) -> None:
    """Go to a box with a network: it is told the time and what was revoked, and its log is taken along."""
    from lockproof.conformance.access import doing

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: doing.sync(desk, box, port))


@access_app.command("list", epilog="For example: lockproof access list grants --of rita@example.org")
def list_(
    what: Annotated[str, typer.Argument(help="people, properties, boxes, accounts, grants or codes; all, if none.")] = "",
    of: Annotated[
        str, typer.Option("--of", help="Only what has to do with this person, office, property, box, email, grant or code.")
    ] = "",
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Who and what is known, and what was issued."""
    from lockproof.conformance.access import looking

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: looking.show(desk, what, of))


@access_app.command(epilog='For example: lockproof access report --property "123 Main Street" --since 2027-03-01 --form csv')
def report(
    form: Annotated[str, typer.Option("--form", help="tsv, as the source prints it; csv; or json.")] = "tsv",
    place: Annotated[str, typer.Option("--property", help="Only of this property.")] = "",
    box: Annotated[str, typer.Option("--of-box", help="Only of this box.")] = "",
    person: Annotated[str, typer.Option("--person", help="Only of this grantor, or this recipient: id, name or email.")] = "",
    since: Annotated[str, typer.Option("--since", help="From this date or time on, in the property's time.")] = "",
    until: Annotated[str, typer.Option("--until", help="Up to this date or time, and not at it.")] = "",
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """The access report: every issue, use, revocation and refused revocation."""
    from lockproof.conformance.access import looking

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: looking.report(desk, form, place, box, person, since, until))


@access_app.command(epilog="For example: lockproof access notifications")
def notifications(store: StoreOption = None, at: AtOption = "", as_json: JsonOption = False) -> None:
    """Showing notifications: one for each opening with a Connect grant, none for a One Day Code."""
    from lockproof.conformance.access import looking

    _at_the_desk(store, at, as_json=as_json, does=looking.notifications)


@access_app.command(epilog="For example: lockproof access alerts")
def alerts(store: StoreOption = None, at: AtOption = "", as_json: JsonOption = False) -> None:
    """What is wrong in what boxes send: gaps in their numbering, uses of codes never issued."""
    from lockproof.conformance.access import looking

    _at_the_desk(store, at, as_json=as_json, does=looking.alerts)


@access_app.command(epilog="For example: lockproof access history --json")
def history(store: StoreOption = None, at: AtOption = "", as_json: JsonOption = False) -> None:
    """What was asked of the authority, what it answered and what changed by it; no PIN, digits or secret stands in it."""
    from lockproof.conformance.access import looking

    _at_the_desk(store, at, as_json=as_json, does=looking.history)


@access_app.command(epilog="For example: lockproof access audit --head 12:9f3a…")
def audit(
    head: Annotated[str, typer.Option("--head", help="The head of the history as an earlier audit gave it.")] = "",
    store: StoreOption = None,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Is the history whole, and do the tables say what it says? Exit code 1 if anything was changed behind the authority's back."""
    from lockproof.conformance.access import looking

    _at_the_desk(store, at, as_json=as_json, does=lambda desk: looking.audit(desk, head))
