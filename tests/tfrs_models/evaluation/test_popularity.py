from pathlib import Path

from support.events import three_users

from tfrs_models.evaluation.popularity import train_counts


def test_counts_are_by_item_row(tmp_path: Path) -> None:
    dataset = three_users(tmp_path)
    counts = train_counts(dataset)
    assert counts.tolist()[:6] == [0, 0, 1, 2, 2, 2]
    assert counts[6:].sum() == 0
