"""Acme's lockbox, its service line, its codes, and its adapter."""
