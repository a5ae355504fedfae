"""`tfrs skew`."""

from pathlib import Path

import click

from trainers.retraining.commands_ledger import artifacts_option, name_argument


@click.command()
@name_argument
@click.option(
    "--logged", required=True, metavar="GLOB",
    help="Parquet files of served features, a row for each request; a file, a folder or a glob.",
)  # fmt: skip
@click.option(
    "--run", "run_id", metavar="ID", help="Run of retraining.  [default: the latest published]"
)
@artifacts_option
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the reports.  [default: that of the run]",
)
def skew(
    name: str | None, logged: str, run_id: str | None, artifacts: Path, output: Path | None
) -> None:
    """Compare the features that a server logged with those of training.

    NAME is the model; it may be left out where one is retrained. Requests are joined by
    `request_id`. Ends with 65 where an input whose `action` is `stop` differs too much.
    """
    from rich.console import Console

    from trainers.retraining.drift.report import SKEW_FILES, write_skew
    from trainers.retraining.skew.measured import measured_skew
    from trainers.retraining.skew.of_run import open_run, stop_on_skew
    from trainers.retraining.skew.table import notes, table

    run = open_run(artifacts, name, run_id)
    found = measured_skew(run.dataset, run.spec, logged, run.settings)
    folder = output or run.folder
    folder.mkdir(parents=True, exist_ok=True)
    write_skew(found.report, folder)
    if found.examples:
        Console().print(table(found))
    for line in (f"Run {run.id}: {found.report.verdict}", *notes(found)):
        click.echo(line)
    for title, file in zip(("Measures: ", "Report:   "), SKEW_FILES, strict=True):
        click.echo(f"{title}{folder / file}")
    stop_on_skew(found.report)
