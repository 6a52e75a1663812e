"""What is checked, and how: `nox` runs all of it, `nox -s tests` one session, `nox -l` lists them."""

from __future__ import annotations

import os
from pathlib import Path

import nox

ROOMS = ("spec", "reference", "hw_adapter", "conformance")
CHECKED = (*ROOMS, "docs", "tests", "fuzz", "benchmarks", "examples", "noxfile.py")
FUZZED = ("frame_reader", "cbor_reader", "command_reader", "device", "host", "journal", "statement")

nox.options.sessions = ["lint", "types", "tests", "prove", "mutants", "vectors", "conformance", "faults", "docs"]
nox.options.reuse_existing_virtualenvs = True


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff, with nearly everything on; the exceptions and their reasons stand in pyproject.toml."""
    session.install("ruff>=0.9")
    session.run("ruff", "check", *CHECKED)
    session.run("ruff", "format", "--check", *CHECKED)


@nox.session
def types(session: nox.Session) -> None:
    """`mypy --strict` over the four rooms, under the names by which they are imported, and over what makes the published spec."""
    session.install("-e", ".[dev]")
    tree = Path(session.create_tmp()) / "lockproof"
    tree.mkdir(exist_ok=True)
    for room in ROOMS:
        link = tree / room
        link.unlink(missing_ok=True)
        link.symlink_to(Path(room).resolve())
    packages = [word for room in ROOMS for word in ("-p", f"lockproof.{room}")] + ["-p", "making", "-m", "build"]
    options = ["--config-file", "pyproject.toml", "--namespace-packages", "--explicit-package-bases"]
    session.run("mypy", *options, *packages, env={"MYPYPATH": os.pathsep.join([str(tree.parent), "docs"])})


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, on every processor and on real parts: pseudo-terminals, processes, files."""
    session.install("-e", ".[test]")
    session.run("pytest", *(session.posargs or ["-n", "auto", "--dist", "worksteal"]))


@nox.session
def prove(session: nox.Session) -> None:
    """Every theorem, for every legal profile, by both solvers."""
    session.install("-e", ".")
    session.run("lockproof", "prove")


@nox.session
def mutants(session: nox.Session) -> None:
    """What `prove` proves, then every small wrong change of the model, and the theorems that name it; a minute on two processors."""
    session.install("-e", ".")
    session.run("lockproof", "prove", "--mutants")


@nox.session
def vectors(session: nox.Session) -> None:
    """The committed vectors are what the model gives now; a minute on two processors."""
    session.install("-e", ".")
    session.run("lockproof", "scenarios", "synthesize", "--check")


@nox.session
def conformance(session: nox.Session) -> None:
    """The suite on the reference box, in process and over a pseudo-terminal."""
    session.install("-e", ".")
    session.run("lockproof", "run", "--out", session.create_tmp())


@nox.session
def faults(session: nox.Session) -> None:
    """The suite on every faulty box and authority; eight minutes on two processors."""
    session.install("-e", ".")
    session.run("lockproof", "faults", "--out", session.create_tmp())


@nox.session
def docs(session: nox.Session) -> None:
    """The published spec, built strictly into build/docs/site; `nox -s docs -- serve` shows it."""
    session.install("-e", ".[docs]")
    session.run("python", "docs/build.py", *("--serve" if word == "serve" else word for word in session.posargs))


@nox.session
def firmware(session: nox.Session) -> None:
    """The port kit: judged, its faults, and its power cut in the middle of 500 writes; half an hour on two processors."""
    session.install("-e", ".")
    session.run("lockproof", "run", "--box", "firmware", "--out", session.create_tmp())
    session.run("lockproof", "run", "--bench", "hw_adapter/firmware/lm3s6965/bench.toml", "--out", session.create_tmp())
    session.run("lockproof", "faults", "--over", "firmware", "--out", session.create_tmp())
    session.run("python", "-m", "lockproof.conformance.tearing")


@nox.session
def hostile(session: nox.Session) -> None:
    """10,000 seeded runs over hostile lines, in virtual time: no wrong verdict. As many with a clock that drifts by 200 ppm and is 90 s off.

    These once as it declares, and once on a box that declares 20 ppm. One processor works for an hour; `nox -s hostile -- --runs 300`.
    """
    session.install("-e", ".")
    campaign = ("python", "-m", "lockproof.conformance.campaign")
    drifting = ("--clock", "wall-clock", "--drift", "200", "--off", "90")
    session.run(*campaign, *session.posargs)
    for declared in ("200", "20"):
        session.run(*campaign, *drifting, "--declares", declared, *session.posargs)


@nox.session
def declarations(session: nox.Session) -> None:
    """Every single fault on boxes that declare what is rare: none passes that somebody can see there; an hour on two processors."""
    session.install("-e", ".")
    session.run("python", "-m", "lockproof.conformance.declared", *session.posargs)


@nox.session
def kills(session: nox.Session) -> None:
    """Runs killed with SIGKILL at 50 instants and gone on with, on a good box and on a faulty one: the same verdicts; ten minutes."""
    session.install("-e", ".[test]")
    session.run("pytest", "-q", "tests/conformance/test_resuming.py", "-k", "again_and_again", env={"LOCKPROOF_KILLS": "50"})


@nox.session
def zones(session: nox.Session) -> None:
    """Every day of every zone, 1970 to 2037, against the C library's zdump: eight million days, twenty minutes."""
    session.install("-e", ".[test]")
    session.run("pytest", "-q", "tests/spec/test_zdump.py", env={"LOCKPROOF_EVERY_DAY": "1"})


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Ratios against a baseline measured in the same run."""
    session.install("-e", ".")
    for script in sorted(Path("benchmarks").glob("*.py")):
        session.run("python", str(script))


@nox.session
def fuzz(session: nox.Session) -> None:
    """Every reader of bytes from elsewhere, by atheris, a minute each; `nox -s fuzz -- -max_total_time=3600` for longer."""
    session.install("-e", ".", "atheris")
    for target in FUZZED:
        session.run("python", "fuzz/explore.py", target, *(session.posargs or ["-max_total_time=60"]))


@nox.session
def fuzz_firmware(session: nox.Session) -> None:
    """The port kit in C, by clang's libFuzzer, a minute for each target; `nox -s fuzz_firmware -- -max_total_time=3600` for longer."""
    firmware, build = Path("hw_adapter", "firmware"), Path(session.create_tmp()).resolve()
    for target in sorted(path.stem for path in (firmware / "fuzz").glob("*.c")):
        session.run("make", "-s", "-C", str(firmware), f"BUILD={build}", f"fuzz-{target}", external=True)
        seeds = build / f"seeds-{target}"
        session.run("python", str(firmware / "fuzz" / "seeds.py"), target, str(seeds))
        options = session.posargs or ["-max_total_time=60"]
        session.run(str(build / f"fuzz-{target}"), "-max_len=2048", "-print_final_stats=1", *options, str(seeds), external=True)
