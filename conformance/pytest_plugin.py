"""A plugin of pytest: `pytest --lockproof-box=URL` judges a box as `lockproof run` does, each scenario a test (`pytest_run.py`).

Every pytest beside which lockproof is installed loads this, so that it imports nothing but pytest until it is asked for something.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lockproof.spec.observable import Box

_OPTIONS = {
    "box": "What to judge: a port (/dev/ttyUSB0, COM3, socket://host:port), or anything else that lockproof run --box takes.",
    "bench": "A bench file; its box, if there is one only and no --lockproof-box.",
    "scenario": "Play only this one, and the controls; may be repeated.",
    "suite": "Which packaged scenarios: written, synthesized or all.",
    "clock": "How the box's clock is dealt with: hold, advance or wall-clock.",
    "wait": "Leave out scenarios that wait longer than this for a clock that runs, such as 2h.",
    "pics": "The vendor's declaration: a box that contradicts it is not judged.",
    "seed": "Draw ids, secrets and wrong digits from this, as an earlier run did.",
    "out": "Where runs are kept: a numbered folder each; runs, if not said.",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lockproof", "judging a lockbox, as lockproof run does (lockproof run --help)")
    for name, says in _OPTIONS.items():
        action = "append" if name == "scenario" else "store"
        group.addoption(f"--lockproof-{name}", action=action, metavar=name.upper(), help=says)


@pytest.hookimpl(trylast=True)  # a conftest.py may set the options first, as where labgrid knows the port
def pytest_configure(config: pytest.Config) -> None:
    """Raises `UsageError` for options that can't be used, before anything is collected."""
    given = {name: config.getoption(f"lockproof_{name}") for name in _OPTIONS}
    if not any(given.values()):
        return
    if not (given["box"] or given["bench"]):
        raise pytest.UsageError("lockproof: nothing is judged: name the box with --lockproof-box, too")
    if hasattr(config, "workerinput") or config.getoption("dist", "no") != "no":
        raise pytest.UsageError("lockproof: one box can't be shared by the workers of pytest-xdist; give -n 0 (or -p no:xdist)")
    from lockproof.conformance.pytest_run import judging  # noqa: PLC0415 (only where a box is judged)

    config.addinivalue_line("markers", "lockproof: a scenario of lockproof, played on a box")
    config.pluginmanager.register(judging(config, given), "lockproof-run")


@pytest.fixture(scope="session")
def lockproof_url(request: pytest.FixtureRequest) -> str:
    """Which box `lockproof_box` opens: that of --lockproof-box. A conftest.py may say otherwise by a fixture of this name."""
    url: str | None = request.config.getoption("lockproof_box")
    if not url:
        raise pytest.UsageError("no box is named: give --lockproof-box, or a fixture lockproof_url of your own")
    return url


@pytest.fixture(scope="module")
def lockproof_box(request: pytest.FixtureRequest, lockproof_url: str) -> Iterator[Box]:
    """The box at `lockproof_url`, open for the tests of a module: `hello`, `reset`, `enter` and the rest of `spec/observable.py`."""
    from lockproof.conformance.targets import opened, target  # noqa: PLC0415 (only where a box is opened)

    bench: Any = None
    if file := request.config.getoption("lockproof_bench"):
        from lockproof.conformance.bench import read  # noqa: PLC0415

        bench = read(Path(file))
    with opened(target(lockproof_url, bench)) as box:
        yield box
