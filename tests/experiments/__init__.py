"""Tests of the experiments, one file for each room."""
