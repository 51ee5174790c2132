"""Ranges: what they declare is complete, so that a new race is checked by being there."""

from __future__ import annotations

import pytest

from experiments.race.races import RACES, Race
from mlp import initializers
from mlp.activations import ACTIVATIONS


@pytest.mark.parametrize("race", RACES.values(), ids=RACES)
def test_a_race_is_complete(race: Race) -> None:
    assert RACES[race.name] is race
    starts = race.starts(**race.chosen())
    assert len({start.name for start in starts}) == len(starts) >= 3
    for start in starts:
        initializers.get(start.kernel.name, **start.kernel.parameters)
        initializers.get(start.bias.name, **start.bias.parameters)
    assert set(race.covered) <= set(race.claims) <= set(ACTIVATIONS)
    for activation, claims in race.claims.items():
        assert len({claim.text for claim in claims}) == len(claims)
        assert all(claim.expected or claim.reason for claim in claims)
        assert max(len(claim.text) for claim in claims) <= 47
        assert len(race.settings(activation=activation).hidden) >= 5
