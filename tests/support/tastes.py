"""A small structured dataset: four groups of users, each with its own items."""

from pathlib import Path

import numpy as np
from support.datasets import make_dataset

from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION, PreparedDataset

GROUPS, USERS, ITEMS = 4, 80, 80
DAY = 86_400


def tastes(folder: Path, seed: int = 0, test_seed: int = 0) -> PreparedDataset:
    """Users of four groups who take only items of their own group, popular ones more often.

    Every user has 6 training, 1 validation and 2 test items, but the last 5 users, who appear only
    in the test split. One item appears only in the test split, one nowhere. `test_seed` changes
    which item each test event names.
    """
    random, test_random = np.random.default_rng(seed), np.random.default_rng([seed, test_seed])
    weights = 1 / np.arange(1, ITEMS // GROUPS + 1)
    rows: list[tuple[str, str, int, int]] = []
    for user in range(USERS):
        own = np.arange(user % GROUPS, ITEMS, GROUPS)
        taken = random.choice(own, 7, replace=False, p=weights / weights.sum())
        left = np.flatnonzero(~np.isin(own, taken))
        odds = weights[left] / weights[left].sum()
        test_items = own[test_random.choice(left, 2, replace=False, p=odds)]
        days = random.integers(0, 90, 6), random.integers(90, 95, 1), random.integers(95, 100, 2)
        items = taken[:6], taken[6:], test_items
        for split, chosen, day in zip((TRAIN, VALIDATION, TEST), items, days, strict=True):
            if user < USERS - 5 or split == TEST:
                rows += [
                    (f"u{user:02}", f"i{item:02}", int(d) * DAY, split)
                    for item, d in zip(chosen, day, strict=True)
                ]
    rows.append(("u00", "new", 99 * DAY, TEST))
    titles = [f"i{item:02}" for item in range(ITEMS)]
    items = {name: {"title": f"word{int(name[1:]) % GROUPS} of {name}"} for name in titles}
    items |= {"new": {"title": "word0"}, "nowhere": {"title": "word1"}}
    user, item, time, split = zip(*rows, strict=True)
    return make_dataset(folder, user, item, time, split, items=items)
