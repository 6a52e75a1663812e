"""Faulty authorities."""
