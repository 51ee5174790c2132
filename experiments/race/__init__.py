"""Starts that race on one deep network: random in depth, xavier, he."""
