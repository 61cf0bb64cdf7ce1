"""Features whose packages come with an extra."""

__all__ = ["MissingExtra", "install_command"]


def install_command(*extras: str) -> str:
    """What installs extras, as they are told of where one is missing."""
    return f"pip install '.[{','.join(extras)}]' in a checkout"


class MissingExtra(ImportError):
    """A feature whose packages are not installed, in one line with the command that installs them."""

    def __init__(self, feature: str, extra: str, cause: ImportError) -> None:
        super().__init__(
            f"{feature} needs more packages: the extra '{extra}', as in {install_command(extra)}", name=cause.name
        )
