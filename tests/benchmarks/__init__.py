"""Benchmarks: ratios of two things measured in turns; a command of their own."""
