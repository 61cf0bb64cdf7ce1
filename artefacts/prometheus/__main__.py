"""`python -m artefacts.prometheus --settings FILE --output FOLDER`: the files of this family with other settings."""

import argparse
from pathlib import Path

from artefacts.prometheus.files import artefacts
from artefacts.prometheus.settings import SettingsError, load_settings

__all__ = ["main"]


def main() -> None:
    """Write them, or say what is wrong with the settings."""
    parser = argparse.ArgumentParser(prog="python -m artefacts.prometheus", description=__doc__)
    parser.add_argument("--settings", type=Path, help="keys of packaging/prometheus/settings.yml that differ")
    parser.add_argument("--output", type=Path, required=True, help="the folder that is written")
    given = parser.parse_args()
    try:
        settings = load_settings(given.settings.read_text(encoding="utf-8") if given.settings else "")
    except SettingsError as error:
        parser.error(f"{given.settings}: {error}")
    for path, text in artefacts(settings).items():
        target = given.output / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
