"""The first updates, worked by hand."""
