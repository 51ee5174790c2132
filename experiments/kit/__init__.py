"""What all rooms share: words, figures, starts, claims, training, options, and the way out."""
