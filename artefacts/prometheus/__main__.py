"""`python -m artefacts.prometheus --settings FILE --output FOLDER`: the files of this family with other settings."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from yaml import YAMLError

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
    except (SettingsError, YAMLError, ValueError) as error:
        parser.error(f"{given.settings}: {error}")
    except OSError as error:
        parser.error(str(error))
    try:
        _write(given.output, artefacts(settings))
    except OSError as error:
        parser.error(str(error))


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
