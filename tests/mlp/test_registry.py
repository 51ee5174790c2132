"""Registries: one table of names, for whatever is registered."""

from __future__ import annotations

import pytest

from mlp.registry import Registry, suggestion
from tests.oracles import assert_one_line


@pytest.fixture
def fruit() -> Registry[int]:
    table: Registry[int] = Registry("fruit")
    table.add("apple", 1)
    table.add("pear", 2)
    table.alias("pomme", "apple")
    return table


def test_what_is_added_is_found_in_order_and_aliases_are_not_listed(fruit: Registry[int]) -> None:
    assert list(fruit) == ["apple", "pear"]
    assert len(fruit) == 2
    assert [fruit["apple"], fruit["pear"], fruit["pomme"]] == [1, 2, 1]
    assert fruit.aliases("apple") == ["pomme"]
    assert fruit.aliases("pear") == []


def test_membership_counts_aliases_and_nothing_else(fruit: Registry[int]) -> None:
    assert "pomme" in fruit
    assert "pear" in fruit
    assert "plum" not in fruit
    assert 3 not in fruit


@pytest.mark.parametrize("name", ["apple", "pomme"])
def test_a_name_is_taken_only_once(fruit: Registry[int], name: str) -> None:
    with pytest.raises(ValueError, match="registered already") as error:
        fruit.add(name, 7)
    assert_one_line(error, "fruit", name)
    assert fruit[name] == 1


def test_an_alias_cannot_take_the_name_of_another_thing(fruit: Registry[int]) -> None:
    with pytest.raises(ValueError, match="pear"):
        fruit.alias("pear", "apple")
    assert fruit["pear"] == 2


def test_what_is_removed_is_gone_and_its_names_are_free(fruit: Registry[int]) -> None:
    fruit.remove("apple")
    assert list(fruit) == ["pear"]
    assert "apple" not in fruit
    assert "pomme" not in fruit
    assert fruit.add("apple", 5) == 5


def test_upper_and_lower_case_are_the_same_everywhere() -> None:
    table: Registry[int] = Registry("fruit")
    table.add("Apple", 1)
    table.alias("Pomme", "APPLE")
    assert [table[name] for name in ("apple", "Apple", "APPLE", "pomme", "POMME")] == [1] * 5
    assert "APPLE" in table
    assert "Pomme" in table
    assert table.aliases("Apple") == ["pomme"]
    with pytest.raises(ValueError, match="registered already"):
        table.add("aPPle", 2)
    table.remove("Apple")
    assert "apple" not in table


def test_a_mistyped_name_is_answered_with_the_nearest(fruit: Registry[int]) -> None:
    with pytest.raises(ValueError, match="did you mean 'apple'") as error:
        fruit["aple"]
    assert_one_line(error, "unknown fruit 'aple'")


def test_a_name_like_no_other_is_answered_with_all_of_them(fruit: Registry[int]) -> None:
    with pytest.raises(ValueError, match="choose from") as error:
        fruit["zzz"]
    assert_one_line(error, "apple", "pear", "pomme")


@pytest.mark.parametrize("typed", ["He_Normal", "HE_NORMAL", "henormal", "he-normal"])
def test_a_suggestion_overlooks_case_and_dashes(typed: str) -> None:
    assert suggestion(typed, ["zeros", "he_normal"]) == "did you mean 'he_normal'?"
