"""A box at the other end of a wire. Imports `lockproof.spec` only."""
