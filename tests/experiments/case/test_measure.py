"""The runner: the claims come out as documented, and every comparison is fair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from experiments.case import figure as pictures
from experiments.case import text as words
from experiments.case.cases import CASES, CONSTANT, RANDOM, ZERO, Case
from experiments.case.measure import Result, run
from experiments.data import load
from experiments.kit.claims import Claim, Measured
from experiments.kit.settings import Settings
from mlp.activations import ACTIVATIONS
from tests.oracles import Watcher

PENGUINS = load()
SHORT = Settings(epochs=60)
OF_THE_NOTES = ("relu", "tanh", "sigmoid", "linear")


@pytest.fixture(scope="module")
def every_result() -> list[Result]:
    """Everything that ``verify`` runs."""
    return [
        run(case, PENGUINS, case.settings(activation=activation), options)
        for case in CASES.values()
        for options in case.variants
        for activation in case.claims
    ]


def test_every_claim_comes_out_as_documented(every_result: list[Result]) -> None:
    wrong = [
        (r.case.name, dict(r.options), r.settings.activation, o.claim.text, o.measured.text)
        for r in every_result
        for o in r.outcomes()
        if not o.as_documented
    ]
    assert not wrong


def test_every_case_of_the_notes_is_run_with_their_activations(every_result: list[Result]) -> None:
    seen = {(r.case.name, r.settings.activation) for r in every_result}
    notes = ("zero", "constant", "random")
    assert seen >= {(case, activation) for case in notes for activation in OF_THE_NOTES}


def test_the_verdicts_are_those_of_the_lesson(every_result: list[Result]) -> None:
    told = {(r.case.name, r.settings.activation): r.word for r in every_result}
    for activation in OF_THE_NOTES:
        frozen = activation != "sigmoid"
        assert told["zero", activation] == ("stalled" if frozen else "symmetric")
        assert told["constant", activation] == "symmetric"
        assert told["random", activation] == "learning"


def test_identical_units_reach_what_the_design_measured(every_result: list[Result]) -> None:
    for r in every_result:
        if r.case is CONSTANT and r.settings.activation in ("relu", "tanh"):
            assert 0.40 < r.history.loss[-1] < 0.43
        if r.case is CONSTANT and r.settings.activation == "linear":
            assert r.history.loss[-1] == pytest.approx(PENGUINS.least_squares_loss, abs=1e-6)
        if r.case is ZERO and r.settings.activation == "sigmoid":
            assert (r.history.loss[:500] > 0.999).all()


def test_the_sigmoid_layers_wake_one_per_step_in_a_deep_network_too() -> None:
    result = run(ZERO, PENGUINS, replace(SHORT, activation="sigmoid", hidden=(3, 3, 3)))
    awake = (result.twin.many["dW_rms"] > 1e-12).argmax(axis=0)
    assert awake.tolist() == [3, 2, 1, 0]


@pytest.mark.parametrize("hidden", [(2,), (5,), (3, 4), (2, 3, 2)])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("batch_size", [None, 50])
def test_one_unit_stands_for_many(
    hidden: tuple[int, ...], optimizer: str, batch_size: int | None
) -> None:
    settings = Settings(
        activation="tanh",
        hidden=hidden,
        epochs=30,
        learning_rate=0.01,
        optimizer=optimizer,
        batch_size=batch_size,
    )
    result = run(CONSTANT, PENGUINS, settings)
    assert result.twin.difference < 1e-10
    # ... and it is a comparison of two networks that do learn.
    assert result.twin.one.loss[-1] < 0.9 * result.twin.one.loss[0]


def test_random_beats_one_unit_for_twenty_seeds_in_a_row() -> None:
    """ReLU from small weights is the weakest of them: about 6 seeds in 10 do."""
    for seed in range(20):
        settings = Settings(activation="relu", seed=seed, epochs=300)
        result = run(RANDOM, PENGUINS, settings, {"scale": "small"})
        assert all(outcome.as_documented for outcome in result.outcomes())


def test_the_seed_decides_everything() -> None:
    first, again = (run(RANDOM, PENGUINS, replace(SHORT, batch_size=40)) for _ in range(2))
    np.testing.assert_array_equal(first.all_losses, again.all_losses)
    other = run(RANDOM, PENGUINS, replace(SHORT, batch_size=40, seed=1))
    assert (other.all_losses[0] != first.all_losses[0]).all()


def test_the_start_changes_neither_data_nor_batches_nor_the_reference() -> None:
    settings = replace(SHORT, batch_size=40)
    zero, constant = run(ZERO, PENGUINS, settings), run(CONSTANT, PENGUINS, settings)
    np.testing.assert_array_equal(zero.reference_losses, constant.reference_losses)


def test_the_picture_shows_the_median_seed() -> None:
    result = run(RANDOM, PENGUINS, SHORT)
    final = result.all_losses[-1]
    assert result.all_losses.shape == (61, 20)
    assert np.count_nonzero(final < result.history.loss[-1]) in (9, 10)
    assert result.trace.output.shape == result.dataset.y.shape


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_divergence_is_a_verdict_not_an_error(case: Case, activation: str) -> None:
    settings = Settings(activation=activation, learning_rate=1e300, epochs=20)
    result = run(case, PENGUINS, settings)
    assert result.word == "diverged"
    assert all(isinstance(o.measured.holds, bool) for o in result.outcomes())


def test_a_network_that_never_beats_the_mean_is_stalled() -> None:
    settings = Settings(activation="tanh", learning_rate=1e-12, epochs=5)
    verdict = words.verdict(run(RANDOM, PENGUINS, settings, {"scale": "0.001"}))
    assert verdict.word == "stalled"
    assert "1.00" in verdict.number


def test_the_work_is_announced_rightly() -> None:
    for case in (CONSTANT, RANDOM):
        run(case, PENGUINS, SHORT, expect=(watcher := Watcher()))
        assert watcher.taken == watcher.announced > SHORT.epochs


def test_several_inputs_and_targets_work() -> None:
    table = load(
        "penguins",
        ["bill_length_mm", "year", "flipper_length_mm"],
        ["body_mass_g", "bill_depth_mm"],
    )
    for case in CASES.values():
        result = run(case, table, replace(SHORT, activation="tanh", hidden=(3, 2)))
        assert result.sizes == [3, 3, 2, 2]
        assert "nan" not in " ".join(o.measured.text for o in result.outcomes())
    assert run(CONSTANT, table, replace(SHORT, hidden=(3, 2))).twin.difference < 1e-12


def test_a_new_case_needs_nothing_but_itself() -> None:
    always = Claim("it has a loss", lambda r: Measured(bool(r.history.loss[0] > 0), 0.0, "yes"))
    ones = replace(
        ZERO,
        name="ones",
        title="All ones",
        starts=lambda: [CONSTANT.start(value=1.0)],
        claims={"tanh": (always,)},
    )
    result = run(ones, PENGUINS, replace(SHORT, activation="tanh"))
    assert [o.claim.text for o in result.outcomes()] == ["it has a loss"]
    assert result.word == "symmetric"


def test_rounding_that_grows_is_told_and_not_held_against_the_notes() -> None:
    """Design, section 5: nine identical units drift apart from rounding alone."""
    settings = Settings(activation="tanh", hidden=(9,), epochs=1500, learning_rate=0.1)
    result = run(CONSTANT, PENGUINS, settings)
    (told,) = [o for o in result.outcomes() if o.claim.text.startswith("z11 = z12 and")]
    assert told.measured.holds
    if result.each_epoch("unit_spread").max() > 1e-12:  # some machines round all nine alike
        assert "later" in told.measured.text


def test_one_unit_per_layer_is_not_called_symmetric() -> None:
    verdict = words.verdict(run(CONSTANT, PENGUINS, Settings(activation="tanh", hidden=(1,))))
    assert verdict.word == "learning"
    assert "no other" in verdict.reason


@pytest.mark.parametrize("case", [CONSTANT, RANDOM], ids=["constant", "random"])
def test_a_start_out_of_range_is_a_verdict(case: Case) -> None:
    options = {"value": 1e300} if case is CONSTANT else {"scale": "1e300"}
    verdict = words.verdict(run(case, PENGUINS, SHORT, options))
    assert verdict.word == "diverged"
    assert "start" in verdict.reason


def test_how_bent_an_answer_is() -> None:
    linear = run(CONSTANT, PENGUINS, replace(SHORT, activation="linear"))
    bent = run(CONSTANT, PENGUINS, replace(SHORT, activation="tanh"))
    assert linear.twin.bent < 1e-12 < 0.01 < bent.twin.bent < 1


def test_a_case_of_random_units_has_no_twin() -> None:
    with pytest.raises(ValueError, match="identical units"):
        _ = run(RANDOM, PENGUINS, SHORT).twin


def test_a_loss_that_ends_above_the_mean_is_told() -> None:
    """As for the cases too: only the lowest loss decides whether it counts as learning."""
    settings = Settings(hidden=(16, 16), epochs=3, learning_rate=0.5)
    result = run(RANDOM, PENGUINS, settings)
    loss, verdict = result.history.loss, words.verdict(result)
    assert loss.min() < result.dataset.mean_predictor_loss < loss[-1]
    assert "ended above the mean" in verdict.reason
    assert "above the mean" in verdict.number
    assert pictures.loss_panel(Figure().subplots(), result).get_title() == "Above the mean again"
