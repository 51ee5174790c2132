"""Papers: published comparisons that ``mlp-demo propagate --paper`` repeats.

Where to go next: ``measure.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.kit.starts import Named, Start, named_start


@dataclass(frozen=True)
class Paper:
    """A published comparison for ``mlp-demo propagate --paper``.

    Attributes
    ----------
    activation, width, depth
        The network of the paper.
    starts : sequence of Start
        What it compares.
    about : str
        The paper, and what to see in the picture.
    """

    activation: str
    width: int
    depth: int
    starts: Sequence[Start]
    about: str


def _scaling(scale: float, distribution: str, words: str) -> Start:
    parameters = {"scale": scale, "mode": "fan_in", "distribution": distribution}
    return Start(Named("variance_scaling", parameters), Named("zeros"), words, words)


PAPERS: dict[str, Paper] = {
    "glorot2010": Paper(
        "tanh",
        1000,
        5,
        (_scaling(1 / 3, "uniform", "standard"), named_start("glorot_uniform")),
        "Glorot & Bengio 2010, fig. 6 and 7: with the standard U[-1/√n, 1/√n] a and delta shrink "
        "from layer to layer, with the normalised one they keep",
    ),
    "he2015": Paper(
        "relu",
        250,
        30,
        (named_start("lecun_normal"), named_start("he_normal")),
        "He et al. 2015, section 2.2: Var[w] = 1/n loses √(1/2) of the signal in every ReLU "
        "layer, Var[w] = 2/n keeps it",
    ),
    "saxe2013": Paper(
        "linear",
        100,
        100,
        (named_start("lecun_normal"), named_start("orthogonal")),
        "Saxe et al. 2013, section 3: 100 linear layers; normal weights drift, orthogonal "
        "ones keep every length",
    ),
}
