"""The map of ranges: which scale of the weights trains at which depth, and at which rate."""
