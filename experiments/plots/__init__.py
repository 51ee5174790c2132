"""Pictures: what was measured, as one figure made for a projector.

Each panel is a function that takes axes and a result, draws, and returns the axes, so a
notebook can place any of them anywhere: `beside` one another, and shown as a `Picture`. Nothing
here calls ``plt.show()`` or needs pyplot.
One file for each kind of result; ``style.py`` has what they share.

Where to go next: ``cli.py``.
"""

from experiments.plots.animation import check_film, film, frame_epochs
from experiments.plots.case import figure, gradient_panel, loss_panel, network_panel, surface_panel
from experiments.plots.comparison import (
    comparison_figure,
    epochs_panel,
    halfway_panel,
    layers_panel,
    losses_panel,
    race_figure,
)
from experiments.plots.fitting import answers_panel, fit_figure, fit_loss_panel
from experiments.plots.inline import Picture, beside
from experiments.plots.propagation import propagation_figure, signal_panel
from experiments.plots.style import FORMATS, check_path, save, styled
from experiments.plots.symmetry import spread_panel, symmetry_figure, symmetry_loss_panel

__all__ = [
    "FORMATS",
    "Picture",
    "answers_panel",
    "beside",
    "check_film",
    "check_path",
    "comparison_figure",
    "epochs_panel",
    "figure",
    "film",
    "fit_figure",
    "fit_loss_panel",
    "frame_epochs",
    "gradient_panel",
    "halfway_panel",
    "layers_panel",
    "loss_panel",
    "losses_panel",
    "network_panel",
    "propagation_figure",
    "race_figure",
    "save",
    "signal_panel",
    "spread_panel",
    "styled",
    "surface_panel",
    "symmetry_figure",
    "symmetry_loss_panel",
]
