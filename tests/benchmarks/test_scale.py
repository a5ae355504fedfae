import numpy as np
import pyarrow.parquet as pq
import pytest
from scale import ZIPF_EXPONENT, costs, verdict, write_events, zipf_items


def test_an_item_of_rank_two_is_drawn_as_often_as_zipf_says():
    items = zipf_items(1000, 100_000, np.random.default_rng(0))
    first, second = np.bincount(items)[:2]
    # About 5,300 and 3,000 draws: the ratio has a standard deviation of 2%.
    assert second / first == pytest.approx(2**-ZIPF_EXPONENT, rel=0.1)
    assert items.max() < 1000


def test_a_log_has_users_of_fifty_events_and_three_parts(tmp_path):
    write_events(tmp_path / "events.parquet", 10_000, 100, 0)
    events = pq.read_table(tmp_path / "events.parquet").to_pydict()
    assert len(events["user_id"]) == 10_000
    assert len(set(events["user_id"])) == 200
    assert set(events["split"]) == {"train", "validation", "test"}


def test_the_spectral_start_costs_what_the_random_one_does_not():
    spectral = {"peak_mib": 900, "seconds_to_first_call": 12.5}
    random = {"peak_mib": 700, "seconds_to_first_call": 10.0}
    found = costs(spectral, random)
    assert (found["spectral_mib"], found["spectral_seconds"]) == (200, 2.5)


@pytest.mark.parametrize(
    ("peak", "last", "met"), [(5000, 1.2, True), (5000, 1.3, False), (6000, 1.0, False)]
)
def test_targets_are_for_the_largest_size_and_its_time_over_the_smallest(peak, last, met):
    # 6 GB are 5,722 MiB.
    sizes = [{"peak_mib": 9000, "us_per_example": 1.0}, {"peak_mib": peak, "us_per_example": last}]
    assert verdict(sizes)["met"] is met
