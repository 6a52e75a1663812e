"""Faulty authorities: the reference authority with one difference each, as in the modules of boxes."""
