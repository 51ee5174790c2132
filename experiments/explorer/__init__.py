"""The effect of the initialization, to play with: in a window, a browser or a notebook."""
