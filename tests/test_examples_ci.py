"""The example of a workflow cannot rot: it is YAML, keeps to what it says of itself, and its commands are lockproof's."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer
import yaml
from lockproof.conformance import command, options
from lockproof.conformance.pytest_plugin import _OPTIONS

CI = Path(__file__).parents[1] / "examples" / "ci"
FILE = CI / "github-actions.yml"
SHELL = re.compile(r"\|\||&&|[|;>]|  #")  # where a command ends


def workflow():
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def steps():
    return [step for job in workflow()["jobs"].values() for step in job["steps"]]


def commands_in(text):
    """The lines of a script or a page that are a command of lockproof, in words."""
    lines = (SHELL.split(line.strip())[0] for line in text.splitlines())
    return [shlex.split(line)[1:] for line in lines if line.startswith("lockproof ")]


def refuse_unless_accepted(words):
    """Raises what the command's own parser raises, and `BadInput` for a value that a run does not take."""
    group = typer.main.get_command(command.app)
    context = group.make_context("lockproof", ["clauses"])  # of whichever command
    if words[0] in {option for each in group.params for option in each.opts}:
        return
    name, found, rest = group.resolve_command(context, list(words))
    given = found.make_context(name, rest, parent=context).params
    if name == "run":
        options.suite(given["which"])
        options.clock_mode(given["clock"])
        options.duration("--wait", given["wait"])


OF_THE_WORKFLOW = [words for step in steps() for words in commands_in(step.get("run", ""))]
OF_THE_PAGE = commands_in("\n".join(re.findall(r"`([^`\n]+)`", (CI / "README.md").read_text(encoding="utf-8"))))


@pytest.mark.parametrize("words", [*OF_THE_WORKFLOW, *OF_THE_PAGE], ids=" ".join)
def test_each_command_is_one_that_lockproof_takes(words):
    refuse_unless_accepted(words)


def test_there_are_as_many_as_there_look_to_be():
    assert [words[0] for words in OF_THE_WORKFLOW] == ["--version", "run", "run", "run", "run"]
    assert [words[0] for words in OF_THE_PAGE] == ["run", "diff", "resume", "run", "resume"]


@pytest.mark.parametrize("words", ["run --bunch bench.toml", "judged runs", "run --suite most", "run --wait soon", "diff runs/1"])
def test_a_command_that_lockproof_does_not_take_is_noticed(words):
    with pytest.raises(Exception, match=r"No such option|No such command|--suite most|--wait|Missing parameter: after"):
        refuse_unless_accepted(words.split())


def test_each_option_of_pytest_is_one_of_the_plugin():
    named = re.findall(r"--lockproof-([a-z]+)", (CI / "README.md").read_text(encoding="utf-8"))
    assert set(named) == {"box", "bench", "scenario", "suite"} <= set(_OPTIONS)


def test_it_may_read_and_no_more_and_runs_nothing_that_can_change():
    found = workflow()
    assert found["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in found["jobs"].values())
    assert "secrets" not in FILE.read_text(encoding="utf-8")
    actions = [step["uses"] for step in steps() if "uses" in step]
    assert actions
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action) for action in actions)


def test_what_a_run_leaves_is_kept_also_where_it_failed():
    kept = [step for step in steps() if "upload-artifact" in step.get("uses", "")]
    assert [(step["if"], step["with"]["path"]) for step in kept] == [
        ("always()", "runs/"),
        ("always()", "runs/*/junit.xml"),
        ("always()", "runs/"),
    ]


@pytest.mark.parametrize(
    ("exits", "inconclusive", "code"), [(0, "fails", 0), (1, "passes", 1), (3, "passes", 3), (4, "fails", 4), (4, "passes", 0)]
)
def test_the_job_ends_as_the_command_does_and_with_4_as_it_was_chosen(tmp_path, exits, inconclusive, code):
    (script,) = [step["run"] for step in steps() if "INCONCLUSIVE" in step.get("run", "")]
    (tmp_path / "lockproof").write_text(f"#!/bin/sh\nexit {exits}\n")
    (tmp_path / "lockproof").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "INCONCLUSIVE": inconclusive}
    ended = subprocess.run(["bash", "-e", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, "::warning" in ended.stdout) == (code, exits == 4 and inconclusive == "passes")
