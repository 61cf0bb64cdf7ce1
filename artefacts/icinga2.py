"""The CheckCommand of Icinga 2, in the style of the Icinga Template Library."""

from collections.abc import Iterator

from check_autodiscover.option import Option, ValueKind
from check_autodiscover.options import OPTIONS

__all__ = ["artefacts", "variable"]

LEFT_OUT = (ValueKind.HELP,)
_WITHOUT = ("version", "help")
_NAMES = {"ipv4_only": "ipv4", "ipv6_only": "ipv6"}
"""Options without a long flag."""

HEAD = """\
/* check_autodiscover for Icinga 2: made from the plugin's own options by `make artefacts`. */

object CheckCommand "autodiscover" {
	command = [ PluginContribDir + "/check_autodiscover" ]

	arguments = {
"""
TAIL = """\
	}

	vars.autodiscover_timeout = 10
}
"""


def artefacts() -> dict[str, str]:
    """The command's definition."""
    arguments = "".join(_argument(option) for option in OPTIONS if option.destination not in _WITHOUT)
    return {"autodiscover-command.conf": HEAD + arguments + TAIL}


def variable(option: Option) -> str:
    """The custom variable that holds an option's value: `vars.autodiscover_*`, after its long flag."""
    flag = next((flag for flag in reversed(option.flags) if flag.startswith("--")), "")
    name = flag.removeprefix("--").replace("-", "_") or _NAMES[option.destination]
    return f"autodiscover_{name}"


def _argument(option: Option) -> str:
    if option.kind is ValueKind.COUNT:
        return "".join(_repeated(option, count) for count in (1, 2, 3))
    return _entry(_flag(option), _lines(option))


def _flag(option: Option) -> str:
    return next((flag for flag in option.flags if flag.startswith("--")), option.flags[0])


def _lines(option: Option) -> Iterator[str]:
    name = variable(option)
    if option.kind is ValueKind.SWITCH:
        yield f'set_if = "${name}$"'
    else:
        yield f'value = "${name}$"'
    if option.destination == "domain":
        yield "required = true"
    if option.repeatable or option.prefixed:
        yield "repeat_key = true"
    yield f"description = {_quoted(option.help)}"


def _repeated(option: Option, count: int) -> str:
    name = variable(option)
    condition = f'set_if = {{{{ var wanted = macro("${name}$"); return wanted == {count} }}}}'
    return _entry("-" + "v" * count, (condition, f"description = {_quoted(option.help)}"))


def _entry(flag: str, lines: Iterator[str] | tuple[str, ...]) -> str:
    inside = "".join(f"\t\t\t{line}\n" for line in lines)
    return f'\t\t"{flag}" = {{\n{inside}\t\t}}\n'


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"'
