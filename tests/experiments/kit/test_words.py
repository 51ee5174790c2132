"""Words: a table is aligned, fits on the screen, and loses nothing."""

from __future__ import annotations

import click
from hypothesis import given
from hypothesis import strategies as st

from experiments.kit.words import WIDTH, mark, table

WORD = st.text("abcdefgh√×·", min_size=1, max_size=9)
SENTENCE = st.lists(WORD, min_size=1, max_size=30).map(" ".join)


@given(st.lists(st.tuples(WORD, SENTENCE, WORD), min_size=1, max_size=5))
def test_a_table_fits_the_screen_and_keeps_every_word(rows: list[tuple[str, str, str]]) -> None:
    lines = list(map(click.unstyle, table(rows, ("start", "what", "loss"), "<<>")))
    assert max(map(len, lines)) <= WIDTH
    told = sorted(" ".join(lines).split())
    assert told == sorted(" ".join(["start what loss", *map(" ".join, rows)]).split())


def test_numbers_end_and_words_begin_below_one_another() -> None:
    rows = [("small", "1.00", "never"), ("he_normal", "0.294", "5")]
    head, small, he = map(click.unstyle, table(rows, ("start", "loss", "at"), "<>>"))
    assert small.index("1.00") + len("1.00") == he.index("0.294") + len("0.294")
    assert head.index("loss") + len("loss") == he.index("0.294") + len("0.294")
    assert len(head) == len(small) == len(he)


def test_the_style_of_a_cell_takes_no_room() -> None:
    plain, styled = table([("✓ it holds", "1"), (f"{mark(True)} it holds", "1")])
    assert styled != plain == click.unstyle(styled)


def test_a_column_without_a_word_is_left_out_and_a_line_of_its_own_stays() -> None:
    assert table([("a", "", "b"), "    a remark", ("c", "", "d")]) == [
        "  a  b",
        "    a remark",
        "  c  d",
    ]


def test_columns_of_numbers_move_together_before_they_run_off() -> None:
    line = table([["12345678"] * 8 + ["1"]], align=">" * 9)[0]
    assert len(line) <= WIDTH
    assert line.split() == ["12345678"] * 8 + ["1"]
