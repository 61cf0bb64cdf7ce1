"""A basket for Icinga Director: the command, its data fields, and a template for services.

The form is that of the Director's own export (Configuration Baskets). Nothing in it has a UUID: version 1.10 refuses
them, and 1.11 knows objects without one by their names, and fields by what they hold.
"""

import json
from collections.abc import Mapping
from typing import Any

from artefacts.icinga2_names import flag, variable
from check_autodiscover.config.options import CHOICES, OPTIONS, Option, ValueKind

__all__ = ["basket"]

_COMMAND = "autodiscover"
_TEMPLATE = "autodiscover"
_TYPES = "Icinga\\Module\\Director\\DataType\\DataType"
_SHOWN = tuple(option for option in OPTIONS if option.destination not in ("version", "help"))


def basket() -> str:
    """The file that the Director imports."""
    numbers = {option.destination: number for number, option in enumerate(_SHOWN, 1)}
    lists = {
        _list_name(kind): _data_list(kind, values)
        for kind, values in CHOICES.items()
        if any(option.kind is kind and not _many(option) for option in _SHOWN)
    }
    parts = {
        "Command": {_COMMAND: _command(numbers)},
        "ServiceTemplate": {_TEMPLATE: _template()},
        "DataList": lists,
        "Datafield": {str(numbers[option.destination]): _field(option) for option in _SHOWN},
    }
    return json.dumps(parts, indent=2, ensure_ascii=False) + "\n"


def _command(numbers: Mapping[str, int]) -> dict[str, Any]:
    return {
        "arguments": {flag(option): _argument(option) for option in _SHOWN},
        "command": "/usr/lib/nagios/plugins/check_autodiscover",
        "disabled": False,
        "fields": [
            {
                "datafield_id": numbers[option.destination],
                "is_required": "y" if option.destination == "domain" else "n",
                "var_filter": None,
            }
            for option in _SHOWN
        ],
        "imports": [],
        "is_string": None,
        "methods_execute": "PluginCheck",
        "object_name": _COMMAND,
        "object_type": "object",
        "timeout": "30",
        "vars": {"autodiscover_timeout": "10"},
        "zone": None,
    }


def _many(option: Option) -> bool:
    return option.repeatable or option.prefixed


def _argument(option: Option) -> dict[str, Any]:
    told: dict[str, Any] = {"description": option.help.replace("$", "$$")}
    value = f"${variable(option)}$"
    if option.kind in (ValueKind.SWITCH, ValueKind.COUNT):
        return {"set_if": value, **told}
    if _many(option):
        told["repeat_key"] = True
    if option.destination == "domain":
        told["required"] = True
    return {"value": value, **told}


def _template() -> dict[str, Any]:
    return {
        "check_command": _COMMAND,
        "check_interval": "300",
        "retry_interval": "60",
        "max_check_attempts": "3",
        "check_timeout": "30",
        "enable_perfdata": True,
        "fields": [],
        "imports": [],
        "notes": "Whether Outlook and other clients find a mail domain's server, from every DNS view, and what keeps "
        "them from it.",
        "object_name": _TEMPLATE,
        "object_type": "template",
        "vars": {},
    }


def _field(option: Option) -> dict[str, Any]:
    kind, settings = _data_type(option)
    return {
        "varname": variable(option),
        "caption": "Autodiscover: " + variable(option).removeprefix("autodiscover_").replace("_", " "),
        "description": option.help,
        "datatype": _TYPES + kind,
        "format": None,
        "settings": settings,
    }


def _data_type(option: Option) -> tuple[str, dict[str, str]]:
    if _many(option):
        return "Array", {}
    if option.kind in (ValueKind.SWITCH, ValueKind.COUNT):
        return "Boolean", {}
    if option.kind in CHOICES:
        return "Datalist", {"behavior": "strict", "data_type": "string", "datalist": _list_name(option.kind)}
    return "String", {"visibility": "visible"}


def _list_name(kind: ValueKind) -> str:
    return f"autodiscover {kind.value}"


def _data_list(kind: ValueKind, values: tuple[str, ...]) -> dict[str, Any]:
    return {
        "list_name": _list_name(kind),
        "owner": "icinga-admin",
        "entries": [
            {"entry_name": value, "entry_value": value, "format": "string", "allowed_roles": None} for value in values
        ],
    }
