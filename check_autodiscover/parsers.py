"""How a value of each kind is read from text: one table for options and configuration keys alike.

The command line and the configuration loader call these; what they raise is a ValueError of one sentence.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from check_autodiscover import severities, values, views
from check_autodiscover.core.names import parse_domain, parse_host
from check_autodiscover.option import CHOICES, ValueKind

__all__ = ["Output", "parser_of"]


class Output(Enum):
    """The forms that a report is printed in."""

    TEXT = "text"
    JSON = "json"
    LOG = "log"


def _chosen_output(text: str) -> Output:
    try:
        return Output(text)
    except ValueError:
        raise values.BadValue(f"'{text}' is no output: it is one of {', '.join(CHOICES[ValueKind.OUTPUT])}") from None


_PARSERS: Mapping[ValueKind, Callable[[str], Any]] = {
    ValueKind.SWITCH: values.parse_switch,
    ValueKind.DOMAIN: parse_domain,
    ValueKind.HOST: parse_host,
    ValueKind.ALIAS: parse_host,
    ValueKind.METHOD: values.parse_method,
    ValueKind.CLIENT: values.parse_client,
    ValueKind.STEP: values.parse_step,
    ValueKind.VIEW: views.parse_view,
    ValueKind.VIEW_NAME: views.parse_view_name,
    ValueKind.VIEW_ROLE: views.parse_role,
    ValueKind.RESOLVER: views.parse_resolver,
    ValueKind.ADDRESS: values.parse_address,
    ValueKind.HOST_ADDRESS: values.parse_host_address,
    ValueKind.SRV: values.parse_srv,
    ValueKind.PARENT: values.parse_parent,
    ValueKind.FINGERPRINT: values.parse_fingerprint,
    ValueKind.ISSUER: values.parse_issuer,
    ValueKind.LIFE_LEFT: values.parse_life_left,
    ValueKind.PORT: values.parse_port,
    ValueKind.USER_AGENT: values.parse_user_agent,
    ValueKind.SECONDS: values.parse_duration,
    ValueKind.SPAN: values.parse_span,
    ValueKind.NUMBER: values.parse_number,
    ValueKind.STATE: values.parse_state,
    ValueKind.SEVERITY: severities.parse_severity,
    ValueKind.LDAP_URL: values.parse_ldap_url,
    ValueKind.SITE: values.parse_directory_name,
    ValueKind.USER: values.parse_directory_name,
    ValueKind.SCP_URL: values.parse_scp_url,
    ValueKind.OUTPUT: _chosen_output,
    ValueKind.TEXT: values.parse_text,
    ValueKind.PATTERN: values.parse_pattern,
}


def parser_of(kind: ValueKind) -> Callable[[str], Any]:
    """The parser of a kind; files and directories stay as they are, their users say what is wrong with them."""
    return _PARSERS.get(kind, str)
