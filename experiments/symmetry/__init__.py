"""Identical units, set apart by ε."""
