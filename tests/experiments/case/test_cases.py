"""Cases: what they declare is complete, so that a new one is checked by being there."""

from __future__ import annotations

import pytest

from experiments.case.cases import CASES, ZERO, Case
from experiments.kit.words import number, shape
from mlp import initializers
from mlp.activations import ACTIVATIONS


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_case_is_complete(case: Case) -> None:
    assert CASES[case.name] is case
    for options in case.variants:
        start = case.start(**options)
        for named in (start.kernel, start.bias):
            initializers.get(named.name, **named.parameters)
    assert set(case.covered) <= set(case.claims) <= set(ACTIVATIONS)
    for activation in case.claims:
        for options in case.variants:
            claims = case.claims_for(activation, options)
            assert claims
            assert len({claim.text for claim in claims}) == len(claims)
            for claim in claims:
                assert claim.expected or claim.reason, f"why is '{claim.text}' refuted?"
                assert len(claim.text) <= 47, "the table of verify has no more room"


def test_the_shape_of_a_deep_network_is_short() -> None:
    assert shape([2, 16, 16, 1]) == "2-16-16-1"
    assert shape([250] * 12) == "250×12"


def test_an_activation_without_claims_has_none() -> None:
    assert ZERO.claims_for("softplus", {}) == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_default_options_are_among_the_variants(case: Case) -> None:
    defaults = {option.name: option.convert(option.default) for option in case.options}
    assert defaults in [dict(options) for options in case.variants]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1, "1.00"),
        (-0.12345, "-0.123"),
        (123.4, "123"),
        (12345.6, "1.2e4"),
        (999.6, "1.0e3"),
        (99.96, "100"),
        (0.00099996, "0.00100"),
        (3.2e-16, "3.2e-16"),
        (1e300, "1.0e300"),
        (float("nan"), "not finite"),
    ],
)
def test_numbers_have_three_digits_at_most(value: float, text: str) -> None:
    assert number(value) == text
