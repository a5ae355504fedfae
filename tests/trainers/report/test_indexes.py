"""The indexes that were measured, as a report shows them."""

from dataclasses import replace

import pytest
from support.reports import about, retrieval_only

from configs.export import IndexConfig
from exports.contest import Contest, Measured
from trainers.report.indexes import indexes, settings
from trainers.report.page import report

MIB = 2**20


def index(name: str, p50_ms: float, **options: int) -> Measured:
    given = dict(IndexConfig(type=name, options=options).options)
    return Measured(name, given, 0.9751, p50_ms, 3.25, 1.5, 3 * MIB)


@pytest.fixture(scope="module")
def html() -> str:
    tree = index("scann", 0.125, brute_force_below=0, leaves_to_search=31)
    section = indexes(Contest((index("exact", 2.0), tree), 1))
    assert section is not None
    return "".join(section.parts)


def test_each_index_has_its_numbers(html: str) -> None:
    cells = ["0.9751", "2.000", "3.250", "1.5", "3.0"]
    row = "".join(f"<td>{text}</td>" for text in ("exact", "defaults", *cells))
    assert f"<tr>{row}</tr>" in html


def test_the_one_that_was_taken_is_in_bold(html: str) -> None:
    assert "<td><b>scann</b></td>" in html
    assert "<b>exact</b>" not in html


def test_only_settings_that_are_not_defaults_are_named() -> None:
    tree = index("scann", 1.0, brute_force_below=0, leaves_to_search=31)
    assert settings(tree) == "brute_force_below 0, leaves_to_search 31"


def test_the_picture_names_the_types(html: str) -> None:
    assert html.count("<svg") == 1
    for name in ("exact", "scann", "recall@100"):
        assert f">{name}</text>" in html


def test_a_page_has_the_section_only_after_a_contest() -> None:
    without = about()
    contested = replace(without, contest=Contest((index("exact", 2.0),), 0))
    assert 'id="indexes"' not in report(retrieval_only(), {}, without)
    assert 'id="indexes"' in report(retrieval_only(), {}, contested)
