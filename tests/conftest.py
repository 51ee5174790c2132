"""Fixtures for all tests, and the Hypothesis profile that makes every run the same."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any, TypeAlias

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


CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --window-size=1200,900 "
    "--disable-background-networking --disable-component-update --disable-sync"
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium without a screen, which keeps a log of all that it asks the network for."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    if not CHROMIUM or not DRIVER:
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    folder = tmp_path_factory.mktemp("chromium")
    for flag in [*FLAGS.split(), f"--user-data-dir={folder}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()
