"""Policy's grades of rules, as people write them: for options and configuration keys alike.

Each function raises `BadValue`, one sentence that names the text and its fault.
"""

from check_autodiscover.core.severity import SeverityOverride
from check_autodiscover.core.state import State
from check_autodiscover.values import BadValue, parse_state, quoted

__all__ = ["parse_severity", "severity_of"]


def parse_severity(text: str) -> SeverityOverride:
    """Policy's grade of a rule, as `[VIEW:]RULE[@ENDPOINT]=STATE`. Raises BadValue."""
    place, equals, state = text.rpartition("=")
    if not equals:
        raise BadValue(f"{quoted(text)} is no severity: it is [VIEW:]RULE[@ENDPOINT]=STATE")
    return severity_of(place, parse_state(state))


def severity_of(place: str, state: State, until: str = "", reason: str = "") -> SeverityOverride:
    """Policy's grade of the rule at a place, `[VIEW:]RULE[@ENDPOINT]`. Raises BadValue."""
    # The catalogue is imported with the rules, while answers are under way; few command lines name one of them.
    from check_autodiscover.core.finding import Endpoint
    from check_autodiscover.core.rules.catalogue import RULES

    view, _, rest = place.rpartition(":")
    rule, at, endpoint = rest.partition("@")
    if rule not in RULES:
        from difflib import get_close_matches

        near = get_close_matches(rule, RULES, n=1)
        raise BadValue(f"{quoted(rule)} is no rule: {f'did you mean {near[0]}?' if near else _RULES_ARE_LISTED}")
    known = [each.value for each in Endpoint]
    if at and endpoint not in known:
        raise BadValue(f"{quoted(endpoint)} is no endpoint: it is one of {', '.join(known)}")
    try:
        return SeverityOverride(rule, state, view, endpoint, reason, until)
    except ValueError as error:
        raise BadValue(str(error)) from None


_RULES_ARE_LISTED = "autodiscoverctl rules lists them"
