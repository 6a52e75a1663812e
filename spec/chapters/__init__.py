"""The chapters of the standard, in Markdown."""
