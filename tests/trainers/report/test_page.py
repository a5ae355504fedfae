"""`report.html`, from measurements made by hand."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import matplotlib as mpl
import pytest
from support.reports import about, both_stages, flat, retrieval_only

from trainers.report.page import report, write_report

HOSTILE = "</svg></td></style><script>alert('$x^$')</script><img src=x onerror=a()>\"'&amp;"
CURVE = [{"epoch": 1, "loss": 3.5, "metric": 0.1}, {"epoch": 2, "loss": 3.25, "metric": 0.15}]
PAIRS = {"two_tower-ease": 0.0404, "two_stage-ease": 0.0909, "two_stage-two_tower": 0.0053}
VOID = {"meta", "br", "img"}


class Page(HTMLParser):
    """The text, the tags and the tables of a page; checks that what is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open, self.rows, self.words = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    def row(self, *start):
        """The first row that begins like this."""
        return next(row for row in self.rows if tuple(row[: len(start)]) == start)

    def ids(self):
        return [value for name, value in self.attributes if name == "id"]


@pytest.fixture(scope="module")
def text():
    return report(both_stages(), flat(PAIRS), about(curve=CURVE))


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_the_top_says_what_was_run(page):
    words = "".join(page.words)
    assert page.tags.count("h1") == 1
    for part in ("shop", "2020-01-01 to 2020-02-03", "48,958", "42"):
        assert part in words


def test_every_system_has_its_metrics_with_intervals(page):
    row = page.row("two_stage", "0.2222 [0.2122, 0.2422]")
    assert len(row) == 1 + 6 + 1
    assert row[-1] == "1.25"
    assert page.row("baselines.ease")[2] == "0.1313 [0.1213, 0.1513]"


def test_stages_are_compared_with_the_best_baseline_and_with_each_other(page):
    assert page.row("two_tower", "ease")[2] == "+0.0404 [+0.0304, +0.0504]"
    assert page.row("two_stage", "two_tower")[2] == "+0.0053 [-0.0047, +0.0153]"
    assert page.row("two_stage", "ease")[2] == "+0.0909 [+0.0809, +0.1009]"


def test_a_difference_whose_interval_leaves_out_0_is_in_bold(text):
    assert "<b>+0.0404</b>" in text
    assert "<b>+0.0053</b>" not in text


def test_lists_are_described_beyond_accuracy(page):
    # diversity, coverage, Gini; the measurements made by hand have no other.
    assert page.row("two_stage", "0.5432") == ["two_stage", "0.5432", "0.4321", "0.8765"]


def test_slices_are_those_of_the_best_baseline_and_the_stages(page):
    header = page.row("slice")
    assert header[2:] == ["baselines.ease", "retrieval.two_tower", "two_stage"]
    assert page.row("new_users", "2")[2:4] == [
        "0.1313 [0.1213, 0.1513]",
        "0.1717 [0.1617, 0.1917]",
    ]
    assert page.row("history_0", "0")[2:] == ["-", "-", "-"]


def test_the_cold_start_names_the_number_of_queries(page):
    assert page.row("system", "new_items (0)", "history_3 (1,234)")
    assert page.row("retrieval.two_tower", "-")[2] == "0.1717 [0.1617, 0.1917]"


def test_tasks_share_a_table(page):
    assert page.row("task") == ["task", "examples", "auc", "rmse"]
    assert page.row("click") == ["click", "1,500", "0.7171", "-"]
    assert page.row("rating") == ["rating", "900", "-", "0.9191"]


def test_only_binary_tasks_have_a_diagram(page):
    assert "click: reliability" in page.words
    assert "rating: reliability" not in page.words


def test_the_number_of_candidates_has_its_gain_and_cost(page):
    assert page.row("50", "0.3131")[2:] == [
        "0.2100 [0.2000, 0.2300]",
        "-0.0414 [-0.0514, -0.0214]",
        "1.75",
        "3.50",
    ]
    assert page.row("200", "0.5151")[3] == "-"


def test_each_setting_of_a_method_has_its_spread(page):
    # relevance 0.5: ndcg 0.2 + 0.01, diversity 0.5 - 0.05
    assert page.row("0.5") == ["0.5", "0.2100", "0.4500", "0.3535", "0.8282"]


def test_stages_have_their_time(page):
    assert page.row("prepare") == ["prepare", "1.5", "-", "-", "-"]
    assert page.row("retrieval") == ["retrieval", "12.5", "7", "4", "98,765"]


def test_every_part_has_its_picture(page):
    # systems, one reliability, candidates, trade-off, one training curve
    assert page.tags.count("svg") == page.tags.count("figcaption") == 5


def test_pictures_name_what_they_show(page):
    words = {word.strip() for word in page.words}
    assert {"retrieval.two_tower", "before calibration", "mmr", "validation recall@20"} <= words


def test_the_perfect_ranker_is_not_in_the_picture(page):
    assert page.words.count("two_stage.perfect_ranker") == len(
        [row for row in page.rows if row[0] == "two_stage.perfect_ranker"]
    )


def test_links_lead_to_sections_and_no_id_comes_twice(page):
    targets = {value[1:] for name, value in page.attributes if name in ("href", "xlink:href")}
    assert targets <= set(page.ids())
    assert len(page.ids()) == len(set(page.ids()))


def test_nothing_is_loaded_from_elsewhere(text, page):
    addresses = [v for name, v in page.attributes if name in ("src", "href", "xlink:href")]
    addresses += re.findall(r"url\(([^)]*)\)", text)
    assert addresses
    assert all(address.startswith("#") for address in addresses)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)


@pytest.mark.parametrize("name", [HOSTILE, HOSTILE[-30:]], ids=["long", "short"])
def test_hostile_names_are_text(name):
    found = replace(both_stages(name), results=retrieval_only(name).results)
    page = Page(report(found, {}, about(name)))
    assert not {"script", "img"} & set(page.tags)
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    for place in ("retrieval.", ""):
        assert page.row(f"{place}{name}")


def test_letters_that_the_pictures_font_lacks_stand_in_the_page():
    assert "推薦 😀" in report(retrieval_only("推薦 😀"), {}, about())


def test_equal_measurements_give_equal_bytes_whatever_the_style_of_pictures_is(text, tmp_path):
    with mpl.rc_context({"axes.facecolor": "black", "svg.fonttype": "path"}):
        write_report(both_stages(), flat(PAIRS), about(curve=CURVE), tmp_path)
    assert (tmp_path / "report.html").read_bytes() == text.encode()


def test_without_a_ranker_its_sections_are_left_out():
    page = Page(report(retrieval_only(), flat({"two_tower-ease": 0.0404}), about()))
    anchors = {"results", "differences", "beyond", "slices", "cold_start", "training"}
    assert anchors <= set(page.ids())
    assert not {"tasks", "candidates", "tradeoff"} & set(page.ids())


def test_without_resamples_means_stand_alone():
    page = Page(report(both_stages(bounds=False), flat(PAIRS, bounds=False), about()))
    assert page.row("two_stage")[1] == "0.2222"
    assert "intervals" not in "".join(page.words[: page.words.index("system")])
    assert page.row("two_tower", "ease")[2] == "+0.0404"
    assert page.row("50", "0.3131")[2:4] == ["0.2100", "-0.0414"]


def test_a_lonely_stage_is_compared_with_nothing():
    found = retrieval_only()
    alone = replace(found, results=found.results[-1:])
    page = Page(report(alone, {}, about()))
    assert "differences" not in page.ids()
    assert page.row("slice")[2:] == ["retrieval.two_tower"]
