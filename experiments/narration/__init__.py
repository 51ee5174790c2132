"""Narration: what was measured, as the text a student reads or as JSON.

Text is made for 80 columns and comes with ANSI styles, which click takes out again where
nobody would see them. One file for each kind of result; ``words.py`` has what they share.

Where to go next: ``plots``, for the pictures.
"""

from experiments.narration.alternative import (
    describe,
    describe_comparison,
    describe_fit,
    describe_propagation,
    describe_race,
    describe_symmetry,
)
from experiments.narration.case import as_json, text
from experiments.narration.claims import claim_as_json, verification, verification_as_json
from experiments.narration.comparison import (
    comparison,
    comparison_as_csv,
    comparison_as_json,
    race,
)
from experiments.narration.fitting import (
    answers_as_csv,
    answers_as_json,
    answers_text,
    fit_as_json,
    fit_text,
    interruption,
)
from experiments.narration.listing import listing, listing_as_json
from experiments.narration.propagation import propagation, propagation_as_json
from experiments.narration.symmetry import symmetry, symmetry_as_json
from experiments.narration.walkthrough import (
    answer,
    walkthrough,
    walkthrough_as_json,
    walkthrough_as_markdown,
)

__all__ = [
    "answer",
    "answers_as_csv",
    "answers_as_json",
    "answers_text",
    "as_json",
    "claim_as_json",
    "comparison",
    "comparison_as_csv",
    "comparison_as_json",
    "describe",
    "describe_comparison",
    "describe_fit",
    "describe_propagation",
    "describe_race",
    "describe_symmetry",
    "fit_as_json",
    "fit_text",
    "interruption",
    "listing",
    "listing_as_json",
    "propagation",
    "propagation_as_json",
    "race",
    "symmetry",
    "symmetry_as_json",
    "text",
    "verification",
    "verification_as_json",
    "walkthrough",
    "walkthrough_as_json",
    "walkthrough_as_markdown",
]
