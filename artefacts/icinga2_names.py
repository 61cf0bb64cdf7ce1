"""What Icinga calls the plugin's options, in its own configuration and in the Director alike."""

from check_autodiscover.config.options import Option

__all__ = ["flag", "variable"]

_NAMES = {"ipv4_only": "ipv4", "ipv6_only": "ipv6"}
"""Options without a long flag."""


def variable(option: Option) -> str:
    """The custom variable that holds an option's value: `vars.autodiscover_*`, after its long flag."""
    long = next((each for each in reversed(option.flags) if each.startswith("--")), "")
    name = long.removeprefix("--").replace("-", "_") or _NAMES[option.destination]
    return f"autodiscover_{name}"


def flag(option: Option) -> str:
    """The flag that the command line gets: the long one where there is one."""
    return next((each for each in option.flags if each.startswith("--")), option.flags[0])
