"""What a person sees of a training: a progress bar, and logs for TensorBoard."""

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tfrs_models.backend import tf


class Steps(Protocol):
    """The part of a plan that a watch reads."""

    @property
    def total_steps(self) -> int:
        """Steps of the whole training."""

    @property
    def steps_per_epoch(self) -> int:
        """Steps of one epoch."""


class Watch(AbstractContextManager["Watch"]):
    """Shows loss, examples/s, the validation metric and the time left; writes TensorBoard logs.

    Args:
        title: name of the stage.
        metric: name of the validation metric.
        logs: folder of the TensorBoard logs.
        console: where the bar is drawn; nothing is drawn when it is no terminal.
    """

    def __init__(self, title: str, metric: str, logs: Path, console: Console) -> None:
        self._metric = metric
        self._writer = tf.summary.create_file_writer(str(logs))
        self._bar = Progress(
            TextColumn(f"[bold]{title}[/bold]"),
            BarColumn(),
            TextColumn("{task.fields[text]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(title, total=None, text="")
        self._best = ""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
        self._writer.close()

    def steps(self, step: int, plan: Steps, loss: float, examples_per_second: float) -> None:
        """A compiled call has ended."""
        epoch = step / plan.steps_per_epoch
        text = (
            f"epoch {epoch:.1f}  loss {loss:.3f}  {examples_per_second:,.0f} examples/s{self._best}"
        )
        self._bar.update(self._task, completed=step, total=plan.total_steps, text=text)
        self._write(step, {"loss": loss, "examples_per_second": examples_per_second})

    def evaluation(self, epoch: int, metric: float, best: float) -> None:
        """An evaluation has ended."""
        self._best = f"  best {self._metric} {best:.4f}"
        self._bar.console.print(f"epoch {epoch}: {self._metric} {metric:.4f} (best {best:.4f})")
        self._write(epoch, {f"validation/{self._metric}": metric})

    def _write(self, step: int, values: dict[str, Any]) -> None:
        with self._writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(name, value)
