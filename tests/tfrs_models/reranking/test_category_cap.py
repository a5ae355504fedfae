from support.candidates import make_candidates, rerank

CAP = {"type": "category_cap", "column": "kind"}


def one(kinds: str) -> list[list[str]]:
    """One value a letter; `-` has none."""
    return [[] if kind == "-" else [kind] for kind in kinds]


def test_the_list_holds_at_most_n_of_a_value() -> None:
    candidates = make_candidates(7, {"kind": one("aaababc")})
    assert rerank(candidates, 4, {**CAP, "most": 2}) == [0, 1, 3, 5]


def test_the_list_is_filled_with_the_best_where_the_cap_leaves_too_few() -> None:
    candidates = make_candidates(5, {"kind": one("aaaab")})
    assert rerank(candidates, 4, {**CAP, "most": 1}) == [0, 4, 1, 2]


def test_an_item_counts_for_each_of_its_values() -> None:
    # c has x and y: x is full after a, so c stays out; d brings y.
    kinds = [["x"], ["z"], ["x", "y"], ["y"]]
    assert rerank(make_candidates(4, {"kind": kinds}), 3, {**CAP, "most": 1}) == [0, 1, 3]


def test_items_without_a_value_are_not_capped() -> None:
    candidates = make_candidates(5, {"kind": one("a---a")})
    assert rerank(candidates, 4, {**CAP, "most": 1}) == [0, 1, 2, 3]


def test_a_window_spreads_a_value() -> None:
    # Any two neighbours differ while they can: a b a b a, then a b is not left.
    candidates = make_candidates(6, {"kind": one("aaaabb")})
    assert rerank(candidates, 6, {**CAP, "most": 1, "window": 2}) == [0, 4, 1, 5, 2, 3]


def test_a_window_allows_n_of_a_value() -> None:
    # At most 2 of 3 in a row: a a b, then the window is a b: a, then b a: a, b is left.
    candidates = make_candidates(6, {"kind": one("aaaabb")})
    assert rerank(candidates, 6, {**CAP, "most": 2, "window": 3}) == [0, 1, 4, 2, 3, 5]
