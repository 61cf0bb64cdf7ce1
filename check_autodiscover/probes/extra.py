"""What to say when something was asked for that needs an extra of this package; front ends show it."""

__all__ = ["MissingExtra"]


class MissingExtra(ImportError):
    """A feature whose packages are not installed, in one line with the command that installs them."""

    def __init__(self, feature: str, extra: str, cause: ImportError) -> None:
        super().__init__(
            f"{feature} needs more packages: the extra '{extra}', as in pip install '.[{extra}]' in a checkout",
            name=cause.name,
        )
