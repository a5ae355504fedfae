import pytest

from exports.card_tables import accuracy, cold_start, escaped, slices, spread, systems, tasks

BOTH = {
    "baselines.ease.recall@20": 0.25,
    "baselines.ease.recall@20.low": 0.125,
    "baselines.ease.recall@20.high": 0.5,
    "two_stage.recall@20": 0.75,
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a|b", r"a\|b"),
        ("a\nb\r\nc", "a b c"),
        ("<b>", "&lt;b&gt;"),
        ("a & b", "a &amp; b"),
        ("[x](y)", r"\[x\](y)"),
        ("a*b*", r"a\*b\*"),
        (r"\|", r"\\\|"),
        ("`x`", r"\`x\`"),
        ("_x_", r"\_x\_"),
        ("hit_rate", "hit_rate"),
    ],
)
def test_a_value_is_shown_as_it_is(value, expected):
    assert escaped(value) == expected


def test_systems_are_those_with_a_metric_at_k():
    other = {"candidates.200.ndcg@10": 1.0, "slices.new_users.two_stage.recall@20": 1.0}
    assert systems(BOTH | other) == ["baselines.ease", "two_stage"]


def test_a_perfect_ranker_is_no_system():
    assert systems({"two_stage.perfect_ranker.recall@20": 1.0}) == []


def test_means_stand_with_their_intervals_where_there_are_any():
    assert accuracy(BOTH) == (
        "| system | recall@20 |\n"
        "| --- | ---: |\n"
        "| baselines.ease | 0.2500 [0.1250, 0.5000] |\n"
        "| two_stage | 0.7500 |\n"
    )


def test_nothing_measured_is_no_table():
    assert accuracy({}) == ""


def test_a_metric_that_one_system_lacks_is_a_dash():
    assert "| two_stage | 0.7500 | - |\n" in accuracy(BOTH | {"baselines.ease.mrr@20": 0.5})


def test_k_is_20_where_it_was_measured():
    assert "recall@50" not in accuracy(BOTH | {"two_stage.recall@50": 0.9})


def test_k_is_the_largest_where_20_was_not_measured():
    found = accuracy({"two_stage.recall@5": 0.1, "two_stage.recall@10": 0.2})
    assert found.startswith("| system | recall@10 |\n")


def test_spread_has_what_was_measured():
    measured = {"two_stage.gini@20": 0.5, "two_stage.popularity_share@20": 0.25}
    assert spread(measured) == (
        "| system | gini@20 | popularity_share@20 |\n"
        "| --- | ---: | ---: |\n"
        "| two_stage | 0.5000 | 0.2500 |\n"
    )


def test_parts_show_the_stages_and_the_best_baseline():
    found = {"baselines.ease.ndcg@20": 0.4, "baselines.content.ndcg@20": 0.1}
    part = {f"slices.new_users.{name}": value for name, value in found.items()}
    assert slices({**found, **part, "slices.new_users.queries": 1_234}) == [
        "| part | queries | baselines.ease.ndcg@20 |\n"
        "| --- | ---: | ---: |\n"
        "| new_users | 1,234 | 0.4000 |\n"
    ]


def test_parts_have_a_table_for_each_metric():
    found = {
        f"{s}two_stage.{m}@20": 0.5 for s in ("", "slices.new_users.") for m in ("recall", "ndcg")
    }
    assert len(slices(found | {"slices.new_users.queries": 3})) == 2


def test_a_part_without_queries_is_left_out():
    found = BOTH | {"slices.history_0.queries": 0, "slices.new_users.queries": 3}
    found |= {"slices.new_users.two_stage.recall@20": 0.5}
    assert "history_0" not in slices(found)[0]


def test_cold_start_names_a_system_without_its_group():
    found = {"retrieval.two_tower.recall@20": 0.5, "cold_start.history_3.queries": 7}
    assert cold_start(found | {"cold_start.history_3.two_tower.recall@20": 0.125}) == [
        "| part | queries | two_tower.recall@20 |\n"
        "| --- | ---: | ---: |\n"
        "| history_3 | 7 | 0.1250 |\n"
    ]


def test_cold_start_that_was_not_measured_is_no_table():
    assert cold_start(BOTH) == []


def test_tasks_stand_with_their_calibration_errors():
    found = {"ranking.click.examples": 3_000.0, "ranking.click.ece": 0.0125}
    assert tasks(found) == (
        "| task | examples | ece |\n| --- | ---: | ---: |\n| click | 3,000 | 0.0125 |\n"
    )


def test_seconds_of_the_ranking_stage_are_no_task():
    assert tasks({"training.ranking.seconds": 3.0}) == ""
