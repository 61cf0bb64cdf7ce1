"""Makes the documentation site of the pages: `make site`, into build/site.

Nothing is asked of the network, and whatever Sphinx warns of is an error: a page in no menu, or a link or an
anchor that is gone.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from sphinx.cmd.build import main as sphinx

__all__ = ["build", "main"]

TOP = Path(__file__).parents[1]
SITE = TOP / "build" / "site"

STRICT = ("--fail-on-warning", "--keep-going", "--nitpicky", "--quiet")


def build(site: Path) -> int:
    """Make the site in a folder; Sphinx's exit code."""
    trees = str(site.with_name(f"{site.name}-doctrees"))
    return sphinx([*STRICT, "--conf-dir", str(TOP / "docs"), "--doctree-dir", trees, str(TOP), str(site)])


def main(argv: Sequence[str] | None = None) -> int:
    """Make it in the folder that is named, else in build/site; the process's exit code."""
    words = sys.argv[1:] if argv is None else argv
    site = Path(words[0]) if words else SITE
    code = build(site)
    if code == 0:
        print(site / "index.html")
    return code


if __name__ == "__main__":
    sys.exit(main())
