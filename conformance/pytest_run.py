"""A run as tests of pytest: one for each scenario, all played by `run.steps` on one box, and what the command leaves is left.

What is not a pass is not green. A scenario that decides nothing counts as failed to pytest, and is told as `inconclusive`; one that was
left out is skipped; and whatever no scenario shows, such as a clause that stays undecided, still makes the session fail.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lockproof.conformance import ctrl_c, options, report, suite
from lockproof.conformance.asked import Asked, Understood
from lockproof.conformance.carrying_out import places, to_judge, write_reports
from lockproof.conformance.planning import Plan
from lockproof.conformance.progress import told_beginning
from lockproof.conformance.run import OnProgress, left_out, steps
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import EXIT_CODES, RunResult, ScenarioResult, Verdict
from lockproof.spec.observable import BadInput, BenchError, Hello
from rich.console import Console

NAME = "lockproof"
_VERDICT = "verdict"  # a property of a test's report
_WIDTH = 160  # of what is told without a terminal, as by the command
_TOLD_AS = {Verdict.INCONCLUSIVE: ("inconclusive", "I", "INCONCLUSIVE"), Verdict.ERROR: ("error", "E", "ERROR")}
_BAD_INPUT = 2  # the exit code of the command
_ENDED_EARLY = (
    "pytest ended the run before every scenario was played, as -x, --maxfail, a skip or Ctrl-C does; what was done is kept"
)


def judging(config: pytest.Config, given: Mapping[str, Any]) -> Judging:
    """By the options without `--lockproof-`. Raises `UsageError`."""
    try:
        asked = Asked.of(
            boxes=(given["box"],) if given["box"] else (),
            bench=_path(given["bench"]),
            scenarios=tuple(given["scenario"] or ()),
            suite=given["suite"] or suite.Suite.ALL,
            clock=given["clock"] or "",
            wait=given["wait"] or "",
            pics=_path(given["pics"]),
            seed=given["seed"] or "",
        )
        understood = asked.understood()
    except BadInput as error:
        raise pytest.UsageError(f"lockproof: {error}") from None
    if len(understood.targets) != 1:
        names = ", ".join(each.name for each in understood.targets)
        raise pytest.UsageError(f"lockproof: one box is judged at a time; name one of {names} with --lockproof-box")
    if understood.targets[0].asks_the_operator and config.getoption("capture") != "no":
        raise pytest.UsageError("lockproof: somebody at the terminal is asked what this box does: give -s")
    return Judging(asked, understood, Path(given["out"] or "runs"))


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


class Judging(OnProgress):
    """The run of a session, and the hooks by which pytest drives it. Nothing is opened or written before the first scenario is run."""

    def __init__(self, asked: Asked, understood: Understood, out: Path) -> None:
        self._asked = asked
        self._understood = understood
        self._out = out
        self._wanted: list[str] = []  # the ids of the scenarios that are tests of this session
        self._run: set[str] = set()  # and of those that pytest has run
        self._steps: Iterator[RunResult] | None = None
        self._folder: Path | None = None
        self._plan = Plan()
        self._told: list[str] = []
        self._refused = ""
        self._result: RunResult | None = None

    # Collecting

    @pytest.hookimpl(tryfirst=True)  # so that -k and -m choose among them
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        node = _OneBox.from_parent(session, name=NAME, nodeid=NAME, scenarios=self._understood.scenarios, judging=self)
        items += session.genitems(node)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Whatever was chosen and in whatever order: those of the box come last, together, in the order of the suite."""
        ours = {each.name: each for each in session.items if isinstance(each, _Scenario)}
        self._wanted = [each.id for each in self._understood.scenarios if each.id in ours]
        others = [each for each in session.items if not isinstance(each, _Scenario)]
        session.items[:] = others + [ours[name] for name in self._wanted]

    @property
    def _chosen(self) -> tuple[Scenario, ...]:
        """Those that are tests, and the controls."""
        return suite.select(self._understood.scenarios, self._wanted) if self._is_subset else self._understood.scenarios

    @property
    def _is_subset(self) -> bool:
        return len(self._wanted) < len(self._understood.scenarios)

    # The run

    def begin(self) -> None:
        """Make its folder. The box is opened when a scenario is wanted."""
        if self._folder:
            pytest.fail("the run is over already: the tests of lockproof must stand together", pytrace=False)
        asked = replace(self._asked, scenarios=tuple(self._wanted)) if self._is_subset else self._asked
        (target,) = self._understood.targets
        try:
            self._folder = options.new_folder(self._out)
            asked.write(self._folder)
            (place,) = places(self._folder, [target])
            self._steps = steps(target, self._chosen, **to_judge(asked, self._understood, place), progress=self)
        except (BadInput, BenchError) as error:
            pytest.fail(str(error), pytrace=False)

    def begins(self, target: Target, hello: Hello, plan: Plan, decided: int) -> None:  # noqa: ARG002 (none is decided)
        self._plan, self._told = plan, list(told_beginning(target, hello, plan))

    def result_of(self, scenario: Scenario) -> ScenarioResult:
        """The run is gone on with until there is one."""
        self._run.add(scenario.id)
        while not (found := self._found(scenario)):
            self._go_on()
        return found

    def _found(self, scenario: Scenario) -> ScenarioResult | None:
        if scenario.id in self._plan.left_out:
            return left_out(scenario, self._plan.left_out[scenario.id])
        known = self._result.scenarios if self._result else []
        return next((each for each in reversed(known) if each.id == scenario.id), None)

    def _go_on(self) -> None:
        if self._steps is None:
            why, _, _ = self._refused.partition("\n")
            pytest.fail(f"not played: {why or 'the run is over'}", pytrace=False)
        going, self._steps = self._steps, None
        try:
            with ctrl_c.minded():
                self._result = next(going)
        except StopIteration:
            return
        except BadInput as refused:
            self._refused = str(refused)
            pytest.fail(self._refused, pytrace=False)
        self._steps = going
        if self._result.stopped:
            raise KeyboardInterrupt

    def end(self) -> None:
        """Judge the clauses, give the box back, and write the reports."""
        if self._steps is None or self._folder is None:
            return
        going, self._steps = self._steps, None
        try:
            with ctrl_c.minded():
                if self._result is None:
                    self._result = next(going)
                if not self._result.clauses and not self._run.issuperset(self._wanted):
                    self._result = going.throw(BenchError(_ENDED_EARLY))  # type: ignore[attr-defined]
                for self._result in going:
                    pass
                write_reports(self._folder, [self._result])
        except (BadInput, BenchError) as error:
            self._refused = str(error)
            pytest.fail(self._refused, pytrace=False)

    # What pytest tells

    def told(self, scenario: ScenarioResult) -> str:
        """Why it is no pass, in the words of the command."""
        assert self._result is not None
        if scenario.finding:
            return _plain(report.failure(self._result, scenario, scenario.finding))
        return f"{str(scenario.verdict).upper()} {scenario.id}: {scenario.message}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        if report.when != "call" or not report.failed:
            return None
        verdict = next((str(value) for name, value in report.user_properties if name == _VERDICT), Verdict.FAIL)
        return _TOLD_AS.get(Verdict(verdict))

    @property
    def exit_code(self) -> int:
        """Of the command, had it judged the same."""
        if self._refused:
            return _BAD_INPUT
        return self._result.exit_code if self._result else EXIT_CODES[Verdict.ERROR]

    @pytest.hookimpl(trylast=True)  # the last test is torn down by then, also where pytest was stopped
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.exit_code and not session.config.getoption("collectonly") and session.exitstatus in _GOOD:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        if config.getoption("collectonly"):
            return
        terminalreporter.section(NAME)
        for line in self._summary():
            terminalreporter.write_line(line)
        if self.exit_code and not {"failed", "error", "inconclusive"} & set(terminalreporter.stats):
            verdict = next(verdict for verdict, code in EXIT_CODES.items() if code == self.exit_code)
            terminalreporter.stats[f"run {verdict}"] = [self]  # so that the last line is not green

    def _summary(self) -> Iterator[str]:
        yield from self._told
        if self._is_subset:
            controls = [each.id for each in self._chosen if each.id not in self._wanted] if self._wanted else []
            beside = f", and beside them {', '.join(controls)}" if controls else ""
            yield f"a chosen subset: {len(self._wanted)} of {len(self._understood.scenarios)} scenarios{beside}"
        if self._refused:
            yield self._refused
        elif self._result is None:
            yield "no scenario was run; nothing can be said of this box"
        else:
            for each in self._result.scenarios:
                if each.finding and each.id not in self._wanted:  # a control that is no test of this session
                    yield from self.told(each).splitlines()
            console = Console(file=io.StringIO(), width=_WIDTH)
            report.show(console, [self._result], brief=True, failures=False)
            yield from console.file.getvalue().splitlines()  # type: ignore[attr-defined]
            if self._result.error:
                yield f"to go on with it: lockproof resume {self._folder}"
        yield f"lockproof run would have ended with exit code {self.exit_code}"


_GOOD = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}


def _plain(markup: str) -> str:
    console = Console(file=io.StringIO(), width=_WIDTH)
    console.print(markup, highlight=False)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text.rstrip()


class _OneBox(pytest.Collector):
    """What the scenarios stand below: it is set up before the first of them, and torn down when the last is over."""

    def __init__(self, *, scenarios: Sequence[Scenario], judging: Judging, **node: Any) -> None:
        super().__init__(**node)
        self._scenarios = scenarios
        self._judging = judging

    def collect(self) -> Iterator[pytest.Item]:
        for each in self._scenarios:
            yield _Scenario.from_parent(self, name=each.id, scenario=each, judging=self._judging)

    def setup(self) -> None:
        self.addfinalizer(self._judging.end)
        self._judging.begin()


class _Scenario(pytest.Item):
    """One scenario. What is known of it goes along in the report: its clauses, and its verdict where it was played."""

    def __init__(self, *, scenario: Scenario, judging: Judging, **node: Any) -> None:
        super().__init__(**node)
        self._scenario = scenario
        self._judging = judging
        self.fixturenames: list[str] = []  # of which other plugins, such as labgrid's, take it that every test has it
        self.add_marker(NAME)
        self.user_properties += [("clause", clause) for clause in scenario.clauses]

    def runtest(self) -> None:
        found = self._judging.result_of(self._scenario)
        if found.verdict is Verdict.NOT_APPLICABLE:
            pytest.skip(found.message)
        self.user_properties.append((_VERDICT, str(found.verdict)))
        if found.verdict is not Verdict.PASS:
            pytest.fail(self._judging.told(found), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.name
