"""A process that swaps a model of two bundles again and again, and tells its resident memory."""

import os
import sys
from pathlib import Path

from exports.hot_swap import HotSwap, replay_recorded
from exports.loader import LoadedModel, load_model
from exports.publishing.ledger import read_ledger, write_ledger

MODEL = "models/embed_query"


def warm(model: LoadedModel, bundle: Path) -> None:
    """Ask the requests that were recorded."""
    replay_recorded({MODEL: model}, bundle)


def main(base: Path, times: int) -> None:
    """Swap between the two published versions; print the resident bytes after each."""
    folder = base / "tiny"
    versions = read_ledger(folder).published
    swap = HotSwap(base, "tiny", lambda bundle: load_model(bundle / MODEL), LoadedModel.close, warm)
    for number in range(times):
        version = versions[number % 2]
        write_ledger(read_ledger(folder).with_stable(version), folder)
        assert swap.poll().version == version
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        sys.stdout.write(f"{pages * os.sysconf('SC_PAGE_SIZE')}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
