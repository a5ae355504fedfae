import numpy as np

from tfrs_models.data.simulation import words
from tfrs_models.data.simulation.catalogue import titles
from tfrs_models.data.simulation.options import Options
from tfrs_models.data.simulation.world import World, build_world


def test_weights_are_ranks_to_the_minus_exponent() -> None:
    small = build_world(Options(items=5, zipf_exponent=1.0), seed=1)
    assert np.allclose(np.sort(small.catalogue.weight)[::-1], [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])


def test_popularity_is_independent_of_the_number_of_an_item(world: World) -> None:
    rank = np.argsort(np.argsort(-world.catalogue.weight))
    # Standard error of a rank correlation over 1,500 items: 0.026.
    assert abs(np.corrcoef(rank, np.arange(1500))[0, 1]) < 4.5 * 0.026


def test_vectors_lie_near_their_category_by_the_content_share(world: World) -> None:
    items = world.catalogue
    cosine = (items.vector * world.geometry.category[items.category]).sum(axis=1)
    # v = sqrt(s) m + sqrt(1 - s) w with w at random, mean cosine about sqrt(s) = 0.71.
    assert abs(cosine.mean() - np.sqrt(0.5)) < 0.03


def test_a_category_explains_everything_at_content_share_one() -> None:
    small = build_world(Options(items=50, content_share=1.0), seed=1)
    items = small.catalogue
    assert np.allclose(items.vector, small.geometry.category[items.category], atol=1e-6)


def test_the_adjective_tells_more_than_the_category(world: World) -> None:
    items = world.catalogue
    similarity = items.vector @ items.vector.T
    category = items.category[:, None] == items.category
    word = items.adjective[:, None] == items.adjective
    np.fill_diagonal(category, val=False)
    assert similarity[category & word].mean() > similarity[category & ~word].mean() + 0.1
    assert similarity[category & ~word].mean() > similarity[~category & ~word].mean() + 0.3


def test_prices_are_log_normal_around_the_level_of_the_category(world: World) -> None:
    items = world.catalogue
    residual = np.log(items.price) - world.geometry.price_level[items.category]
    # Spread sqrt(0.25^2 + 0.4^2) = 0.47, brands count 24; rounding to .99 adds a little.
    assert 0.35 < residual.std() < 0.6
    assert np.all(items.price > 0)


def test_a_title_is_adjective_brand_and_a_noun_of_the_category(world: World) -> None:
    items = world.catalogue
    expected = (
        f"{words.ADJECTIVES[items.adjective[3]]} {words.BRANDS[items.brand[3]]} "
        f"{words.noun(items.category[3], items.noun[3])}"
    )
    assert titles(items, slice(3, 4)) == [expected]


def test_categories_past_the_written_ones_are_numbered() -> None:
    assert (words.category(0), words.category(40)) == ("Cookware", "Cookware 2")
    assert words.department(44) == "Kitchen 2"


def test_groups_partition_the_items_inside_categories(world: World) -> None:
    groups = world.groups
    assert np.array_equal(np.sort(groups.order), np.arange(1500))
    assert np.array_equal(groups.category[groups.of_item], world.catalogue.category)
    assert np.array_equal(
        groups.of_item[groups.order],
        np.repeat(np.arange(len(groups.category)), np.diff(groups.start)),
    )
