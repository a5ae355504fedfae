"""Check that every relative link and anchor in the project's Markdown files leads somewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
REMOTE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def main() -> int:
    """Print the dead links; 1 when there are any."""
    dead = [line for path in markdown_files() for line in dead_links(path)]
    print("\n".join(dead) if dead else "links: ok")
    return int(bool(dead))


def markdown_files() -> list[Path]:
    """The Markdown files that git tracks, or would with `git add`."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def dead_links(path: Path) -> Iterator[str]:
    """One line for each relative link without a target."""
    for link in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        if REMOTE.match(link):
            continue
        target, _, anchor = link.partition("#")
        place = (path.parent / target).resolve() if target else path
        if not place.exists():
            yield f"{path.name}: no file `{target}`"
        elif anchor and place.suffix == ".md" and anchor not in anchors(place):
            yield f"{path.name}: no heading `#{anchor}` in {place.name}"


def anchors(path: Path) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


if __name__ == "__main__":
    sys.exit(main())
