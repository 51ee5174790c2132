"""A network on a table of the user's: train and predict."""
