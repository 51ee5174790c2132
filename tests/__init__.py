"""The tests: they mirror the tree, and take their answers from elsewhere."""
