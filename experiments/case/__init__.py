"""The notes' three cases on 2-2-1: zero, constant, random."""
