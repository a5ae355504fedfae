"""The log of a run: one JSON object a line, each with the run's id."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from trainers.retraining.work import Work, iso

FILE = "log.jsonl"
_OURS = ("configs", "tfrs_models", "trainers", "exports")
_CYCLE = "trainers.retraining"
"""Its steps are told to the log alone; the console hears of them in other words."""


class JsonLines(logging.Formatter):
    """Formats a record as one line.

    Args:
        run_id: stands in every line.
    """

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self._run_id = run_id

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = {
            "time": iso(record.created),
            "level": record.levelname.lower(),
            "run_id": self._run_id,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


@contextmanager
def logged(work: Work) -> Iterator[None]:
    """Write what our packages log into `log.jsonl` of the run, while the block lasts.

    Warnings of the packages, and the steps of the cycle.
    """
    handler = logging.FileHandler(work.folder / FILE, encoding="utf-8")
    handler.setFormatter(JsonLines(work.run_id))
    loggers = [logging.getLogger(name) for name in _OURS]
    cycle = logging.getLogger(_CYCLE)
    before = cycle.level, cycle.propagate
    cycle.setLevel(logging.INFO)
    cycle.propagate = False
    for logger in (*loggers, cycle):
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in (*loggers, cycle):
            logger.removeHandler(handler)
        cycle.setLevel(before[0])
        cycle.propagate = before[1]
        handler.close()
