"""How far a signal travels before training."""
