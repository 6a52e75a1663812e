"""Boxes with one fault each, and the clause that each fault breaks."""
