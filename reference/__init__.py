"""A system that does it: authority and box. Imports `lockproof.spec` only."""
