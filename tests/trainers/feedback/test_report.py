"""The table of a comparison."""

from rich.console import Console

from trainers.feedback.measures import Measure
from trainers.feedback.report import curves, table, write_csv

MEASURES = [
    Measure("a", 1, "all", "clicks", 1.0),
    Measure("a", 1, "all", "regret", 0.5),
    Measure("a", 1, "all", "gini", 0.25),
    Measure("a", 2, "all", "clicks", 2.0),
    Measure("a", 2, "all", "regret", 0.25),
    Measure("a", 2, "all", "gini", 0.125),
    Measure("a", 2, "activity=light", "clicks", 7.0),
]


def test_a_curve_is_a_metric_of_a_group_by_round():
    assert curves(MEASURES, "clicks") == {"a": {1: 1.0, 2: 2.0}}
    assert curves(MEASURES, "clicks", "activity=light") == {"a": {2: 7.0}}
    assert curves(MEASURES, "no such metric") == {}


def test_the_file_has_a_row_for_each_measure(tmp_path):
    write_csv(MEASURES, tmp_path)
    lines = (tmp_path / "feedback.csv").read_text().splitlines()
    assert lines[0] == "policy,round,group,metric,value"
    assert lines[3] == "a,1,all,gini,0.25"
    assert len(lines) == 8


def test_the_table_shows_means_of_clicks_and_regret_and_the_rest_at_the_end():
    console = Console(width=80, record=True, quiet=False, file=None, force_terminal=False)
    with console.capture() as captured:
        console.print(table(MEASURES))
    row = next(line for line in captured.get().splitlines() if line.startswith("│ a"))
    cells = [cell.strip() for cell in row.split("│")[1:-1]]
    # clicks (1 + 2) / 2, regret (0.5 + 0.25) / 2; gini of round 2; what was not measured is "-"
    assert cells == ["a", "1.500", "0.375", "-", "0.125", "-", "-", "-"]
