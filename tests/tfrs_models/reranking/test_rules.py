from typing import Any

import pytest
from support.candidates import make_candidates, rerank

from configs.reranking import RerankingConfig

A, B = {"column": "kind", "value": "a"}, {"column": "kind", "value": "b"}


def ruled(kinds: str, k: int, **rules: Any) -> list[int]:
    """The list of candidates with one kind a letter."""
    columns = {
        "kind": [[kind] for kind in kinds],
        "item_id": [[f"i{n}"] for n in range(len(kinds))],
    }
    return rerank(make_candidates(len(kinds), columns), k, {"type": "rules", **rules})


def item(number: int) -> dict[str, Any]:
    return {"column": "item_id", "value": f"i{number}"}


def refusal(**rules: Any) -> str:
    with pytest.raises(ValueError) as raised:
        RerankingConfig.model_validate({"steps": [{"type": "rules", "options": rules}]})
    return str(raised.value)


def test_no_rule_keeps_the_order() -> None:
    assert ruled("abc", 3) == [0, 1, 2]


def test_excluded_items_never_come() -> None:
    assert ruled("abab", 4, exclude=[A]) == [1, 3]


def test_everything_may_be_excluded() -> None:
    assert ruled("aa", 2, exclude=[A]) == []


def test_buried_items_come_last() -> None:
    assert ruled("aabc", 4, bury=[A]) == [2, 3, 0, 1]


def test_a_pinned_item_stands_at_its_place() -> None:
    assert ruled("abcd", 3, pin=[{**item(3), "position": 2}]) == [0, 3, 1]


def test_pins_take_the_best_candidate_of_their_value_from_the_top() -> None:
    pins = [{**B, "position": 3}, {**B, "position": 1}]
    assert ruled("aabab", 4, pin=pins) == [2, 0, 4, 1]


def test_a_pin_of_what_is_no_candidate_or_past_the_list_does_nothing() -> None:
    pins = [{**item(9), "position": 1}, {**item(2), "position": 4}]
    assert ruled("abc", 2, pin=pins) == [0, 1]


def test_a_smallest_share_is_served_as_late_as_it_can_be() -> None:
    # A third of 4 places is 1.33, so 2 of b.
    assert ruled("aaaabb", 4, quotas=[{**B, "at_least": 0.34}]) == [0, 1, 4, 5]


def test_a_smallest_share_takes_what_there_is() -> None:
    assert ruled("aaab", 3, quotas=[{**B, "at_least": 1}]) == [0, 1, 3]


def test_a_largest_share_is_kept() -> None:
    # Half of 4 places is 2 of a.
    assert ruled("aaaabc", 4, quotas=[{**A, "at_most": 0.5}]) == [0, 1, 4, 5]


def test_a_largest_share_gives_way_to_an_empty_place() -> None:
    assert ruled("aaab", 3, quotas=[{**A, "at_most": 0}]) == [3, 0, 1]


def test_two_smallest_shares_share_the_last_places() -> None:
    quotas = [{**B, "at_least": 0.25}, {"column": "kind", "value": "c", "at_least": 0.25}]
    assert ruled("aaaabc", 4, quotas=quotas) == [0, 1, 4, 5]


def test_pinned_items_count_in_the_quotas() -> None:
    assert ruled("aaabb", 3, pin=[{**B, "position": 1}], quotas=[{**B, "at_least": 0.3}]) == [
        3,
        0,
        1,
    ]


def test_a_share_is_not_rounded_up_by_an_error_of_floating_point() -> None:
    # 0.07 * 100 is 7.000000000000001.
    quotas = [{**B, "at_least": 0.07}]
    assert ruled("a" * 100 + "b" * 20, 100, quotas=quotas)[-8:] == [92, *range(100, 107)]


def test_numbers_and_truth_values_choose_as_their_text() -> None:
    candidates = make_candidates(3, {"year": [["1999"], ["2000"], ["true"]]})
    exclude = [{"column": "year", "value": 1999}, {"column": "year", "value": True}]
    assert rerank(candidates, 3, {"type": "rules", "exclude": exclude}) == [1]


def test_two_items_at_one_place_are_refused() -> None:
    pins = [{**item(1), "position": 1}, {**item(2), "position": 1}]
    assert "received 2 pins at position 1" in refusal(pin=pins)


def test_one_item_at_two_places_is_refused() -> None:
    pins = [{**item(1), "position": 1}, {**item(1), "position": 2}]
    assert "received 2 pins of item_id = i1" in refusal(pin=pins)


@pytest.mark.parametrize("name", ["exclude", "bury"])
def test_what_is_pinned_cannot_be_unwanted(name: str) -> None:
    message = refusal(pin=[{**A, "position": 1}], **{name: [A]})
    assert f"`{name}` contradicts `pin`" in message
    assert "kind = a" in message


def test_what_must_come_cannot_be_excluded() -> None:
    assert "contradicts" in refusal(quotas=[{**A, "at_least": 0.1}], exclude=[A])


def test_a_smallest_share_above_the_largest_is_refused() -> None:
    message = refusal(quotas=[{**A, "at_least": 0.5, "at_most": 0.2}])
    assert "received 0.5 > 0.2 for kind = a" in message


def test_smallest_shares_above_the_whole_are_refused() -> None:
    message = refusal(quotas=[{**A, "at_least": 0.6}, {**B, "at_least": 0.6}])
    assert "received 1.2 for `kind`" in message


def test_two_quotas_of_one_value_are_refused() -> None:
    assert "received 2 quotas of kind = a" in refusal(quotas=[A, {**A, "at_most": 0.5}])


def test_a_value_that_is_no_scalar_is_refused() -> None:
    assert "a text, a number or true or false" in refusal(exclude=[{"column": "kind", "value": []}])
