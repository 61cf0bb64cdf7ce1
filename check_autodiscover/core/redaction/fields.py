"""What becomes of each field of a survey that holds text, as one table; a field that has no row is not written at all.

Numbers, times and what is one of a closed set stay: they are what a verdict is made of, and tell nobody's name.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from check_autodiscover.core.baseline import (
    AcceptedCertificate,
    AcceptedRecord,
    AcceptedView,
    Baseline,
    CatchAllState,
    Presented,
    Walked,
)
from check_autodiscover.core.baseline_json import BaselineFormatError, read_baseline, write_baseline
from check_autodiscover.core.certificate import Certificate, UnreadableCertificate
from check_autodiscover.core.directory_observations import ConnectionPoint, DirectoryAnswer, DirectoryQuestion
from check_autodiscover.core.observations import (
    DnsAnswer,
    DnsQuestion,
    EndpointQuestion,
    HttpAnswer,
    Srv,
    Tls,
)
from check_autodiscover.core.ocsp import Staple
from check_autodiscover.core.policy import (
    Directory,
    Expectations,
    Expected,
    Policy,
    Resolver,
    View,
)
from check_autodiscover.core.redaction.kinds import (
    Hide,
    Kind,
    Rule,
    address,
    address_or_network,
    common_name,
    hidden,
    host_and_port,
    kept,
    keyword,
    ldap_url,
    name,
    path,
    record_value,
    resolver_label,
    url,
    words,
)
from check_autodiscover.core.severity import SeverityOverride
from check_autodiscover.core.survey import BaselineFile, Survey

__all__ = ["RULES", "Unruled", "hide_fields"]

_text = hidden(Kind.TEXT)


def _anchor(hide: Hide, text: str) -> str:
    """What was trusted: the system's store is where it is on every host of its kind, and that it was used is told."""
    return text if text.startswith("system (") else _text(hide, text)


def _accepted(hide: Hide, text: str) -> str:
    """The text of a baseline; one that cannot be read cannot be read still."""
    if not text:
        return text
    try:
        return write_baseline(hide_fields(hide, read_baseline(text)))
    except BaselineFormatError:
        return "hidden"


RULES: Mapping[type, Mapping[str, Rule]] = {
    Survey: {"domain": name, "labels": name, "anchors": _anchor, "parents": name},
    DnsQuestion: {"view": kept, "resolver": resolver_label, "name": name},
    DnsAnswer: {"addresses": address, "aliases": name, "zone": name, "names": name},
    Srv: {"target": name},
    EndpointQuestion: {"name": name, "address": address, "path": path},
    Tls: {"version": kept, "detail": words},
    # The rest of an answer depends on the question as well: `answers`.
    HttpAnswer: {"method": kept, "path": path},
    Staple: {"reason": kept, "fault": words},
    Certificate: {
        "fingerprint": hidden(Kind.FINGERPRINT),
        "public_key": hidden(Kind.PUBLIC_KEY),
        "subject": hidden(Kind.DISTINGUISHED_NAME),
        "common_name": common_name,
        "issuer": hidden(Kind.DISTINGUISHED_NAME),
        "issuer_common_name": common_name,
        "issuer_organization": common_name,
        "dns_names": name,
        "ip_addresses": address,
        "key_type": kept,
        "signature_hash": kept,
        "serial": hidden(Kind.SERIAL),
        "issuer_urls": hidden(Kind.URL),
        "issuer_key": hidden(Kind.ISSUER_KEY),
    },
    UnreadableCertificate: {"fingerprint": hidden(Kind.FINGERPRINT), "reason": words},
    DirectoryQuestion: {"ldap_url": ldap_url},
    DirectoryAnswer: {"detail": words},
    ConnectionPoint: {"name": hidden(Kind.DISTINGUISHED_NAME), "keywords": keyword, "bindings": url},
    Policy: {
        "methods": kept,
        "servers": name,
        "user_agent": _text,
        "source_address": address,
        "denied_networks": address_or_network,
    },
    Directory: {"url": ldap_url, "site": _text, "user": _text, "password_file": _text},
    View: {"name": kept},
    Resolver: {"host": address, "name": name, "path": path, "search": name},
    # A value is of the kind of the expectation that it stands in.
    Expected: {"view": kept},
    Expectations: {
        "addresses": address_or_network,
        "srv": host_and_port,
        "aliases": name,
        "wildcards": name,
        "certificates": hidden(Kind.FINGERPRINT),
        "public_keys": hidden(Kind.PUBLIC_KEY),
        "issuers": common_name,
        "redirects": name,
        "scp": url,
        "name_servers": name,
    },
    BaselineFile: {"path": _text, "text": _accepted, "fault": words},
    Baseline: {"domain": name},
    AcceptedView: {"name": kept, "name_servers": name},
    AcceptedRecord: {"name": name, "values": record_value},
    CatchAllState: {"parent": name},
    AcceptedCertificate: {
        "public_key": hidden(Kind.PUBLIC_KEY),
        "issuer": common_name,
        "kind": kept,
        "key_type": kept,
        "names": common_name,
    },
    Presented: {"name": name},
    Walked: {"client": kept, "outcome": kept, "step": kept},
    SeverityOverride: {"rule": kept, "view": kept, "endpoint": kept, "reason": _text, "until": kept},
}
"""The rule of each text, or of the texts in it, by its class and field."""


class Unruled(TypeError):
    """A field of text without a row: nobody has said whether it tells a name. A defect of ours."""


T = TypeVar("T")


def hide_fields(hide: Hide, value: T, rule: Rule | None = None) -> T:
    """A value with every text in it hidden by its field's rule; `rule` is that of what it stands in. Raises Unruled."""
    return _hidden(hide, value, rule)  # type: ignore[no-any-return]  # of the type that went in


def _hidden(hide: Hide, value: Any, rule: Rule | None) -> Any:
    match value:
        case str():
            if rule is None:
                raise Unruled(f"no rule for {value!r}")
            return rule(hide, value)
        case tuple():
            return tuple(_hidden(hide, item, rule) for item in value)
        case frozenset():
            return frozenset(_hidden(hide, item, rule) for item in value)
        case Mapping():
            return {_hidden(hide, key, rule): _hidden(hide, item, rule) for key, item in value.items()}
        case Enum() | None | int() | float():
            return value
    if not is_dataclass(value) or (type(value) not in RULES and _has_text(value)):
        raise Unruled(f"no rules for {type(value).__name__}")
    rules = RULES.get(type(value), {})
    changes = {
        field.name: _hidden(hide, getattr(value, field.name), rules.get(field.name, rule))
        for field in fields(value)
        if field.init
    }
    return replace(value, **changes)  # type: ignore[type-var]  # a dataclass, as the caller has seen


def _has_text(value: Any) -> bool:
    return any(isinstance(getattr(value, field.name), str) for field in fields(value))
