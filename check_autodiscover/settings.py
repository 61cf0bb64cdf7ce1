"""What every setting that turns out to be unusable has in common; front ends print it in one line."""

__all__ = ["SettingsError"]


class SettingsError(Exception):
    """A setting that cannot be used, found before anything is asked; one line that names it and the fault."""
