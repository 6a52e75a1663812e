"""Tests of your own, on the box that is judged."""

from __future__ import annotations

from lockproof.spec.observable import Box


def test_it_is_the_build_that_was_flashed(lockproof_box: Box) -> None:
    assert lockproof_box.hello().firmware == "lockproof reference 0.1.0"
