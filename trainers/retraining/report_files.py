"""Reports of retraining: JSON for programs, and a page for people."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfrs_models.durable import write_text


def write_report_files(
    folder: Path, names: tuple[str, str], content: Mapping[str, Any], page: str
) -> None:
    """Write both; equal reports give equal bytes.

    Args:
        folder: that they are written into.
        names: of the JSON file and of the page.
        content: plain values.
        page: HTML.

    Raises:
        ValueError: a number is not finite, which JSON has no word for.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(folder / names[0], f"{text}\n")
    write_text(folder / names[1], page)
