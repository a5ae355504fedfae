"""A folder of models that does not know what its ledger has published."""

from configs.errors import ArtifactError
from exports.publishing.layout import model_folder
from exports.publishing.ledger import read_ledger
from trainers.retraining.ledger import versions
from trainers.retraining.state import State


def refuse_lost_models(state: State) -> None:
    """Refuse to train where the version could not be noted: its number is given out already.

    A folder that was lost, or that `retraining.publish_to` now names, counts from 1 again.

    Raises:
        ArtifactError: the latest version of the ledger has a number that the folder has not given
            out.
    """
    latest = versions.latest(state.ledger)
    folder = model_folder(state.base, state.name)
    last = read_ledger(folder).last
    if latest is not None and last < latest.number:
        raise ArtifactError(
            f"the ledger of `{state.name}` has published version {latest.number}, but the last "
            f"number of {folder} is {last}, so the folder is not the one that it was published "
            "to, or is lost: put it back from a copy, set `retraining.publish_to` as it was, or "
            f"begin a new ledger, by another `name` or by putting {state.folder} aside."
        )
