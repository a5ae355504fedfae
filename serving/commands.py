"""`tfrs recommend` answers one request from a bundle, `tfrs batch` all users."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from configs.errors import ConfigError
from exports.runs import find_bundle
from serving.request import Recommendation, Request, Value

if TYPE_CHECKING:
    from exports.loader import Input
    from serving.recommender import Recommender

_SHOWN_COLUMNS = 3
_SHOWN_HISTORY = 5
_TITLES = ("title", "name", "description")


@click.command()
@click.argument("run")
@click.option("--user", help="Raw user id; leave it out for a visitor.")
@click.option("--k", default=10, show_default=True, help="Number of items, 1 to 500.")
@click.option("--history", help="Item ids the user liked, oldest first: a,b,c.")
@click.option("--feature", "features", multiple=True, metavar="NAME=VALUE", help="Raw feature.")
@click.option("--exclude", default="", help="Item ids that must not come back: x,y.")
@click.option("--score", help="Another final score: a formula over the tasks' outputs.")
@click.option("--artifacts", default="artifacts", show_default=True, help="Folder of the runs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def recommend(
    run: str,
    user: str | None,
    k: int,
    history: str | None,
    features: tuple[str, ...],
    exclude: str,
    score: str | None,
    artifacts: str,
    as_json: bool,
) -> None:
    """Recommend items from RUN: a run's folder or name, or a bundle."""
    from serving.recommender import Recommender

    recommender = Recommender.open(find_bundle(run, Path(artifacts)), formula=score)
    request = Request(
        user_id=user,
        k=k,
        history=None if history is None else _split(history),
        features=parse_features(features, recommender.embed_query.inputs),
        exclude=_split(exclude),
    )
    answer = recommender.recommend(request)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(answer), default=str))
    else:
        _print(answer, recommender, request)


def parse_features(pairs: Sequence[str], inputs: Mapping[str, "Input"]) -> dict[str, Value]:
    """Raw features from `NAME=VALUE`, in the type of the model's input.

    Raises:
        ConfigError: no `=`, or a value that is not of that type.
    """
    return dict(_parse_feature(pair, inputs) for pair in pairs)


def _parse_feature(pair: str, inputs: Mapping[str, "Input"]) -> tuple[str, Value]:
    name, equals, text = pair.partition("=")
    if not equals:
        raise ConfigError(f"`--feature` must be NAME=VALUE, got `{pair}`: write `{pair}=...`.")
    described = inputs.get(name)
    if described is None or described.dtype == "string":
        return name, text
    try:
        if len(described.shape) > 1:
            return name, [float(part) for part in text.split(",")]
        return name, float(text) if described.dtype == "float32" else int(text)
    except ValueError as error:
        raise ConfigError(
            f"`--feature {name}` must be {described.dtype} (vectors: numbers with commas between "
            f"them), got `{text}`."
        ) from error


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _print(answer: Recommendation, recommender: "Recommender", request: Request) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    who = f"user {request.user_id}" if request.user_id is not None else "a visitor"
    console.print(f"{recommender.manifest.model_name}: top {request.k} for {who}", markup=False)
    for line in _notes(answer, recommender):
        console.print(line, markup=False)
    columns = _columns(answer)
    table = Table("rank", "item", *columns, "score", "retrieval")
    for rank, item in enumerate(answer.items, start=1):
        shown = (_text(item.columns[name]) for name in columns)
        scores = (f"{item.score:.4f}", f"{item.retrieval_score:.4f}")
        table.add_row(str(rank), _text(item.item_id), *shown, *scores)
    console.print(table)


def _notes(answer: Recommendation, recommender: "Recommender") -> list[str]:
    lines = [f"{flag.replace('_', ' ')}" for flag in answer.flags]
    if answer.unknown_history:
        lines.append(f"ignored, not in the catalogue: {', '.join(answer.unknown_history)}")
    recent = recommender.describe(answer.history[-_SHOWN_HISTORY:])
    if recent:
        lines.append("recent history: " + "; ".join(map(_title, recent)))
    return lines


def _title(row: Mapping[str, Any]) -> str:
    return next((str(row[name]) for name in _TITLES if row.get(name)), str(row["item_id"]))


def _columns(answer: Recommendation) -> list[str]:
    """Columns worth a place: title-like ones first, then others that hold text."""
    columns = answer.items[0].columns if answer.items else {}
    titles = [name for name in columns if name in _TITLES]
    texts = [name for name, value in columns.items() if isinstance(value, str)]
    return list(dict.fromkeys(titles + texts))[:_SHOWN_COLUMNS]


def _text(value: Any) -> str:
    from rich.markup import escape

    return "" if value is None else escape(str(value))


@click.command()
@click.argument("run")
@click.option("--to", "target", required=True, type=click.Path(), help="Parquet file to write.")
@click.option("--k", default=50, show_default=True, help="Items for each user, 1 to 500.")
@click.option("--diversity", default=0.0, show_default=True, help="0 to 1: how unlike each other.")
@click.option("--retrieve", is_flag=True, help="The nearest items, without ranking: faster.")
@click.option("--artifacts", default="artifacts", show_default=True, help="Folder of the runs.")
def batch(run: str, target: str, k: int, diversity: float, retrieve: bool, artifacts: str) -> None:
    """Recommend items to every user that the bundle of RUN knows."""
    from serving.batch import Batch, recommend_all, retrieve_all

    bundle, path = find_bundle(run, Path(artifacts)), Path(target)
    if retrieve:
        users = retrieve_all(bundle, k, path)
    else:
        users = recommend_all(bundle, Batch(k, diversity), path)
    click.echo(f"{users:,} users: {target}")
