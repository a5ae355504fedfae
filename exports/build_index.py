"""The child process of `exports.index.build_index`: `python -m exports.build_index JOB`."""

import json
import sys
from pathlib import Path

import numpy as np

from configs import plugins
from configs.errors import TfrsError


def main(job_text: str) -> int:
    """Build the index that a JSON text describes; a fault is told by exit code and stdout."""
    job = json.loads(job_text)
    try:
        options = plugins.parse_options("index", job["type"], job["options"])
        embeddings = np.load(job["embeddings"], mmap_mode="r", allow_pickle=False)
        module = plugins.load("index", job["type"])
        module.build(options, embeddings, Path(job["folder"]), job["seed"])
    except TfrsError as error:
        sys.stdout.write(str(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
