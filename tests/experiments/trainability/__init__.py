"""The map of ranges."""
