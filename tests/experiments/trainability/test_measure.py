"""The map of ranges: its numbers are those of networks trained alone, and mean what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from experiments.data import DataError, Dataset
from experiments.kit.settings import PerLayer
from experiments.kit.starts import RANGES
from experiments.kit.training import BATCHES, HELD_OUT, WEIGHTS
from experiments.trainability.lesson import DEPTHS, MAP, MAPPED, WIDTH
from experiments.trainability.measure import (
    Trainability,
    sigma_of,
    small_map,
    trainability,
    usual_scales,
)
from mlp import MLP, SGD, initializers, theory, train
from mlp.activations import ACTIVATIONS
from mlp.arrays import Array
from mlp.network import child_rng
from tests.experiments.trainability.made import PENGUINS, by_theory, made
from tests.oracles import Watcher


def test_a_cell_is_the_network_of_that_scale_depth_and_rate_trained_alone() -> None:
    settings = MAPPED.settings(epochs=2, seed=3)
    depths, scales, rates = (2, 4), (0.5, 1.5), (PerLayer(0.2), PerLayer(0.02))
    result = trainability(
        PENGUINS, settings, width=6, depths=depths, scales=scales, rates=rates, runs=2, sigma_b=0.1
    )
    order = child_rng(3, HELD_OUT).permutation(342)
    seen, unseen = order[:200], order[200:]
    x, y = PENGUINS.x, PENGUINS.y
    mean = y[seen].mean(axis=0)
    for i, depth in enumerate(depths):
        for j, scale in enumerate(scales):
            for k, rate in enumerate(rates):
                for run in range(2):
                    net = MLP(
                        [2, *[6] * depth, 1], "tanh", dtype="float32",
                        kernel_initializer=lambda rng, n, m, s=scale: s / n**0.5
                        * rng.standard_normal((n, m)),
                        bias_initializer=initializers.normal(0.1),
                        seed=np.random.SeedSequence(3, spawn_key=(WEIGHTS, run)),
                    )  # fmt: skip
                    history = train(
                        net, x[seen], y[seen], optimizer=SGD(float(rate) / depth), epochs=2,
                        batch_size=20, seed=np.random.SeedSequence(3, spawn_key=(BATCHES,)),
                    )  # fmt: skip
                    loss = np.square(net.predict(x[unseen]) - y[unseen]).mean()
                    by_mean = np.square(y[unseen] - mean).mean()
                    found = result.held_out_losses[i, j, k, run]
                    assert found == pytest.approx(loss / by_mean, rel=1e-4)
                    assert result.losses[i, j, k, run] == pytest.approx(
                        history.loss[-1] / y[seen].var(), rel=1e-4
                    )
    assert (result.seen, result.unseen) == (200, 142)


def test_the_rate_that_learns_best_counts_and_the_median_of_the_runs() -> None:
    inf = np.inf
    training = np.array([[[[0.9, 0.2, 0.8], [0.6, 0.7, inf], [inf, inf, 0.1]]]])
    held_out = np.array([[[[0.1, 0.1, 0.2], [0.6, 0.9, inf], [inf, inf, 0.1]]]])
    result = replace(made([[0.5]], [1.0], [3]), losses=training, held_out_losses=held_out)
    assert (result.loss.tolist(), result.held_out_loss.tolist()) == ([[0.7]], [[0.9]])
    diverged = replace(result, losses=training + inf, held_out_losses=held_out + inf)
    assert diverged.held_out_loss.tolist() == [[inf]]


def test_against_the_rate_a_row_is_a_rate() -> None:
    rates = (1e-3, 0.1, 1e6)
    result = trainability(
        PENGUINS, MAPPED.settings(activation="relu", epochs=3), against="rate", width=8,
        depths=[3], scales=[1.4], rates=rates, runs=1,
    )  # fmt: skip
    assert result.held_out_loss.shape == (3, 1)
    slow, fast, wild = result.held_out_loss[:, 0]
    assert fast < slow < wild == np.inf
    assert result.outcomes() == []  # of small, large and √(1/n) it has no network


def test_more_processors_and_more_steps_than_announced_are_no_matter() -> None:
    watcher = Watcher()
    settings = MAPPED.settings(epochs=1)
    how = {"width": 60, "depths": [3, 9], "scales": [0.5, 1.0, 2.0], "runs": 2}
    result = trainability(PENGUINS, settings, expect=watcher, **how)  # type: ignore[arg-type]
    assert watcher.taken == watcher.announced > 1
    for depth, row in ((3, 0), (9, 1)):
        alone = trainability(PENGUINS, settings, **how | {"depths": [depth]})  # type: ignore[arg-type]
        np.testing.assert_array_equal(alone.held_out_losses[0], result.held_out_losses[row])


# --- what the numbers mean ---------------------------------------------------------------

LOSSES = [
    [0.99, 0.3, 0.30, 0.3, np.inf],
    [1.00, 0.8, 0.35, 0.4, np.inf],
    [1.00, 1.0, 0.40, 0.9, np.inf],
    [1.00, 0.6, 0.45, 1.2, np.inf],
]
SCALES, FOUR = [0.1, 0.7, 1.0, 2.0, 7.0], [3, 6, 12, 24]


def test_what_trains_gets_halfway_to_the_best() -> None:
    result = made(LOSSES, SCALES, FOUR)
    assert result.target == pytest.approx(0.65)
    assert result.reach.tolist() == [0, 3, 24, 6, 0]  # the exception at 0.7 is outnumbered
    assert result.valley(0) == (0.7, 2.0)
    assert result.valley(2) == (1.0, 1.0)
    assert result.spread(0) == pytest.approx(2 / 0.7)
    assert str(result.verdict()) == "learning: down to depth 24, at σ_w 0.700 to 1.00"


def test_the_border_lies_between_two_depths_and_the_multiple_counts_depth_scales() -> None:
    result = made(LOSSES, SCALES, FOUR)
    np.testing.assert_allclose(
        result.border, [np.nan, np.sqrt(18), np.nan, np.sqrt(72), np.nan], rtol=1e-12
    )
    below = np.sqrt(18) / theory.correlation_depth("tanh", 0.7)
    above = np.sqrt(72) / theory.correlation_depth("tanh", 2.0)
    assert result.multiple("below") == pytest.approx(below)
    assert result.multiple("above") == pytest.approx(above)
    assert result.multiple() == pytest.approx((below + above) / 2)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "linear"])
@pytest.mark.parametrize("multiple", [4.0, 8.0])
def test_a_map_that_follows_theory_is_told_to_do_so(activation: str, multiple: float) -> None:
    result = by_theory(activation, multiple)
    # The border of a row is known to a factor of √2, and so is each multiple.
    assert multiple / 1.5 < result.multiple() < multiple * 1.5
    assert result.rank_correlation > 0.9
    assert result.reach[result.edge_column] == 40


def test_the_rank_correlation_is_that_of_scipy() -> None:
    result = made(LOSSES, SCALES, FOUR)
    predicted = np.clip(result.multiple() * result.depth_scale, 3, 24)
    assert result.rank_correlation == pytest.approx(spearmanr(result.reach, predicted).statistic)


@pytest.mark.parametrize(
    ("loss", "words"),
    [(np.inf, "diverged: at every scale"), (1.0, "stalled: lowest held-out loss 1.00")],
)
def test_where_nothing_trains(loss: float, words: str) -> None:
    result = made(np.full((2, 3), loss), [0.5, 1, 2], [3, 6])
    assert str(result.verdict()) == words
    assert not result.trains.any()
    assert result.valley(0) is None
    assert np.isnan(result.multiple())
    assert {o.measured.holds for o in result.outcomes()} >= {False}


def test_the_notes_starts_are_columns_of_the_usual_scales() -> None:
    for activation in ACTIVATIONS:
        for width in (2, 8, 50, 300):
            scales = usual_scales(activation, width)
            assert {sigma_of(name, width) for name in RANGES} <= set(scales)
            assert np.abs(np.log(np.array(scales) / theory.critical_sigma_w(activation))).min() < (
                1e-12
            )
            assert np.diff(np.log(scales)).min() > 0.01
    assert sigma_of("small", 50) == pytest.approx(0.01 * 50**0.5)
    assert sigma_of("he_normal", 50) == pytest.approx(2**0.5)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (PENGUINS.x[:9], PENGUINS.y[:9], "9 rows are too few to hold some out; a map needs 10"),
        (PENGUINS.x, np.eye(342)[:, :1], "the target is the same in all of the 142 rows held out"),
    ],
)
def test_too_little_to_hold_some_out(x: Array, y: Array, words: str) -> None:
    table = Dataset(**vars(PENGUINS) | {"x": x, "y": y, "name": "few.csv"})
    with pytest.raises(DataError, match=f"few.csv: {words}"):
        trainability(table, scales=[1.0], depths=[1])


def test_of_a_start_that_no_network_of_the_map_has_nothing_is_said() -> None:
    result = made([[0.3, 0.3], [0.3, 0.3]], [0.5, 2], [3, 6])
    assert {result.reach_of(name) for name in RANGES} == {None}
    assert result.edge_column is None
    assert [outcome.claim.text for outcome in result.outcomes()] == [
        "the deeper, the narrower the valley"
    ]
    rounded = made([[0.3, 0.3, 0.3], [1.0, 0.3, 1.0]], [0.07, 1, 1.41], [3, 6])
    reached = {name: rounded.reach_of(name) for name in RANGES}
    assert reached == {"small": 3, "large": None, "scaled": 6, "glorot_normal": 6, "he_normal": 3}


def test_of_one_depth_no_claim_compares_depths() -> None:
    result = made([[0.3, 0.3, 1.0]], [0.07, 1, 7], [6])
    told = {outcome.claim.text for outcome in result.outcomes()}
    assert "small is a problem in depth" in told
    assert not told & {
        "the deeper, the narrower the valley",
        "theory: the depth reached follows ξ",
    }


# --- the claims --------------------------------------------------------------------------


def surprises(result: Trainability) -> list[str]:
    return [o.claim.text for o in result.outcomes() if not o.as_documented]


@pytest.mark.parametrize("activation", MAP.claims)
def test_every_claim_comes_out_as_documented_on_the_map_of_verify(activation: str) -> None:
    result = small_map(MAP, PENGUINS, MAP.settings(activation=activation), {})
    assert surprises(result) == []


@pytest.mark.long
@pytest.mark.parametrize("activation", MAP.claims)
def test_the_claims_hold_for_twenty_seeds(activation: str) -> None:
    for seed in range(20):
        result = trainability(PENGUINS, MAP.settings(activation=activation, seed=seed))
        assert surprises(result) == [], seed
        assert result.depths == DEPTHS
        assert result.width == WIDTH


@pytest.mark.long
def test_the_border_of_a_published_map() -> None:
    """Schoenholz et al. 2017, fig. 5: tanh, σ_b² = 0.05; to about 6 ξ_c on both sides."""
    scales: Array = np.sqrt([1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0])
    result = trainability(
        PENGUINS, MAPPED.settings(), scales=scales.tolist(), depths=[10, 14, 20, 28, 40, 57, 80],
        sigma_b=0.05**0.5,
    )  # fmt: skip
    assert 4 < result.multiple() < 12
    assert result.edge == pytest.approx(1.76**0.5, abs=2e-3)
