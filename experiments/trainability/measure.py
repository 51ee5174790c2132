"""The map of ranges: networks over a grid of the scale of their weights and their depth, or rate.

Every network of a map has one width, and σ_w, the standard deviation of its weights times
√fan_in, in every layer: σ_w = 1 is the notes' √(1/n), √2 is He. All see the same rows and the same
batches, and run r draws the same random numbers at every σ_w. What counts is the loss on rows
that none has seen: on the rows that they learn from, networks on the chaotic side of the valley
learn each by heart. It prints and draws nothing.

Where to go next: ``text.py`` and ``figure.py``, which read the result; ``zoom.py``, for the border
of the map against the rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.data import DataError, Dataset
from experiments.kit.claims import Lesson, Outcome, Verdict
from experiments.kit.settings import Expect, PerLayer, Settings, unwatched
from experiments.kit.sizes import of_training, require
from experiments.kit.starts import RANGES, named_start
from experiments.kit.sweep import Map, Task, Tasks, groups, trained
from experiments.kit.training import HELD_OUT, WEIGHTS
from experiments.kit.words import number
from experiments.trainability.lesson import DEPTHS, MAP, MAPPED, RATE_CLAIMS, RATES, RUNS, WIDTH
from mlp import MLP, initializers, mse, theory
from mlp.activations import ACTIVATIONS
from mlp.arrays import Array, InputError
from mlp.network import child_rng
from mlp.optimizers import OPTIMIZERS

# Half the memory and half the time, and far more digits than the noise leaves.
DTYPE = "float32"
# Scales and rates whose squares are float32 numbers.
SMALLEST, LARGEST = 1e-18, 1e18
# A scale of the map stands for another that differs from it by less, as a factor: e to its power.
NEAR = 0.05
# A network of the map is remembered as its place, scale, rate and run, about so many numbers.
REMEMBERED = 40
# At most so many rows to learn from, and to hold out: more would only take longer.
ROWS, UNSEEN = 200, 500
# Of fewer rows, the part to learn from; and how many there must be.
SHARE, FEWEST = 0.6, 10
# The map against the rate: how deep, and which rates.
RATE_DEPTH = 10
RATE_ROWS = tuple(float(rate) for rate in np.geomspace(1e-5, 3, 23).round(9))


@dataclass(frozen=True)
class Trainability:
    """A map: what became of every network, and where theory sees the border.

    Attributes
    ----------
    settings : Settings
        The activation and the training; ``hidden`` is the deepest network.
    dataset : Dataset
        What was learned.
    against : str
        What the rows of the map are: "depth" or "rate".
    sigma_w : numpy.ndarray, shape (columns,)
        The standard deviation of W times √fan_in, ascending.
    depths : tuple of int
        Hidden layers, ascending; against the rate, only one.
    rates : tuple of float
        Against the depth, those of which the best counts, a `PerLayer` over the depth; against
        the rate, one for each row.
    runs : int
        Networks of each kind, with different seeds.
    sigma_b : float
        The standard deviation of the biases.
    losses, held_out_losses : numpy.ndarray, shapes (rows, columns, choices, runs)
        After training, over the mean predictor's loss; ∞ where it diverged. One choice for each
        rate of which the best counts.
    seen, unseen : int
        How many rows were learned from, and held out.
    """

    settings: Settings
    dataset: Dataset
    against: str
    sigma_w: Array
    depths: tuple[int, ...]
    rates: tuple[float, ...]
    runs: int
    sigma_b: float
    losses: Array
    held_out_losses: Array
    seen: int
    unseen: int
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The lesson."""
        return MAP.name

    label = name

    @property
    def width(self) -> int:
        """Units of every hidden layer."""
        return self.settings.hidden[0]

    @property
    def chosen(self) -> NDArray[np.intp]:
        """Which of the rates counts: that of the lowest training loss; shape (rows, columns).

        Not of the lowest held-out loss, which would then be no loss on rows unseen.
        """
        chosen: NDArray[np.intp] = _median(self.losses).argmin(axis=-1)
        return chosen

    @property
    def loss(self) -> Array:
        """The loss on the rows learned from; shape (rows, columns), see `held_out_loss`."""
        return self._of_chosen(self.losses)

    @property
    def held_out_loss(self) -> Array:
        """The loss on rows held out, over the mean predictor's; shape (rows, columns).

        The median over the runs, with the rate that is `chosen`; ∞ where it diverged.
        """
        return self._of_chosen(self.held_out_losses)

    def _of_chosen(self, losses: Array) -> Array:
        best: Array = np.take_along_axis(_median(losses), self.chosen[..., np.newaxis], -1)[..., 0]
        return best

    @property
    def target(self) -> float:
        """What counts as trained: half of what the best network of the map has learned."""
        return (1 + min(1.0, float(self.held_out_loss.min()))) / 2

    @property
    def trains(self) -> NDArray[np.bool_]:
        """Which networks get to the target; shape (rows, columns)."""
        trains: NDArray[np.bool_] = self.held_out_loss <= min(self.target, 0.99)
        return trains

    @property
    def reach(self) -> NDArray[np.intp]:
        """To which depth each scale trains, 0 for none; shape (columns,).

        Where there are exceptions, it is the deepest depth that leaves fewest of them.
        """
        more = np.where(self.trains, 1, -1).cumsum(axis=0)
        deepest_first = more[::-1].argmax(axis=0)
        return np.where(more.max(axis=0) > 0, np.array(self.depths)[::-1][deepest_first], 0)

    def column(self, start: str) -> int | None:
        """Return the column of one of the notes' starts; None if the map has none there."""
        return self._column_at(sigma_of(start, self.width))

    def reach_of(self, start: str) -> int | None:
        """Return to which depth one of the notes' starts trains, 0 for none; None: not mapped."""
        column = self.column(start)
        return None if column is None else int(self.reach[column])

    def _column_at(self, sigma_w: float) -> int | None:
        away = np.abs(np.log(self.sigma_w / sigma_w))
        return int(away.argmin()) if away.min() < NEAR else None

    def valley(self, row: int) -> tuple[float, float] | None:
        """Return the smallest and the largest scale that train in a row; None for none.

        They are the ends of the longest run of neighbours that all do.
        """
        trains = np.flatnonzero(self.trains[row])
        if not len(trains):
            return None
        runs = np.split(trains, np.flatnonzero(np.diff(trains) > 1) + 1)
        longest = max(runs, key=len)
        return float(self.sigma_w[longest[0]]), float(self.sigma_w[longest[-1]])

    def spread(self, row: int) -> float:
        """Return how often the smallest scale that trains goes into the largest; 0 for none."""
        valley = self.valley(row)
        return valley[1] / valley[0] if valley else 0.0

    @property
    def bounded(self) -> bool:
        """Whether no unit's answer can grow without end."""
        return bool(np.isfinite(ACTIVATIONS[self.settings.activation].bounds).all())

    @property
    def edge(self) -> float | None:
        """σ_w at the edge of chaos, where there is one."""
        try:
            return theory.critical_sigma_w(self.settings.activation, self.sigma_b)
        except ValueError:
            return None

    @property
    def edge_column(self) -> int | None:
        """The column of the edge of chaos, where there is one."""
        return None if self.edge is None else self._column_at(self.edge)

    @cached_property
    def depth_scale(self) -> Array:
        """ξ_c at every scale of the map, in layers; ∞ at the edge of chaos."""
        return self.depth_scale_at(self.sigma_w)

    def depth_scale_at(self, sigma_w: Array) -> Array:
        """Return ξ_c at other scales."""
        activation, sigma_b = self.settings.activation, self.sigma_b
        return np.array(
            [theory.correlation_depth(activation, float(scale), sigma_b) for scale in sigma_w]
        )

    @property
    def border(self) -> Array:
        """Where training ends at each scale, between two depths; NaN if outside of the map."""
        if self.against == "rate":
            return np.full(len(self.sigma_w), np.nan)
        depths, reach = np.array(self.depths), self.reach
        below = np.searchsorted(depths, reach, side="right")
        inside = (reach > 0) & (below < len(depths))
        border: Array = np.full(len(reach), np.nan)
        border[inside] = np.sqrt(reach[inside] * depths[below[inside]])
        return border

    def multiples(self, side: str = "both") -> Array:
        """Return how many ξ_c deep each scale trains whose border lies in the map.

        Parameters
        ----------
        side : str
            Of the edge of chaos: "below", "above" or "both".
        """
        edge = self.edge or np.inf
        of = {
            "below": self.sigma_w < edge,
            "above": self.sigma_w > edge,
            "both": np.ones(len(self.sigma_w), dtype=bool),
        }[side]
        multiples: Array = self.border[of] / self.depth_scale[of]
        return multiples[np.isfinite(multiples)]

    def multiple(self, side: str = "both") -> float:
        """Return the median of the `multiples`; NaN where training ends nowhere within the map."""
        known = self.multiples(side)
        return float(np.median(known)) if len(known) else np.nan

    @property
    def rank_correlation(self) -> float:
        """Spearman's, of the depth reached with ξ_c times the multiple.

        What lies outside of the map is equal in both: deeper than the deepest, for one.
        """
        predicted = np.clip(self.multiple() * self.depth_scale, self.depths[0], self.depths[-1])
        ranks = _ranks(self.reach), _ranks(predicted)
        if np.isnan(self.multiple()) or not all(np.ptp(rank) for rank in ranks):
            return np.nan
        return float(np.corrcoef(*ranks)[0, 1])

    @property
    def telling_row(self) -> int:
        """The deepest row in which anything trains; against the rate, that with most."""
        trains = self.trains.sum(axis=1)
        return int(trains.argmax() if self.against == "rate" else np.flatnonzero(trains)[-1])

    def verdict(self) -> Verdict:
        """Say in one word what becomes of such networks, and how deep."""
        best = self.held_out_loss
        if not np.isfinite(best).any():
            return Verdict("diverged", "at every scale", "Every rate was too large.")
        if not self.trains.any():
            return Verdict("stalled", f"lowest held-out loss {number(float(best.min()))}", "")
        row = self.telling_row
        low, high = self.valley(row) or (np.nan, np.nan)
        at = f"σ_w {number(low)}" if low == high else f"σ_w {number(low)} to {number(high)}"
        if self.against == "rate":
            return Verdict("learning", f"with η {number(self.rates[row])}, at {at}", "")
        return Verdict("learning", f"down to depth {self.depths[row]}, at {at}", "")

    def outcomes(self) -> list[Outcome]:
        """Measure every claim."""
        activation = self.settings.activation
        if self.against == "rate":
            lesson = replace(MAP, claims=RATE_CLAIMS)
            return lesson.outcomes(self, activation, self.options)
        return MAP.outcomes(self, activation, self.options)


class Member(NamedTuple):
    """One network of a map: where it belongs, and how it starts and trains."""

    at: tuple[int, int, int, int]
    sigma_w: float
    rate: float
    run: int


def trainability(
    dataset: Dataset,
    settings: Settings | None = None,
    *,
    against: str = "depth",
    width: int = WIDTH,
    depths: Sequence[int] | None = None,
    scales: Sequence[float] | None = None,
    rates: Sequence[float] | None = None,
    runs: int = RUNS,
    sigma_b: float = 0.0,
    map: Map = map,  # noqa: A002, what the built-in one does
    expect: Expect = unwatched,
) -> Trainability:
    """Train a network, or several, for every point of a map.

    Parameters
    ----------
    dataset : Dataset
        From ``data.load``.
    settings : Settings, optional
        The activation, the optimizer, epochs, batch size and seed.
    against : str
        "depth": a row of the map is a depth, and the best of the rates counts. "rate": a row is
        a rate, at the first of the depths.
    width : int
        Units of every hidden layer.
    depths : sequence of int, optional
        How many hidden layers.
    scales : sequence of float, optional
        Standard deviations of W times √fan_in; by default `usual_scales`.
    rates : sequence of float, optional
        Learning rates; a `PerLayer` is divided by the depth.
    runs : int
        Networks of each kind.
    sigma_b : float
        The standard deviation of the biases.
    map, expect : callable, optional
        As for ``race.measure.compare``.

    Returns
    -------
    Trainability

    Raises
    ------
    ValueError
        If a number is out of range (scales and rates: 1e-18 to 1e18) or a name unknown.
    DataError
        If there are too few rows to hold some out.
    MemoryError
        If the map, or its largest network, does not fit.

    Examples
    --------
    >>> from experiments.data import load
    >>> settings = MAPPED.settings(epochs=8)
    >>> result = trainability(load(), settings, width=20, depths=[6], scales=[0.1, 1], runs=1)
    >>> result.trains
    array([[False,  True]])
    """
    settings = settings or MAPPED.settings()
    depths = sorted(set(depths or ((RATE_DEPTH,) if against == "rate" else DEPTHS)))
    columns = sorted(set(scales or usual_scales(settings.activation, width, sigma_b)))
    usual = RATES.of(settings.activation, settings.optimizer)
    rates = tuple(rates or (RATE_ROWS if against == "rate" else usual))
    if against == "rate":
        rates, depths = tuple(sorted(set(rates))), depths[:1]
    for name, values in (("σ_w", columns), ("rate", rates), ("σ_b", [sigma_b or 1.0])):
        for value in values:
            if not SMALLEST <= value <= LARGEST:
                raise InputError(
                    f"every {name} must be from {SMALLEST:g} to {LARGEST:g}, not {value:g}"
                )
    x, y, unseen_x, unseen_y = _divided(dataset, settings.seed)
    mean = y.mean(axis=0)
    count = (1 if against == "rate" else len(depths)) * len(columns) * len(rates) * runs
    batch = min(settings.batch_size or len(x), len(x))
    recorded = REMEMBERED * count + settings.epochs
    require(of_training(_sizes(dataset, width, depths[-1]), batch, recorded=recorded))

    def relative(loss: Array, of: Array) -> Array:
        finite = np.where(np.isfinite(loss), loss, np.inf)
        return finite / float(np.square(of - mean).mean())

    def members(depth: int) -> list[Member]:
        found = []
        for j, sigma_w in enumerate(columns):
            for k, rate in enumerate(rates):
                i, choice = (k, 0) if against == "rate" else (depths.index(depth), k)
                eta = float(rate) / (depth if isinstance(rate, PerLayer) else 1)
                found += [Member((i, j, choice, r), sigma_w, eta, r) for r in range(runs)]
        return found

    # The deepest first: they take longest, and no processor is to wait for the last of them.
    of_depth = {depth: members(depth) for depth in reversed(depths)}
    cut = [
        (depth, of_depth[depth][group.start : group.stop])
        for depth in of_depth
        for group in groups(
            len(of_depth[depth]),
            _sizes(dataset, width, depth),
            batch,
        )
    ]

    def drawn(group: tuple[int, list[Member]]) -> Task:
        depth, part = group
        eta = np.array([[member.rate] for member in part], dtype=DTYPE)
        return Task(
            MLP.stack([_network(dataset, settings, width, depth, sigma_b, m) for m in part]),
            x,
            y,
            settings,
            optimizer=OPTIMIZERS[settings.optimizer](eta),
            after=partial(_loss, x=unseen_x, y=unseen_y),
        )

    shape = (
        (len(rates), len(columns), 1, runs)
        if against == "rate"
        else (len(depths), len(columns), len(rates), runs)
    )
    losses, held_out_losses = np.empty(shape), np.empty(shape)
    step = expect(len(cut))
    for (_, part), stack in zip(cut, map(trained, Tasks(drawn, cut)), strict=True):
        places = tuple(np.array([member.at for member in part]).T)
        losses[places] = relative(stack.history.loss[-1], y)
        held_out_losses[places] = relative(stack.answer, unseen_y)
        step()
    return Trainability(
        settings=replace(settings, hidden=(width,) * depths[-1]),
        dataset=dataset,
        against=against,
        sigma_w=np.array(columns),
        depths=tuple(depths),
        rates=rates,
        runs=runs,
        sigma_b=sigma_b,
        losses=losses,
        held_out_losses=held_out_losses,
        seen=len(x),
        unseen=len(unseen_x),
    )


# What ``verify`` maps: enough for every claim, in a few seconds.
SMALL_MAP: dict[str, Any] = {"depths": (3, 7, 14, 28), "runs": 1}


def small_map(
    lesson: Lesson, dataset: Dataset, settings: Settings, options: Mapping[str, Any]
) -> Trainability:
    """Make a map that is coarse and quick, for its claims."""
    scales = usual_scales(settings.activation, WIDTH, points=5)
    return replace(trainability(dataset, settings, scales=scales, **SMALL_MAP), options=options)


def sigma_of(start: str, width: int) -> float:
    """Return σ_w of one of the notes' starts in layers of that width.

    Examples
    --------
    >>> [round(sigma_of(name, 50), 3) for name in RANGES]
    [0.071, 7.071, 1.0, 1.0, 1.414]
    """
    draw = named_start(start).kernel.initializer()
    assert isinstance(draw, initializers.Initializer)
    assert draw.variance is not None
    return float(np.sqrt(width * draw.variance(width, width)))


def usual_scales(
    activation: str, width: int, sigma_b: float = 0.0, points: int = 10
) -> list[float]:
    """Return the scales of the notes, and others that lie close around the edge of chaos.

    Parameters
    ----------
    activation : str
        Whose edge it is.
    width : int
        For the scales of the notes.
    sigma_b : float
        The standard deviation of the biases.
    points : int
        About how many on either side of the edge.

    Examples
    --------
    >>> scales = usual_scales("tanh", 50, points=3)
    >>> print(*(round(scale, 2) for scale in scales))
    0.05 0.07 0.65 0.94 1.0 1.06 1.41 2.89 5.9 7.07 12.02
    """
    notes = {sigma_of(name, width): None for name in RANGES}
    try:
        edge = theory.critical_sigma_w(activation, sigma_b)
    except ValueError:
        edge = 1.0
    low, high = 0.7 * min(notes), 1.7 * max(*notes, 2 * edge)
    below = np.geomspace(0.06, np.log(edge / low), points)
    near, far = points // 2, 0.35
    above = [
        *np.geomspace(0.06, far, near, endpoint=False),
        *np.linspace(far, np.log(high / edge), points - near + 2),
    ]
    scales = [*notes, *([edge] if min(abs(edge / s - 1) for s in notes) > 1e-6 else [])]
    # One that all but coincides with another would only be a sliver of the map.
    others = [
        s
        for s in edge * np.exp([*-below, *above])
        if min(abs(np.log(s / t)) for t in scales) > 0.03
    ]
    return sorted(float(s) for s in (*scales, *others))


def _sizes(dataset: Dataset, width: int, depth: int) -> list[int]:
    return [dataset.x.shape[1], *[width] * depth, dataset.y.shape[1]]


def _network(
    dataset: Dataset, settings: Settings, width: int, depth: int, sigma_b: float, member: Member
) -> MLP:
    return MLP(
        _sizes(dataset, width, depth),
        settings.activation,
        kernel_initializer=initializers.variance_scaling(member.sigma_w**2, "fan_in", "normal"),
        bias_initializer=initializers.normal(sigma_b) if sigma_b else "zeros",
        seed=np.random.SeedSequence(settings.seed, spawn_key=(WEIGHTS, member.run)),
        dtype=DTYPE,
    )


def _divided(dataset: Dataset, seed: int) -> tuple[Array, Array, Array, Array]:
    """Return x and y of the rows to learn from, and of those held out."""
    n = len(dataset.x)
    seen = min(ROWS, round(SHARE * n))
    order = child_rng(seed, HELD_OUT).permutation(n)
    learn, hold = order[:seen], order[seen : seen + UNSEEN]
    if n < FEWEST:
        raise DataError(
            f"{dataset.name}: {n} rows are too few to hold some out; a map needs {FEWEST} or more"
        )
    if not np.ptp(dataset.y[hold], axis=0).any():
        raise DataError(
            f"{dataset.name}: the target is the same in all of the {len(hold)} rows held out; try "
            "another --seed"
        )
    return dataset.x[learn], dataset.y[learn], dataset.x[hold], dataset.y[hold]


def _loss(network: MLP, x: Array, y: Array) -> Array:
    """Return the loss of every member on these rows."""
    with np.errstate(over="ignore", invalid="ignore"):
        loss: Array = mse(network.predict(x), np.asarray(y, dtype=DTYPE))[0]
    return loss


def _median(losses: Array) -> Array:
    """Return the median over the runs; ∞ is a loss like others."""
    with np.errstate(invalid="ignore"):
        medians = np.median(losses, axis=-1)
    return np.where(np.isnan(medians), np.inf, medians)


def _ranks(values: NDArray[Any]) -> Array:
    """Return the rank of each value, the mean rank where some are equal."""
    below = (values[:, np.newaxis] > values).sum(axis=1)
    equal = (values[:, np.newaxis] == values).sum(axis=1)
    ranks: Array = below + (equal - 1) / 2
    return ranks
