"""Compare: each run is the same network trained alone, and chance is seldom called a winner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, wilcoxon

from experiments.compare.measure import (
    COMPARED,
    Candidate,
    Comparison,
    Rows,
    chance_of,
    compare,
    usual_epochs,
    usual_rates,
)
from experiments.data import DataError, read
from experiments.kit.settings import Settings
from experiments.kit.starts import named_start
from experiments.kit.training import BATCHES, WEIGHTS
from mlp import MLP, SGD, Adam, train
from mlp.arrays import Array

PENGUINS = read("penguins")
SMALL = Settings("tanh", (4, 3), epochs=20, batch_size=40, seed=3)


def candidate(name: str, explained: Array, rates: tuple[float, ...] = (0.1,)) -> Candidate:
    """Return a start whose runs explain so much, at every rate the same."""
    at_rates = np.repeat(np.asarray(explained)[:, np.newaxis], len(rates), axis=1)
    runs = len(explained)
    return Candidate(
        start=named_start(name),
        rates=rates,
        best=0,
        losses=np.full((3, runs), 0.5),
        choosing=at_rates,
        judging=at_rates,
        held_out_loss=1 - np.asarray(explained),
        diverged_at=np.full((runs, len(rates)), -1),
        words=["learning"] * runs,
    )


def comparison(*explained: Array, margin: float = 0.0) -> Comparison:
    rivals = [candidate("he_normal", each) for each in explained]
    runs = len(explained[0])
    return Comparison(SMALL, PENGUINS, Rows(206, 68, 68), runs, rivals, margin)


def test_the_usual_start_is_advised_unless_it_loses_every_pair() -> None:
    lucky = np.linspace(0.5, 0.6, 8)
    for loses, advised in ((0.9, "he_uniform"), (1.0, "glorot_normal")):
        rivals = [candidate("he_uniform", lucky), candidate("glorot_normal", loses * lucky)]
        result = Comparison(SMALL, PENGUINS, Rows(206, 68, 68), 8, rivals, 0.2)
        assert result.equals == rivals, "a tenth is within the margin"
        assert result.recommended.name == advised


# --- training ----------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_each_run_equals_the_same_network_trained_alone(optimizer: str) -> None:
    settings = replace(SMALL, optimizer=optimizer)
    starts = [named_start(name) for name in ("zeros", "he_uniform")]
    found = compare(starts, PENGUINS, settings, runs=2)["he_uniform"]
    for r, j in np.ndindex(found.judging.shape):
        order = np.random.default_rng(np.random.SeedSequence(3, spawn_key=(2, r))).permutation(342)
        dataset = PENGUINS.standardised(order[136:])
        net = MLP(
            [2, 4, 3, 1],
            "tanh",
            kernel_initializer="he_uniform",
            seed=np.random.SeedSequence(3, spawn_key=(WEIGHTS, r)),
        )
        step = (SGD if optimizer == "sgd" else Adam)(found.rates[j])
        losses, left = [], []
        for epoch in range(21):
            if epoch:
                seed = np.random.SeedSequence(3, spawn_key=(BATCHES, r))
                train(net, dataset.x, dataset.y, optimizer=step, epochs=1, batch_size=40,
                      seed=seed, first_epoch=epoch - 1)  # fmt: skip
            losses.append(np.square(net.predict(dataset.x) - dataset.y).mean())
            for rows in (order[68:136], order[:68]):
                x = (PENGUINS.x[rows] - dataset.x_mean) / dataset.x_std
                y = (PENGUINS.y[rows] - dataset.y_mean) / dataset.y_std
                left.append(np.square(net.predict(x) - y).mean() / np.square(y).mean())
        # The last tenth of 20 epochs are two.
        choosing, judging = 1 - np.mean([left[-4:-2], left[-2:]], axis=0)
        assert found.choosing[r, j] == pytest.approx(max(choosing, 0), abs=1e-9)
        assert found.judging[r, j] == pytest.approx(max(judging, 0), abs=1e-9)
        if j == found.best:
            np.testing.assert_allclose(found.losses[:, r], losses, rtol=1e-9)


def test_each_start_gets_its_own_rate_by_rows_that_do_not_judge_it() -> None:
    result = compare([named_start(n) for n in ("small", "he_normal")], PENGUINS, SMALL, runs=4)
    for found in result.candidates:
        assert found.rate == found.rates[int(found.choosing.mean(axis=0).argmax())]
        np.testing.assert_array_equal(found.explained, found.judging[:, found.best])
    # Small weights want larger steps.
    assert result["small"].rate > result["he_normal"].rate
    assert result.works_at(result["he_normal"]).sum() > result.works_at(result["small"]).sum()


def test_one_rate_for_all_is_said_to_be_the_only_one() -> None:
    result = compare([named_start("he_normal")], PENGUINS, SMALL, rates=(0.05,), runs=2)
    assert result.rates == (0.05,)
    assert result.answer().endswith("This holds for η = 0.05 only.")
    result = compare([named_start("he_normal")], PENGUINS, SMALL, rates=(1e9,), runs=2)
    assert result.nobody_learns
    assert result.answer().endswith("This holds for η = 1e+09 only.")


def test_the_same_in_any_map() -> None:
    starts, seen = [named_start("zeros"), named_start("he_normal")], []

    def backwards(function, tasks):  # type: ignore[no-untyped-def]
        done = [function(task) for task in list(tasks)[::-1]]
        seen.append(len(done))
        return done[::-1]

    here = compare(starts, PENGUINS, SMALL, runs=3)
    there = compare(starts, PENGUINS, SMALL, runs=3, map=backwards)
    assert seen == [3]
    np.testing.assert_array_equal(here["he_normal"].judging, there["he_normal"].judging)


def test_what_diverges_explains_nothing() -> None:
    wild, starts = Settings("relu", (8, 8), 6, batch_size=32), ("large", "zeros")
    result = compare([named_start(n) for n in starts], PENGUINS, wild, rates=(1e6,), runs=2)
    assert (result["large"].explained == 0).all()
    assert result["large"].count("diverged") == 2
    assert np.isinf(result["large"].final_losses).all()
    assert result.nobody_learns


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="name at least one start"):
        compare([], PENGUINS, SMALL)
    few = replace(PENGUINS, values=PENGUINS.values[:9])
    with pytest.raises(DataError, match="9 complete rows; compare needs at least 10"):
        compare([named_start("zeros")], few, SMALL)
    ten = replace(PENGUINS, values=PENGUINS.values[:10])
    assert compare([named_start("zeros")], ten, SMALL, runs=1).rows == Rows(6, 2, 2)


def test_large_tables_get_fewer_epochs() -> None:
    # 205 rows are 7 steps of 32; 12384 are 387, and a thousand steps two epochs and a half.
    assert [usual_epochs(rows, 32) for rows in (342, 20_640)] == [100, 3]
    assert usual_epochs(10_000, None) == 100
    usual = COMPARED.settings()
    assert (usual.activation, usual.hidden, usual.batch_size) == ("tanh", (16, 16), 32)
    assert usual_rates("adam")[0::2] == (0.00003, 0.0003, 0.003, 0.03)


# --- what is more than noise -------------------------------------------------------------


@pytest.mark.parametrize("runs", [1, 5, 12, 20])
def test_chance_is_that_of_the_signed_rank_test(runs: int, rng: np.random.Generator) -> None:
    for shift in (0.0, 0.3, 2.0):
        best, other = rng.standard_normal((2, runs))
        best += shift
        expected = wilcoxon(best, other, method="exact")
        ahead = wilcoxon(best, other, alternative="greater", method="exact").pvalue < 0.5
        assert chance_of(best, other) == pytest.approx(expected.pvalue if ahead else 1.0)


def test_runs_that_end_alike_are_a_tie() -> None:
    assert chance_of(np.ones(9), np.ones(9)) == 1.0
    # By hand: gaps 1, 1, -1 share the rank 2; of the 8 signs 4 leave at most 2 against it.
    assert chance_of(np.array([1.0, 1, 0]), np.array([0.0, 0, 1])) == 1.0
    assert chance_of(np.array([1.0, 1, 1]), np.zeros(3)) == 2 / 8


@pytest.mark.parametrize("starts", [2, 13])
def test_equal_starts_are_told_apart_in_no_more_than_five_of_a_hundred_cases(
    starts: int, rng: np.random.Generator
) -> None:
    trials, wrong = 200, 0
    for _ in range(trials):
        # What a run's rows and batches do to all starts, and what is left to each.
        explained = 0.5 + 0.1 * rng.standard_normal(20) + 0.05 * rng.gumbel(size=(starts, 20))
        wrong += len(comparison(*explained).equals) < starts
    assert wrong <= binom.ppf(0.99, trials, 0.05)


def test_a_real_difference_is_found(
    rng: np.random.Generator, record_property: Callable[[str, object], None]
) -> None:
    trials, power = 40, {}
    for part in (0.9, 0.8, 0.7, 0.6, 0.5):
        found = 0
        for _ in range(trials):
            explained = 0.6 + 0.05 * rng.standard_normal(20) + 0.05 * rng.standard_normal((13, 20))
            explained[0] -= (1 - part) * 0.6
            found += len(comparison(*explained, margin=0.2).equals) == 12
        power[part] = found / trials
    record_property("power", power)
    assert power[0.9] == power[0.8] == 0.0
    assert power[0.6] > 0.8
    assert power[0.5] == 1.0


def test_what_explains_four_fifths_of_the_best_is_as_good() -> None:
    best, good, bad = np.full(20, 0.6), np.full(20, 0.5), np.full(20, 0.4)
    result = comparison(best, good, bad, margin=0.2)
    assert [c.mean for c in result.equals] == pytest.approx([0.6, 0.5])
    assert [c.mean for c in result.worse] == pytest.approx([0.4])
    strict = replace(result, margin=0.0)
    assert len(strict.equals) == 1
    assert "all others are worse." in strict.answer()


def test_a_start_of_which_most_runs_diverge_is_worse_however_little_the_best_explains() -> None:
    result = comparison(np.array([0.3, 0, 0, 0, 0] * 4), np.zeros(20), np.zeros(20))
    assert len(result.equals) == 3
    result.candidates[1].words[:11] = ["diverged"] * 11
    result.candidates[2].words[:10] = ["diverged"] * 10
    again = replace(result)
    assert again.worse == [result.candidates[1]]


def test_too_few_runs_name_no_winner() -> None:
    assert comparison(np.full(5, 0.9), np.full(5, 0.1)).too_few
    assert not comparison(np.full(6, 0.9), np.full(6, 0.1)).too_few
    assert "too few to judge by, 6 the" in comparison(np.full(5, 0.9), np.full(5, 0.1)).answer()


def test_what_more_runs_might_tell_is_named() -> None:
    unsure = np.array([0.9, 0.1] * 10)
    result = comparison(np.full(20, 0.8), np.full(20, 0.7), unsure, margin=0.2)
    assert len(result.equals) == 3
    assert result.undecided == [result.candidates[2]]


# --- the promise: the answer holds -------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("times", [1, 5])
def test_the_answer_holds_for_twenty_seeds(times: int) -> None:
    starts = [
        named_start(n) for n in ("zeros", "constant", "normal", "glorot_uniform", "he_normal")
    ]
    answers = []
    for seed in range(20):
        settings = COMPARED.settings(epochs=100 * times, seed=seed)
        answers.append(compare(starts, PENGUINS, settings).answer())
    assert max(map(answers.count, answers)) >= 18
