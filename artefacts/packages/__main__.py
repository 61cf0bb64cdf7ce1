"""Builds everything that users install, into dist/: `make packages`."""

from artefacts.packages.build import main

raise SystemExit(main())
