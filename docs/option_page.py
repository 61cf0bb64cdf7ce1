"""The page of the plugin's options, from the table that its parser is made of."""

from check_autodiscover.config.options import CHOICES, GROUPS, Option

__all__ = ["options"]

_HEAD = """# Options of check_autodiscover

`check_autodiscover -H contoso.com [options]`. `autodiscoverctl diagnose contoso.com [options]` takes them too, but for
`-H`; without `-o` it draws a tree. So does [`autodiscoverctl sweep`](sweep.md), for each domain of a list.
A value marked `[VIEW=]` may stand behind the name of a view and an equals sign, and then holds for that view alone.
"""


def options() -> str:
    """The whole page."""
    return _HEAD + "".join(f"\n## {title}\n{_table(group)}\n" for title, group in GROUPS)


def _table(group: tuple[Option, ...]) -> str:
    head = "| option | value | |\n|---|---|---|"
    rows = (f"| {_flags(option)} | {_value(option)} | {_escaped(option.help)} |" for option in group)
    return "\n".join((head, *rows))


def _flags(option: Option) -> str:
    return " ".join(f"`{flag}`" for flag in option.flags)


def _value(option: Option) -> str:
    if not option.metavar:
        return ""
    choices = ", ".join(f"`{choice}`" for choice in CHOICES.get(option.kind, ()))
    return f"`{_escaped(option.metavar)}`" + (f": {choices}" if choices else "")


def _escaped(text: str) -> str:
    """Text as a cell of a table: a bar would end it."""
    return text.replace("|", "\\|")
