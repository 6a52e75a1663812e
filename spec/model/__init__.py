"""The state machine: pure functions `old state, event -> new state, outcome`."""
