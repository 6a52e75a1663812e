"""The `lockproof` command. Whatever is slow to import is imported by the command that needs it."""

from __future__ import annotations

import os
import signal
import sys
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO

import typer
from lockproof.conformance import ctrl_c
from lockproof.conformance.access.command import access_app

app = typer.Typer(
    help="Who may open an electronic real-estate lockbox, and when: the standard's proofs, its reference system and its conformance kit.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
scenarios_app = typer.Typer(help="The scenarios: list, show, check, synthesize.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(scenarios_app, name="scenarios")
adapter_app = typer.Typer(help="Adapters for boxes that speak something else.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(adapter_app, name="adapter")
authority_app = typer.Typer(help="Authorities: the services that issue.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(authority_app, name="authority")
pics_app = typer.Typer(
    help="The vendor's declaration of a box (PICS): draft, check.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(pics_app, name="pics")
app.add_typer(access_app, name="access")


_CTRL_C_OF_TYPER = 130  # what it makes of KeyboardInterrupt, of which `main` hears nothing else

_SUITE = "Which packaged scenarios: written by people, synthesized from the model, all, or none but the controls."


class Exit(IntEnum):
    """0 all passed, 1 failed, 2 usage or bad input, 3 harness or link error, 4 inconclusive."""

    PASSED = 0
    FAILED = 1
    BAD_INPUT = 2
    LINK = 3
    INCONCLUSIVE = 4


def _say_version(wanted: bool) -> None:
    if wanted:
        from lockproof.conformance import digests

        kit = digests.kit()
        sys.stdout.write(f"lockproof {kit['version']}   (spec {kit['spec'][:12]}, judge {kit['judge'][:12]})\n")
        raise typer.Exit


@app.callback()
def _lockproof(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is, and stop.")
    ] = False,
) -> None: ...


def main() -> None:
    """The entry point: bad input, a lost link and Ctrl-C end in one clear message, and no error of ours in the exit code of a verdict."""
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()  # closed by whoever started us
    try:
        with ctrl_c.minded(to_the_end=True):
            app()
    except KeyboardInterrupt:
        _stop(ctrl_c.stopped_by(), Exit.LINK)
    except SystemExit as end:
        if end.code == _CTRL_C_OF_TYPER:
            _stop(ctrl_c.stopped_by(), Exit.LINK)
        if isinstance(end.__context__, BrokenPipeError):  # the reader of our output has seen enough, which typer calls 1
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(Exit.LINK) from None
        raise
    except Exception as error:  # noqa: BLE001 (this is the end)
        from lockproof.spec.civil import CivilError
        from lockproof.spec.clauses import ClauseError, UnknownClause
        from lockproof.spec.observable import BadInput, BenchError

        if isinstance(error, BadInput | ClauseError | UnknownClause | CivilError):
            _stop(error, Exit.BAD_INPUT)
        if isinstance(error, OSError):
            _stop(f"cannot go on: {error.strerror or error}", Exit.LINK)
        if isinstance(error, BenchError):
            _stop(error, Exit.LINK)
        import traceback

        _stop(f"{traceback.format_exc()}this is a mistake of the kit's own, and says nothing about a box", Exit.LINK)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _stop(message: object, code: Exit) -> NoReturn:
    from lockproof.conformance.visible import visible

    sys.stderr.write(f"{visible(str(message), None)}\n")
    raise SystemExit(code)


@app.command(
    epilog="For example: lockproof run            (the reference box, in process and over a pseudo-terminal)\n\n"
    "lockproof run --box /dev/ttyUSB0 --scenario the-hour-is-over"
)
@ctrl_c.held()  # but while a box is judged, so that what was found of it is told
def run(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Scenarios (*.yaml), traces (*.itf.json) or folders of them; the packaged ones if none."),
    ] = None,
    box: Annotated[
        list[str] | None,
        typer.Option(
            help="What to judge: a port (/dev/ttyUSB0, COM3, socket://host:port, rfc2217://host:port), reference, pty, fault:NAME,"
            " pty:NAME, adapter:NAME:port=/dev/ttyUSB0 or program:COMMAND (see hw_adapter/ADAPTERS.md), or the NAME of a box in the"
            " bench file."
        ),
    ] = None,
    authority: Annotated[
        str,
        typer.Option(
            help="Judge this authority, beside the reference box if no --box: program:COMMAND, adapter:NAME:OPTIONS, reference or"
            " fault:NAME (see hw_adapter/AUTHORITIES.md)."
        ),
    ] = "",
    bench: Annotated[
        Path | None, typer.Option(help="A bench file: boxes, ports, power, observation, budgets; all its boxes if no --box.")
    ] = None,
    scenario: Annotated[list[str] | None, typer.Option(help="Play only this one, and the controls; may be repeated.")] = None,
    which: Annotated[str, typer.Option("--suite", help=_SUITE)] = "all",
    out: Annotated[Path, typer.Option(help="Where runs are kept: a numbered folder each.")] = Path("runs"),
    today: Annotated[str, typer.Option(help="The date that scenarios call today, YYYY-MM-DD.")] = "",
    seed: Annotated[
        str, typer.Option(help="Draw ids, secrets and wrong digits from this, as an earlier run did; a new one if empty.")
    ] = "",
    codes: Annotated[
        Path | None,
        typer.Option(help="Codes of a box of class core, minted beforehand: a CSV or JSON file of day, index, digits."),
    ] = None,
    one_at_a_time: Annotated[
        bool, typer.Option("--one-at-a-time", help="Each command in a request of its own: slower, and shows which one hurts.")
    ] = False,
    clock: Annotated[
        str,
        typer.Option(
            help="How the box's clock is dealt with: hold (it stands still and is moved, the default where the box can), advance (it"
            " runs, and long waits are skipped), wall-clock (it runs, and is waited for)."
        ),
    ] = "",
    wait: Annotated[
        str,
        typer.Option(
            help="Leave out scenarios that wait longer than this for a clock that runs, such as 2h; if not said, 0s if it is held,"
            " and with wall-clock as long as all of them together wait an hour at most. The plan says what other waits give."
        ),
    ] = "",
    explore: Annotated[
        str,
        typer.Option(help="Then explore it: for so many steps, such as 2000, or for so long, such as 10m; alone: --suite none."),
    ] = "",
    plainly: Annotated[bool, typer.Option("--explore-plain", hidden=True, help="Explore without aiming time at bounds.")] = False,
    brief: Annotated[bool, typer.Option("--brief", help="No table of clauses.")] = False,
    pics: Annotated[
        Path | None,
        typer.Option(help="The vendor's declaration (see hw_adapter/PICS.md): a box that contradicts it is not judged."),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Play nothing: say what would be played, what not and why, and what it costs.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="With --plan: each scenario that would be played, with what it costs.")
    ] = False,
) -> None:
    """Play the scenarios on a box, or on an authority, and judge it."""
    from lockproof.conformance.asked import Asked
    from lockproof.conformance.carrying_out import carry_out
    from lockproof.conformance.options import new_folder

    if verbose and not plan:
        _stop("--verbose says more of a plan; write --plan, too", Exit.BAD_INPUT)
    asked = Asked.of(
        boxes=tuple(box or ()),
        authority=authority,
        bench=bench,
        files=tuple(files or ()),
        scenarios=tuple(scenario or ()),
        suite=which,
        codes=codes,
        one_at_a_time=one_at_a_time,
        clock=clock,
        wait=wait,
        pics=pics,
        today=today,
        seed=seed,
        explore=explore,
        plainly=plainly,
    )
    understood = asked.understood()  # what is wrong with it is said before there is a folder
    if plan:
        from lockproof.conformance.foretelling import foretell

        raise SystemExit(
            foretell(_console(), understood.targets, understood.scenarios, asked.today, understood.options, verbose=verbose)
        )
    folder = new_folder(out)
    asked.write(folder)
    _judge_and_tell(partial(carry_out, asked, understood, folder), asked, folder, brief=brief)


@app.command(epilog="For example: lockproof resume runs/0007")
@ctrl_c.held()
def resume(
    run: Annotated[Path, typer.Argument(help="The folder of a run that was stopped.")],
    brief: Annotated[bool, typer.Option("--brief", help="No table of clauses.")] = False,
) -> None:
    """Go on with a run that was stopped, killed or lost its box: what is decided is not asked again."""
    from lockproof.conformance.asked import Asked
    from lockproof.conformance.carrying_out import carry_out
    from lockproof.conformance.reporting import refuse_if_signed

    folder = run.resolve()
    asked = Asked.read(folder)
    refuse_if_signed(folder, "begin a new run")
    if asked.cwd != str(Path.cwd()):
        try:
            os.chdir(asked.cwd)  # what the run was asked for is named from there
        except OSError as error:
            _stop(
                f"{asked.cwd}: {error.strerror}: the run began there, and names its files from there; put it back", Exit.BAD_INPUT
            )
    folder = _from_here(folder)
    _judge_and_tell(partial(carry_out, asked, asked.understood(), folder), asked, folder, brief=brief)


def _judge_and_tell(carry_out: Any, asked: Any, folder: Path, *, brief: bool) -> NoReturn:
    from lockproof.conformance import report

    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP, and nohup has it ignored
        if (number := getattr(signal, name, None)) and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, ctrl_c.as_ctrl_c)
    console = _console()
    results = carry_out(console)
    named = bool(asked.scenarios or asked.files)
    report.show(console, results, brief=brief or named, left_out=named)
    if any(result.stopped or result.error for result in results):
        console.print(f"to go on with it: lockproof resume {folder}", highlight=False, markup=False, soft_wrap=True)
    raise SystemExit(_worst(result.exit_code for result in results))


def _from_here(folder: Path) -> Path:
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


@app.command(epilog="For example: lockproof prove --mutants\n\nlockproof prove --export obligations")
def prove(
    export: Annotated[
        Path | None, typer.Option(help="Also write every obligation to this folder, as SMT-LIB, for a solver of your own.")
    ] = None,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Then change the model in every small way, and say which theorems name each change.")
    ] = False,
    witnesses: Annotated[
        Path | None, typer.Option(help="Also write a shortest trace of each theorem to this folder, as a scenario, and play it.")
    ] = None,
    counterexamples: Annotated[
        Path, typer.Option(help="Where a trace on which a theorem fails is written, as a scenario that lockproof run plays.")
    ] = Path("counterexamples"),
) -> None:
    """Prove every theorem for every legal profile with two solvers; name what fails, with a counterexample."""
    from lockproof.conformance.mutants import judge_and_tell
    from lockproof.conformance.proving import prove_and_tell

    console = _console()
    code = prove_and_tell(console, export, witnesses, counterexamples)
    raise SystemExit(judge_and_tell(console) if mutants and code == Exit.PASSED else code)


@app.command(
    epilog="For example: lockproof box --fault reentry-restarts-the-hour --link /tmp/box\n\n"
    "lockproof box --production /dev/ttyUSB0   (does that build refuse every test command?)"
)
def box(
    port: Annotated[
        str | None, typer.Argument(help="With --production: check the production build at this port instead.")
    ] = None,
    fault: Annotated[str, typer.Option(help="Serve a box with this fault.")] = "",
    list_faults: Annotated[bool, typer.Option("--list-faults", help="List the faults, and stop.")] = False,
    tcp: Annotated[
        int | None, typer.Option(help="Serve on this TCP port of this machine instead of a pseudo-terminal; 0 picks one.")
    ] = None,
    link: Annotated[Path | None, typer.Option(help="Make this a symbolic link to the pseudo-terminal.")] = None,
    store: Annotated[Path | None, typer.Option(help="Keep what is durable in this file, over the end of the process.")] = None,
    supply: Annotated[
        Path | None, typer.Option(help="Have power while this file is there; removed and made anew, the box boots.")
    ] = None,
    shackle: Annotated[Path | None, typer.Option(help="Write open to this file whenever the mechanism moves.")] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            help="A value of the profile, NAME=VALUE, times in seconds (clock_skew=2, timer_drift=1, holdover=3600); may be repeated."
        ),
    ] = None,
    clock: Annotated[
        str, typer.Option(help="wall-clock: declare only that, a clock that runs and that nobody can hold or move.")
    ] = "",
    drift: Annotated[float, typer.Option(help="With --clock: what its clock gains, in ppm; it declares 20.")] = 0.0,
    offset: Annotated[
        int, typer.Option(help="With --clock: seconds that it shows more than it was set to; it declares clock_skew.")
    ] = 0,
    production: Annotated[
        bool, typer.Option("--production", help="Refuse test commands, as a production build does; with PORT: check that one.")
    ] = False,
    sign_of_life: Annotated[
        str,
        typer.Option(help="With PORT: a program that exits with 0 if the box is alive, for a box that is silent to everything."),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            help="With PORT: also write what was found to this file; production.json in a run's folder is certified with it."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but the path or address to open.")] = False,
) -> None:
    """Serve the reference box, or a faulty one, on a pseudo-terminal or a TCP port; or check a production build."""
    from lockproof.conformance import faults
    from lockproof.conformance.serving import serve
    from lockproof.conformance.surroundings import Surroundings
    from lockproof.spec.profile import profile_of

    if list_faults:
        for each in faults.all_faults().values():
            sys.stdout.write(f"{each.name:<40} {each.breaks or 'degenerate':<30} {each.does}\n")
        sys.stdout.write("\nof authorities (lockproof run --authority fault:NAME):\n")
        for authority in faults.all_authorities().values():
            sys.stdout.write(f"{authority.name:<40} {authority.breaks or 'degenerate':<30} {authority.does}\n")
        return
    if port == "":
        _stop("PORT is empty: name one, such as /dev/ttyUSB0", Exit.BAD_INPUT)
    if port:
        from lockproof.conformance.checking import check_production

        if not production or fault or link or store or profile or tcp is not None:
            _stop(
                f"{port}: to check a production build: lockproof box --production {port}; to judge a test build: lockproof run --box {port}",
                Exit.BAD_INPUT,
            )
        raise SystemExit(check_production(port, sign_of_life, out))
    if out is not None:
        _stop("--out keeps the check of a production build; name its PORT, and write --production, too", Exit.BAD_INPUT)
    runs = _running_clock(clock, drift, offset)
    around = Surroundings(supply, shackle)
    serve(fault, tcp, link, store, profile_of(profile or []), production=production, quiet=quiet, surroundings=around, clock=runs)


@app.command(epilog="For example: lockproof bringup --box /dev/ttyUSB0")
def bringup(
    box: Annotated[
        str, typer.Option(help="The port: /dev/ttyUSB0, COM3, socket://host:port, rfc2217://host:port; or pty, a good box.")
    ],
    baud: Annotated[int, typer.Option(min=1, help="Bits a second.")] = 115_200,
) -> None:
    """Take a half-finished firmware up five rungs: what works, what does not, what to do next, and the frames to try it by hand.

    The way from a bare firmware to its first verdict, step by step: hw_adapter/PORTING.md.
    """
    from lockproof.conformance.bringing_up import bring_up

    raise SystemExit(bring_up(box, baud))


@app.command(epilog="For example: lockproof ports\n\nlockproof ports --listen /dev/ttyUSB0")
def ports(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PORT]...", help="Ports to ask: devices, COM3, socket:// or rfc2217://; all if none."),
    ] = None,
    listen: Annotated[str, typer.Option(metavar="PORT", help="Show what this port says, as hex and text, until Ctrl-C.")] = "",
    seconds: Annotated[float, typer.Option(min=0, help="Listen for so long; 0 until Ctrl-C.")] = 0.0,
    baud: Annotated[int, typer.Option(min=1, help="Bits a second.")] = 115_200,
    ask: Annotated[bool, typer.Option("--ask/--no-ask", help="Say hello at each, or only list them and send nothing.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List the ports that are there, and what answers as a box."""
    from lockproof.conformance import porting

    if listen:
        raise SystemExit(porting.listen_and_tell(listen, baud, seconds))
    raise SystemExit(porting.list_and_tell(names or [], baud, ask=ask, as_json=as_json))


@app.command(epilog="For example: lockproof line --to reference --drop 0.005 --stall 0.1 --seed 7 --link /tmp/bad-line")
def line(
    to: Annotated[
        str, typer.Option(help="Where the box is: a port (/dev/ttyUSB0, COM3, socket://host:port), reference, or fault:NAME.")
    ] = "reference",
    drop: Annotated[float, typer.Option(help="Of each byte, the probability that it is lost.")] = 0.0,
    gap: Annotated[float, typer.Option(help="Of each frame, the probability that a stretch of up to 32 bytes is lost.")] = 0.0,
    flip: Annotated[float, typer.Option(help="Of each byte, the probability that a bit of it is turned over.")] = 0.0,
    noise: Annotated[
        float, typer.Option(help="Of each byte, the probability that one comes twice, or one that nobody sent.")
    ] = 0.0,
    stall: Annotated[float, typer.Option(help="Of each frame, the probability that nothing comes for a while, then all.")] = 0.0,
    stall_for: Annotated[float, typer.Option(help="The longest stall, in seconds.")] = 2.0,
    reboot: Annotated[float, typer.Option(help="Of each request, the probability that a box of ours loses power.")] = 0.0,
    baud: Annotated[int, typer.Option(help="Pace bytes so, ten bits each, and drive a port so; 0 takes no time.")] = 0,
    latency: Annotated[float, typer.Option(help="Milliseconds that an adapter chip keeps what comes from the box.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Where everything is drawn from; the same again does the same again.")] = 0,
    link: Annotated[Path | None, typer.Option(help="Make this a symbolic link to the pseudo-terminal.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but the path to open.")] = False,
) -> None:
    """Lay a bad line between a box and the kit: a pseudo-terminal that loses, changes and delays what passes."""
    from lockproof.conformance.lining import lay
    from lockproof.hw_adapter.hostile import Hostility

    lay(to, Hostility(drop, gap, flip, noise, stall, reboot, baud, latency, stall_for, seed), link, quiet=quiet)


@app.command(epilog="For example: lockproof faults --over pty")
def faults(
    names: Annotated[list[str] | None, typer.Argument(help="Faults to try; all if none are named.")] = None,
    over: Annotated[
        str,
        typer.Option(
            help="Where the faulty box stands: fault (in process, and faulty authorities beside a box there), pty (a process on a line),"
            " or firmware (the port kit's own faults, in C)."
        ),
    ] = "fault",
    which: Annotated[str, typer.Option("--suite", help=_SUITE)] = "all",
    smallest: Annotated[
        bool,
        typer.Option("--smallest", help="Also say which fewest synthesized scenarios still catch all that they catch together."),
    ] = False,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="Play every scenario on every box, also when the clause that it breaks has failed."),
    ] = False,
    explore: Annotated[
        str, typer.Option(help="Also explore each, for so many steps at most, such as 3000; alone: --suite none.")
    ] = "",
    plainly: Annotated[
        bool, typer.Option("--explore-plain", help="Also explore each without aiming time at bounds, for as many steps.")
    ] = False,
    seed: Annotated[list[str] | None, typer.Option(help="Explore with this; may be repeated. 1 if none is named.")] = None,
    out: Annotated[Path, typer.Option(help="Where kill matrices are kept: a numbered folder each.")] = Path("faults"),
) -> None:
    """Try every faulty box and authority: which scenarios and clauses caught it, after how many commands, and which got away."""
    from lockproof.conformance.faults import one_of
    from lockproof.conformance.killing import Trial, faults_over, try_and_tell
    from lockproof.conformance.matrix import STANDS
    from lockproof.conformance.options import exploration, new_folder, suite

    if over not in STANDS:
        _stop(
            f"--over {over}: faulty boxes stand in process (fault), on a line (pty), or are the port kit's (firmware)",
            Exit.BAD_INPUT,
        )
    wanted = exploration(explore)
    if wanted and not wanted.steps:
        _stop(f"--explore {explore}: here it is a number of steps, such as 3000, so that boxes can be compared", Exit.BAD_INPUT)
    if plainly and not wanted:
        _stop("--explore-plain says how else to explore; write --explore STEPS, too", Exit.BAD_INPUT)
    steps = (wanted.steps or 0) if wanted else 0
    trial = Trial(over, suite(which), steps, plainly, tuple(dict.fromkeys(seed or ("1",))), whole or smallest)
    if not (trial.suites or steps):
        _stop("--suite none: nothing would be tried; write --explore STEPS, too", Exit.BAD_INPUT)
    known = {name: fault for name, fault in faults_over(over).items() if trial.tries(fault)}
    chosen = [one_of(known, name).name for name in names] if names else list(known)
    raise SystemExit(try_and_tell(_console(), chosen, trial, new_folder(out), smallest=smallest))


@app.command(epilog="For example: lockproof clauses code.expiry.after-first-use")
def clauses(names: Annotated[list[str] | None, typer.Argument(help="Clause ids; all if none are named.")] = None) -> None:
    """The clauses of the standard: who decides each, and its sentence."""
    from lockproof.spec.clauses import all_clauses, clause

    chosen = [clause(name) for name in names] if names else list(all_clauses().values())
    for each in chosen:
        sys.stdout.write(f"{each.id} · {each.decider}\n    {each.sentence}\n")
        if names and each.detail:
            sys.stdout.write(f"    Precisely: {each.detail}\n")


@app.command(
    epilog="For example: lockproof replay runs/0001 --scenario the-hour-is-over\n\n"
    "lockproof replay runs/0001 --scenario the-hour-is-over --box /dev/ttyUSB0"
)
def replay(
    file: Annotated[Path, typer.Argument(help="The journal of a run, or the run's folder.")],
    scenario: Annotated[str, typer.Option(help="Only this one.")] = "",
    box: Annotated[str, typer.Option(help="Play the same scenarios, with the same seed, on this box, and judge it.")] = "",
    frames: Annotated[bool, typer.Option("--frames", help="Print what passed on the line in this scenario, decoded.")] = False,
    step: Annotated[int | None, typer.Option(help="With --frames: only in this step; 0 sets the box up.")] = None,
    export_c: Annotated[
        Path | None, typer.Option(help="Write the frames of this scenario to this file, as a unit test in C.")
    ] = None,
    wait: Annotated[
        str,
        typer.Option(
            help="With --box: leave out scenarios that wait longer than this; as long as the recorded run, if not said."
        ),
    ] = "",
    out: Annotated[Path, typer.Option(help="With --box: where runs are kept.")] = Path("runs"),
) -> None:
    """Judge a recorded run again without the box, or play it on a box again; print its frames, or make a unit test of them."""
    from lockproof.conformance import recording, replaying, report
    from lockproof.conformance.judging import judge_again
    from lockproof.conformance.visible import visible

    journal = replaying.journal_of(file)
    if (frames or export_c) and not scenario:
        _stop("--frames and --export-c: name one scenario of the run with --scenario", Exit.BAD_INPUT)
    if wait and not box:
        _stop("--wait says how long a scenario may wait; name the box with --box, too", Exit.BAD_INPUT)
    if step is not None and not frames:
        _stop("--step says whose frames to print; write --frames, too", Exit.BAD_INPUT)
    if frames:
        for passed in replaying.frames_of(journal, scenario, step):
            sys.stdout.write(f"{visible(recording.told(passed), None)}\n")
        return
    if export_c:
        from lockproof.conformance.unit_test import export

        sys.stdout.write(export(journal, scenario, export_c) + "\n")
        return
    if box:
        head, files, ids = replaying.to_play_again(journal, scenario)
        waited = head.get("wait")
        wait = wait or ("" if waited is None else f"{waited}s")
        run(files, [box], scenario=ids, out=out, today=head["today"], seed=head["seed"], clock=head.get("clock", ""), wait=wait)
    result = judge_again(journal, scenario)
    report.show(_console(), [result], brief=bool(scenario))
    raise SystemExit(result.exit_code)


@app.command(epilog="For example: lockproof judge runs/0001")
def judge(
    run: Annotated[Path, typer.Argument(help="The folder of a run, of one of its boxes, or a journal.")],
    brief: Annotated[bool, typer.Option("--brief", help="No table of clauses.")] = False,
) -> None:
    """Give the verdicts of a run again, from its journals alone, and compare them with those that it gave itself."""
    from lockproof.conformance import report
    from lockproof.conformance.rejudging import judge_run
    from lockproof.conformance.visible import visible

    judged = judge_run(run)
    console = _console()
    report.show(console, judged.results, brief=brief)
    for line in judged.told():
        console.print(visible(line, None), highlight=False, markup=False, soft_wrap=True)
    raise SystemExit(Exit.LINK if judged.differences else _worst(result.exit_code for result in judged.results))


@app.command("report", epilog="For example: lockproof report runs/0001")
def report_run(
    run_: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run, that of one box of it, or a journal.")],
    out: Annotated[
        Path | None, typer.Option(help="Write the page to this file; report.html in the run's folder, if not said.")
    ] = None,
) -> None:
    """Make the page of a run anew, from its journals alone: what was found, for people, in one HTML file that needs no network."""
    from lockproof.conformance import report
    from lockproof.conformance.reporting import report_anew

    path, results = report_anew(run_, out)
    console = _console()
    for result in results:
        console.print(report.summary(result), highlight=False, soft_wrap=True)
    sys.stdout.write(f"{path}\n")
    raise SystemExit(_worst(result.exit_code for result in results))


@app.command(epilog="For example: lockproof diff runs/0001 runs/0002")
def diff(
    before: Annotated[
        Path, typer.Argument(metavar="RUN", help="The folder of a run, that of one box of it, a journal or a report.json.")
    ],
    after: Annotated[Path, typer.Argument(metavar="RUN", help="The run to compare it with.")],
) -> None:
    """Compare two runs by clause and scenario: what got worse (then 1 is returned), better, is new or gone, has another reason."""
    from lockproof.conformance.comparing import compare
    from lockproof.conformance.visible import visible

    lines, code = compare(before, after)
    sys.stdout.write("".join(f"{visible(line, None)}\n" for line in lines))
    raise SystemExit(code)


@app.command(epilog="For example: lockproof keygen --out lockproof.key")
def keygen(
    out: Annotated[
        Path, typer.Option(help="The file of the private key; the public one is written beside it, with .pub.")
    ] = Path("lockproof.key"),
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Protect it by a passphrase: that of LOCKPROOF_PASSPHRASE, or else asked for.")
    ] = False,
) -> None:
    """Make the key pair that signs statements (Ed25519)."""
    from lockproof.conformance import key_files

    keyid = key_files.generate(out, protected=passphrase)
    sys.stdout.write(f"{out}: keep it to yourself\n{key_files.public_of(out)}: for whoever verifies\nkey id: {keyid}\n")


@app.command(
    epilog='For example: lockproof certify runs/0007 --key lockproof.key --signer "Acme Locks" --as self\n\n'
    "Exit codes: 0 it is written, 1 this run does not certify the box, 2 it can't be used."
)
def certify(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN [RUN]", help="The folder of the run, and of one in which an expiry was waited for, if there is one."
        ),
    ],
    key: Annotated[Path, typer.Option(help="The private key, as lockproof keygen wrote it.")],
    signer: Annotated[str, typer.Option(help="Who signs, in words.")],
    role: Annotated[str, typer.Option("--as", help="self: whoever makes the box; lab: whoever judges it for others.")],
    pics: Annotated[
        Path | None, typer.Option(help="Also look whether this is the declaration that the run was judged by.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The statement; statement.json in the folder of the run, if not said.")] = None,
) -> None:
    """Sign a statement that a box conforms, of a run that shows it; or say every reason why none can be signed."""
    from lockproof.conformance.certifying import certify as sign

    raise SystemExit(sign(runs, key, signer, role, pics, out))


@app.command(
    epilog="For example: lockproof verify runs/0007/statement.json --key lockproof.key.pub\n\n"
    "Exit codes: 0 all holds, 1 something does not, 2 it can't be used, 4 all holds, and who signed is not known."
)
def verify(
    statement: Annotated[Path, typer.Argument(help="The statement.")],
    key: Annotated[Path | None, typer.Option(help="The public key of whoever you believe signed it.")] = None,
    run: Annotated[
        list[Path] | None,
        typer.Option(help="The folder of the run; where the statement stands, if not said. Again for that of the expiry."),
    ] = None,
) -> None:
    """Does a signed statement hold? By its signature, and by judging the run again, without the device."""
    from lockproof.conformance.verifying import verify as check

    raise SystemExit(check(statement, key, run or []))


@scenarios_app.command("list", epilog="For example: lockproof scenarios list --clause code.day")
def list_scenarios(
    clause: Annotated[str, typer.Option(help="Only those that show this clause.")] = "",
    which: Annotated[str, typer.Option("--suite", help=_SUITE)] = "all",
) -> None:
    """The packaged scenarios: id, clauses, story."""
    from lockproof.conformance import options, suite
    from lockproof.spec import clauses as known

    if clause:
        known.clause(clause)
    for each in suite.packaged(options.suite(which)):
        if not clause or clause in each.clauses:
            sys.stdout.write(f"{each.id}\n    {', '.join(each.clauses)}\n    {each.story}\n")


@scenarios_app.command("show", epilog="For example: lockproof scenarios show the-hour-is-over")
def show_scenario(name: Annotated[str, typer.Argument(help="The id of a packaged scenario.")]) -> None:
    """One scenario as it is written, or as it would be."""
    from lockproof.conformance import suite

    found = next(each for each in suite.select(suite.packaged(), [name]) if each.id == name)
    sys.stdout.write(suite.text_of(found))


@scenarios_app.command("check", epilog="For example: lockproof scenarios check my-scenarios/")
def check_scenarios(
    files: Annotated[list[Path] | None, typer.Argument(help="Files or folders; the packaged ones if none.")] = None,
) -> None:
    """Read scenarios and play them on the reference box: every expectation must be the standard's."""
    from lockproof.conformance import suite
    from lockproof.conformance.run import run as run_suite
    from lockproof.conformance.targets import IN_PROCESS, target
    from lockproof.conformance.words import counted

    chosen = suite.from_files(files) if files else suite.packaged()
    run_suite(target(IN_PROCESS), chosen)
    sys.stdout.write(f"{counted(len(chosen), 'scenario')}: all can be played, and the standard agrees with every expectation\n")


@scenarios_app.command("synthesize", epilog="For example: lockproof scenarios synthesize --check")
def synthesize_scenarios(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if the packaged vectors are stale.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the vectors to this folder; where they are packaged, if not said.")
    ] = None,
) -> None:
    """Make the vectors anew: for every named condition of the model, the traces in which it alone decides."""
    from lockproof.conformance.vectoring import synthesize_and_tell

    try:
        raise SystemExit(synthesize_and_tell(_console(), out, check=check))
    except KeyboardInterrupt:
        _stop("stopped by Ctrl-C; nothing was written", Exit.LINK)


@scenarios_app.command("itf", epilog="For example: lockproof scenarios itf entry-is-made-decide-entry-used-before-holds")
def export_trace(
    name: Annotated[str, typer.Argument(help="The id of a synthesized scenario.")],
    out: Annotated[Path | None, typer.Option(help="Write it to this file, best named *.itf.json.")] = None,
) -> None:
    """The trace of a synthesized scenario in the Informal Trace Format of Quint and Apalache."""
    from lockproof.conformance.itf_playing import exported

    text = exported(name)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        _stop(f"{out}: the trace cannot be written: {error.strerror}; name another file with --out", Exit.BAD_INPUT)


@scenarios_app.command("from-itf", epilog="For example: lockproof scenarios from-itf examples/itf/agrees/the-hour.itf.json")
def show_trace(file: Annotated[Path, typer.Argument(help="A trace in ITF, of this model or another.")]) -> None:
    """The scenario that a trace becomes; where the trace contradicts the standard, or no bench can do it, why."""
    from lockproof.conformance import itf, itf_playing, suite

    sys.stdout.write(suite.as_yaml(itf_playing.as_scenario(itf.load(file))))


@adapter_app.command("check", epilog="For example: lockproof adapter check adapter:acme:port=/dev/ttyUSB0")
def check_adapter(
    box: Annotated[str, typer.Argument(help="The box behind it: adapter:NAME:OPTIONS, program:COMMAND, or a port.")],
) -> None:
    """Is the adapter itself honest: about time, lost answers, reset, power, what it declares, and the log?"""
    from lockproof.conformance.adapter_check import CHECKS, check_and_tell
    from lockproof.conformance.targets import opened, target

    with opened(target(box)) as behind:
        sys.stdout.write(f"{box}: {len(CHECKS)} checks of the adapter; they reset the box and cut its power\n")
        raise SystemExit(check_and_tell(behind, sys.stdout.write))


@authority_app.command("check", epilog="For example: lockproof authority check 'program:./my-service --test'")
def check_authority(
    authority: Annotated[
        str, typer.Argument(help="The authority: program:COMMAND, adapter:NAME:OPTIONS, reference or fault:NAME.")
    ],
) -> None:
    """Does an authority speak the protocol: its hello, reset, names that nobody has, reasons, and the time that it is told?"""
    from lockproof.conformance import authorities
    from lockproof.conformance.authority_check import CHECKS, check_and_tell

    authorities.check(authority)
    with authorities.opened(authority) as judged:
        sys.stdout.write(f"{authority}: {len(CHECKS)} checks of its protocol; they make it forget everything\n")
        raise SystemExit(check_and_tell(judged.authority, sys.stdout.write))


_BOX = "What to ask: a port, or anything else that lockproof run --box takes."
_BENCH = "The bench file in which the box stands."


@pics_app.command("draft", epilog="For example: lockproof pics draft --box /dev/ttyUSB0 --out pics.toml")
def draft_pics(
    box: Annotated[str, typer.Option(help=_BOX)],
    bench: Annotated[Path | None, typer.Option(help=_BENCH)] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write, which must not exist yet; printed if not said.")] = None,
) -> None:
    """Ask a box, and write its declaration, with a comment to each field."""
    from lockproof.conformance.declaring import draft

    raise SystemExit(draft(box, bench, out))


@pics_app.command("check", epilog="For example: lockproof pics check pics.toml --box /dev/ttyUSB0")
def check_pics(
    file: Annotated[Path, typer.Argument(help="The declaration.")],
    box: Annotated[str, typer.Option(help=_BOX)] = "",
    bench: Annotated[Path | None, typer.Option(help=_BENCH)] = None,
) -> None:
    """Does a declaration agree with itself, its images, and a box?

    Exit codes: 0 it does, 1 it does not, 2 it can't be used, 3 the box can't be reached.
    """
    from lockproof.conformance.declaring import check

    raise SystemExit(check(file, box, bench))


def _console() -> Any:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 160)


def _running_clock(text: str, drift: float, offset: int) -> Any:
    """The clock of a box that only runs, None if none is named."""
    from lockproof.conformance.pace import ClockMode
    from lockproof.reference.hardware import Clock

    if text not in {"", ClockMode.WALL_CLOCK}:
        _stop(f"--clock {text}: write wall-clock, or leave it out for one that can be held and moved, too", Exit.BAD_INPUT)
    if not text and (drift or offset):
        _stop("--drift and --offset are of a clock that runs; write --clock wall-clock, too", Exit.BAD_INPUT)
    return Clock(drift_ppm=drift, offset=offset) if text else None


def _worst(codes: Any) -> int:
    order = [Exit.PASSED, Exit.INCONCLUSIVE, Exit.LINK, Exit.FAILED]
    return max(codes, key=lambda code: order.index(Exit(code)), default=Exit.LINK)


if __name__ == "__main__":
    main()
