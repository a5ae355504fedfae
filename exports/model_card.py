"""`MODEL_CARD.md`: what a bundle is for, how it was made, and what was measured of it.

Figures come from the manifest, the configuration and the measurements; what was not measured is
left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from configs.run import RunConfig
from exports import card_tables as tables
from exports.card_tables import Metrics, escaped
from exports.card_training import training
from exports.manifest import Manifest
from tfrs_models.data.dataset import FIRST_ROW, PreparedDataset
from tfrs_models.evaluation.popularity import head, train_counts
from tfrs_models.evaluation.report import HEAD_SHARE

CARD = "MODEL_CARD.md"


_INTENDED_USE = """\
The models recommend items of this catalogue to users of this log, and to visitors whose history a
request tells. They are not for items or users of another log, and not for decisions about people,
such as credit, work, housing or health. A score orders items for one request; it says nothing of
the worth of an item or of a person.
"""
_QUALITY = """\
Means over the users of the test events, with 95% intervals where they were drawn. Every system
ranks the whole catalogue.
"""
_PARTS = """\
`new_users` have no id of their own or no history, `new_items` no id of their own, `tail_items` are
all but the 20% with the most training events; `history_*` counts the events of a user.
"""
_COLD_START = """\
New items, and users asked as if they were new, with their latest 0, 1, 3 or 10 events told.
"""
_SPREAD = """\
`coverage` is the share of the catalogue that any list holds; `gini` how unequally items are shown
(0 equal, near 1 one item takes all); `popularity_share` the share of places with one of the 10%
most popular items; `novelty` is in bits; `diversity` is that within a list.
"""
_CALIBRATION = """\
Tasks of the ranking model, on the candidates of the test users. `ece` is the expected calibration
error: how far predicted probabilities lie from observed shares.
"""


@dataclass(frozen=True)
class Learned:
    """What of the log the models have learned from.

    Attributes:
        users: that have an id of their own.
        items: the same.
        popular_share: share of the training events that the 10% most popular items have; None
            without training events.
    """

    users: int
    items: int
    popular_share: float | None

    @classmethod
    def of(cls, dataset: PreparedDataset) -> "Learned":
        """Count in a dataset."""
        counts = train_counts(dataset)
        total = int(counts.sum())
        popular = int(counts[head(counts, HEAD_SHARE)].sum())
        users, items = dataset.known_users - FIRST_ROW, dataset.known_items - FIRST_ROW
        return cls(users, items, popular / total if total else None)


def model_card(manifest: Manifest, config: RunConfig, metrics: Metrics, learned: Learned) -> str:
    """The card in Markdown; equal arguments give equal text.

    Args:
        manifest: what the bundle is; its files are not read.
        config: the resolved configuration.
        metrics: the measured values of the run, by flat key.
        learned: what the models learned from.
    """
    sections = {
        "Intended use": _INTENDED_USE,
        "Data": _listed(_data(manifest, learned)),
        "Training": _listed(training(config, metrics)),
        "Quality": _explained(_QUALITY, [tables.accuracy(metrics)]),
        "Parts of the test": _explained(_PARTS, tables.slices(metrics)),
        "Cold start": _explained(_COLD_START, tables.cold_start(metrics)),
        "Popularity and spread": _explained(_SPREAD, [tables.spread(metrics)]),
        "Calibration": _explained(_CALIBRATION, [tables.tasks(metrics)]),
        "Limits": _listed(_limits(manifest, metrics, learned)),
        "Versions": _listed(f"{escaped(n)} {escaped(v)}" for n, v in manifest.versions.items()),
    }
    top = f"# {escaped(manifest.model_name)}\n\nWritten {escaped(manifest.created)}.\n"
    return top + "".join(f"\n## {title}\n\n{text}" for title, text in sections.items() if text)


def _listed(lines: Iterable[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)


def _explained(text: str, found: Sequence[str]) -> str:
    """The tables behind a text; nothing where nothing was measured."""
    return "\n".join([text, *found]) if any(found) else ""


def _data(manifest: Manifest, learned: Learned) -> Iterator[str]:
    rows = manifest.rows
    yield f"Events: {rows.events:,}, {escaped(' to '.join(manifest.data_window))}"
    yield f"Users: {rows.users:,}, {learned.users:,} of them with an id of their own"
    yield f"Items: {rows.items:,}, {learned.items:,} of them with an id of their own"
    if learned.popular_share is not None:
        yield f"The 10% most popular items have {learned.popular_share:.4f} of the training events"
    yield f"Fingerprint of the data: {escaped(manifest.dataset_fingerprint)}"
    yield f"Fingerprint of the configuration: {escaped(manifest.config_fingerprint)}"


def _limits(manifest: Manifest, metrics: Metrics, learned: Learned) -> Iterator[str]:
    rows = manifest.rows
    yield (
        f"Popularity, trends and the histories of known users end with the data, at "
        f"{escaped(manifest.data_window[1])}: they are as old as the bundle."
    )
    yield (
        f"Unknown or too rare at training: {rows.items - learned.items:,} items, "
        f"{rows.users - learned.users:,} users. Only their features and histories tell of them; "
        "items that are not in the bundle are never recommended."
    )
    yield (
        f"The index {escaped(manifest.index)} finds {manifest.index_recall:.4f} of the exact top "
        "100 for real queries."
    )
    found = metrics.get(f"candidates.{manifest.candidates}.recall")
    if found is not None:
        yield (
            f"On average the {manifest.candidates:,} candidates of a request hold {found:.4f} of "
            "what the user took in the test; no ranking can find the rest."
        )
    yield (
        "Nothing was measured by attributes of users, such as age or gender, or by who offers "
        "an item."
    )
    yield "The test asks what users took in the past, not what they would take of other lists."
