"""Fixtures for all tests, and the Hypothesis profile that makes every run the same."""

from __future__ import annotations

import os
from typing import TypeAlias

# The networks of the tests are small: a second thread would only wait for the first.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
from hypothesis import settings

from mlp.arrays import Array

settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci")

Data: TypeAlias = tuple[Array, Array]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_240_229)


@pytest.fixture
def data(rng: np.random.Generator) -> Data:
    """Twenty-three examples of a bent plane; y is one column whose mean is not 0."""
    x = rng.standard_normal((23, 2))
    y = np.sin(x[:, :1]) + 0.5 * x[:, 1:] + 0.3
    return x, y
