"""What pytest leaves alone here, and how it runs the rest: one measurement after another."""

from __future__ import annotations

import pytest

# What needs other packages, and what is run by `-m`.
collect_ignore_glob = ["peers/*", "worker.py", "__main__.py"]


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Take no second process: two measurements at once would measure each other."""
    config.option.numprocesses = 0
