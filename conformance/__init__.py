"""Does that box do it? Scenarios, oracle, verdicts, reports, the command."""
