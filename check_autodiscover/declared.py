"""What is declared about a domain, level by level, merged into a Policy and its trust settings.

A level is a mapping from an option's destination to its value, whoever said it: the configuration file at its top, for
a module, for a domain, or the command line. `arguments` and `config` call this, so that a domain fares the same
wherever it is declared.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from check_autodiscover import values
from check_autodiscover.core.policy import (
    DEFAULT_CLIENTS,
    DEFAULT_THRESHOLDS,
    Directory,
    Expectations,
    Expected,
    Family,
    Method,
    Policy,
    Thresholds,
    View,
)
from check_autodiscover.options import OPTIONS
from check_autodiscover.trust import TrustSettings

__all__ = ["Contradiction", "Level", "merged", "policy_of", "trust_of"]

Level = Mapping[str, Any]
"""Values by destination. One that may be bound to a view is a mapping from view to value, the name empty for all."""


class Contradiction(values.BadValue):
    """Values that cannot hold together; `destination` is the one to blame first, of a view if it is bound to one."""

    def __init__(self, destination: str, fault: str, view: str = "") -> None:
        super().__init__(fault)
        self.destination = destination
        self.view = view


_PLUS = ("ca_files", "ca_paths")
_METHODS = "methods"
_SEVERITIES = "severities"
_BY_VIEW = frozenset(option.destination for option in OPTIONS if option.prefixed)


def merged(levels: Iterable[Level], views: Sequence[View]) -> dict[str, Any]:
    """The values that hold after all levels, the most general first. What is bound to other views is left out.

    A level replaces what it names, of a single view where it is bound to one; trust anchors and severities add up.
    """
    names = ("", *(view.name for view in views))
    found: dict[str, Any] = {}
    for level in levels:
        for destination, value in level.items():
            found[destination] = _joined(destination, found.get(destination), value, names)
    return found


def _joined(destination: str, below: Any, value: Any, names: Sequence[str]) -> Any:
    if destination in _BY_VIEW:
        value = {view: item for view, item in value.items() if view in names}
        return value if below is None or "" in value else _over(destination, below, value, names)
    if destination == _SEVERITIES:
        return (*(below or ()), *(item for item in value if item.view in names))
    return tuple(dict.fromkeys((*(below or ()), *value))) if destination in _PLUS else value


def _over(destination: str, below: Mapping[str, Any], value: Mapping[str, Any], names: Sequence[str]) -> Any:
    """What was said for all views stays for those that the level above does not name."""
    if destination == _METHODS:
        return {**below, **value}
    spread = {name: (*below.get("", ()), *below.get(name, ())) for name in names if name}
    return {**spread, **value} if value else below


def policy_of(found: Mapping[str, Any], views: tuple[View, ...]) -> Policy:
    """The policy that merged values make. Raises Contradiction."""
    methods = dict(found.get(_METHODS, {}))
    policy = Policy(
        views=views,
        method=methods.pop("", Method.AUTO),
        methods=tuple(methods.items()),
        expect=_expectations(found),
        thresholds=_thresholds(found),
        families=_families(found),
        directory=_directory(found),
        clients=found.get("clients") or DEFAULT_CLIENTS,
        # Left to the Policy where they are not given, so that each default stands in one place.
        **{name: found[name] for name in _SINGLES if name in found},
    )
    _refuse_what_cannot_fit(policy)
    return policy


_SINGLES = (
    "servers",
    "skip_steps",
    _SEVERITIES,
    "https_port",
    "http_port",
    "timeout",
    "timeout_result",
    "connect_timeout",
    "user_agent",
    "source_address",
)
"""The destinations that are called as the Policy's fields are."""


def trust_of(found: Mapping[str, Any]) -> TrustSettings:
    """The trust settings that merged values make."""
    files, paths = found.get("ca_files", ()), found.get("ca_paths", ())
    return TrustSettings(files, paths, not found.get("no_system_trust", False))


def _expectations(found: Mapping[str, Any]) -> Expectations:
    def by_view(destination: str) -> tuple[Expected, ...]:
        given = found.get(destination, {})
        return tuple(Expected(text, view) for view, texts in given.items() for text in texts)

    return Expectations(
        addresses=by_view("addresses"),
        srv=by_view("srv"),
        aliases=by_view("aliases"),
        wildcards=by_view("wildcards"),
        certificates=found.get("certificates", ()),
        public_keys=found.get("public_keys", ()),
        issuers=found.get("issuers", ()),
        scp=found.get("expected_scp", ()),
        redirects=found.get("redirects", ()),
        name_servers=found.get("name_servers", ()),
    )


def _thresholds(found: Mapping[str, Any]) -> Thresholds:
    warning = found.get("warning", DEFAULT_THRESHOLDS.warning)
    critical = found.get("critical", DEFAULT_THRESHOLDS.critical)
    try:
        return values.thresholds_of(warning, critical)
    except values.BadValue as error:
        raise Contradiction("warning", str(error)) from None


def _directory(found: Mapping[str, Any]) -> Directory | None:
    parts = (found.get(name, "") for name in ("scp", "scp_site", "scp_user", "scp_password_file"))
    try:
        return values.directory_of(*parts)
    except values.BadValue as error:
        raise Contradiction("scp", str(error)) from None


def _families(found: Mapping[str, Any]) -> tuple[Family, ...]:
    switches = {"ipv4_only": Family.IPV4, "ipv6_only": Family.IPV6}
    only = tuple(family for switch, family in switches.items() if found.get(switch))
    if len(only) > 1:
        raise Contradiction("ipv4_only", "one address family or both; without -4 or -6 it is both")
    return only or tuple(Family)


_UNUSED = {
    "aliases": (Method.SRV, Method.NONE),
    "srv": (Method.HOST, Method.EXCHANGE_ONLINE, Method.REDIRECT, Method.NONE),
    "addresses": (Method.EXCHANGE_ONLINE, Method.NONE),
    "certificates": (Method.EXCHANGE_ONLINE, Method.NONE),
    "public_keys": (Method.EXCHANGE_ONLINE, Method.NONE),
    "issuers": (Method.EXCHANGE_ONLINE, Method.NONE),
}
"""By expectation: the methods under which nothing is ever held against it."""


def _refuse_what_cannot_fit(policy: Policy) -> None:
    """Raise Contradiction for an expectation that no view's method can meet or break, so that nobody relies on it."""
    declared = {view.name: policy.declared_method(view.name) for view in policy.views}
    for destination, methods in _UNUSED.items():
        for item in getattr(policy.expect, destination):
            bound = [declared[item.view]] if isinstance(item, Expected) and item.view else list(declared.values())
            if all(method in methods for method in bound):
                view = item.view if isinstance(item, Expected) else ""
                raise Contradiction(destination, _unused(destination, item, bound[0]), view)


def _unused(destination: str, item: Expected | str, method: Method) -> str:
    value, view = (item.value, item.view) if isinstance(item, Expected) else (item, "")
    fitting = [each.value for each in Method if each not in (*_UNUSED[destination], Method.UNDETERMINED)]
    where = f" of the view '{view}'" if view else ""
    return (
        f"{values.quoted(value)} is never looked at under the method {method.value}{where}: "
        f"leave it out, or declare {_or(fitting)}"
    )


def _or(words: Sequence[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
