"""Scenarios per second in process and over a pseudo-terminal, and the ratio of the two."""

from __future__ import annotations

import time

from lockproof.conformance import suite, targets
from lockproof.conformance.journal import Journal
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.spec.profile import DEFAULT

HELD = [scenario for scenario in suite.written() if not scenario.runs]
"""Those in which no time passes but by command."""


def seconds_on(name: str) -> tuple[float, int]:
    """Seconds and commands for the whole suite on one target, opening it not counted."""
    with targets.opened(targets.target(name)) as box:
        player = Player(box, authority_for_a_bench(DEFAULT), Journal())
        begin = time.perf_counter()
        commands = sum(player.play(scenario).commands for scenario in HELD)
        return time.perf_counter() - begin, commands


if __name__ == "__main__":
    count = len(HELD)
    (here, commands), (line, _) = seconds_on(targets.IN_PROCESS), seconds_on(targets.ON_A_LINE)
    print(f"in process       {count / here:8.1f} scenarios/s   {commands / here:8.0f} commands/s")
    print(
        f"pseudo-terminal  {count / line:8.1f} scenarios/s   {commands / line:8.0f} commands/s   {line / here:.2f} times the time in process"
    )
