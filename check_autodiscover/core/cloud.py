"""The names under which Microsoft's cloud publishes Autodiscover.

An alias of `autodiscover.D` that passes one of them is Exchange Online; behind it nothing is ours to contact,
compare or judge. Source: Exchange Server documentation, "Autodiscover service"; the sovereign clouds from
CSS-Exchange, `Get-CloudServiceEndpoint`.
"""

from collections.abc import Iterable

__all__ = ["CLOUD_PARENTS", "EXCHANGE_ONLINE_ALIAS", "cloud_name"]

EXCHANGE_ONLINE_ALIAS = "autodiscover.outlook.com"
"""The alias that Microsoft asks customers of the worldwide cloud to publish."""

CLOUD_PARENTS = (
    "outlook.com",
    "office365.com",
    "office365.us",
    "partner.outlook.cn",
    "outlook.office.de",
    "sovcloud.fr",
    "sovcloud.de",
)


def cloud_name(names: Iterable[str]) -> str:
    """The first of some A-labels that lies at or below one of Microsoft's, empty if none does."""
    for name in names:
        if name.endswith(_BELOW) or name in CLOUD_PARENTS:
            return name
    return ""


_BELOW = tuple(f".{parent}" for parent in CLOUD_PARENTS)
