"""How the models of a bundle were trained, in a few words for the model card."""

from collections.abc import Iterator, Mapping

from configs.ranking import RankingConfig
from configs.retrieval import RetrievalConfig
from configs.run import RunConfig
from configs.training import TrainingConfig
from exports.card_tables import Metrics, escaped


def training(config: RunConfig, metrics: Metrics) -> Iterator[str]:
    """A sentence for the features, each stage and the re-ranking, in Markdown."""
    features, steps = config.features, config.reranking.steps
    read = {"user": features.user, "item": features.item, "request": features.context}
    yield f"Features: {'; '.join(f'{of} {_listed(names)}' for of, names in read.items() if names)}."
    yield _retrieval(config.retrieval, features.history.max_length, metrics)
    if config.retrieval.refit:
        yield "Refit: the retrieval was trained once more, on training and validation events."
    yield _ranking(config.ranking, metrics)
    if steps:
        yield f"Re-ranking: {_listed({step.type: step for step in steps})}."


def _retrieval(config: RetrievalConfig, history: int, metrics: Metrics) -> str:
    read = f"{escaped(config.history.type)} over {history} items of history" if history else ""
    parts = [
        f"two towers of width {config.embedding_dim}",
        *filter(None, [read]),
        f"{escaped(config.loss.type)} loss with {escaped(config.negatives.type)} negatives",
        *_loop(config.training, "retrieval", metrics),
    ]
    return f"Retrieval: {', '.join(parts)}."


def _ranking(config: RankingConfig, metrics: Metrics) -> str:
    if not config.enabled:
        return "Ranking: none; the retrieved order stays."
    tasks = [f"{name} ({task.objective.type})" for name, task in config.tasks.items()]
    parts = [
        f"wide and deep model over {config.candidates:,} candidates",
        f"tasks {escaped(', '.join(tasks))}",
        f"hidden units {escaped(' '.join(map(str, config.hidden_units)) or 'none')}",
        f"calibration {escaped(config.calibration.type)}",
        f"score {escaped(config.formula)}",
        *_loop(config.training, "ranking", metrics),
    ]
    return f"Ranking: {', '.join(parts)}."


def _loop(config: TrainingConfig, stage: str, metrics: Metrics) -> Iterator[str]:
    yield f"{config.optimizer}, {config.epochs} epochs at most"
    best = metrics.get(f"training.{stage}.best_epoch")
    if best is not None:
        yield f"the best was {best:.0f}"


def _listed(names: Mapping[str, object]) -> str:
    return escaped(", ".join(names))
