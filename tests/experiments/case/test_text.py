"""Narration: what a student reads fits on the screen and says what was measured."""

from __future__ import annotations

import json
from dataclasses import replace

import click
import pytest

from experiments import listing, verify
from experiments.case import text as words
from experiments.case.cases import CASES, CONSTANT, RANDOM, ZERO, Case
from experiments.case.measure import run
from experiments.data import load
from experiments.kit.settings import Settings
from experiments.verify import Run, verified
from mlp import initializers
from mlp.activations import ACTIVATIONS

PENGUINS = load()
SHORT = Settings(epochs=30)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_text_fits_eighty_columns_and_is_in_order(case: Case, activation: str) -> None:
    result = run(case, PENGUINS, replace(SHORT, activation=activation))
    text = click.unstyle(words.text(result, "picture.png"))
    assert max(len(line) for line in text.splitlines()) <= 80
    claimed = ["notes"] if result.outcomes() else []
    landmarks = [case.title, "network", "data", "start", "training", *claimed, "verdict"]
    landmarks += ["picture.png", *["next"][: len(case.next)]]
    places = [text.index(word) for word in landmarks]
    assert places == sorted(places)
    for outcome in result.outcomes():
        mark = "✓" if outcome.measured.holds else "✗"
        assert any(
            line.startswith(f"{mark} {outcome.claim.text}") and outcome.measured.text in line
            for line in text.splitlines()
        )
    assert str(words.verdict(result)) in text


def test_a_claim_that_comes_out_otherwise_is_said_to() -> None:
    result = run(ZERO, PENGUINS, replace(SHORT, activation="relu", batch_size=32))
    text = click.unstyle(words.text(result, "p.png"))
    assert "follows the mean of each batch; with the defaults this holds" in text


@pytest.mark.parametrize("rate", [0.1, 1e300])
def test_json_is_one_object_of_the_contract(rate: float) -> None:
    result = run(CONSTANT, PENGUINS, replace(SHORT, activation="tanh", learning_rate=rate))
    data = json.loads(json.dumps(words.as_json(result, "p.png")), parse_constant=pytest.fail)
    contract = (
        "case activation sizes initializer data seed epochs learning_rate loss "
        "mean_predictor_loss claims verdict figure"
    )
    assert set(contract.split()) <= set(data)
    assert len(data["loss"]) == 31
    for claim in data["claims"]:
        assert {"claim", "expected", "holds", "measured"} <= set(claim)
    word = data["verdict"].split(":")[0]
    assert word in {"diverged", "stalled", "symmetric", "learning"}
    assert (word == "diverged") == (None in data["loss"])


def test_verification_counts_claims_and_names_surprises(monkeypatch: pytest.MonkeyPatch) -> None:
    results = [verified(Run("case", name, "relu", {})) for name in ("zero", "random")]
    documented = click.unstyle(verify.text(results)).splitlines()
    assert documented[-1] == "7 claims: 7 hold, 0 are refuted; all as documented"
    rows = verify.as_json(results)["claims"]
    assert [row["case"] for row in rows] == ["zero"] * 4 + ["random"] * 3
    refuted = replace(ZERO, claims={"relu": [c.refuted("a test") for c in ZERO.claims["relu"]]})
    monkeypatch.setitem(CASES, "zero", refuted)
    assert "4 NOT as documented" in verify.text(results)


def test_dead_units_are_named() -> None:
    """After one step of constant weights no unit of the second layer answers anything."""
    result = run(CONSTANT, PENGUINS, replace(SHORT, hidden=(16, 16), epochs=3))
    assert (result.network.forward(PENGUINS.x).a[2] == 0).all()
    text = " ".join(click.unstyle(words.text(result, "p.png")).split())
    assert "Dead from epoch 1 on: all 16 of hidden layer 2." in text
    assert "✓ so it does not capture non-linearity ŷ is the same for every row" in text
    assert "all units of a layer are dead; with the defaults this is refuted" in text
    assert words.as_json(result, "p.png")["dead"] == [0, 16]


def test_as_many_dead_units_are_named_as_answer_nothing() -> None:
    settings = replace(SHORT, activation="relu", hidden=(20,))
    result = run(RANDOM, PENGUINS, settings, {"scale": "large"})
    silent = int((result.network.forward(PENGUINS.x).a[1] == 0).all(axis=0).sum())
    assert silent > 0
    assert f"Dead: {silent} of 20 hidden units." in click.unstyle(words.text(result, "p.png"))
    alive = run(RANDOM, PENGUINS, replace(settings, activation="tanh"), {"scale": "large"})
    assert "Dead" not in words.text(alive, "p.png")


def test_the_listing_has_everything_registered() -> None:
    text = "\n".join([listing.text(), listing.text("cases")])
    data = listing.as_json()
    assert list(data["initializers"]) == initializers.names()
    assert list(data["activations"]) == list(ACTIVATIONS)
    for name in [*data["initializers"], *data["activations"], *data["cases"], *data["data"]]:
        assert name in text
    for case in CASES.values():
        for activation in case.claims:
            for options in case.variants:
                assert all(c.text in text for c in case.claims_for(activation, options))
    assert max(map(len, click.unstyle(text).splitlines())) <= 80


def test_a_new_initializer_is_listed_by_itself() -> None:
    initializers.register("coin", formula="±1/2")(
        lambda rng, fan_in, fan_out: rng.choice([-0.5, 0.5], (fan_in, fan_out))
    )
    try:
        assert "±1/2" in listing.text()
    finally:
        initializers.INITIALIZERS.remove("coin")
    assert "±1/2" not in listing.text()
