"""Makes what users install: Debian packages, RPMs and single files."""
